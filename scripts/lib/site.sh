# shellcheck shell=bash disable=SC2154 # shares its variables with scripts/install
# What a site has beside the program: its user, folders, configuration, credentials and devices.

make_user() {
    put_file 644 "$prefix/etc/sysusers.d/appliance.conf" <<'END'
# The user of the voice appliance; microphone and loudspeaker belong to the group audio, buttons to gpio.
u appliance - "Voice appliance" /var/lib/appliance
g gpio -
m appliance audio
m appliance gpio
m appliance video
m appliance render
END
    put_file 644 "$prefix/etc/tmpfiles.d/appliance.conf" <<'END'
# The database as it was before an upgrade: nobody goes back after two weeks, and what was erased since is still in it.
d /var/backups/appliance 0700 root root 14d
END
    put_file 644 "$prefix/etc/udev/rules.d/70-appliance.rules" <<'END'
# A USB microphone that falls asleep is deaf for the first word, so it is kept awake.
ACTION=="add", SUBSYSTEM=="usb", ENV{ID_USB_INTERFACES}=="*:01????:*", TEST=="power/control", ATTR{power/control}="on"
# Buttons on the lines of the board.
SUBSYSTEM=="gpio", KERNEL=="gpiochip[0-9]*", GROUP="gpio", MODE="0660"
END
    [[ -z $prefix ]] || return 0
    [[ " $(id -nG appliance 2>/dev/null) " == *" audio "* ]] || change "make the user and group appliance" add_user
}

add_user() {
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers /etc/sysusers.d/appliance.conf
    else
        getent group appliance >/dev/null || groupadd --system appliance
        id appliance &>/dev/null ||
            useradd --system --gid appliance --home-dir /var/lib/appliance --shell /usr/sbin/nologin appliance
        usermod --append --groups audio appliance
    fi
    ! systemd_runs || ! command -v udevadm >/dev/null || reload_devices
}

# The sound server of the user may run in a session of its own, and nobody can remove the user while it does.
end_session() {
    systemd_runs && [[ $dry_run == no ]] && id appliance &>/dev/null || return 0
    loginctl disable-linger appliance &>/dev/null || true
    systemctl --quiet stop "user@$(id -u appliance).service" || true
}

# The rules are for devices to come; those that are there are told of them. A container has no udev.
reload_devices() {
    ! udevadm control --reload 2>/dev/null || udevadm trigger --subsystem-match=usb --subsystem-match=gpio || true
}

make_folders() {
    folder 755 root:root "$home"
    folder 755 root:root "$releases"
    folder 750 root:appliance "$etc"
    folder 700 root:root "$credentials"
    folder 700 appliance:appliance "$state"
    folder 755 appliance:appliance "$models"
    folder 700 root:root "$saved"
}

