"""Cardinals, ordinals, decimals, fractions, decades, years and Roman numerals."""

from __future__ import annotations

import re

from num2words import num2words

from appliance.speakable.passage import CLAIMED, NEXT, NUMBER, Rule, follow, rule

_LONGEST_CARDINAL = 15
_LONGEST_UNGROUPED_CARDINAL = 6
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FRACTIONS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_FRACTION_DENOMINATORS = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 16, 32, 64})
_IDIOMS = frozenset({("24", "7"), ("50", "50")})
_OUT_OF = frozenset({10, 100})
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_MONARCHS = (
    "Benedict|Catherine|Charles|Edward|Elizabeth|Francis|Frederick|George|Henry|James|John|Louis|Mary|Napoleon|Nicholas"
    "|Paul|Peter|Philip|Pius|Richard|William"
)
_NUMBERED = (
    "[Cc]hapter|[Pp]art|[Pp]hase|[Tt]ype|[Cc]lass|[Ll]evel|[Ss]tage|[Ss]ection|[Vv]olume|[Aa]rticle|[Aa]ct|[Gg]rade"
    "|[Tt]able|[Uu]nit|[Aa]ppendix|[Ww]orld [Ww]ar"
)


def _plain(words: str) -> str:
    return words.replace(" and ", " ").replace("-", " ").replace(",", "")


def digits(written: str) -> str:
    """Say each digit; other characters are left out."""
    return " ".join(_DIGITS[int(char)] for char in written if char in "0123456789")


def cardinal(number: int) -> str:
    """Say a number without sign in words: 1204 is `one thousand two hundred four`."""
    if len(str(number)) > _LONGEST_CARDINAL:
        return digits(str(number))
    return _plain(num2words(number))


def ordinal(number: int) -> str:
    """Say a place in an order: 3 is `third`."""
    return _plain(num2words(number, to="ordinal")) if len(str(number)) <= _LONGEST_CARDINAL else digits(str(number))


def year(number: int) -> str:
    """Say a year: 1905 is `nineteen oh five`, 2025 `twenty twenty five`, 2005 `two thousand five`."""
    return _plain(num2words(number, to="year"))


def two_digits(written: str) -> str:
    """Say a pair of digits as in a time or a short year: `05` is `oh five`."""
    return f"oh {_DIGITS[int(written)]}" if written.startswith("0") else cardinal(int(written))


def pairs(written: str) -> str:
    """Say a house or room number: 204 is `two oh four`, 1428 `fourteen twenty eight`, 300 `three hundred`."""
    head, tail = written[:-2], written[-2:]
    if not head or len(head) > len(tail) or written.startswith("0"):
        return cardinal(int(written)) if not written.startswith("0") and not head else digits(written)
    if tail == "00":
        return cardinal(int(written)) if head.endswith("0") else f"{cardinal(int(head))} hundred"
    return f"{cardinal(int(head))} {two_digits(tail)}"


def number(written: str) -> str:
    """Say a literal that matches `NUMBER`: long ones, and those with a leading zero, digit by digit."""
    whole, point, decimals = written.partition(".")
    grouped, whole = "," in whole, whole.replace(",", "")
    longest = _LONGEST_CARDINAL if grouped or whole.endswith("000") or point else _LONGEST_UNGROUPED_CARDINAL
    if len(whole) > longest or (len(whole) > 1 and whole.startswith("0")):
        said = digits(whole)
    else:
        said = cardinal(int(whole or "0"))
    return f"{said} point {digits(decimals)}" if point else said


def signed(sign: str | None, said: str) -> str:
    """Put `minus` or `plus` before what is said, as the written sign demands."""
    return {"-": "minus ", "+": "plus "}.get(sign or "", "") + said


def _fraction(match: re.Match[str]) -> str | None:
    top, bottom = int(match["top"]), int(match["bottom"])
    if (match["top"], match["bottom"]) in _IDIOMS:
        return f"{cardinal(top)} {cardinal(bottom)}"
    if not match["whole"] and bottom in _OUT_OF:
        return f"{number(match['top'])} out of {number(match['bottom'])}"
    if bottom in _FRACTION_DENOMINATORS and (top < bottom or match["whole"]):
        one, many = _FRACTIONS.get(bottom, (ordinal(bottom), f"{ordinal(bottom)}s"))
        part = f"{cardinal(top)} {one if top == 1 else many}"
        if not match["whole"]:
            return part
        return f"{number(match['whole'])}{NEXT}and {'a half' if (top, bottom) == (1, 2) else part}"
    whole = f"{number(match['whole'])}{NEXT}and " if match["whole"] else ""
    return f"{whole}{number(match['top'])} over {number(match['bottom'])}"


