# shellcheck shell=bash
# Python and uv: those that are there, or a private uv in the user's cache.

uv_pin=0.13.9

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        "$name" -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14); print(sys.executable)' 2>/dev/null && return
    done
    return 1
}

# Prints a uv that works and is new enough for pyproject.toml.
find_uv() {
    local least candidate version
    least=$(sed -n 's/^required-version = ">=\(.*\)"/\1/p' "$root/pyproject.toml")
    for candidate in "$(command -v uv)" "$user_cache/uv-$uv_pin/bin/uv"; do
        version=$("$candidate" --version 2>/dev/null) || continue
        version=${version#uv } version=${version%% *}
        if printf '%s\n' "$least" "$version" | sort -CV; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

private_uv() {
    local python=$1 new="$user_cache/uv-$uv_pin.$$"
    mkdir -p -- "$user_cache"
    "$python" -m venv "$new" && "$new/bin/python" -m pip install --quiet "uv==$uv_pin" || return
    rm -rf -- "$user_cache/uv-$uv_pin"
    mv -- "$new" "$user_cache/uv-$uv_pin"
}
