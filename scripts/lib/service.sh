# shellcheck shell=bash disable=SC2154 # shares its variables with scripts/install
# The service: its units, starting and stopping it, and whether it is well.

healthy_within_s=180
settled_after_s=5

systemd_runs() { [[ -z $prefix && -d /run/systemd/system ]] && command -v systemctl >/dev/null; }

# place_units RELEASE: its units, its timers, and the addresses that the configuration allows.
place_units() {
    local unit name before=$changes
    for unit in "$1"/systemd/*.service "$1"/systemd/*.timer; do
        [[ ! -e $unit ]] || put_file 644 "$units/${unit##*/}" <"$unit"
    done
    for unit in "$units"/appliance*.service "$units"/appliance*.timer; do
        name=${unit##*/}
        [[ ! -e $unit || -e $1/systemd/$name ]] || remove "$unit"
    done
    ! [[ -z $prefix && -e /dev/nvidiactl ]] || place_example "$1" gpu
    ! { systemd_runs && (($(systemd_version) >= 254)); } || place_example "$1" backoff
    place_network_drop_in
    ((changes == before)) || ! systemd_runs || reload_units
}

systemd_version() { systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'; }

place_example() {
    [[ ! -e $1/systemd/examples/$2.conf ]] ||
        put_file 644 "$units/appliance.service.d/$2.conf" <"$1/systemd/examples/$2.conf"
}

# A name that cannot be looked up just now must not be what keeps a service from coming back.
place_network_drop_in() {
    [[ -x $release/venv/bin/appliance ]] || return 0
    : "${drop_in:=$(appliance network drop-in || true)}"
    if [[ -n $drop_in ]]; then
        put_file 644 "$units/appliance.service.d/network.conf" <<<"$drop_in"
    else
        say "the addresses that the configuration allows could not be told; those of before stay"
    fi
}

reload_units() {
    [[ $dry_run == no ]] || return 0
    systemctl daemon-reload
    enable_units
}

enable_units() {
    local unit names=()
    for unit in "$units"/appliance.service "$units"/appliance*.timer; do
        [[ ! -e $unit ]] || names+=("${unit##*/}")
    done
    ((${#names[@]} == 0)) || systemctl --quiet enable "${names[@]}"
}

# Also the timers' jobs: nobody has the database open while it is copied.
stop_service() {
    systemd_runs || return 0
    systemctl --quiet stop 'appliance*.timer' 'appliance*.service' || ! systemctl --quiet is-active appliance.service
}

# A microphone that was missing before is no fault of a version: only what served people before has to serve them again.
serves_people() { [[ $(appliance status --json 2>/dev/null) == *'"ready": true'* ]]; }

# READY=1 ends `systemctl start`; what breaks within the next seconds is found by looking again.
start_and_watch() {
    local attempt
    systemd_runs && [[ $start == yes ]] || return 0
    systemctl reset-failed appliance.service 2>/dev/null || true
    started_at=$EPOCHSECONDS
    timeout "$healthy_within_s" systemctl start appliance.service || return
    for ((attempt = 1; attempt <= 6; attempt++)); do
        sleep "$settled_after_s"
        systemctl --quiet is-active appliance.service || return
        if [[ $served_people == no ]] || serves_people; then
            break
        fi
    done
    ((attempt <= 6)) || return
    start_timers
}

start_timers() {
    local unit
    for unit in "$units"/appliance*.timer; do
        [[ ! -e $unit ]] || systemctl start "${unit##*/}"
    done
}

# A crash of llama.cpp on this processor is found in a process of its own.
self_test() {
    local model
    [[ $with_models == yes ]] || return 0
    already_done "$release/self-test" passed && return
    model=$(appliance models path llm) || return
    say "testing llama.cpp with one token in a process of its own"
    (cd / && "$release/venv/bin/python" -I -m appliance.engines.selftest "$model") || return
    mark_done "$release/self-test" passed
}

remove_units() {
    local unit
    if systemd_runs && [[ $dry_run == no ]]; then
        for unit in "$units"/appliance*.timer "$units"/appliance*.service; do
            [[ ! -e $unit ]] || systemctl --quiet disable --now "${unit##*/}" || true
        done
    fi
    remove "$units"/appliance*.service "$units"/appliance*.timer "$units"/appliance.service.d/{network,backoff,gpu}.conf
    [[ $dry_run == yes || ! -d $units/appliance.service.d ]] ||
        rmdir --ignore-fail-on-non-empty -- "$units/appliance.service.d" # what the site has put there stays
    ! systemd_runs || [[ $dry_run == yes ]] || systemctl daemon-reload
}
