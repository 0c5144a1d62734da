"""Finding missing, truncated and damaged model files, without hashing everything each time."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from appliance.errors import ModelError
from appliance.models.catalogue import Model
from appliance.models.verify import MEMORY_NAME, FileState, check, locate, unfit

WEIGHTS = b"weights" * 1000
VOCABULARY = b"words"


def described(path: str, content: bytes) -> dict[str, object]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


MODEL = Model.model_validate(
    {
        "id": "whisper-test",
        "kind": "stt",
        "format": "ctranslate2",
        "licence": "MIT",
        "commercial_use": "allowed",
        "languages": ["en"],
        "tier": "cpu",
        "files": [described("model.bin", WEIGHTS), described("sub/vocabulary.txt", VOCABULARY)],
    }
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    folder = tmp_path / MODEL.id
    (folder / "sub").mkdir(parents=True)
    (folder / "model.bin").write_bytes(WEIGHTS)
    (folder / "sub" / "vocabulary.txt").write_bytes(VOCABULARY)
    return tmp_path


def states(directory: Path, *, full: bool = False) -> list[FileState]:
    return [finding.state for finding in check(MODEL, directory, full=full)]


def overwrite_unnoticed(path: Path, content: bytes) -> None:
    """Change a file but not its size, time or inode, as a failing disk does."""
    status = path.stat()
    with path.open("r+b") as stream:
        stream.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_locate_says_where_each_file_is(directory: Path) -> None:
    folder = directory / MODEL.id
    assert locate(MODEL, directory) == {
        "model.bin": folder / "model.bin",
        "sub/vocabulary.txt": folder / "sub" / "vocabulary.txt",
    }


def test_nothing_there_is_missing_and_leaves_no_trace(tmp_path: Path) -> None:
    assert states(tmp_path) == [FileState.MISSING, FileState.MISSING]
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_named_with_a_remedy(directory: Path) -> None:
    weights = directory / MODEL.id / "model.bin"
    os.truncate(weights, 100)
    with pytest.raises(ModelError, match=r"model\.bin has 100 bytes instead of 7000") as caught:
        locate(MODEL, directory)
    assert "appliance models fetch" in caught.value.remedy
    assert [finding.path for finding in unfit([MODEL], directory)] == [weights]


def test_a_changed_file_is_hashed_again(directory: Path) -> None:
    locate(MODEL, directory)
    (directory / MODEL.id / "model.bin").write_bytes(b"W" + WEIGHTS[1:])
    with pytest.raises(ModelError, match=r"model\.bin is damaged"):
        locate(MODEL, directory)
    (directory / MODEL.id / "model.bin").write_bytes(WEIGHTS)
    assert unfit([MODEL], directory) == []


def test_an_unchanged_file_is_not_hashed_again_unless_asked(directory: Path) -> None:
    assert states(directory) == [FileState.INTACT, FileState.INTACT]
    overwrite_unnoticed(directory / MODEL.id / "model.bin", b"W")
    assert states(directory) == [FileState.INTACT, FileState.INTACT]
    assert states(directory, full=True) == [FileState.DAMAGED, FileState.INTACT]
    assert states(directory) == [FileState.DAMAGED, FileState.INTACT]


@pytest.mark.parametrize("memory", ["", "{", "[]", json.dumps({"model.bin": {"size": "large"}})])
def test_a_damaged_memory_is_forgotten(directory: Path, memory: str, caplog: pytest.LogCaptureFixture) -> None:
    (directory / MODEL.id / MEMORY_NAME).write_text(memory)
    assert states(directory) == [FileState.INTACT, FileState.INTACT]
    assert "hashed again" in caplog.text
    assert set(json.loads((directory / MODEL.id / MEMORY_NAME).read_text())) == {"model.bin", "sub/vocabulary.txt"}


def test_a_folder_that_cannot_be_written_still_works(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    (directory / MODEL.id / f"{MEMORY_NAME}.{os.getpid()}").mkdir()  # where the memory is drafted; also stops root
    assert states(directory) == [FileState.INTACT, FileState.INTACT]
    assert "cannot be written" in caplog.text
