"""Written abbreviations that are spoken as words."""

from __future__ import annotations

import re

from appliance.speakable.letters import spell
from appliance.speakable.passage import CLAIMED, Rule, rule

_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "St": "Saint",
    "Rev": "Reverend", "Capt": "Captain", "Sgt": "Sergeant", "Lt": "Lieutenant", "Gen": "General", "Sen": "Senator",
    "Gov": "Governor", "Mt": "Mount", "Ft": "Fort", "Fr": "Father", "Hon": "Honorable",
}  # fmt: skip
_DOTTED = {
    "jr": "junior", "sr": "senior", "etc": "et cetera", "vs": "versus", "approx": "approximately",
    "appt": "appointment", "appts": "appointments", "dept": "department", "est": "established", "inc": "incorporated",
    "ltd": "limited", "corp": "corporation", "co": "company", "tel": "telephone", "min": "minimum", "max": "maximum",
    "hrs": "hours", "mins": "minutes", "hr": "hour", "govt": "government", "misc": "miscellaneous",
    "ref": "reference", "bldg": "building", "mgr": "manager", "asst": "assistant", "univ": "university",
    "incl": "including", "excl": "excluding", "temp": "temperature", "rx": "prescription", "esp": "especially",
    "vol": "volume", "pg": "page", "pp": "pages", "rm": "room", "apt": "apartment", "ste": "suite", "ave": "avenue",
    "blvd": "boulevard", "rd": "road", "hwy": "highway", "assn": "association", "intl": "international",
    "natl": "national", "blk": "block", "qty": "quantity",
}  # fmt: skip
_BARE = {
    "appt": "appointment", "appts": "appointments", "dept": "department", "approx": "approximately", "vs": "versus",
    "etc": "et cetera", "w/": "with", "w/o": "without", "b/c": "because", "hrs": "hours", "mins": "minutes",
    "Mr": "Mister", "Mrs": "Missus", "Dr": "Doctor", "Prof": "Professor", "Ltd": "limited", "bldg": "building",
    "Blvd": "Boulevard", "Ave": "Avenue", "c/o": "care of", "N/A": "not applicable", "n/a": "not applicable",
    "TBD": "to be decided", "A/C": "A.C",
}  # fmt: skip
_WITHIN_SENTENCE = frozenset({"est", "max", "min", "ref", "temp"})
_BEFORE_A_NAME = frozenset({"apt", "bldg", "blk", "pg", "pp", "rm", "ste", "vol"})


def _stop(match: re.Match[str]) -> str:
    rest = match.string[match.end() :].lstrip("\"') ")
    return "." if not rest or rest[0].isupper() else ""


def _dotted(match: re.Match[str]) -> str | None:
    short = match["short"].lower()
    stop = "" if short in _BEFORE_A_NAME and match.string[match.end() :].strip() else _stop(match)
    return None if stop and short in _WITHIN_SENTENCE else _DOTTED[short] + stop


def _initial(match: re.Match[str]) -> str | None:
    before = match.string[: match.start()].split()
    in_name = not before or before[-1][0] == CLAIMED or before[-1][0].isupper()
    return spell(match["initial"]) if in_name else None


def _word(match: re.Match[str]) -> str:
    return _BARE.get(match[0]) or _BARE[match[0].lower()]


def _alternatives(table: dict[str, str]) -> str:
    return "|".join(re.escape(short) for short in sorted(table, key=len, reverse=True))


ABBREVIATION_RULES: tuple[Rule, ...] = (
    rule(rf"(?<!\w)(?P<title>{_alternatives(_TITLES)})\.(?=\s?[A-Z{CLAIMED}])", lambda m: _TITLES[m["title"]]),
    rule(r"(?<!\w)(?P<title>Dr|Mr|Mrs|Ms|Prof|St)(?=\s[A-Z])", lambda m: _TITLES[m["title"]]),
    rule(r"(?<!\w)e\.?\s?g\.,?(?!\w)", "for example,"),
    rule(r"(?<!\w)i\.?\s?e\.,?(?!\w)", "that is,"),
    rule(rf"(?<!\w)[Nn]os?\.\s?(?=[\d{CLAIMED}])", "number"),
    rule(rf"(?<!\w)(?P<page>pp?)\.\s?(?=[\d{CLAIMED}])", lambda m: "pages" if m["page"] == "pp" else "page"),
    rule(r"(?<!\w)Ph\.\s?D\.?", "P.H.D"),
    rule(r"(?<!\w)A\.\s?D\.?(?!\w)", "A.D"),
    rule(r"(?<!\w)B\.\s?C\.(?:\s?E\.)?(?!\w)", "B.C"),
    rule(r"(?<!\w)(?:[A-Z]\.){2,}", lambda m: m[0].rstrip(".") + _stop(m)),
    rule(rf"(?<![\w.])(?P<short>{_alternatives(_DOTTED)})\.(?!\w)", _dotted, ignore_case=True),
    rule(rf"(?<![\w.])(?:{_alternatives(_BARE)})(?!\w|\.\w)", _word),
    rule(r"(?<![\w.])(?P<initial>[A-Z])\.(?=\s[A-Z](?:[a-z]|\.))", _initial),
    rule(r"(?<!\w)and/or(?!\w)", "and or"),
)
