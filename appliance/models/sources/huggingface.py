"""Hugging Face, at pinned revisions, by plain HTTP."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from appliance.egress.policy import Policy
from appliance.models.catalogue import HuggingFaceFile, ModelFile
from appliance.models.sources.base import Request
from appliance.models.sources.http import HttpDownloader

ENDPOINT: Final = "https://huggingface.co"
INTERNET: Final = Policy(public=True)
"""Whoever fetches models from the hub asks for the Internet, not for what is on the site's own network."""


class HuggingFaceSource:
    """The hub, or a copy of it with the same addresses at `endpoint`."""

    def __init__(self, endpoint: str = ENDPOINT, downloader: HttpDownloader | None = None) -> None:
        self._endpoint = endpoint
        self._downloader = downloader or HttpDownloader(policy=INTERNET)

    @property
    def name(self) -> str:
        """Return the name people know."""
        return "Hugging Face"

    def offers(self, file: ModelFile) -> bool:
        """Return whether the catalogue knows where the file is on the hub."""
        return url_of(file, self._endpoint) is not None

    def fetch(self, request: Request) -> None:
        """Download the file, going on where an earlier download stopped."""
        url = url_of(request.file, self._endpoint)
        if url is not None:
            self._downloader.download(url, request)


def url_of(file: ModelFile, endpoint: str = ENDPOINT) -> str | None:
    """Return the address of a file on the hub, or None when it is not there."""
    for source in file.sources:
        if isinstance(source, HuggingFaceFile):
            path = quote(source.file or file.path)
            return f"{endpoint.rstrip('/')}/{source.repo}/resolve/{source.revision}/{path}"
    return None
