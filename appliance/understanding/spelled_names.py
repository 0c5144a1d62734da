"""Names that are spelled, after they were said or instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from appliance.understanding.found import Found
from appliance.understanding.letters import UNCLEAR, letter_at
from appliance.understanding.words import Token, tokens

_LEAD = re.compile(r"[\s,.:;-]*(?:(?:that's|that is|it's|is|spelled|spelt|i spell it|which is|and|with)[\s,.:]*)*")
_SURNAME_LEAD = re.compile(r"[\s,.:;-]*(?:and )?(?:my |the )?(?:last name|surname|family name)[\s,:]*(?:is|'s)?[\s,:]*")
_FEWEST = 3
"""Letters: two of them are more often an abbreviation."""
_SHORTEST_WORD = 2
_ALIKE = 60
"""Likeness of 100 at which a spelling belongs to a word: Schmidt is heard as Smith."""


def spelled_at(said: str, text: str, start: int) -> Found | None:
    """Return the name that is spelled from `start`; a pause between longer runs of letters parts its words."""
    words = [token for token in tokens(said) if token.start >= start]
    if not words or said[start : words[0].start].strip(" ,"):
        return None
    groups, index = _letters(words)
    letters = "".join(groups)
    if len(letters) < _FEWEST or UNCLEAR in letters or _goes_on_in_digits(words, index):
        return None
    parted = len(groups) > 1 and all(len(group) >= _SHORTEST_WORD for group in groups)
    value = " ".join(group.capitalize() for group in (groups if parted else [letters]))
    first, last = words[0].start, words[index - 1].end
    return Found(value=value, start=first, end=last, words=text[first:last])


def spelled_after(said: str, text: str, start: int) -> Found | None:
    """Return the name that is spelled after `start` and words such as "that's spelled"."""
    lead = _LEAD.match(said, start)
    return spelled_at(said, text, lead.end()) if lead else None


def with_spelling(said: str, text: str, name: Found) -> Found:
    """Take the spelling that follows a name for the word that resembles it, or for the surname if it is called so."""
    surname = _SURNAME_LEAD.match(said, name.end)
    spelled = spelled_at(said, text, surname.end()) if surname else spelled_after(said, text, name.end)
    if spelled is None:
        return name
    value = _spelled_name(str(name.value).split(), str(spelled.value).split(), surname=surname is not None)
    if value is None:
        return replace(name, certain=False)
    return replace(name, value=value, end=spelled.end, words=text[name.start : spelled.end])


def _spelled_name(words: list[str], spelled: list[str], *, surname: bool) -> str | None:
    """Return the name as it was spelled, None where it is not clear which word of it was."""
    whole = _likeness("".join(words), "".join(spelled))
    if len(spelled) == len(words) and whole >= _ALIKE:
        return " ".join(spelled)
    if len(spelled) > 1:
        return None
    index, likeness = max(
        ((at, _likeness(word, spelled[0])) for at, word in enumerate(words)), key=lambda pair: pair[1]
    )
    if likeness >= _ALIKE and (likeness > whole or len(words) == 1):
        return " ".join([*words[:index], spelled[0], *words[index + 1 :]])
    return f"{words[0]} {spelled[0]}" if surname and len(words) == 1 else None


def _likeness(one: str, other: str) -> float:
    return fuzz.ratio(one.lower(), other.lower())


def _letters(words: Sequence[Token]) -> tuple[list[str], int]:
    """Return the spelled letters in groups between pauses, and the index of the token after them."""
    groups: list[str] = []
    index = 0
    while index < len(words):
        joined = not index or re.fullmatch(r"[\s,.-]+", words[index].gap)
        read = letter_at(words, index) if joined else None
        if read is None:
            break
        if not groups or re.search(r"[,.]", words[index].gap):
            groups.append("")
        groups[-1] += read[0]
        index = read[1]
    return groups, index


def _goes_on_in_digits(words: Sequence[Token], index: int) -> bool:
    return index < len(words) and (words[index].text.isdecimal() or words[index].text in {"dash", "hyphen"})