def _roman(written: str) -> int:
    values = [_ROMAN[letter] for letter in written]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _decade(match: re.Match[str]) -> str | None:
    tens = int(match["tens"])
    if not tens:
        return f"{cardinal(int(match['century']))} hundreds" if match["century"] else None
    plural = cardinal(tens * 10)[:-1] + "ies" if tens > 1 else "tens"
    return f"{cardinal(int(match['century']))} {plural}" if match["century"] else plural


def _year(match: re.Match[str]) -> str:
    return follow(match["lead"] or "") + year(int(match["year"]))


def _year_range(match: re.Match[str]) -> str:
    until = match["until"]
    return f"{year(int(match['since']))} to {year(int(until)) if len(until) > 2 else two_digits(until)}"  # noqa: PLR2004


DECADE_RULES: tuple[Rule, ...] = (rule(r"(?<![\w$€£])(?:'|(?P<century>1[1-9]|20))?(?P<tens>\d)0'?s(?!\w)", _decade),)
"""Before the units: the s is no second."""

YEAR_RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w$€£.,/-])(?P<since>1[1-9]\d\d|20\d\d)\s?[-\u2013/]\s?(?P<until>1[1-9]\d\d|20\d\d|\d\d)"
        r"(?![\w/%°-]|[.,]\d)",
        _year_range,
    ),
    rule(
        r"(?<!\w)(?P<lead>(?:in|since|year|circa|summer|winter)\s)(?P<year>1[1-9]\d\d)(?![\w/%°-]|[.,]\d)",
        _year,
        ignore_case=True,
    ),
    rule(r"(?<![\w$€£/+-])(?<!\d[.,])(?P<lead>)(?P<year>19\d\d|20\d\d)(?!\w|[-/%°]\w|[.,]\d|\s?[%°$€£])", _year),
)
"""After the units and money, before the other numbers."""

FRACTION_RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w/.,-])(?P<top>\d+\.\d+)/(?P<bottom>5|10|100)(?![\w/]|[.,]\d)",
        lambda m: f"{number(m['top'])} out of {number(m['bottom'])}",
    ),
    rule(
        r"(?<![\w/.,-])(?:(?P<whole>\d{1,4})\s)?(?P<top>\d{1,4})\s?[/\u2044]\s?(?P<bottom>\d{1,4})(?:ths?)?"
        r"(?![\w/]|[.,]\d)",
        _fraction,
        ignore_case=True,
    ),
)

NUMBER_RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w.])(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)(?!\w)",
        lambda m: ordinal(int(m["digits"].replace(",", ""))),
        ignore_case=True,
    ),
    rule(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)", lambda m: " dot ".join(digits(part) for part in m[0].split("."))),
    rule(r"(?<![\w.])\d+(?:\.\d+){2,}(?!\w)", lambda m: " point ".join(number(part) for part in m[0].split("."))),
    rule(r"(?<=\d):(?=\d)", "to"),
    rule(rf"(?<![\w.,])(?P<number>{NUMBER})[xX](?!\w)", lambda m: f"{number(m['number'])} times"),
    rule(
        rf"(?<![\w)\].,{CLAIMED}])(?P<sign>[-+])?(?P<number>{NUMBER})(?!\w)",
        lambda m: signed(m["sign"], number(m["number"])),
    ),
    rule(rf"(?<![\w])(?P<number>{NUMBER})(?!\w)", lambda m: number(m["number"])),
)

ROMAN_RULES: tuple[Rule, ...] = (
    rule(
        rf"(?<!\w)(?P<lead>(?:{_NUMBERED})\s)(?P<roman>[IVX]+)(?!\w|')",
        lambda m: follow(m["lead"]) + cardinal(_roman(m["roman"])),
    ),
    rule(
        rf"(?<!\w)(?P<lead>(?:{_MONARCHS})\s)(?P<roman>[IVX]{{2,}})(?!\w)",
        lambda m: f"{follow(m['lead'])}the {ordinal(_roman(m['roman']))}",
    ),
)
