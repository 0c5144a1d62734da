"""E-mail addresses, written and dictated."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.understanding.correction import standing
from appliance.understanding.digits import piece_at
from appliance.understanding.found import Found
from appliance.understanding.letters import letter_at
from appliance.understanding.words import Token, plain, tokens, word_set

_SIGNS = {"dot": ".", "point": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-", "plus": "+", "+": "+"}
_WRITTEN_SIGNS = {".": ".", "_": "_", "-": "-"}
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+(?:'[^\W\d_]+)*|[@+]")
_BEFORE_ADDRESS = word_set(
    "is it's its email mail address that's that use to be yes yeah sure okay ok um and or no at sorry mean",
    "actually at: address: email: was",
)
_NOT_A_NAME = word_set(
    "me us you him her them look looking is it it's available located website site meet be are am was page us",
    "found reach there here online the a an my your our their of in on not email mail address that's its",
)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}")
_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?")
_LONGEST_LOCAL_WORDS = 3
_Part = tuple[str, int]
"""What a stretch of tokens spells, and the index of the token after it (or of its first one, when read backwards)."""


def find_emails(text: str) -> list[Found]:
    """Return e-mail addresses in lower case.

    Words that were said side by side before "at" are joined, and uncertain; without "dot", "underscore", digits or
    spelled letters in it, what stands before "at" counts only where an address is announced or corrected, or nothing
    stands before.
    """
    said = plain(text)
    words = tokens(said, _TOKEN)
    found = [_address(said, text, words, index) for index, word in enumerate(words) if word.text in {"at", "@"}]
    return standing(text, [each for each in found if each])


def _address(said: str, text: str, words: Sequence[Token], at: int) -> Found | None:
    domain = _domain(words, at + 1)
    local = _local(said, words, at)
    if domain is None or local is None:
        return None
    (host, after), (name, first, certain) = domain, local
    start, end = words[first].start, words[after - 1].end
    return Found(value=f"{name}@{host}", start=start, end=end, words=text[start:end], certain=certain)


def _domain(words: Sequence[Token], index: int) -> _Part | None:
    """Read "example dot co dot uk", "g m x dot d e", "gmail.com"; the longest that is a domain."""
    host, best = "", None
    while index < len(words):
        sign = _written_sign(words[index].gap) if host else ""
        if sign is None or (best and "," in words[index].gap):
            break
        if words[index].text in _SIGNS and host:
            sign, index = _SIGNS[words[index].text], index + 1
        if index >= len(words) or words[index].text in {"@", "at"}:
            break
        part, after = _atom(words, index)
        if host and not sign and not (len(part) == 1 or part.isdecimal() or host[-1].isdecimal() or _one_letter(host)):
            break
        host, index = host + sign + part, after
        if _DOMAIN.fullmatch(host) and not _spelling_goes_on(words, index, part):
            best = host, index
    return best


def _one_letter(host: str) -> bool:
    return re.search(r"(?:^|[.-])[a-z]$", host) is not None and "." not in host


def _spelling_goes_on(words: Sequence[Token], index: int, part: str) -> bool:
    return len(part) == 1 and index < len(words) and words[index].gap in {" ", "-"} and len(words[index].text) == 1


def _local(said: str, words: Sequence[Token], at: int) -> tuple[str, int, bool] | None:
    """Read backwards from "at": return the part before it, the index of its first token, and whether it is clear."""
    first = _first_of_local(words, at)
    if first == at:
        return None
    name, plain_words, marked = _spell(words, first, at)
    if _LOCAL.fullmatch(name) is None or plain_words > _LONGEST_LOCAL_WORDS:
        return None
    if not marked and words[at].text != "@" and not _announced(said, words, first):
        return None
    if plain_words == 1 and not marked and name in _NOT_A_NAME:
        return None
    return name, first, plain_words <= 1


def _first_of_local(words: Sequence[Token], at: int) -> int:
    first = at
    while first > 0:
        word = words[first - 1]
        gap = words[first].gap
        if (
            word.text in _BEFORE_ADDRESS
            or word.text == "@"
            or (word.text in _NOT_A_NAME and not _is_letter(words, first - 1))
        ):
            break
        if first < at and re.search(r"[,;:!?]|\.\s", gap):
            break
        first -= 1
    while first < at and words[first].text in _SIGNS:
        first += 1
    return first


def _is_letter(words: Sequence[Token], index: int) -> bool:
    """Tell whether "a" is a letter being spelled here, not the article."""
    beside = [words[each].text for each in (index - 1, index + 1) if 0 <= each < len(words)]
    return len(words[index].text) == 1 and any(len(word) == 1 or word in _SIGNS for word in beside)


def _spell(words: Sequence[Token], index: int, end: int) -> tuple[str, int, bool]:
    """Return what the tokens spell, the most words in it that stand side by side, and whether it is more than words."""
    name, side_by_side, most, marked = "", 0, 0, False
    previous_word = False
    while index < end:
        sign = (_written_sign(words[index].gap) or "") if name else ""
        if words[index].text in _SIGNS and name:
            sign, index = _SIGNS[words[index].text], index + 1
        if index >= end:
            return "", 0, False
        part, index = _atom(words[:end], index)
        word = part.isalpha() and len(part) > 1
        side_by_side = side_by_side + 1 if word and previous_word and not sign else 1
        most = max(most, side_by_side)
        marked = marked or bool(sign) or not word
        name, previous_word = name + sign + part, word
    return name, most, marked


def _atom(words: Sequence[Token], index: int) -> _Part:
    if words[index].text.isdecimal():
        return words[index].text, index + 1
    if letter := letter_at(words, index):
        return letter if len(words[index].text) == 1 or len(letter[0]) > 1 else (words[index].text, index + 1)
    if digits := piece_at(words, index):
        return digits[0].digits, digits[1]
    return words[index].text, index + 1


def _written_sign(gap: str) -> str | None:
    """Return the sign that is written in a gap, "" for a space, None where the address ends."""
    if gap.strip() in _WRITTEN_SIGNS and gap == gap.strip():
        return _WRITTEN_SIGNS[gap]
    return "" if re.fullmatch(r"\s*,?\s*", gap) else None


def _announced(said: str, words: Sequence[Token], first: int) -> bool:
    before = said[: words[first].start]
    return (
        re.search(r"mail|address|(?:\bno|\bsorry|\bi mean|\bor)[\s,.]*$", before) is not None
        or re.fullmatch(r"[\s,.!]*(?:(?:yes|yeah|sure|okay|ok|it's|it is|that's|that is)[\s,.!]*)*", before) is not None
    )
