"""Where the key comes from, and which keys are none."""

from __future__ import annotations

import base64
import hmac
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.storage.errors import KeyFaultError
from appliance.storage.key import CREDENTIAL, FOLDER_VARIABLE, KEY_VARIABLE, find_key, make_key_file, new_key, parse_key
from tests.unit.users import without_rights

RAW = bytes(range(100, 132))


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "content", [RAW, RAW.hex().encode(), RAW.hex().upper().encode() + b"\r\n", base64.b64encode(RAW) + b"\n"]
)
def test_a_key_is_written_in_three_ways(content: bytes) -> None:
    assert parse_key(content, "here").raw == RAW


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "32 bytes"),
        (b"correct horse battery staple", "32 bytes"),
        (RAW[:16].hex().encode(), "32 bytes"),  # 32 characters, and yet only 16 bytes
        (RAW[:31], "32 bytes"),
        (b"correct horse battery staple 123", "32 bytes"),
        (RAW.hex().encode() * 2, "32 bytes"),
        (base64.b64encode(RAW[:24]), "32 bytes"),
        (b"00" * 32, "not random"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(content: bytes, what: str) -> None:
    with pytest.raises(KeyFaultError, match=what) as caught:
        parse_key(content, "here")
    assert "new-key" in caught.value.remedy
    assert not content or content.decode("latin-1") not in f"{caught.value}{caught.value.remedy}"


def test_the_credential_comes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    keys = [new_key() for _ in range(3)]
    file = make_key_file(tmp_path / "database.key", keys[2])
    assert file.raw == keys[2].raw
    written(tmp_path / CREDENTIAL, keys[0].raw, 0o400)
    environ = {FOLDER_VARIABLE: str(tmp_path), KEY_VARIABLE: keys[1].raw.hex()}
    found = []
    while True:
        key = find_key(tmp_path / "database.key", environ)
        assert key is not None
        found.append((key.raw, key.source))
        if not environ:
            break
        environ.popitem() if len(environ) == 1 else environ.pop(FOLDER_VARIABLE)
    assert [raw for raw, _ in found] == [key.raw for key in keys]
    assert [source.split()[1] for _, source in found] == ["credential", "environment", "file"]
    assert find_key(tmp_path / "none.key", {FOLDER_VARIABLE: str(tmp_path / "nowhere")}) is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "database.key", RAW, mode)
    with pytest.raises(KeyFaultError, match=f"{mode:04o}") as caught:
        find_key(file, {})
    assert f"chmod 600 {file}" in caught.value.remedy


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_that_only_the_owner_reads_is_taken(tmp_path: Path, mode: int) -> None:
    assert find_key(written(tmp_path / "database.key", RAW, mode), {}) is not None


def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    """Only root gives files away; for others the refusal is that this one cannot be read."""
    file = written(tmp_path / "database.key", RAW)
    if os.geteuid() == 0:
        os.chown(file, 4242, -1)
        with pytest.raises(KeyFaultError, match=r"another user.*4242"):
            find_key(file, {})
        return
    file.chmod(0)
    with pytest.raises(KeyFaultError, match="cannot be read"):
        find_key(file, {})


@pytest.mark.parametrize("hidden", ["folder", "file"])
@pytest.mark.parametrize("credential", [True, False])
def test_a_key_that_this_user_may_not_see_is_not_taken_for_none(hidden: str, *, credential: bool) -> None:
    with TemporaryDirectory() as name:  # the folders of pytest are closed to everybody else
        folder = Path(name, "private")
        folder.mkdir()
        file = written(folder / CREDENTIAL, RAW, 0 if hidden == "file" else 0o600)
        folder.chmod(0 if hidden == "folder" else 0o700)
        environ = {FOLDER_VARIABLE: str(folder)} if credential else {}
        looked_for = Path(name, "none.key") if credential else file
        denied = f"{file}: the key cannot be read: Permission denied"
        with without_rights(Path(name), folder, file), pytest.raises(KeyFaultError, match=denied) as caught:
            find_key(looked_for, environ)
        folder.chmod(0o700)
    assert "sudo -u appliance" in caught.value.remedy


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyFaultError, match="cannot be read"):
        find_key(tmp_path, {})


def test_a_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "database.key"
    first = make_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFaultError, match="only key"):
        make_key_file(file)
    again = find_key(file, {})
    assert again is not None
    assert again.raw == first.raw
    assert [path.name for path in file.parent.iterdir()] == ["database.key"]


def test_each_use_has_a_key_of_its_own() -> None:
    key = new_key()
    derived = {key.raw, key.database, key.recordings, key.backups}
    assert len(derived) == 4
    assert {len(one) for one in derived} == {32}


def test_derivation_is_the_standard_one() -> None:
    """HKDF-SHA256 as in RFC 5869, worked out with nothing but HMAC: what is encrypted stays readable for ever."""
    extracted = hmac.digest(bytes(32), RAW, "sha256")
    assert parse_key(RAW, "here").database == hmac.digest(extracted, b"appliance database 1\x01", "sha256")


def test_a_key_does_not_show_itself() -> None:
    key = new_key()
    assert key.raw.hex() not in f"{key!r}{key}{key.name}"
    assert str(key.raw) not in repr(key)
