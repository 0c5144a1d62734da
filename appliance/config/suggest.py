"""Did you mean …? Names that are close to what was written."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz

_CLOSE_ENOUGH = 72.0
_SHARED_WORDS_WEIGHT = 0.9


def closeness(written: str, name: str) -> float:
    """Return how alike two names are, 0 to 100; the order of their words hardly counts, case and separators don't."""
    one, other = _words(written), _words(name)
    return max(fuzz.ratio(one, other), _SHARED_WORDS_WEIGHT * fuzz.token_sort_ratio(one, other), _contained(one, other))


def closest(written: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant, or None when none is close."""
    scored = [(closeness(written, name), name) for name in names]
    score, name = max(scored, default=(0.0, ""))
    return name if score >= _CLOSE_ENOUGH else None


def _contained(one: str, other: str) -> float:
    """Score a name that leaves out some words of the other, `silence ms` for `silence duration ms`."""
    few, many = sorted((set(one.split()), set(other.split())), key=len)
    enough = min(len(few), 2)
    return 80.0 * (len(few) >= enough > 1 and few < many)


def _words(name: str) -> str:
    return name.casefold().replace("_", " ").replace(".", " ").replace("-", " ").replace("/", " ")
