# shellcheck shell=bash
# System packages: what each purpose needs, what of it is missing, and how it comes in.
# Looked for by what it brings, not by name, so that a PortAudio of your own counts too.

packages_for() {
    local -A wanted=(
        [run]="libportaudio2 g++ make"
        [demo]="libportaudio2 g++ make flite espeak-ng"
        [test]="libportaudio2 g++ make flite espeak-ng pulseaudio pulseaudio-utils libasound2-plugins alsa-utils systemd"
        [install]="libportaudio2 g++ make openssl"
        [bundle]="libportaudio2 openssl"
        [check]="libportaudio2 g++ make shellcheck"
    )
    printf '%s\n' "${wanted[$1]}"
}

has_package() {
    case $1 in
        libportaudio2) [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) == *'libportaudio.so.2 '* ]] ;;
        libasound2-plugins) compgen -G '/usr/lib*/*/alsa-lib/libasound_module_pcm_pulse.so' >/dev/null ;;
        pulseaudio-utils) command -v paplay >/dev/null && command -v pactl >/dev/null ;;
        systemd) command -v systemd-analyze >/dev/null ;;
        alsa-utils) command -v arecord >/dev/null ;;
        python3) find_python >/dev/null || command -v python3 >/dev/null ;;
        python3-venv) find_uv >/dev/null || "$(find_python || echo python3)" -c 'import ensurepip' &>/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing_packages() {
    local package
    for package in $(packages_for "$1") python3 python3-venv; do
        has_package "$package" || printf '%s\n' "$package"
    done
}

install_packages() {
    local purpose=$1 missing
    mapfile -t missing < <(missing_packages "$purpose")
    ((${#missing[@]} == 0)) && return
    if ! command -v apt-get >/dev/null; then
        die "these are missing and there is no apt-get to install them (Debian's names): ${missing[*]}"
    fi
    if (($(id -u) != 0)); then
        die "system packages are missing; run:" \
            "sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
    with_time "installing system packages: ${missing[*]}" "$cache/log/apt.log" apt_install "${missing[@]}" ||
        die "apt-get could not install ${missing[*]}" \
            "(nothing is ever removed for them: a sound server that conflicts has to go by hand)"
    mapfile -t missing < <(missing_packages "$purpose")
    ((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 --no-install-recommends --no-remove install "$@"
}