# The configuration that comes with the appliance, with the folders of an installation. What needs the services of the
# example clinic (its tools, forms and channel) stays to be read and is not in force: they are not there.
default_config() {
    sed -e "s|^  # directory: models\$|  directory: /var/lib/appliance/models|" \
        -e "s|^  # directory: state\$|  directory: /var/lib/appliance|" "$1/config.yaml" |
        awk '
            /^[a-z_]+:/ { section = $1; channels = 0 }
            section == "handover:" && /^  [a-z_#]/ { channels = /^  channels:/ }
            channels { sub(/^  /, "  # ") }
            (section == "tools:" || section == "forms:") && !/^ *#|^$/ { sub(/^/, "# ") }
            { print }'
}

# The configuration of the site is never overwritten. When the one that comes with the appliance has changed, it is put
# beside it, and what has changed in it is told.
place_config() {
    local before
    before=$(in_use)
    if [[ ! -e $etc/config.yaml ]]; then
        default_config "$root" | put_file 640 "$etc/config.yaml"
        [[ $dry_run == yes ]] || own root:appliance "$etc/config.yaml"
    elif [[ -n $before && -e $before/config.yaml ]] && ! cmp -s -- "$before/config.yaml" "$root/config.yaml"; then
        default_config "$root" | put_file 640 "$etc/config.yaml.new"
        say "the configuration that comes with the appliance has changed:" \
            "$etc/config.yaml.new is the new one, $etc/config.yaml stays; lines that differ:"
        diff -U0 --label before --label now <(default_config "$before") <(default_config "$root") |
            grep -E '^[-+][^-+]' | head -n 40 >&2 || true
    fi
}

place_credentials() {
    [[ ! -e $state/appliance.db || $dry_run == yes ]] || has_secret database_key ||
        die "there is a database in $state, and its key is neither in $credentials/database_key nor in a sealed file" \
            "that a drop-in of the service loads; put the key back (a new one could not open the database)"
    place_secret database_key
    place_secret audit_key
}

has_secret() { [[ -e $credentials/$1 || -s $(sealed_file "$1") ]]; }

# sealed_file NAME: which file, encrypted by systemd-creds, a drop-in lets the service load as this credential.
sealed_file() {
    local line file
    line=$(grep -Ehs "^LoadCredentialEncrypted=$1(:|\$)" "$units"/appliance.service.d/*.conf | tail -n 1) || return
    file=${line#*=} file=${file#*:} # without a path, systemd looks for it by its name
    [[ $file == /* ]] || file=/etc/credstore.encrypted/$file
    printf '%s\n' "$prefix$file"
}

# 32 random bytes as hexadecimal digits, shown nowhere.
place_secret() {
    has_secret "$1" || change "make the credential $1" make_secret "$credentials/$1"
}

make_secret() { (umask 077 && openssl rand -hex 32 >"$1.part" && chmod 600 "$1.part" && mv -- "$1.part" "$1"); }

# appliance COMMAND…: of the release that is being installed, as the user who will run it.
appliance() {
    local environment=(APPLIANCE_CONFIG="$etc/config.yaml") as=()
    [[ -z $prefix ]] ||
        environment+=(APPLIANCE__MODELS__DIRECTORY="$models" APPLIANCE__STORAGE__DIRECTORY="$state")
    [[ -n $prefix ]] || as=(runuser -u appliance --)
    (cd / && "${as[@]}" env "${environment[@]}" "$release/venv/bin/appliance" "$@")
}

check_config() {
    local report status=0
    [[ -x $release/venv/bin/appliance ]] || return 0
    report=$(appliance config check 2>&1) || status=$?
    ((status == 0)) ||
        give_up 3 "version $version cannot work with $etc/config.yaml; nothing that runs was changed"$'\n'"$report"
}

# From the bundle, the checkout or the folder that was named; what these do not have, from the network.
fetch_models() {
    [[ $with_models == yes ]] || return 0
    if [[ -x $release/venv/bin/appliance ]]; then
        ! appliance models verify &>/dev/null || return 0
    fi
    change "bring the models to $models and verify them" bring_models
}

bring_models() {
    copy_models "${models_from:-$root/models}"
    (
        ! from_bundle || export APPLIANCE__MODELS__OFFLINE=true
        appliance models fetch
    ) || die "the models are not complete; nothing that runs was changed"
}

# What is unpacked for this installation alone is linked, anything else is copied. The hashes are verified afterwards.
copy_models() {
    local file
    [[ -d $1 ]] || return 0
    while IFS= read -r file; do
        [[ -e $1/$file ]] || continue
        mkdir -p -- "$models/$(dirname -- "$file")"
        rm -f -- "$models/$file"
        if [[ -z $verified ]] || ! ln -- "$1/$file" "$models/$file" 2>/dev/null; then
            cp --reflink=auto -- "$1/$file" "$models/$file"
        fi
    done < <(missing_models)
    own -R appliance:appliance "$models"
}

missing_models() {
    appliance models fetch --dry-run --json 2>/dev/null | "$python" -c '
import json, os, sys
for file in json.load(sys.stdin)["files"]:
    print(os.path.relpath(file["path"], sys.argv[1]))
' "$models"
}
