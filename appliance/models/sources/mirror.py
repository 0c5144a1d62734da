"""A copy of the models on the site: a folder, a USB stick, or a web server, laid out as `<model>/<file>`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.models.catalogue import ModelFile
from appliance.models.sources.base import Request, Source, SourceError
from appliance.models.sources.http import HttpDownloader

CHUNK_BYTES: Final = 1 << 20


class FolderMirror:
    """A folder that holds models."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """Return which folder it is."""
        return f"mirror {self._folder}"

    def offers(self, file: ModelFile) -> bool:  # noqa: ARG002 - looking is as cheap as asking
        """Return True: any file may be there."""
        return True

    def fetch(self, request: Request) -> None:
        """Copy the file."""
        origin = self._folder / request.model.id / request.file.path
        try:
            size = origin.stat().st_size
        except OSError as error:
            raise SourceError(f"{origin}: {error.strerror}") from error
        if size != request.file.size:
            raise SourceError(f"{origin}: has {size} bytes instead of {request.file.size}")
        with origin.open("rb") as reader, request.part.open("wb") as writer:
            while chunk := reader.read(CHUNK_BYTES):
                writer.write(chunk)
                request.arrived(len(chunk))


class HttpMirror:
    """A web server that holds models."""

    def __init__(self, address: str, downloader: HttpDownloader | None = None) -> None:
        self._address = address.rstrip("/")
        self._downloader = downloader or HttpDownloader()

    @property
    def name(self) -> str:
        """Return which server it is."""
        return f"mirror {self._address}"

    def offers(self, file: ModelFile) -> bool:  # noqa: ARG002 - looking is as cheap as asking
        """Return True: any file may be there."""
        return True

    def fetch(self, request: Request) -> None:
        """Download the file, going on where an earlier download stopped."""
        url = f"{self._address}/{quote(request.model.id)}/{quote(request.file.path)}"
        self._downloader.download(url, request)


def open_mirror(place: str, policy: Policy = LOOPBACK_ONLY) -> Source:
    """Return the mirror at an http(s) address, if `policy` allows it, or in a folder."""
    if place.startswith(("http://", "https://")):
        return HttpMirror(place, HttpDownloader(policy=policy))
    return FolderMirror(Path(place))
