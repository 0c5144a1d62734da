"""Symbols between words and numbers, and the end of everything that cannot be said."""

from __future__ import annotations

from appliance.speakable.numbers import digits
from appliance.speakable.passage import CLAIMED, NEXT, Rule, rule


def _between(said: str, symbol: str) -> Rule:
    """Say a symbol between two settled parts."""
    return rule(
        rf"(?<=[{CLAIMED}]){symbol}(?=[{CLAIMED}])|(?<=[{CLAIMED}])\s+{symbol}\s*(?=[{CLAIMED}])",
        lambda m: f"{NEXT if m[0][0].isspace() else ''}{said}",
    )


RANGE_RULES: tuple[Rule, ...] = (
    _between("to", "[-\u2013—]"),
    rule(r"(?<=[a-z]day)\s?-\s?(?=[A-Z][a-z]+day)", lambda m: f"{NEXT if m[0][0].isspace() else ''}to"),
    rule(rf"(?:(?<=noon)|(?<=midnight))-(?=[a-z{CLAIMED}])|(?<=[\w{CLAIMED}])\u2013(?=[\w{CLAIMED}])", "to"),
)
"""A dash between two numbers, times, days or amounts; while only such parts are settled."""

SYMBOL_RULES: tuple[Rule, ...] = (
    _between("by", "x"),
    _between("times", r"\*"),
    _between("over", "/"),
    _between("divided by", "÷"),
    _between("greater than", ">"),
    rule(r"\s*(?<!\w)\+\+?(?=\s|$)", lambda m: NEXT * m[0][0].isspace() + "plus"),
    rule(r"\+\+", "plus plus"),
    rule(r"\+", "plus"),
    rule(r"&", "and"),
    rule(r"(?<=\w)\s*(?:<=|≤)\s*|<=|≤", "at most"),
    rule(r">=|≥", "at least"),
    rule(r"[-=]>|→|⇒", ","),
    rule(r"=+", "equals"),
    rule(rf"<(?=\s?[{CLAIMED}])", "less than"),
    rule(rf"(?<!<)>(?=\s?[{CLAIMED}])", "more than"),
    rule(rf"[~≈](?=\s?[{CLAIMED}])", "about"),
    rule(r"±", "plus or minus"),
    rule(r"%", "percent"),
    rule(r"°", "degrees"),
    rule(r"@", "at"),
    rule(r"§", "section"),
    rule(r"\$", "dollar"),
    rule(r"€", "euro"),
    rule(r"£", "pound"),
    rule(r"(?<=\w)#(?=\s|$)", "sharp"),
    rule(r"(?<=[Pp]ress )#", "pound"),
    rule(rf"(?<=[\w{CLAIMED}])\s?/\s?(?=[\w{CLAIMED}])", "or"),
    rule(r"\s+[-\u2013—]+\s+|(?<=\w)\s?—+\s?(?=\w)|(?<=\w)--+(?=\w)|(?<=\w)\s+[-\u2013—]+(?=\w)", ","),
    rule(rf"(?<=[\w{CLAIMED}])\s+[(\[{{](?=\S)|(?<=[\w{CLAIMED}])[)\]}}](?=\s+\w)", ","),
    rule(r"\d", lambda m: digits(m[0])),
    rule(r"[^\w\s.,;:!?'\-\ue000]|_", ""),
    rule(r"(?<!\w)'(?!\w)|(?<!\w)'(?=\w+')|(?<=[^\w\s\ue000])'", ""),
)
