"""Values found by regular expressions, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from appliance.understanding.found import Found, mask
from appliance.understanding.words import plain

Context = TypeVar("Context")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a match means."""

    value: str | int | float | None
    """None: it means nothing, and no later rule shall see anything in it ("every Friday")."""
    certain: bool = True


NOTHING = Reading(None)

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Context], Reading | None]]
"""A pattern for plain text, and what its match means; None leaves the words to later rules. The value stands in the
group `it`, or in the whole match where there is no such group."""


def apply(text: str, rules: Sequence[Rule[Context]], context: Context) -> list[Found]:
    """Return what the rules find, sorted; a rule does not see what an earlier one has taken."""
    rest = plain(text)
    found = []
    for pattern, read in rules:
        for match in pattern.finditer(rest):
            reading = read(match, context)
            if reading is None:
                continue
            start, end = match.span("it") if "it" in pattern.groupindex else match.span()
            rest = mask(rest, [(start, end)])
            if reading.value is not None:
                found.append(
                    Found(value=reading.value, start=start, end=end, words=text[start:end], certain=reading.certain)
                )
    return sorted(found, key=lambda each: each.start)
