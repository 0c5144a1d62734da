"""One of the values that a parameter allows, as somebody named it."""

from __future__ import annotations

import re

from appliance.config.tools import Parameter
from appliance.understanding import Found, find_choices, same_sound, same_sound_within

_WHEN = re.compile(
    r"(?:(?:since|until|by)\s+)?(?:today|tonight|tomorrow|yesterday|now|right now|(?:this|last|next|the whole) "
    r"(?:morning|afternoon|evening|night|week|weekend|month|year))",
    re.IGNORECASE,
)
"""Values that also tell when something happened."""
_CLAUSE_END = re.compile(r"[.,;:!?]+\s+(?!please\b)|\s+(?:and|but|because|so)\s+", re.IGNORECASE)
_WISH = re.compile(
    r"\b(?:please|need(?:s|ed)?|want|'d like|would like|must|has to|have to|should|could you|can you|urgent(?:ly)?"
    r"|look into|deal with|sort(?:ed)?|fix(?:ed)?|call me|hurry)\b",
    re.IGNORECASE,
)
_SHORT = 3
"""Words of an answer that only sounds like a question ("this week, maybe?")."""
_TOLD = re.compile(r"\b(?:happened|was|were|did|had|came|went|told|said|been)\b", re.IGNORECASE)


def names_of(parameter: Parameter) -> dict[str, tuple[str, ...]]:
    """Return the values of an enum and everything that stands for them in what is heard."""
    known = (parameter.synonyms, parameter.sounds_like)
    return {value: tuple(name for names in known for name in names.get(value, ())) for value in parameter.enum}


def chosen(text: str, parameter: Parameter, *, asked: bool, told: bool) -> list[Found]:
    """Return the one value that is named, none where several are.

    Args:
        text: What was said.
        parameter: One with an `enum`.
        asked: Whether it was asked for: an answer of nothing but what sounds like a value is then taken for it.
        told: Whether people tell what happened with it: "today" is then a value only where something is wished for,
            or where it is the answer.
    """
    names = names_of(parameter)
    when = told and (not asked or _asks_something(text))
    found = [each for each in find_choices(text, names) if not (when and _tells_when(text, each))]
    if len({each.value for each in found}) == 1:
        return found[:1]
    if found:
        return []
    alike = same_sound(text, names) if asked else None
    if alike is None and not told:
        alike = same_sound_within(text, names)
    return [alike] if alike else []


def _asks_something(text: str) -> bool:
    return text.rstrip().endswith("?") and len(text.split()) > _SHORT


def _tells_when(text: str, found: Found) -> bool:
    if not _WHEN.fullmatch(found.words):
        return False
    start = max((cut.end() for cut in _CLAUSE_END.finditer(text, 0, found.start)), default=0)
    cut = _CLAUSE_END.search(text, found.end)
    clause = text[start : cut.start() if cut else len(text)]
    return not _WISH.search(clause) or _TOLD.search(clause) is not None
