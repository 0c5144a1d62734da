"""What a fetch tells whoever waits for it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told what a fetch does; called from several threads."""

    def started(self, model_id: str, size: int) -> None:
        """`size` bytes of a model are about to be fetched."""

    def advanced(self, model_id: str, size: int) -> None:
        """`size` more bytes have arrived.

        The sum is an estimate: wheels are compressed, and a damaged download is repeated.
        """

    def finished(self, model_id: str, *, complete: bool) -> None:
        """No more of this model will come, because it is complete or was given up."""

    def note(self, message: str) -> None:
        """Something a person should know happened."""


class Silent:
    """Tells nobody."""

    def started(self, model_id: str, size: int) -> None:
        """Ignore it."""

    def advanced(self, model_id: str, size: int) -> None:
        """Ignore it."""

    def finished(self, model_id: str, *, complete: bool) -> None:
        """Ignore it."""

    def note(self, message: str) -> None:
        """Ignore it."""
