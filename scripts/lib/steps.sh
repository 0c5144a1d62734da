# shellcheck shell=bash disable=SC2034,SC2154 # its variables are shared with the script that sources it
# The steps of an installation: where it goes, and each change shown, logged, and only shown in a dry run.

# lay_out PREFIX: every place of an installation, below PREFIX (empty for this machine itself).
lay_out() {
    prefix=$1
    home=$prefix/opt/appliance releases=$prefix/opt/appliance/releases current=$prefix/opt/appliance/current
    etc=$prefix/etc/appliance credentials=$prefix/etc/appliance/credentials known_key=$prefix/etc/appliance/bundle.pub
    unsealed=$prefix/run/credentials/appliance.service
    state=$prefix/var/lib/appliance models=$prefix/var/lib/appliance/models saved=$prefix/var/backups/appliance
    units=$prefix/etc/systemd/system command=$prefix/usr/local/bin/appliance
    staging=$prefix/var/lib/appliance-unpacked
    log=$prefix/var/log/appliance-install.log cache=$prefix/var/cache/appliance-install
}

say() {
    printf '%s\n' "${bold}${0##*/}:${plain} $*" >&2
    record "$*"
}

die() { give_up 1 "$@"; }

# give_up STATUS MESSAGE…
give_up() {
    printf '%s\n' "${red}error:${plain} ${*:2}" >&2
    record "error: ${*:2}"
    exit "$1"
}

record() {
    [[ -n ${log-} && $dry_run == no && -w ${log%/*} ]] || return 0
    printf '%s %s\n' "$(date --iso-8601=seconds)" "$*" >>"$log"
}

changes=0

# change WHAT COMMAND…: says what is changed and does it; in a dry run only says it.
change() {
    changes=$((changes + 1))
    if [[ $dry_run == yes ]]; then
        printf 'would %s\n' "$1"
    else
        say "$1"
        "${@:2}"
    fi
}

# put_file MODE TARGET: writes what comes on stdin, unless the file has it already.
put_file() {
    local content
    content=$(cat; printf .)
    [[ -f $2 ]] && cmp -s -- "$2" <(printf '%s' "${content%.}") && return
    change "write $2" write_whole "$1" "$2" "${content%.}"
}

# A reader sees the old file or the new one, also after a power failure.
write_whole() {
    mkdir -p -- "$(dirname -- "$2")"
    (umask 077 && printf '%s' "$3" >"$2.part")
    chmod -- "$1" "$2.part"
    sync -- "$2.part"
    mv -- "$2.part" "$2"
}

# folder MODE OWNER PATH: with this mode and, on this machine itself, this owner.
folder() {
    [[ ! -L $3 ]] || die "$3 is a link and should be a folder; nothing that runs was changed"
    if [[ -d $3 && $(stat -c %a -- "$3") == "$1" ]]; then
        [[ -z $prefix && $(stat -c %U:%G -- "$3") != "$2" ]] || return 0
    fi
    change "make the folder $3" make_folder "$1" "$2" "$3"
}

make_folder() {
    [[ ! -L $3 ]] || die "$3 is a link and should be a folder; nothing that runs was changed"
    mkdir -p -- "$3"
    own "$2" "$3"
    chmod -- "$1" "$3"
}

own() { [[ -n $prefix ]] || chown --no-dereference "$@"; }

remove() {
    local path
    for path in "$@"; do
        [[ ! -e $path && ! -L $path ]] || change "remove $path" rm -rf -- "$path"
    done
}
