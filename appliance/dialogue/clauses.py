"""Splits a reply, while it is being written, into clauses that can be spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD_START_WORDS = 4
"""While fewer words than this have been given out, the next clause is wanted as early as possible."""

_WORDS_BEFORE_ELLIPSIS = 2

_CANDIDATE = re.compile(
    r"(?P<stop>[.?!…]+[\"')\]*_”`]*)|(?P<pause>[,;:—]|(?<=\s)[\u2013-](?=\s))|(?P<newline>\n)|(?P<space>[^\S\n]+)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_LIST_MARKER = re.compile(r"\W*\d*\W*")
_WEB = re.compile(r"://|www\.|@|^https?$|^mailto$", re.IGNORECASE)

_CONNECTIVE = re.compile(
    "and|but|or|so|because|which|who|that|when|where|while|if|unless|until|although|from|at|on|in|for|with|without|by"
    "|before|after|between|during|through|about"
)
_LEANING = re.compile(
    f"{_CONNECTIVE.pattern}|the|an?|to|of|my|your|our|his|her|its|their|this|these|those|no|not|very|is|are|was|be|as"
    "|i|we|you|they|it"
)
"""Words that lean on the next one: no clause ends with them unless punctuation says so."""

_NEVER_LAST = re.compile(r"dr|mrs?|ms|prof|st|mt|ft|gen|capt|lt|sgt|rev|hon|e\.g|i\.e|vs|approx")
_BEFORE_NUMBER = re.compile(
    "nos?|ext|fig|pp?|vol|ch|tel|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun"
)
_SOMETIMES_LAST = re.compile(
    "etc|inc|ltd|corp?|co|jr|sr|ave|rd|blvd|ln|dept|apt|bldg|mins?|hrs?|max|est|temp|appt|incl|(?:[a-z][.])+[a-z]"
)
_LINKS_NUMBERS = frozenset({"and", "or"})


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many words a clause needs to end at a pause, before a connective, and anywhere."""

    pause: int
    connective: int
    anywhere: int


_EARLY = _Pace(pause=1, connective=4, anywhere=10)
_STEADY = _Pace(pause=5, connective=12, anywhere=20)


class ClauseSplitter:
    """Collects pieces of text and gives out clauses; how the text was cut into pieces makes no difference.

    The first clause comes as early as it sounds natural, later ones prefer the end of a sentence. A full stop waits for
    the next character, because it may be a decimal point; a comma or colon after a letter does not.
    """

    def __init__(self) -> None:
        self._text = ""
        self._words = 0

    def push(self, delta: str) -> list[str]:
        """Take the next piece of the reply and return the clauses that are complete, without surrounding space."""
        self._text += delta
        return self._split(final=False)

    def finish(self) -> list[str]:
        """Return what is left; the splitter is then as new."""
        clauses = self._split(final=True)
        rest = self._text.strip()
        self._text, self._words = "", 0
        return [*clauses, rest] if rest else clauses

    def _split(self, *, final: bool) -> list[str]:
        clauses: list[str] = []
        while (end := _clause_end(self._text, _EARLY if self._words < _HEAD_START_WORDS else _STEADY, final=final)) > 0:
            clauses.append(self._text[:end].strip())
            self._words += _count_words(self._text[:end])
            self._text = self._text[end:]
        return clauses


def _clause_end(text: str, pace: _Pace, *, final: bool) -> int:
    """Return where the first clause of `text` ends, or 0 when that is not known yet."""
    for match in _CANDIDATE.finditer(text):
        if match.end() == len(text) and not final and not _complete(match):
            return 0
        words = _count_words(text[: match.start()])
        if match["newline"] or match["stop"]:
            ends = words > 0 and _sentence_ends(match, words, final=final)
        elif match["pause"]:
            ends = words >= pace.pause and _pauses(match, final=final)
        else:
            ends = words >= pace.connective and _breaks(match, pace, words, final=final)
        if ends is None:
            return 0
        if ends:
            return match.end()
    return 0


def _complete(match: re.Match[str]) -> bool:
    """Tell whether a candidate at the end of the text can be judged without what follows."""
    return bool(match["newline"]) or (bool(match["pause"]) and match.string[: match.start()][-1:].isalpha())


def _count_words(text: str) -> int:
    return sum(any(map(str.isalnum, token)) for token in text.split())


def _last_token(match: re.Match[str]) -> str:
    return (match.string[: match.start()].split() or [""])[-1].lstrip("\"'([{*_`\u201c\u2018")


def _next_visible(match: re.Match[str]) -> str:
    return match.string[match.end() :].lstrip()[:1]


def _sentence_ends(match: re.Match[str], words: int, *, final: bool) -> bool | None:
    if _LIST_MARKER.fullmatch(match.string, 0, match.start()):
        return False
    if match["newline"]:
        return True
    following = match.string[match.end() :]
    if following and not following[0].isspace():
        return False
    if match[0].startswith(("..", "…")):
        return words >= _WORDS_BEFORE_ELLIPSIS
    return _full_stop_ends(match, final=final) if match[0].startswith(".") else True


def _full_stop_ends(match: re.Match[str], *, final: bool) -> bool | None:
    last = _last_token(match)
    word = last.lower()
    if _NEVER_LAST.fullmatch(word) or (len(last) == 1 and last.isupper() and last != "I"):
        return False
    before_number = _BEFORE_NUMBER.fullmatch(word)
    if not before_number and not _SOMETIMES_LAST.fullmatch(word):
        return True
    visible = _next_visible(match)
    if not visible and not final:
        return None
    return not visible.isdigit() if before_number else not visible or visible.isupper()


def _pauses(match: re.Match[str], *, final: bool) -> bool | None:
    before, last = match.string[: match.start()][-1:], _last_token(match)
    if match[0] == "—":
        return True
    if _NEVER_LAST.fullmatch(last.lower().rstrip(".")):
        return False
    if before.isalpha() and not _WEB.search(last):
        return True
    following, visible = match.string[match.end() :], _next_visible(match)
    if following and not following[0].isspace():
        return False
    if not visible and not final:
        return None
    return not (visible.isdigit() and any(map(str.isdigit, last)))


def _breaks(match: re.Match[str], pace: _Pace, words: int, *, final: bool) -> bool | None:
    """Tell whether a clause without punctuation may end at this space."""
    visible, following = _next_visible(match), _LETTERS.match(match.string, match.end())
    if not visible or (following and following.end() == len(match.string)):
        return False if final else None
    last, word = _last_token(match).lower(), following[0].lower() if following else ""
    if _LEANING.fullmatch(last) or visible in "-\u2013—":
        return False
    if any(map(str.isdigit, last)):
        continued = match.string[following.end() :].lstrip()[:1] if following and word in _LINKS_NUMBERS else visible
        if not continued and not final:
            return None
        if continued.isdigit():
            return False
    connects = following is not None and match.string[following.end()].isspace() and _CONNECTIVE.fullmatch(word)
    return bool(connects) or words >= pace.anywhere
