"""Written text made speakable: words that espeak-ng, and so Piper, reads as a person would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from appliance.speakable.abbreviations import ABBREVIATION_RULES
from appliance.speakable.dates import DATE_RULES
from appliance.speakable.letters import LETTER_RULES
from appliance.speakable.markup import MARKUP_RULES
from appliance.speakable.money import MONEY_RULES
from appliance.speakable.numbers import DECADE_RULES, FRACTION_RULES, NUMBER_RULES, ROMAN_RULES, YEAR_RULES
from appliance.speakable.passage import Passage, Rule, SpokenWord, rule
from appliance.speakable.phone import PHONE_RULES
from appliance.speakable.places import PLACE_RULES
from appliance.speakable.symbols import RANGE_RULES, SYMBOL_RULES
from appliance.speakable.times import TIME_RULES
from appliance.speakable.units import UNIT_RULES
from appliance.speakable.web import WEB_RULES

__all__ = ["SpokenWord", "speak_words", "speakable"]

_NO_LEXICON: Mapping[str, str] = MappingProxyType({})

_RULES: tuple[Rule, ...] = (
    *WEB_RULES,
    *DATE_RULES,
    *PLACE_RULES,
    *PHONE_RULES,
    *TIME_RULES,
    *MONEY_RULES,
    *DECADE_RULES,
    *UNIT_RULES,
    *YEAR_RULES,
    *FRACTION_RULES,
    *NUMBER_RULES,
    *RANGE_RULES,
    *ABBREVIATION_RULES,
    *ROMAN_RULES,
    *LETTER_RULES,
    *SYMBOL_RULES,
)
"""In this order: what is more specific settles its part of the text first."""


def speakable(text: str, lexicon: Mapping[str, str] = _NO_LEXICON) -> str:
    """Return `text` in words without digits, symbols or markup. Any text will do; nothing is raised.

    Args:
        text: A clause or more, as a language model writes it, in English.
        lexicon: Written words or phrases and what to read instead; case does not matter, whole words only.
    """
    return " ".join(word.spoken for word in speak_words(text, lexicon) if word.spoken)


def speak_words(text: str, lexicon: Mapping[str, str] = _NO_LEXICON) -> list[SpokenWord]:
    """Return each whitespace-separated word of `text` with what is said for it.

    Where several written words are read as one unit, the first carries the spoken form and the others are empty.
    """
    passage = Passage(text).apply(MARKUP_RULES)
    if lexicon:
        passage.apply([_lexicon_rule(lexicon)])
    return passage.apply(_RULES).spoken_words()


def _lexicon_rule(lexicon: Mapping[str, str]) -> Rule:
    said = {_key(written): speakable(spoken) for written, spoken in lexicon.items()}
    longest_first = sorted((re.escape(key).replace(r"\ ", r"\s+") for key in said if key), key=len, reverse=True)
    entries = "|".join(longest_first) or r"(?!)"
    return rule(rf"(?<!\w)(?:{entries})(?!\w)", lambda match: said[_key(match[0])], ignore_case=True)


def _key(written: str) -> str:
    return " ".join(Passage(written).apply(MARKUP_RULES).text.casefold().split())
