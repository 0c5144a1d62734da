"""What a person says to the appliance itself; it works at any moment, without the language model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum


class Command(StrEnum):
    """What the appliance is told to do."""

    STOP = "stop"
    WAIT = "wait"
    REPEAT = "repeat"
    LOUDER = "louder"
    QUIETER = "quieter"
    SLOWER = "slower"
    FASTER = "faster"


_ATTENTION = r"(?:(?:hey|hi|oh|ok|okay|no|um|uh|well|sorry|please|now|just|excuse me|alright|all right)\s)*"
_REQUEST = r"(?:(?:can|could|would|will) you (?:please |just |maybe |kindly )*|i said |would you mind |you can )?"
_COURTESY = (
    r"(?:\s(?:please|now|thanks|thank you|sorry|for me|then|okay|ok|for a (?:second|moment|minute)|right now|already"
    r"|again))*"
)
_DEGREE = r"(?:(?:a little |a bit |a little bit |a lot |much |even |some |way )*)"
_IN_A_MANNER = rf"(?:(?:speak|talk|say (?:it|that)|go|be|read|read it|turn it|make it) )?(?:up |down )?{_DEGREE}"
_TOO = r"(?:(?:you're|you are|that's|that is|it's) )?too"
_VOLUME = r"(?:it |the volume |your volume )?"
_WHILE = r"(?:a|one) (?:second|sec|moment|minute)"

_COMMANDS: dict[Command, str] = {
    Command.STOP: (
        r"(?:stop(?: (?:please )?stop)*|stop (?:it|that|this|talking|speaking|there)|be quiet|quiet|silence|shut up"
        r"|shush|hush|enough|that's enough|be silent|stay quiet|quit talking|don't (?:talk|speak))"
    ),
    Command.WAIT: (
        rf"(?:wait(?: wait)*|wait (?:a bit|{_WHILE})|wait up|(?:hold|hang) on(?: there| {_WHILE})?|hold it|pause"
        rf"|(?:just )?{_WHILE}|give me {_WHILE})"
    ),
    Command.REPEAT: (
        r"(?:repeat|(?:repeat|say) (?:that|it|this)(?: (?:again|once more|one more time|back))?|repeat yourself"
        r"|repeating (?:that|it)|saying (?:that|it) again|what|huh|what (?:did you (?:just )?say|was that)(?: again)?"
        r"|pardon|pardon me|(?:i )?beg your pardon|come again|say again|again|once more|one more time"
        r"|(?:i )?(?:didn't|did not|couldn't|could not) (?:hear|catch|get) (?:you|that|what you said)"
        r"|(?:repeat|say) (?:what you (?:just )?said|the last (?:part|bit|thing|sentence)))"
    ),
    Command.LOUDER: (
        rf"(?:speak up|talk up|volume up|turn {_VOLUME}up|{_IN_A_MANNER}(?:louder|more loudly)"
        r"|(?:i )?(?:can't|cannot|can hardly|can barely) hear you)"
    ),
    Command.QUIETER: (
        rf"(?:volume down|turn {_VOLUME}down|{_TOO} loud|not so loud|less loud|lower your voice"
        rf"|{_IN_A_MANNER}(?:quieter|softer|more quietly|more softly))"
    ),
    Command.SLOWER: rf"(?:slow (?:it )?down|{_TOO} fast|not so fast|{_IN_A_MANNER}(?:slower|more slowly|slowly))",
    Command.FASTER: (
        rf"(?:speed (?:it )?up|hurry up|{_TOO} slow(?:ly)?|not so slow(?:ly)?"
        rf"|{_IN_A_MANNER}(?:faster|quicker|more quickly))"
    ),
}
_PATTERNS = [
    (command, re.compile(_ATTENTION + _REQUEST + _ATTENTION + phrases + _COURTESY))
    for command, phrases in _COMMANDS.items()
]
_PUNCTUATION = re.compile(r"[^\w\s']+|_")
_POLITE = frozenset(
    {
        "please",
        "okay",
        "ok",
        "well",
        "then",
        "thanks",
        "so",
        "and",
        "alright",
        "now",
        "thank",
        "you",
        "no",
        "very",
        "much",
    }
)
_LENGTHENED = re.compile(r"(\w)\1{2,}")
_SOUNDS = {
    re.compile(r"m+h+m+"): "mm-hm",
    re.compile(r"h+m+|h+u+m+"): "hm",
    re.compile(r"m+"): "mm",
    re.compile(r"u+h+h*u+h+|a+h+a+"): "uh-huh",
    re.compile(r"o+h+"): "oh",
    re.compile(r"a+h+"): "ah",
    re.compile(r"o+k+(?:a+y+)?"): "ok",
    re.compile(r"y+e+a+h*|y+e+h+|y+a+h+"): "yeah",
}
"""Sounds of listening as recognisers spell them, and the spelling that stands for them here."""


def _normal(text: str) -> str:
    """Return the words of an utterance in lower case, without punctuation."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").lower()
    return " ".join(_PUNCTUATION.sub(" ", plain).split())


def recognise(text: str) -> Command | None:
    """Return the command that the whole utterance is, polite words aside, or None.

    `stop` is a command, `stop by the pharmacy` is not.
    """
    said = _normal(text)
    return next((command for command, pattern in _PATTERNS if pattern.fullmatch(said)), None)


def says(text: str, words: Iterable[str]) -> bool:
    """Tell whether the utterance is nothing but one or more of `words`, such as goodbyes, polite words aside."""
    return _consists_of(_normal(text).split(), [_normal(word).split() for word in words], padding=_POLITE)


def is_backchannel(text: str, backchannels: Iterable[str]) -> bool:
    """Tell whether the utterance consists only of `backchannels`, in any spelling that a recogniser gives them."""
    return _consists_of(_sounds(text), [_sounds(each) for each in backchannels], padding=frozenset())


def _sounds(text: str) -> list[str]:
    joined = re.sub(r"\b(m+|u+h+|a+h*) (h+[mua]+h*)\b", r"\1\2", _normal(text.replace("-", " ")))
    return [_sound(word) for word in joined.split()]


def _sound(word: str) -> str:
    return next((name for pattern, name in _SOUNDS.items() if pattern.fullmatch(word)), _LENGTHENED.sub(r"\1", word))


def _consists_of(said: list[str], phrases: list[list[str]], *, padding: frozenset[str]) -> bool:
    """Tell whether `said` can be cut into `phrases` and single words of `padding`, with at least one phrase."""
    phrases = [phrase for phrase in phrases if phrase]
    reached = {0: False}
    for position in range(len(said)):
        if position not in reached:
            continue
        if said[position] in padding:
            reached[position + 1] = reached.get(position + 1, False) or reached[position]
        for phrase in phrases:
            if said[position : position + len(phrase)] == phrase:
                reached[position + len(phrase)] = True
    return reached.get(len(said), False)
