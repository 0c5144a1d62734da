"""What is kept between starts is what was written, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.engines.kept import Kept, key_of


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_it_gives_back_what_was_put_and_nothing_for_another_key(tmp_path: Path) -> None:
    Kept(tmp_path / "kept").put("a", b"data")
    assert Kept(tmp_path / "kept").get("a") == b"data"
    assert Kept(tmp_path / "kept").get("b") is None
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
    assert only_file(tmp_path / "kept").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_a_damaged_file_is_nothing_and_is_replaced(tmp_path: Path, damage: bytes) -> None:
    files = Kept(tmp_path / "kept")
    files.put("a", b"data" * 100)
    only_file(tmp_path / "kept").write_bytes(damage)
    assert files.get("a") is None
    files.put("a", b"data")
    assert files.get("a") == b"data"


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    files = Kept(tmp_path / "no state yet" / "kept")
    files.put("a", b"data")
    assert files.get("a") is None
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_half_of_a_file() -> None:
    files = Kept(Path("/dev/full"))
    files.put("a", b"data")
    assert files.get("a") is None


def test_what_was_used_longest_ago_goes_when_it_is_too_much(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    size = 1000
    files = Kept(folder, most_bytes=2 * size)
    files.put("old", bytes(size))
    os.utime(only_file(folder), (1, 1))
    files.put("new", bytes(size))
    assert files.get("old") is None
    assert files.get("new") is not None


def test_a_key_changes_with_the_model_and_the_settings(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights")
    keys = {key_of("speech", model, rate=48_000), key_of("speech", model, rate=24_000), key_of("prompt", model)}
    model.write_bytes(b"others!")
    os.utime(model, (1, 1))
    keys.add(key_of("prompt", model))
    assert len(keys) == 4
