"""Names of people, where a person gives one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from appliance.understanding.correction import directly_replaces, standing
from appliance.understanding.found import Found
from appliance.understanding.name_words import NO_NAMES, PARTICLES
from appliance.understanding.spelled_names import spelled_after, spelled_at, with_spelling
from appliance.understanding.words import plain

_TITLE = r"(?:mrs|mr|ms|miss|mister|missus|dr|doctor|prof|professor)\b\.?"
_STRONG = re.compile(
    r"\b(?:my (?:full |first |last )?name(?: is|'s)|(?:the|her|his|their) (?:last |first |full )?name(?: is|'s|:)"
    r"|(?:first|last|family) name(?: is|'s|:)?|surname(?: is|'s|:)?|name is|name:"
    r"|under (?:the )?(?:name(?: of)?)|(?P<under>under)|in the name of|by the name of|booked under|i'm called"
    r"|they call me"
    rf"|(?P<title>(?:for |this is |i'm |it's )?{_TITLE}))[\s,]+(?:{_TITLE}\s+)?"
)
_WEAK = re.compile(r"\b(?P<intro>i'm|i am|this is|it's|it is)[\s,]+")
_OF_PEOPLE = frozenset({"i'm", "i am", "this is"})
_SPEAKING = re.compile(r"[\s,]+(?:speaking|here|calling)\b")
_BEFORE_ANSWER = re.compile(
    r"[\s,.!]*(?:(?:yes|yeah|sure|okay|ok|well|so|hi|hello|it's|it is|that's|that is|that would be|for|under)[\s,.!]+)*"
)
_AFTER_ANSWER = re.compile(r"[\s,.!]*(?:please|thanks|thank you|speaking|here)?[\s,.!]*")
_WORD = re.compile(r"[0-9]+|[^\W\d_]+(?:['-][^\W\d_]{2,}|'[^\W\d_]+|-(?=[^\W\d_]{2,}))*")
_MOST_WORDS = 4
_MOST_LOWER_WORDS = 2
_LIKE_KNOWN, _AHEAD = 80, 5
"""Likeness of 100 at which a known name is meant, and how far it has to be ahead of the next."""
_FEWEST_FUZZY = 5
"""Letters of a name that may be matched although it is not the same: shorter ones are all alike."""


def find_names(text: str, *, known: Sequence[str] = (), asked: bool = False) -> list[Found]:
    """Return the names of people that are given in `text`, without titles, a spelled one as it was spelled.

    Args:
        text: What was said.
        known: Names that are expected, such as those of the staff. They are found without an introduction, and a name
            that resembles exactly one of them is taken for it; one that is not the same is uncertain.
        asked: Whether the name was asked for, so that the answer may be nothing but the name or its spelling.
    """
    said = plain(text)
    found = [*_introduced(said, text), *_weakly_introduced(said, text)]
    if asked and not found:
        found = [each for each in (_answer(said, text), _only_spelled(said, text)) if each][:1]
    if not found:
        found = [each for each in (_only_spelled(said, text),) if each]
    found = [_with_known(each, known) for each in _distinct(_with_repairs(said, text, found))]
    found += [each for each in _known_in(said, text, known) if not _overlaps(each, found)]
    return standing(text, found)


def _introduced(said: str, text: str) -> list[Found]:
    names = []
    for match in _STRONG.finditer(said):
        name = _name_at(said, text, match.end(), lower=not (match["title"] or match["under"]))
        if name is None:
            name = spelled_after(said, text, match.end())
        if name:
            mentioned = match["title"] is not None and " " not in match["title"].strip()
            names.append(replace(name, certain=name.certain and not mentioned))
    return names


def _weakly_introduced(said: str, text: str) -> list[Found]:
    names = []
    for match in _WEAK.finditer(said):
        name = _name_at(said, text, match.end(), lower=False)
        if name and (match["intro"] in _OF_PEOPLE or _SPEAKING.match(said[name.end :]) or _is_spelled(name)):
            names.append(name)
    first = _name_at(said, text, 0, lower=False)
    if first and re.match(r"[\s,]+(?:speaking|calling)\b", said[first.end :]):
        names.append(first)
    return names


def _is_spelled(name: Found) -> bool:
    return re.search(r"\b\w(?:[\s,.-]+\w\b){2}", name.words) is not None


def _answer(said: str, text: str) -> Found | None:
    """Read an answer that is nothing but a name."""
    lead = _BEFORE_ANSWER.match(said)
    start = lead.end() if lead else 0
    name = _name_at(said, text, start, lower=text.islower())
    return name if name and _AFTER_ANSWER.fullmatch(said[name.end :]) else None


def _only_spelled(said: str, text: str) -> Found | None:
    lead = _BEFORE_ANSWER.match(said)
    spelled = spelled_at(said, text, lead.end() if lead else 0)
    return spelled if spelled and _AFTER_ANSWER.fullmatch(said[spelled.end :]) else None


def _with_repairs(said: str, text: str, found: Sequence[Found]) -> list[Found]:
    """Add the name that corrects another: "my name is Anna, no, Anne"."""
    names = list(found)
    for name in found:
        for word in re.finditer(r"[^\W\d_]+", said[name.end :]):
            start = name.end + word.start()
            if directly_replaces(text, name.end, start) and (repair := _name_at(said, text, start, lower=False)):
                names.append(repair)
                break
    return names


def _name_at(said: str, text: str, start: int, *, lower: bool) -> Found | None:
    """Read the name that begins at `start`; in small letters only where `lower` allows it, and then uncertain."""
    words = [
        Found(value=text[match.start() : match.end()], start=match.start(), end=match.end(), words=match[0])
        for match in _WORD.finditer(said, start)
    ]
    if not words or said[start : words[0].start].strip(" ,"):
        return None
    small = lower and text[words[0].start].islower()
    taken = _name_words(said, text, words, small=small)
    if not taken:
        return None
    taken = _said_again(said, text, taken, words)
    first, last = taken[0].start, taken[-1].end
    name = Found(
        value=" ".join(_capitalised(str(word.value)) for word in taken) if small else text[first:last],
        start=first,
        end=last,
        words=text[first:last],
        certain=not small,
    )
    return with_spelling(said, text, name)


def _name_words(said: str, text: str, words: Sequence[Found], *, small: bool) -> list[Found]:
    taken: list[Found] = []
    for word in words:
        if taken and said[taken[-1].end : word.start] not in {" ", ". "}:
            break
        if taken and said[taken[-1].end : word.start] == ". " and len(taken[-1].words) > 1:
            break
        if (
            word.words in NO_NAMES
            or word.words[0].isdecimal()
            or len(taken) == (_MOST_LOWER_WORDS if small else _MOST_WORDS)
        ):
            break
        if not small and not text[word.start].isupper() and word.words not in PARTICLES:
            break
        if word.words.endswith("'s"):
            return []
        taken.append(word)
    while taken and ((taken[-1].words in PARTICLES and text[taken[-1].start].islower()) or len(taken[-1].words) == 1):
        taken.pop()
    return taken


def _said_again(said: str, text: str, taken: list[Found], words: Sequence[Found]) -> list[Found]:
    """Read "Anna, Anna Schmidt" and "Bond, James Bond" as the longer name."""
    after = [word for word in words if word.start >= taken[-1].end]
    if len(taken) > 1 or not after or not re.fullmatch(r"[,.]\s+", said[taken[-1].end : after[0].start]):
        return taken
    longer = _name_words(said, text, after, small=False)
    return longer if len(longer) > 1 and taken[0].words in {longer[0].words, longer[-1].words} else taken


def _capitalised(word: str) -> str:
    return word.capitalize() if word.islower() and word not in PARTICLES else word


def _with_known(found: Found, known: Sequence[str]) -> Found:
    """Take the one known name that `found` resembles."""
    said = str(found.value).casefold()
    ranked = sorted(((fuzz.ratio(said, name.casefold()), name) for name in known), reverse=True)
    if not ranked or ranked[0][0] < _LIKE_KNOWN or (len(said) < _FEWEST_FUZZY and said != ranked[0][1].casefold()):
        return found
    if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _AHEAD:
        return replace(found, certain=False)
    same = said == ranked[0][1].casefold()
    return replace(found, value=ranked[0][1], certain=same)


def _known_in(said: str, text: str, known: Sequence[str]) -> list[Found]:
    found: list[Found] = []
    for name in sorted(known, key=len, reverse=True):
        words = r"\s+".join(re.escape(word) for word in plain(name).split())
        for match in re.finditer(rf"(?<![\w'-]){words}(?![\w-])", said) if words else ():
            here = Found(value=name, start=match.start(), end=match.end(), words=text[match.start() : match.end()])
            found += [] if _overlaps(here, found) else [here]
    return found


def _distinct(found: Sequence[Found]) -> list[Found]:
    kept: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if not _overlaps(each, kept):
            kept.append(each)
    return kept


def _overlaps(found: Found, others: Sequence[Found]) -> bool:
    return any(found.start < other.end and other.start < found.end for other in others)
