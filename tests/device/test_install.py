"""scripts/install for real: whole versions in a folder of the test, upgraded, taken back and removed."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.device.installing import ROOT, Checkout, Done, Place, run

ANOTHER_TABLE = """

def _marks(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE marks (name TEXT) STRICT")


MIGRATIONS = (*MIGRATIONS, _marks)
"""


@dataclass(frozen=True, slots=True)
class Built:
    """Two versions, installed one after the other; the first is in use. Tests work on copies."""

    old: Checkout
    new: Checkout
    place: Place
    first: Done


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    place = Place(folder / "machine")
    new = Checkout.copy(folder / "new version")
    new.become("1.1.0")
    new.add("appliance/storage/migrations.py", ANOTHER_TABLE)
    new.add("config.yaml", "\n# What is new in this version.\n")
    later = place.install(new, "--no-models")
    assert later.returncode == 0, later.stderr
    old = Checkout.copy(folder / "old version")
    old.become("1.0.0")
    shutil.rmtree(place.etc)
    return Built(old, new, place, place.install(old, "--no-models"))


@pytest.fixture
def place(built: Built, tmp_path: Path) -> Place:
    """A machine with the old version, and with what the new one needs."""
    return built.place.copy(tmp_path / "machine")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_dry_run_says_every_step_and_does_none(built: Built, tmp_path: Path) -> None:
    place = Place(tmp_path / "machine")
    result = place.install(built.old, "--dry-run")
    assert result.returncode == 0, result.stderr
    steps = result.stdout.splitlines()
    assert all(step.startswith("would ") for step in steps)
    expected = "write", "make the credential database_key", "install version 1.0.0", "bring the models", "use version"
    for step in expected:
        assert any(line.startswith(f"would {step}") for line in steps), step
    assert not place.prefix.exists()


def test_what_is_installed_works(built: Built) -> None:
    place = built.place
    assert built.first.returncode == 0, built.first.stderr
    assert "\x1b" not in built.first.stderr
    assert place.appliance("--version").stdout == "appliance 1.0.0\n"
    assert place.appliance("config", "check").returncode == 0
    assert place.appliance("models", "list").returncode == 0, "the catalogue is in the package"
    folders = run("grep", "^  directory:", place.etc / "config.yaml").stdout
    assert folders == "  directory: /var/lib/appliance/models\n  directory: /var/lib/appliance\n"
    units = place.prefix / "etc/systemd/system"
    assert (units / "appliance.service").exists()
    assert "IPAddressAllow=" in (units / "appliance.service.d/network.conf").read_text()


def test_keys_are_random_private_and_never_shown(built: Built) -> None:
    place = built.place
    keys = [place.etc / "credentials" / name for name in ("database_key", "audit_key")]
    assert mode(place.etc / "credentials") == 0o700
    assert {mode(key) for key in keys} == {0o600}
    contents = {key.read_text().strip() for key in keys}
    assert len(contents) == 2
    assert all(len(bytes.fromhex(content)) == 32 for content in contents)
    log = (place.prefix / "var/log/appliance-install.log").read_text()
    assert not any(content in built.first.stdout + built.first.stderr + log for content in contents)


def test_a_second_run_changes_nothing(built: Built, place: Place) -> None:
    before = place.snapshot()
    second = place.install(built.old, "--no-models")
    assert (second.returncode, second.stdout) == (0, "")
    assert second.stderr == "install: version 1.0.0 is installed already; nothing was changed\n"
    assert place.snapshot() == before


def test_an_upgrade_keeps_data_and_configuration(built: Built, place: Place) -> None:
    place.open_database()
    config = place.etc / "config.yaml"
    config.write_text(config.read_text().replace("Harbour Clinic", "Hillside Clinic"))
    kept = {path: path.read_bytes() for path in (config, *(place.etc / "credentials").iterdir())}
    result = place.install(built.new, "--no-models")
    assert result.returncode == 0, result.stderr
    assert place.appliance("--version").stdout == "appliance 1.1.0\n"
    assert {path: path.read_bytes() for path in kept} == kept
    assert (place.etc / "config.yaml.new").read_text().endswith("# What is new in this version.\n")
    assert "+# What is new in this version." in result.stderr
    place.open_database()
    assert place.releases == ["1.0.0", "1.1.0"]


def test_a_release_that_was_cut_off_is_built_again(built: Built, place: Place) -> None:
    (place.prefix / "opt/appliance/releases/1.1.0/key").unlink()
    dry = place.install(built.new, "--no-models", "--dry-run")
    assert f"would install version 1.1.0 in {place.prefix}/opt/appliance/releases/1.1.0" in dry.stdout.splitlines()


def test_a_version_that_does_not_run_changes_nothing(place: Place, tmp_path: Path) -> None:
    broken = Checkout.copy(tmp_path / "broken")
    broken.become("1.2.0")
    broken.add("appliance/__init__.py", "\nraise RuntimeError('left out of the package')\n")
    result = place.install(broken, "--no-models")
    assert result.returncode == 1
    assert "version 1.2.0 does not run here; nothing that runs was changed" in result.stderr
    assert place.in_use == "1.0.0"
    assert place.appliance("--version").stdout == "appliance 1.0.0\n"


def test_a_configuration_that_does_not_fit_is_told(built: Built, place: Place) -> None:
    (place.etc / "config.yaml").write_text("vad: {treshold: 0.5}\n")
    result = place.install(built.new, "--no-models")
    assert result.returncode == 3
    assert "treshold" in result.stderr
    assert place.in_use == "1.0.0"


def test_an_older_version_takes_the_database_of_its_time(built: Built, place: Place) -> None:
    place.open_database()
    database = place.state / "appliance.db"
    old = database.read_bytes()
    assert place.install(built.new, "--no-models").returncode == 0
    place.open_database()
    newer = database.read_bytes()
    assert newer != old

    refused = place.install(built.old, "--no-models")
    assert refused.returncode == 5
    (saved,) = (place.prefix / "var/backups/appliance").iterdir()
    assert f"--with-database FOLDER, which can be: {saved}" in refused.stderr
    assert (place.in_use, database.read_bytes()) == ("1.1.0", newer)

    result = place.install(built.old, "--no-models", "--with-database", saved)
    assert result.returncode == 0, result.stderr
    assert (place.in_use, database.read_bytes()) == ("1.0.0", old)
    place.open_database()


def test_a_lost_key_is_not_replaced(built: Built, place: Place) -> None:
    place.open_database()
    (place.etc / "credentials/database_key").unlink()
    result = place.install(built.old, "--no-models")
    assert result.returncode == 1
    assert "put the key back" in result.stderr
    assert not (place.etc / "credentials/database_key").exists()


def test_a_sealed_key_counts_where_the_service_loads_it(built: Built, place: Place) -> None:
    place.open_database()
    (place.etc / "credentials/database_key").unlink()
    sealed = place.prefix / "etc/credstore.encrypted/database_key"
    sealed.parent.mkdir()
    sealed.write_text("what only systemd-creds can open")
    assert place.install(built.old, "--no-models").returncode == 1, "nothing loads it"

    drop_in = place.prefix / "etc/systemd/system/appliance.service.d/sealed-key.conf"
    drop_in.write_text("[Service]\nLoadCredentialEncrypted=database_key:/etc/credstore.encrypted/database_key\n")
    result = place.install(built.old, "--no-models")
    assert result.returncode == 0, result.stderr
    assert not (place.etc / "credentials/database_key").exists(), "no second key is made"
    drop_in.write_text("[Service]\nLoadCredentialEncrypted=database_key\n")
    assert place.install(built.old, "--no-models").returncode == 0, "systemd finds it by its name"
    sealed.unlink()
    assert place.install(built.old, "--no-models").returncode == 1, "it is lost"


@pytest.mark.usefixtures("built")
def test_the_command_takes_a_sealed_key_from_the_service(place: Place) -> None:
    place.open_database()
    key = place.etc / "credentials/database_key"
    unsealed = place.prefix / "run/credentials/appliance.service/database_key"
    unsealed.parent.mkdir(parents=True)
    shutil.move(key, unsealed)
    command = (place.prefix / "usr/local/bin/appliance", "storage", "check")
    environment = {
        "APPLIANCE_CONFIG": str(place.etc / "config.yaml"),
        "APPLIANCE__STORAGE__DIRECTORY": str(place.state),
    }
    result = run(*command, environment=environment)
    assert "from the credential database_key" in result.stdout, result.stderr
    unsealed.unlink()
    assert "key: none" in run(*command, environment=environment).stdout


def test_two_installations_do_not_meet(built: Built, place: Place) -> None:
    lock = place.prefix / "var/cache/appliance-install/install.lock"
    result = run("flock", lock, built.old.folder / "scripts/install", "--prefix", place.prefix, "--no-models")
    assert result.returncode == 1
    assert "another installation is going on" in result.stderr


def test_what_is_removed_and_what_stays(built: Built, place: Place) -> None:
    place.open_database()
    dry = place.install(built.old, "--uninstall", "--purge", "--dry-run")
    assert f"would remove {place.state}" in dry.stdout.splitlines()
    assert place.appliance("--version").returncode == 0
    assert place.install(built.old, "--uninstall").returncode == 0
    assert not (place.prefix / "opt/appliance").exists()
    assert not list((place.prefix / "etc/systemd/system").glob("appliance*.*e*"))
    assert (place.state / "appliance.db").exists()
    assert (place.etc / "credentials/database_key").exists()

    asked = place.install(built.old, "--uninstall", "--purge")
    assert asked.returncode == 2
    assert "needs --yes" in asked.stderr
    assert (place.state / "appliance.db").exists()
    assert place.install(built.old, "--uninstall", "--purge", "--yes").returncode == 0
    assert [path for path in place.prefix.rglob("*") if not path.is_dir()] == []
    again = place.install(built.old, "--uninstall")
    assert (again.returncode, again.stderr) == (0, "install: nothing is installed\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wrong"], "unknown option --wrong"),
        (["--bundle"], "--bundle takes a value"),
        (["--bundle", "/nowhere.tar"], "the bundle /nowhere.tar cannot be read"),
        (["--purge"], "--purge goes with --uninstall"),
        (["--with-database", "/etc"], "there is no appliance.db in /etc"),
        (["--llama", "native"], "--llama takes tuned or portable"),
    ],
)
def test_wrong_options(tmp_path: Path, options: list[str], message: str) -> None:
    place = Place(tmp_path / "machine")
    result = place.install(ROOT, *options)
    assert result.returncode == 2
    assert message in result.stderr
    assert not place.prefix.exists()
