"""A value that somebody said, and where they said it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]
"""First character and the one after the last."""

HIDDEN = "\ue000"
"""Stands for each character that a finder shall not look at: part of no word and no separator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value and the words it was found in."""

    value: str | int | float | bool
    """Normalised: "2026-03-04", "15:30", "2026-03-04T15:30", "+14155551234"; a range as "14:00/16:00"."""
    start: int
    end: int
    """Where it stands in the text, in characters; `end` is the one after the last."""
    words: str
    """The text from `start` to `end`."""
    certain: bool = True
    """False where it can be understood in another way as well, and has to be asked back."""

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        return self.start, self.end


def mask(text: str, spans: Iterable[Found | Span]) -> str:
    """Return `text`, as long as before, with the spans hidden: no finder sees a value in them."""
    for each in spans:
        start, end = each.span if isinstance(each, Found) else each
        text = text[:start] + HIDDEN * (end - start) + text[end:]
    return text
