"""Sealed files: readable with the key and under their name, or not at all."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from appliance.storage.errors import DatabaseDamagedError, KeyFaultError, StorageError
from appliance.storage.sealed import MAGIC, Sealer, is_sealed, reseal_folder

OLD, NEW = Sealer(bytes(range(32))), Sealer(bytes(range(1, 33)))
SOUND = b"RIFF" + bytes(10_000)


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    sealed = OLD.seal(SOUND, "a.wav")
    assert OLD.open(sealed, "a.wav") == SOUND
    assert is_sealed(sealed)
    assert not is_sealed(SOUND)
    assert b"RIFF" not in sealed
    assert bytes(32) not in sealed
    assert sealed != OLD.seal(SOUND, "a.wav")
    assert OLD.open(OLD.seal(b"", "empty"), "empty") == b""


def test_every_changed_bit_is_found() -> None:
    sealed = OLD.seal(b"I would like to cancel", "a.wav")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << Random(place).randrange(8)  # noqa: S311
        with pytest.raises(StorageError):
            OLD.open(bytes(changed), "a.wav")
    for length in range(len(sealed)):
        with pytest.raises(DatabaseDamagedError):
            OLD.open(sealed[:length], "a.wav")


def test_one_file_is_not_taken_for_another() -> None:
    with pytest.raises(DatabaseDamagedError, match="changed"):
        OLD.open(OLD.seal(SOUND, "a.wav"), "b.wav")


def test_another_key_is_told_from_damage() -> None:
    with pytest.raises(KeyFaultError, match="another key"):
        NEW.open(OLD.seal(SOUND, "a.wav"), "a.wav")


def test_a_newer_way_of_sealing_is_told_from_damage() -> None:
    sealed = bytearray(OLD.seal(SOUND, "a.wav"))
    sealed[len(MAGIC)] = 2
    with pytest.raises(DatabaseDamagedError, match="version 2") as caught:
        OLD.open(bytes(sealed), "a.wav")
    assert "newer" in caught.value.remedy


def test_a_change_of_keys_that_was_cut_off_is_finished_by_repeating_it(tmp_path: Path) -> None:
    for number in range(4):
        sealer = NEW if number < 2 else OLD
        (tmp_path / f"{number}.wav").write_bytes(sealer.seal(SOUND, f"{number}.wav"))
    (tmp_path / "folder").mkdir()
    assert reseal_folder(tmp_path, OLD, NEW) == 2
    assert reseal_folder(tmp_path, OLD, NEW) == 0
    assert all(NEW.open(file.read_bytes(), file.name) == SOUND for file in tmp_path.glob("*.wav"))
    assert len(list(tmp_path.iterdir())) == 5


def test_readable_files_are_sealed_only_when_there_was_no_key(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(SOUND)
    with pytest.raises(DatabaseDamagedError, match="not sealed"):
        reseal_folder(tmp_path, OLD, NEW)
    assert reseal_folder(tmp_path, None, NEW) == 1
    assert NEW.open((tmp_path / "a.wav").read_bytes(), "a.wav") == SOUND
    assert reseal_folder(tmp_path / "nowhere", None, NEW) == 0
