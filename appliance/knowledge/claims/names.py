"""Capitalised names: who and what is called by a name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.knowledge.claims.mention import Found, Kind, Mention
from appliance.knowledge.claims.words import FUNCTION_WORDS, ORDINARY_CAPITALS

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_TITLE = re.compile(r"(?:dr|doctor|mr|mrs|ms|mx|miss|nurse|professor|prof)$", re.IGNORECASE)
_OPENS_SENTENCE = re.compile(r"(?:^|[.!?:;\"\u201c(\u2013])\W*$")
_MOSTLY = 0.7
_MANY_WORDS = 6
"""When more of so many words than this have capitals, capitals mean nothing."""
_ENDING = re.compile(r"'s$|s'$|(?<=\w\w\ws)'$|(?<=\w\w[^s'\W])s$")
_AMERICAN = re.compile(r"our(?=s?$)|(?<=t)re(?=s?$)")


def words(text: str) -> Iterator[str]:
    """Yield the words of a text as they are compared: lower case, without plural and possessive, American spelling."""
    for match in _WORD.finditer(text.replace("\u2019", "'")):
        yield compared(match[0])


def compared(word: str) -> str:
    """Return the form in which `Harbours`, `Harbour's` and `harbor` are the same word."""
    bare = _ENDING.sub("", word.lower())
    return _AMERICAN.sub(lambda ending: {"our": "or", "re": "er"}[ending[0]], bare)


def names(text: str) -> Iterator[Mention]:
    """Yield a mention for each word that is capitalised and does not begin a sentence, unless it is an ordinary word.

    `text` is a sentence in which other mentions are masked. The first word of a sentence counts as a name only when
    another capitalised word follows it: `Anna Patel works here`.
    """
    found = list(_WORD.finditer(text))
    capitals = [match for match in found if match[0][0].isupper()]
    if len(found) >= _MANY_WORDS and len(capitals) > _MOSTLY * len(found):
        return
    shouted = all(match[0].isupper() for match in found)
    for match in capitals:
        if (
            _may_name(match[0])
            and not shouted
            and (not _opens_sentence(text, match) or _leads_a_name(text, match, capitals))
        ):
            readings = frozenset({("word", compared(match[0]))})
            yield Mention(kind=Kind.NAME, start=match.start(), end=match.end(), found=Found(readings=readings))


def _may_name(word: str) -> bool:
    plain = word.lower().partition("'")[0]
    return len(word) > 1 and plain not in FUNCTION_WORDS and plain not in ORDINARY_CAPITALS


def _opens_sentence(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()]
    if re.search(r"(?:dr|mrs?|ms|prof)\.\s$", before, re.IGNORECASE):
        return False
    return bool(_OPENS_SENTENCE.search(before))


def _leads_a_name(text: str, match: re.Match[str], capitals: list[re.Match[str]]) -> bool:
    following = next((each for each in capitals if each.start() == match.end() + 1), None)
    return following is not None and text[match.end()] == " " and _may_name(following[0])
