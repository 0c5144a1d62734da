# shellcheck shell=bash disable=SC2034 # not every script uses every place
# Sourced by every script: where things are, how it talks, how it shows that something takes time.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=$root/.cache
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
user_cache=${XDG_CACHE_HOME:-$HOME/.cache}/appliance # outlives the checkout
export HOME

if [[ -t 2 && -z ${NO_COLOR:-} && -z ${CI:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m' erase_line=$'\r\e[K'
else
    bold='' red='' plain='' erase_line=''
fi

say() { printf '%s\n' "${bold}${0##*/}:${plain} $*" >&2; }

die() {
    printf '%s\n' "${red}error:${plain} $*" >&2
    exit 1
}

usage_error() {
    printf '%s\n' "${red}error:${plain} $* (see --help)" >&2
    exit 2
}

# Prints the comment block at the head of the script that is running.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

fingerprint() { sha256sum | cut -d' ' -f1; }

already_done() { [[ -r $1 && $(<"$1") == "$2" ]]; }

mark_done() {
    mkdir -p -- "$(dirname -- "$1")"
    printf '%s\n' "$2" >"$1"
}

# tick LABEL: shows the time that has passed until it is killed: every second on a terminal, every 30 s elsewhere.
tick() {
    local begin=$SECONDS interval=30 line_end=$'\n' never elapsed
    [[ -z $erase_line ]] || interval=1 line_end=''
    exec {never}<> <(:)
    while kill -0 $$ 2>/dev/null; do
        read -rt "$interval" -u "$never" || true
        elapsed=$((SECONDS - begin))
        printf '%s%s… %02d:%02d%s' "$erase_line" "$1" $((elapsed / 60)) $((elapsed % 60)) "$line_end" >&2
    done
}

# with_time LABEL LOG COMMAND…: runs the command, its output in LOG; when it fails, shows the end of it.
with_time() {
    local label=$1 log=$2 status=0 ticker
    shift 2
    mkdir -p -- "$(dirname -- "$log")"
    say "$label"
    tick "${label%% (*}" &
    ticker=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf '%s' "$erase_line" >&2
    if ((status != 0)); then
        tail -n 25 -- "$log" >&2
        printf '%s\n' "the whole output is in $log" >&2
    fi
    return "$status"
}
