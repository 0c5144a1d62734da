"""Telephone numbers and other groups of digits, read digit by digit with a pause after each group."""

from __future__ import annotations

import re

from appliance.speakable.numbers import cardinal, digits
from appliance.speakable.passage import NEXT, Rule, follow, rule

_GROUP = re.compile(r"(\s*)(?:[\s().-]*)(\d+)")
_FEWEST_DIGITS = 7
_MOST_DIGITS = 19
_EMERGENCY = r"911|112|999|311|411|211|988|000"


def _said_group(group: str) -> str:
    return "eight hundred" if group == "800" else digits(group)


def _groups(written: str) -> str:
    said = ""
    for space, group in _GROUP.findall(written):
        said += ("," + (NEXT if space else " ") if said else "") + _said_group(group)
    return said


def _telephone(match: re.Match[str]) -> str | None:
    count = sum(char.isdecimal() for char in match[0])
    if not _FEWEST_DIGITS <= count <= _MOST_DIGITS:
        return None
    country, rest = match["country"] or "", match["rest"]
    if not country:
        return _groups(rest)
    gap = NEXT if rest[:1].isspace() else " "
    return f"plus {digits(country)},{gap}{_groups(rest.lstrip(' -.'))}"


def _ungrouped(match: re.Match[str]) -> str:
    written = match[0]
    return f"{digits(written[:3])}, {digits(written[3:6])}, {digits(written[6:])}"


PHONE_RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w+])(?:\+(?P<country>\d{1,3}))(?P<rest>[\s.-]?\(?\d{1,5}\)?(?:[\s.-]?\d{2,9}){1,5})(?!\w|[-.]\d)",
        _telephone,
    ),
    rule(
        r"(?<![\w+.,-])(?P<country>)(?P<rest>\(\d{2,5}\)[\s.-]?\d{3,5}(?:[\s.-]\d{2,5}){0,2})(?!\w|[-.,]\d)", _telephone
    ),
    rule(
        r"(?<![\w+.,-])(?P<country>)(?P<rest>(?:1[\s.-])?\d{3}[\s.-]\d{3}[\s.-]\d{4}(?:-\d{1,5})?)(?!\w|[-.,]\d)",
        _telephone,
    ),
    rule(
        r"(?<![\w+.,-])(?P<country>)(?P<rest>\d{3}-\d{4}|0\d{2,4}[\s/-]\d{5,8}|0\d{3,4}\s\d{3}\s\d{3,4})(?!\w|[-.,]\d)",
        _telephone,
    ),
    rule(r"(?<![\w+.,-])(?P<country>)(?P<rest>\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,3})?)(?!\w|[-.,]\d)", _telephone),
    rule(r"(?<![\w+.,/-])\d+(?:-\d+){2,}(?![\w/]|\.\d)", lambda m: _groups(m[0])),
    rule(r"(?<![\w+.,-])1[ -]8(?P<free>\d)\d-(?=[A-Z])", lambda m: f"one, {cardinal(int(m[0][2:5]))},"),
    rule(r"(?<![\w+.,-])(?!\d*000\b)\d{10}(?![\w]|[-.,]\d)", _ungrouped),
    rule(
        rf"(?<!\w)(?P<lead>(?:call|dial|phone|ring|number is|to)\s)(?P<number>{_EMERGENCY})(?!\w|[-.,]\d)",
        lambda m: follow(m["lead"]) + digits(m["number"]),
        ignore_case=True,
    ),
    rule(
        r"(?<!\w)(?:ext(?:ension)?\.?|x)(?P<gap>\s?)#?(?P<number>\d{2,6})(?!\w|[.,]\d)",
        lambda m: f"extension{NEXT if m['gap'] else ' '}{digits(m['number'])}",
        ignore_case=True,
    ),
)
