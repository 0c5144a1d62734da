"""`appliance storage`, `backup` and `restore` as somebody types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from appliance.cli import backup, storage
from appliance.config.storage import StorageConfig
from appliance.errors import ApplianceError
from appliance.storage.key import read_key_file
from tests.unit.storage_site import found, noted, plain_database, readable


class Desk:
    """A folder with a configuration, and somebody who types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = StorageConfig(directory=folder / "state")
        (folder / "config.yaml").write_text("site:\n  name: Desk\n")
        self.app = typer.Typer()
        self.app.add_typer(storage.app, name="storage")
        self.app.command("backup")(backup.backup)
        self.app.command("restore")(backup.restore_command)

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(self.app, [*words, "--config", str(self.folder / "config.yaml")])

    def says(self, *words: str) -> str:
        result = self.types(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def is_told(self, *words: str) -> ApplianceError:
        error = self.types(*words).exception
        assert isinstance(error, ApplianceError)
        assert error.remedy
        return error


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for variable in ("CREDENTIALS_DIRECTORY", "APPLIANCE_SECRET_DATABASE_KEY"):
        monkeypatch.delenv(variable, raising=False)
    return Desk(tmp_path)


def test_from_a_readable_database_to_an_encrypted_one_with_a_new_key(desk: Desk) -> None:
    asyncio.run(plain_database(desk.storage, "a"))
    assert "not encrypted" in desk.says("storage", "check")
    assert "storage new-key" in desk.is_told("storage", "encrypt").remedy
    made = CliRunner().invoke(desk.app, ["storage", "new-key", "--out", str(desk.storage.key_path)])
    assert made.exit_code == 0
    refused = desk.types("storage", "check")
    assert refused.exit_code == 8
    assert "storage encrypt" in refused.output
    assert "would encrypt" in desk.says("storage", "encrypt", "--dry-run")
    assert readable(desk.storage.directory)
    assert "is encrypted" in desk.says("storage", "encrypt")
    assert not readable(desk.storage.directory)
    assert "was encrypted already" in desk.says("storage", "encrypt")
    before = read_key_file(desk.storage.key_path)
    assert before.name in desk.says("storage", "rekey", "--dry-run")
    assert f"database.key.{before.name}" in desk.says("storage", "rekey")
    described = json.loads(desk.says("storage", "check", "--json"))
    assert described["encrypted"]
    assert described["key_name"] == read_key_file(desk.storage.key_path).name != before.name
    assert described["rows"]["conversations"] == 1


def test_a_key_that_comes_from_elsewhere_is_changed_with_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(noted(desk.storage, "a"))
    first = read_key_file(desk.storage.key_path)
    desk.storage.key_path.unlink()
    monkeypatch.setenv("APPLIANCE_SECRET_DATABASE_KEY", first.raw.hex())
    assert "--new-key" in desk.is_told("storage", "rekey").remedy
    new = str(desk.folder / "next.key")
    CliRunner().invoke(desk.app, ["storage", "new-key", "--out", new])
    assert "has the key" in desk.says("storage", "rekey", "--new-key", new)
    assert "had already the key" in desk.says("storage", "rekey", "--new-key", new)
    assert desk.types("storage", "check").exit_code == 8
    monkeypatch.setenv("APPLIANCE_SECRET_DATABASE_KEY", Path(new).read_text())
    assert "sound" in desk.says("storage", "check")


def test_a_key_is_printed_for_systemd(desk: Desk) -> None:
    keys = {CliRunner().invoke(desk.app, ["storage", "new-key"]).stdout.strip() for _ in range(2)}
    assert len(keys) == 2
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)


def test_back_up_look_and_put_back(desk: Desk) -> None:
    assert "no database yet" in str(desk.is_told("backup"))
    assert "there are no backups" in desk.says("backup", "--list")
    asyncio.run(noted(desk.storage, "a"))
    made = json.loads(desk.says("backup", "--json"))
    assert made["rows"]["conversations"] == 1
    assert made["file"] in desk.says("backup", "--list")
    asyncio.run(noted(desk.storage, "late"))
    assert "is sound" in desk.says("restore", made["file"], "--dry-run")
    assert "--yes" in desk.is_told("restore", made["file"]).remedy
    assert asyncio.run(found(desk.storage)) == ["a", "late"]
    assert "before-restore" in desk.says("restore", made["file"], "--yes")
    assert asyncio.run(found(desk.storage)) == ["a"]
    assert "before-restore" in desk.says("storage", "check")
    other = str(desk.folder / "other.yaml")
    desk.says("restore", made["file"], "--config-out", other)
    assert Path(other).read_bytes() == (desk.folder / "config.yaml").read_bytes()
    assert "File exists" in str(desk.is_told("restore", made["file"], "--config-out", other))
    assert "no such backup" in str(desk.is_told("restore", "nowhere", "--yes"))


def test_so_many_are_kept_elsewhere(desk: Desk, tmp_path: Path) -> None:
    asyncio.run(noted(desk.storage, "a"))
    folder = str(tmp_path / "nas")
    files = [json.loads(desk.says("backup", "--to", folder, "--keep", "2", "--json")) for _ in range(3)]
    assert files[-1]["deleted"] == [files[0]["file"]]
    assert len(list((tmp_path / "nas").glob("*.backup"))) == 2
    assert desk.types("backup", "--keep", "0").exit_code == 2
