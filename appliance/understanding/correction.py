"""What a person takes back while they speak: "on Friday, no, Thursday"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from appliance.understanding.found import Found, Span
from appliance.understanding.words import plain

_PAUSE = r"[\s,.;:!?-]"
_LOOSE = r"i (?:mean|meant)|make (?:that|it)|or rather|scratch that|strike that|correction|actually"
"""These correct something also when the recogniser heard no pause before them."""
_PAUSED = r"no|nope|sorry|wait|rather|excuse me|let me (?:correct|rephrase) that|that's (?:wrong|not right)|not that"
"""These do so after a pause or directly after the value."""
_LEAD_IN = r"(?:oh|or|well|but|okay|ok|ah)"
_GLUE = (
    r"(?:on|at|the|for|it's|it is|is|it|that's|that|make|let's say|let's|say|a|an|by|in|to|with|around|about|better|my"
    r"|i'd like|i would like|i want|i need|we need|we are|we're|should be|it should be|i said|would be|be|of|number)"
)
_MARKER = rf"(?:{_LOOSE}|{_PAUSED})"
_MARKERS = rf"{_MARKER}(?:{_PAUSE}+(?:{_LEAD_IN}{_PAUSE}+)?{_MARKER})*"
_REPAIR = re.compile(rf"{_PAUSE}*(?:{_LEAD_IN}{_PAUSE}+)?{_MARKERS}{_PAUSE}+(?:{_GLUE}{_PAUSE}+)*")
_LATER_REPAIR = re.compile(
    rf"(?P<between>.{{1,80}}?)(?:(?:{_PAUSE}*[,.;:!?-]{_PAUSE}*(?:{_LEAD_IN}{_PAUSE}+)?{_MARKERS})"
    rf"|(?<!\band)\s+(?:{_LOOSE})){_PAUSE}+(?:{_GLUE}{_PAUSE}+)*"
)
_FARTHEST = 6
"""Words between a value and the beginning of its correction; farther away they are two values."""
_IN_ADDITION = re.compile(r"[\s,]*(?:\w+[\s,]+){0,2}(?:too|also|as well)\b")
_DOUBT = re.compile(
    rf"{_PAUSE}*(?:{_LEAD_IN}{_PAUSE}+)?(?:i (?:mean|meant)|make (?:that|it)|or rather|scratch that|strike that"
    rf"|correction|that's (?:wrong|not right)|(?:no|nope|wait|actually)(?=[,.!?;]|\s*$))"
)
_REJECTED = re.compile(
    r"(?<!why )(?<!or )(?<!if )\b(?:not|instead of|rather than|anything but|except(?: for)?)\s+"
    r"(?:(?:on|at|the|for|a|an|in|by|this|my)\s+)*$"
)
_LONGEST_REJECTION = 60
_ALIKE = 0.5
"""Share of the characters that a correction must have in common with what it replaces, to be aligned with it."""


def replaces(text: str, end: int, start: int) -> bool:
    """Tell whether the words from `end` to `start` say that the value after them replaces the one before them."""
    between = plain(text)[end:start]
    if _REPAIR.fullmatch(between):
        return True
    later = _LATER_REPAIR.fullmatch(between)
    return later is not None and len(later["between"].split()) <= _FARTHEST


def directly_replaces(text: str, end: int, start: int) -> bool:
    """Tell the same of a correction that follows the value at once."""
    return _REPAIR.fullmatch(plain(text)[end:start]) is not None


def taken_back(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return those of `spans`, the values of one kind in order, that are corrected by a later one or rejected.

    A rejected value stands directly after "not", "instead of", "rather than" or "except".
    """
    said = plain(text)
    gone = [span for span in spans if _rejected(said, span[0])]
    unwanted = {said[slice(*span)] for span in gone}
    gone += [span for span in spans if span not in gone and said[slice(*span)] in unwanted]
    gone += [before for before, after in pairwise(spans) if before not in gone and _repaired(said, before, after)]
    return sorted(gone)


def standing(text: str, found: Sequence[Found]) -> list[Found]:
    """Return the values of one kind that were not taken back, sorted; doubtful where only the taking back was said."""
    ordered = sorted(found, key=lambda each: each.start)
    gone = set(taken_back(text, [each.span for each in ordered]))
    return [_doubted(text, each) for each in ordered if each.span not in gone]


def repaired(before: Sequence[str], after: str) -> str | None:
    """Return what characters dictated in groups are once the last of them are corrected to `after`.

    Args:
        before: The groups, such as `["902", "555", "0143"]`.
        after: What was said after "no", such as "0142", "902 555 0142" without spaces, or the one character "2".

    Returns:
        All characters, or None when it is not clear which of them are replaced.
    """
    whole = "".join(before)
    if len(after) == 1:
        return whole[:-1] + after
    best = max(_alignments(before, after), key=lambda cut: (_likeness(whole[cut:], after), -cut), default=None)
    if best is not None and _likeness(whole[best:], after) >= _ALIKE:
        return whole[:best] + after
    return after if len(before) == 1 and len(whole) <= len(after) else None


def _alignments(before: Sequence[str], after: str) -> Iterator[int]:
    whole, cut = "".join(before), 0
    for group in before:
        if len(whole) - cut <= len(after):
            yield cut
        cut += len(group)
    if len(after) < len(whole):
        yield len(whole) - len(after)


def _likeness(replaced: str, after: str) -> float:
    return sum(one == other for one, other in zip(replaced, after, strict=False)) / len(replaced)


def _repaired(said: str, before: Span, after: Span) -> bool:
    return replaces(said, before[1], after[0]) and not _IN_ADDITION.match(said[after[1] :])


def _rejected(said: str, start: int) -> bool:
    return _REJECTED.search(said[max(0, start - _LONGEST_REJECTION) : start]) is not None


def _doubted(text: str, found: Found) -> Found:
    return replace(found, certain=False) if _DOUBT.match(plain(text)[found.end :]) else found
