# shellcheck shell=bash disable=SC2034,SC2154 # shares its variables with scripts/install and scripts/bundle
# A release: one version with its own virtual environment, built whole before it is used; a link names the one in use.

version_of() { sed -n 's/^version = "\(.*\)"/\1/p' "$1/pyproject.toml"; }

from_bundle() { [[ -d $root/wheels ]]; }

python_version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# A service may not read what is in somebody's home, so a Python in /usr comes first.
find_system_python() { PATH=/usr/local/bin:/usr/bin:/bin find_python || find_python; }

prepare_uv() {
    export UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=${UV_COMPILE_BYTECODE-1}
    unset VIRTUAL_ENV
    uv=$(find_uv) && return
    with_time "fetching uv $uv_pin" "$cache/log/uv.log" private_uv "$python" ||
        die "uv $uv_pin could not be fetched; without a network, install from a bundle (scripts/bundle makes one)"
    uv=$(find_uv) || die "the uv in $user_cache does not work; remove that folder and start again"
}

# What a release is made of, as one number: the same source gives the same release.
source_key() {
    {
        printf '%s\n' "$python" "$llama_build" && "$python" --version
        if from_bundle; then
            cat -- "$root/SHA256SUMS"
        else
            llama_settings /proc/cpuinfo "$llama_build"
            (cd -- "$root" && find appliance systemd scripts/install scripts/lib pyproject.toml uv.lock config.yaml \
                -type f ! -name '*.pyc' -print0 2>/dev/null | sort -z | xargs -0 sha256sum)
        fi
    } | fingerprint
}

# The same version with another content, as developers make it, gets a folder of its own beside the first.
choose_release() {
    version=$(version_of "$root")
    [[ $version =~ ^[0-9]+(\.[0-9A-Za-z]+)*$ ]] || die "pyproject.toml has no usable version: '$version'"
    release_key=$(source_key)
    for release in "$releases/$version" "$releases/$version-${release_key:0:8}"; do
        ! already_done "$release/key" "$release_key" || return 0
    done
    release=$releases/$version
    [[ ! -e $release/key ]] || release+=-${release_key:0:8}
}

make_release() {
    if ! already_done "$release/key" "$release_key"; then
        change "install version $version in $release" build_release
    fi
}

# Its key is written last: a folder without one was cut off, and is made anew.
build_release() {
    local part
    rm -rf -- "$release"
    mkdir -p -- "$release"
    prepare_uv
    if from_bundle; then
        with_time "installing version $version from the bundle" "$cache/log/packages.log" environment_from_bundle ||
            die "the packages of the bundle could not be installed"
    else
        environment_from_lock "$release/venv"
        with_time "installing version $version" "$cache/log/appliance.log" install_from_source "$release/venv" ||
            die "the appliance itself could not be installed"
    fi
    cp -R -- "$root/config.yaml" "$root/pyproject.toml" "$root/uv.lock" "$root/LICENSE" "$release/"
    mkdir -p -- "$release/scripts"
    cp -R -- "$root/scripts/install" "$root/scripts/lib" "$release/scripts/"
    for part in systemd docs; do
        [[ ! -d $root/$part ]] || cp -R -- "$root/$part" "$release/"
    done
    { print_tables "$release/venv" >"$release/tables" 2>>"$log" && runs_at_all; } ||
        die "version $version does not run here; nothing that runs was changed (see the end of $log)"
    chmod -R -- go-w,a+rX "$release"
    mark_done "$release/key" "$release_key"
}

# print_tables VENV: how many steps its database has taken, by which versions of it are told apart.
print_tables() {
    "$1/bin/python" -I -c 'from appliance.storage.migrations import MIGRATIONS; print(len(MIGRATIONS))'
}

# Loads what is native and what is ours, in the new environment, before anything is stopped.
runs_at_all() {
    (
        cd / && [[ $("$release/venv/bin/appliance" --version) == "appliance $version" ]] &&
            "$release/venv/bin/python" -I -c 'import ctranslate2, llama_cpp, onnxruntime, piper'
    ) >>"$log" 2>&1
}

# environment_from_lock VENV: what uv.lock says, with llama.cpp compiled here or taken from uv's cache.
environment_from_lock() {
    local setting options=()
    for setting in $(llama_settings /proc/cpuinfo "$llama_build"); do
        options+=(--config-settings-package "llama-cpp-python:cmake.define.$setting")
    done
    with_time "installing the locked Python packages" "$cache/log/packages.log" \
        sync_locked "$1" "${options[@]}" --no-install-package llama-cpp-python ||
        die "the Python packages could not be installed; without a network, install from a bundle"
    with_time "compiling llama.cpp ($llama_build; the first time usually 4-6 minutes on two cores)" \
        "$cache/log/llama.log" sync_locked "$1" "${options[@]}" ||
        die "llama.cpp could not be built; try the plainest settings: --llama portable"
}

# uv's cache before the network: see scripts/setup.
sync_locked() {
    local venv=$1 options
    shift
    options=(--locked --no-dev --extra tracing --no-install-project --project "$root" "$@")
    UV_PROJECT_ENVIRONMENT=$venv UV_PYTHON=$python "$uv" sync --offline "${options[@]}" ||
        UV_PROJECT_ENVIRONMENT=$venv UV_PYTHON=$python "$uv" sync "${options[@]}"
}

# build_wheel FOLDER: of the appliance itself.
build_wheel() {
    "$uv" build --offline --wheel --python "$python" --out-dir "$1" "$root" ||
        "$uv" build --wheel --python "$python" --out-dir "$1" "$root"
}

install_from_source() {
    local wheels
    wheels=$(mktemp -d)
    build_wheel "$wheels" &&
        "$uv" pip install --offline --no-deps --python "$1/bin/python" "$wheels"/appliance-*.whl
    local status=$?
    rm -rf -- "$wheels"
    return "$status"
}

# uv's cache is a passing one on the same disk, so that nothing is stored twice and nothing stays.
environment_from_bundle() (
    export UV_CACHE_DIR=$release/uv-cache UV_LINK_MODE=hardlink
    "$uv" --no-config venv --offline --python "$python" "$release/venv" &&
        "$uv" --no-config pip install --offline --no-index --no-deps --find-links "$root/wheels" \
            --python "$release/venv/bin/python" -r "$root/requirements-$(python_version "$python").txt" \
            "appliance==$version" &&
        rm -rf -- "$UV_CACHE_DIR"
)

in_use() { readlink -e -- "$current" 2>/dev/null || true; }

switch_to() {
    ln -sfn -- "releases/${1##*/}" "$current.new"
    mv -T -- "$current.new" "$current"
}

# The one in use and the one before it stay.
prune_releases() {
    local old
    for old in "$releases"/*/; do
        old=${old%/}
        [[ $old == "$(in_use)" || $old == "$previous" || ! -d $old ]] || remove "$old"
    done
}
