# shellcheck shell=bash disable=SC2154 # shares its variables with scripts/install
# The database across versions: saved before an upgrade, put back when it fails, and never given to a program that
# does not know its tables. It is copied as it lies on the disk, encrypted, while nobody has it open.

database_files() { compgen -G "$1/appliance.db*" || true; }

tables_of() { cat -- "$1/tables" 2>/dev/null || echo 0; }

# A release brings the tables up to date when it opens them, so they are those of the release in use.
refuse_newer_database() {
    local before known
    before=$(in_use)
    [[ -n $before && -e $state/appliance.db && -z $with_database ]] || return 0
    known=$(source_tables)
    (($(tables_of "$before") > known)) || return 0
    give_up 5 "version $(version_of "$before") has brought the database to tables $(tables_of "$before");" \
        "version $version knows them up to $known, so it could not read it. Nothing was changed." \
        $'\n'"  → Go back together with the database of that time, and lose what came since:" \
        $'\n'"    $0 --with-database FOLDER; there are: $(saved_databases "$known")"
}

# The number of steps in the source, without running it.
source_tables() {
    if [[ -e $release/tables ]]; then
        cat -- "$release/tables"
    elif from_bundle; then
        sed -n 's/^tables=//p' "$root/MANIFEST"
    else
        (cd -- "$root" && PYTHONDONTWRITEBYTECODE=1 "$python" - <<'END'
import ast, pathlib
tree = ast.parse(pathlib.Path("appliance/storage/migrations.py").read_text("utf-8"))
print(*(len(node.value.elts) for node in tree.body if isinstance(node, ast.AnnAssign) and node.target.id == "MIGRATIONS"))
END
        )
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

check_with_database() {
    [[ -n $with_database ]] || return 0
    [[ -e $with_database/appliance.db ]] || usage_error "there is no appliance.db in $with_database"
    (($(tables_of "$with_database") <= $(source_tables))) ||
        give_up 5 "the database in $with_database has tables $(tables_of "$with_database"), newer than version $version knows"
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

# put_database_back FOLDER
put_database_back() {
    local files
    mapfile -t files < <(database_files "$state")
    ((${#files[@]} == 0)) || rm -f -- "${files[@]}"
    mapfile -t files < <(database_files "$1")
    cp -a -- "${files[@]}" "$state/"
    own appliance:appliance "$state"/appliance.db*
    sync -- "$state"/appliance.db*
}

# The last two stay; the others go, and these after two weeks (tmpfiles.d).
prune_saved() {
    local folder
    find "$saved" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' 2>/dev/null | sort -rn | tail -n +3 | cut -d' ' -f2- |
        while read -r folder; do rm -rf -- "$folder"; done
}
