# shellcheck shell=bash disable=SC2154 # shares its variables with scripts/install
# The database across versions: saved before an upgrade, put back when it fails, and never given to a program that
# does not know its tables. It is copied as it lies on the disk, encrypted, while nobody has it open.

database_files() { compgen -G "$1/appliance.db*" || true; }

tables_of() { cat -- "$1/tables" 2>/dev/null || echo 0; }

# A release brings the tables up to date when it opens them, so they are those of the release in use.
refuse_newer_database() {
    local before known
    before=$(in_use)
    known=$(source_tables)
    [[ -n $known ]] || return 0
    if [[ -n $with_database ]]; then
        (($(tables_of "$with_database") <= known)) ||
            give_up 5 "the database in $with_database has tables $(tables_of "$with_database");" \
                "version $version knows them up to $known"
    elif [[ -n $before && -e $state/appliance.db ]] && (($(tables_of "$before") > known)); then
        give_up 5 "version $(version_of "$before") has brought the database to tables $(tables_of "$before"); version" \
            "$version knows them up to $known and could not read it. Nothing that runs was changed."$'\n' \
            " → Go back together with the database of that time, which loses what came since:"$'\n' \
            "   $0 --with-database FOLDER, which can be: $(saved_databases "$known")"
    fi
}

# What the version to be installed knows; nothing while that cannot be told without building it.
source_tables() {
    if [[ -e $release/tables ]]; then
        cat -- "$release/tables"
    elif from_bundle; then
        sed -n 's/^tables=//p' "$root/MANIFEST"
    fi
}

saved_databases() {
    local folder found=()
    for folder in "$saved"/*/; do
        folder=${folder%/}
        [[ ! -e $folder/appliance.db ]] || (($(tables_of "$folder") > $1)) || found+=("$folder")
    done
    printf '%s\n' "${found[*]:-none; install the newer version again}"
}

# save_database RELEASE: what the release that was in use has left.
save_database() {
    local files
    mapfile -t files < <(database_files "$state")
    copy=
    ((${#files[@]} > 0)) || return 0
    copy=$saved/${1##*/}.$(date -u +%Y%m%dT%H%M%SZ)
    say "saving the database in $copy"
    mkdir -- "$copy.part"
    cp -a -- "${files[@]}" "$copy.part/"
    tables_of "$1" >"$copy.part/tables"
    sync -- "$copy.part"/*
    mv -- "$copy.part" "$copy"
    touch -- "$copy"
}

# put_database_back FOLDER: at every moment there is a whole database, so that no new one is ever made in between.
put_database_back() {
    local files new=$state/.put-back
    mapfile -t files < <(database_files "$1")
    ((${#files[@]} > 0)) || die "there is no database in $1"
    rm -rf -- "$new"
    mkdir -m 700 -- "$new"
    cp -a -- "${files[@]}" "$new/"
    own -R appliance:appliance "$new"
    sync -- "$new"/*
    rm -f -- "$state"/appliance.db-*
    mv -f -- "$new"/* "$state/"
    rmdir -- "$new"
    sync -- "$state"
}

# The last two stay; the others go, and these after two weeks (tmpfiles.d).
prune_saved() {
    local folder
    find "$saved" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' 2>/dev/null | sort -rn | tail -n +3 |
        cut -d' ' -f2- |
        while read -r folder; do rm -rf -- "$folder"; done
}
