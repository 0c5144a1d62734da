"""Names of people for a parameter, and not of those who are only talked about."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from appliance.understanding import Found, Span, find_mentioned_names, find_names

_TALKED_ABOUT = re.compile(
    r"(?<!i'm )(?<!i am )(?<!is )(?<!it's )\b(?:mrs|mr|ms|miss|mister|dr|doctor|prof|professor|nurse)\.?\s+$",
    re.IGNORECASE,
)
"""A title, unless somebody introduces themselves with it."""
_BEGINS, _ENDS = re.compile(r"(?:^|[.,;:!?])\s*$"), re.compile(r"\s*(?:$|[.,;:!?]|\d|phone\b|and my\b)", re.IGNORECASE)


def named(text: str, *, known: Collection[str], taken: Sequence[Span], asked: bool, told: bool) -> list[Found]:
    """Return names that were given.

    Args:
        text: What was said.
        known: Words in small letters that mean something here.
        taken: What means something else already.
        asked: Whether a name was asked for.
        told: Whether people tell what happened with it, and so speak of others: only who gives a name to be called by
            counts then, as in "my name is Joe Park" and "Joe Park, 902 555 0176".
    """
    found = find_names(text, asked=asked)
    if not told or asked:
        return found or find_mentioned_names(text, known=known, taken=taken)
    given = [each for each in found if not _TALKED_ABOUT.search(text[: each.start])]
    mentioned = [] if given else find_mentioned_names(text, known=known, taken=taken)
    return given + [each for each in mentioned if _stands_by_itself(text, each)]


def _stands_by_itself(text: str, name: Found) -> bool:
    return _BEGINS.search(text[: name.start]) is not None and _ENDS.match(text[name.end :]) is not None
