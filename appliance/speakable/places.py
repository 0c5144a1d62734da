"""Addresses, rooms, postal codes and reference numbers."""

from __future__ import annotations

import re

from appliance.speakable.letters import spell
from appliance.speakable.numbers import cardinal, digits, ordinal, pairs
from appliance.speakable.passage import CLAIMED, NEXT, Rule, follow, rule

_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio",
    "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "D.C",
}  # fmt: skip
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West",
    "NE": "Northeast", "NW": "Northwest", "SE": "Southeast", "SW": "Southwest",
}  # fmt: skip
_WAYS = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Dr": "Drive",
    "Ct": "Court", "Pl": "Place", "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Ter": "Terrace",
    "Cir": "Circle",
}  # fmt: skip
_FULL_WAYS = "Street|Avenue|Boulevard|Road|Lane|Drive|Court|Place|Square|Highway|Parkway|Terrace|Circle|Way"
_WAY = "|".join(_WAYS)
_NAME = r"(?:[A-Z](?:[^\W\d_]|')*|\d{1,3}(?:st|nd|rd|th))"
_CODED = (
    "code|pin|zip|extension|account|reference|confirmation|invoice|member|policy|tracking|passport|license|serial"
    "|password|otp|cvv|id|ending|ends"
)
_COUNTED = r"order|ticket|booking|case|claim|flight|card|patient|file|bus"
_ROOMS = r"[Rr]oom|[Ss]uite|[Aa]partment|[Oo]ffice|[Uu]nit|[Cc]abin|[Ll]ocker|[Ff]light|[Hh]ighway|[Rr]oute|[Bb]us"
_SHORT_ROOMS = {"Rm": "room", "Ste": "suite", "Apt": "apartment", "Fl": "floor"}


def _street(match: re.Match[str]) -> str:
    direction = match["direction"]
    said = pairs(match["house"]) + NEXT
    if direction:
        said += _DIRECTIONS[direction] + NEXT
    names = [ordinal(int(name[:-2])) if name[0].isdigit() else name for name in match["names"].split()]
    way = match["way"]
    return said + NEXT.join([*names, _WAYS.get(way, way)]) + _stop(match)


def _way(match: re.Match[str]) -> str:
    return _WAYS[match["way"]] + _stop(match)


def _stop(match: re.Match[str]) -> str:
    """Return the full stop that ends a sentence as well as the abbreviation."""
    rest = match.string[match.end() :].lstrip()
    return "." if match["stop"] and (not rest or (rest[0].isupper() and rest[:2] not in _STATES)) else ""


def _code(match: re.Match[str]) -> str:
    runs = re.findall(r"( ?)-?([A-Za-z]+|\d+)", match["code"])
    said = [(NEXT if space else "") + (digits(run) if run.isdecimal() else spell(run)) for space, run in runs]
    return follow(match["lead"].replace("#", "")) + ", ".join(said)


def _room(match: re.Match[str]) -> str:
    lead = match["lead"]
    short = _SHORT_ROOMS.get(lead.strip(" .#"))
    name = short + NEXT if short else follow(lead.replace("#", ""))
    return name + pairs(match["room"]) + (f" {spell(match['wing'])}" if match["wing"] else "")


PLACE_RULES: tuple[Rule, ...] = (
    rule(
        rf"(?<![\w.,-])(?P<house>\d{{1,5}})\s(?:(?P<direction>[NSEW]{{1,2}})\.?\s)?(?P<names>{_NAME}"
        rf"(?:\s{_NAME}){{0,3}}?)\s(?P<way>{_FULL_WAYS}|{_WAY})(?!\w)(?P<stop>\.)?",
        _street,
    ),
    rule(
        rf"(?<!\w)(?P<direction>[NSEW])\.?(?=\s{_NAME}\s(?:{_WAY}|{_FULL_WAYS})\b)",
        lambda m: _DIRECTIONS[m["direction"]],
    ),
    rule(
        rf"(?<=[a-z{CLAIMED}]\s)(?P<way>{_WAY})(?P<stop>\.)?(?=\s*$|\s*[,;:!?)]|\.?\s+(?:[A-Z]{{2}}\b|[a-z]))"
        rf"(?!\.?\s+[A-Z][a-z])",
        _way,
    ),
    rule(
        r"(?<=\b[A-Z]{2}\s)(?P<zip>\d{5})(?:-(?P<more>\d{4}))?(?!\w|[-.,]\d)",
        lambda m: digits(m["zip"]) + (f", {digits(m['more'])}" if m["more"] else ""),
    ),
    rule(
        rf"(?<=[a-z{CLAIMED}],\s)(?P<state>{'|'.join(_STATES)})(?=\s*(?:$|[,.;?!{CLAIMED}]))",
        lambda m: _STATES[m["state"]],
    ),
    rule(
        rf"(?<!\w)(?P<lead>(?:{_CODED})(?:\s(?:number|no\.|code|id))?(?:\s(?:is|was|in|with)|:)?\s#?)"
        rf"(?P<code>[A-Z]{{0,3}}-?\d{{3,}}(?:[ -]\d{{2,}})*)(?!\w|[.,/:]\d)",
        _code,
        ignore_case=True,
    ),
    rule(
        rf"(?<!\w)(?P<lead>(?:{_COUNTED})(?:\s(?:number|no\.|code|id))(?:\s(?:is|was)|:)?\s#?)"
        rf"(?P<code>[A-Z]{{0,3}}-?\d{{3,}}(?:[ -]\d{{2,}})*)(?!\w|[.,/:]\d)",
        _code,
        ignore_case=True,
    ),
    rule(
        rf"(?<!\w)(?P<lead>(?:(?:{_ROOMS})\s#?(?:[A-Z]{{2}}\s)?|(?:Rm|Ste|Apt)\.?\s#?))(?P<room>\d{{1,5}})"
        rf"(?P<wing>[A-Z])?(?!\w|[.,/:]\d|\s?[-\u2013%$€£°])",
        _room,
    ),
    rule(
        rf"(?<!\w)(?P<lead>(?:{_ROOMS})\s#?)(?P<floor>\d{{1,2}})-(?P<room>\d{{2,4}})(?!\w|[-.,/:]\d)",
        lambda m: f"{follow(m['lead'].replace('#', ''))}{cardinal(int(m['floor']))}, {pairs(m['room'])}",
    ),
    rule(r"(?<!\w)(?P<lead>)(?P<code>[A-Z]{1,3}-\d{4,})(?!\w|[-.,/:]\d)", _code),
    rule(r"(?<=#)(?P<code>\d{4,})(?!\w|[.,]\d)", lambda m: digits(m["code"])),
    rule(r"(?<!\w)#\s?(?=[\d\ue000])", "number"),
)
