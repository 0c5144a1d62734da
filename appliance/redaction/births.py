"""Dates of birth: a date beside a word that speaks of a birth, in four languages."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from appliance.config.redaction import Kind
from appliance.redaction.matches import Match, match
from appliance.redaction.numerals import LINKS, NUMBER_WORDS, value_of
from appliance.redaction.reading import Run
from appliance.understanding.days import exact
from appliance.understanding.numerals import ORDINAL, ordinal

BEFORE, AFTER = 64, 32
"""Characters between the cue and the date after it, or the date before it."""
_CUE = re.compile(
    r"\b(?:born|births?|birth ?dates?|birthdays?|d\.?o\.?b\b|b-?day"
    r"|nasc(?:i|eu|ido|ida|imento|er)|aniversario|data de nasc"
    r"|nac(?:i|io|ido|ida|imiento)|cumpleanos"
    r"|geboren\w*|geb\b|geburts\w+|gebutstag)(?!\w)"
)
_NOT_A_PERSONS = re.compile(
    r"\b(?:birthday (?:card|cake|party|offer|discount|voucher|deal)|birth (?:control|centre|rate))\b"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janeiro januar janner enero", "february feb febuary fevereiro fev februar febrero",
            "march mar marco marz marzo", "april apr abril abr", "may maio mai mayo",
            "june jun junho juni junio juno", "july jul julho juli julio", "august aug agosto ago",
            "september sep sept setembro set septiembre setiembre", "october oct oktober okt outubro out octubre",
            "november nov novembro noviembre", "december dec dezember dez dezembro diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_GERMAN_ORDINALS = {
    "erst": 1, "zweit": 2, "dritt": 3, "viert": 4, "funft": 5, "sechst": 6, "siebt": 7, "siebent": 7, "acht": 8,
    "neunt": 9,
}  # fmt: skip
_FIRST = {"primeiro": 1, "primero": 1, "1o": 1}
_NUMBER = r"(?:" + "|".join(sorted(NUMBER_WORDS, key=len, reverse=True)) + r")"
_SPOKEN = rf"\b{_NUMBER}(?:[\s-]+(?:(?:e|y|and)\s+)?{_NUMBER}){{0,5}}\b"
_SMALL = rf"\b{_NUMBER}(?:[\s-]+(?:(?:e|y)\s+)?{_NUMBER})?\b"
_DAY = (
    rf"(?P<day>{ORDINAL}|\b(?:{'|'.join(_FIRST)})\b|\b\w{{0,15}}?(?:{'|'.join(_GERMAN_ORDINALS)}|zehnt|elft|zwolft|ßigst|zigst|ssigst)"
    rf"(?:e|en|er)\b|(?<![\d:])[0-3]?\d(?:\.|º|o|ª)?(?![\d:]|\.\d)|{_SMALL})"
)
_MONTH = rf"\b(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_YEAR = rf"(?P<year>(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)'?\d\d(?![\d:])|{_SPOKEN})"
_OF = r"(?:\s*,?\s*(?:of|de|do|del|in|the|the year|im jahr|no ano de)\s+|[\s,.-]+)"
_NUMERIC = (
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/.](?P<month_n>[01]?\d)[-/.](?P<day>[0-3]?\d)(?!\d)"),
    re.compile(
        r"(?<!\d)(?P<first>[0-3]?\d)\s?(?P<sign>[-/.])\s?(?P<second>[0-3]?\d)\s?(?P=sign)\s?"
        r"(?P<year>(?:19|20)?\d\d)(?!\d)"
    ),
)
_NUMERIC_SPOKEN = re.compile(
    r"(?<!\d)(?P<first>[0-3]?\d)\s+(?:do|de|del|of)\s+(?P<second>[01]?\d)\s+(?:do|de|del|of)\s+(?P<year>(?:19|20)?\d\d)(?!\d)"
)
_GERMAN_ORDINAL = rf"\w{{0,15}}?(?:{'|'.join(_GERMAN_ORDINALS)}|zehnt|elft|zwolft|ßigst|zigst|ssigst)(?:e|en|er)\b"
_IN_ORDINALS = re.compile(
    rf"\b(?P<day>{_GERMAN_ORDINAL}|{ORDINAL})\s+(?:of the\s+)?(?P<month_n>\b{_GERMAN_ORDINAL}|{ORDINAL})"
    rf"[\s,]+(?P<year>(?:19|20)?\d\d\b|{_SPOKEN})"
)
_NAMED = re.compile(_MONTH)
_ORDINAL = re.compile(ORDINAL)
_DAY_BEFORE = re.compile(rf"{_DAY}(?:{_OF}){{1,2}}$")
_DAY_AFTER = re.compile(rf"[\s,-]+(?:the\s+)?{_DAY}")
_YEAR_AFTER = re.compile(rf"(?:{_OF}){{1,2}}{_YEAR}")
_LONGEST_DAY = 32
"""Characters of the longest day in words, with what joins it to its month."""
_SIX, _EIGHT = 6, 8
"""Digits of a date with a year of two digits, and of four."""
_DICTATED = range(5, 9)
_CENTURY, _LATEST = 100, 30
"""Two digits of a year up to the second belong to this century."""
_LAST_MONTH, _LAST_DAY = 12, 31


@dataclass(frozen=True, slots=True, kw_only=True)
class _Date:
    value: str
    start: int
    end: int


def find_births(
    folded: str, runs: Collection[Run], *, month_first: bool, known: Collection[str] = (), expected: bool = False
) -> list[Match]:
    """Return dates of birth, each as far as it was said: "1981-05-03", "--05-03" or "1981-05".

    Args:
        folded: The text.
        runs: Its runs of digits: "oh three oh five eighty one" is a date too.
        month_first: Whether 3/5 is the 5th of March.
        known: Dates of birth that were found before; they need no cue.
        expected: Whether a date of birth was asked for.
    """
    cues = [cue.span() for cue in _CUE.finditer(folded) if not _NOT_A_PERSONS.match(folded, cue.start())]
    if not cues and not known and not expected:
        return []
    dates = _dates(folded, month_first=month_first)
    found = [date for date in dates if expected or date.value in known or _is_near(cues, date.start, date.end)]
    for run in runs if cues or expected else ():
        overlaps = any(date.start < run.end and run.start < date.end for date in dates)
        after = any(end <= run.start and run.start - end <= BEFORE for _, end in cues)
        if len(run.digits) in _DICTATED and not overlaps and (expected or after):
            found.append(_Date(value=_dictated(run.digits, month_first=month_first), start=run.start, end=run.end))
    return [match(Kind.DATE_OF_BIRTH, date.value, date.start, date.end) for date in found]


def _is_near(cues: Collection[tuple[int, int]], start: int, end: int) -> bool:
    return any(
        (cue_end <= start and start - cue_end <= BEFORE) or (end <= cue_start and cue_start - end <= AFTER)
        for cue_start, cue_end in cues
    )


def _dates(folded: str, *, month_first: bool) -> list[_Date]:
    dates: list[_Date] = []
    for form in (*_NUMERIC, _NUMERIC_SPOKEN, _IN_ORDINALS):
        dates += [date for found in form.finditer(folded) if (date := _in_digits(found, month_first=month_first))]
    for month in _NAMED.finditer(folded):
        if date := _around(folded, month, max((each.end for each in dates), default=0)):
            dates.append(date)
    return sorted(dates, key=lambda date: date.start)


def _in_digits(found: re.Match[str], *, month_first: bool) -> _Date | None:
    said = found.groupdict()
    year = _year(said["year"])
    if said.get("first"):
        value = _numeric(int(said["first"]), int(said["second"]), year, month_first=month_first)
    else:
        value = _value(year, _day(said["month_n"]) or 0, _day(said["day"]))
    return _Date(value=value, start=found.start(), end=found.end()) if value else None


def _around(folded: str, month: re.Match[str], earliest: int) -> _Date | None:
    """Read the day before or after the name of a month, and the year after both."""
    start, end = month.span()
    shift = max(earliest, start - _LONGEST_DAY)
    day = _DAY_BEFORE.search(folded[shift:start])
    if day:
        start = shift + day.start()
    elif day := _DAY_AFTER.match(folded, end):
        end = day.end()
    year = _YEAR_AFTER.match(folded, end)
    end = year.end() if year else end
    value = _value(_year(year["year"]) if year else None, _MONTHS[month["month"]], _day(day["day"]) if day else None)
    return _Date(value=value, start=start, end=end) if value else None


def _numeric(first: int, second: int, year: int | None, *, month_first: bool) -> str:
    both_fit = first <= _LAST_MONTH and second <= _LAST_MONTH
    month, day = (first, second) if (month_first if both_fit else first <= _LAST_MONTH) else (second, first)
    return _value(year, month, day)


def _value(year: int | None, month: int, day: int | None) -> str:
    """Return ISO 8601, "" for no date."""
    if day is None:
        return f"{year}-{month:02}" if year else ""
    date = exact(year or 2000, month, day)
    if date is None:
        return ""
    return date.isoformat() if year else f"--{month:02}-{day:02}"


def _day(said: str) -> int | None:
    if said in _FIRST:
        return _FIRST[said]
    if _ORDINAL.fullmatch(said):
        return ordinal(said)
    if digits := re.match(r"\d+", said):
        return int(digits[0])
    value = value_of(re.split(r"[\s-]+", said))
    return value if value is not None else _german_ordinal(said)


def _german_ordinal(said: str) -> int | None:
    stem = re.sub(r"(?:e|en|er)$", "", said)
    if stem in _GERMAN_ORDINALS:
        return _GERMAN_ORDINALS[stem]
    return value_of([re.sub(r"s?t$", "", stem)])


def _year(said: str) -> int | None:
    words = [word for word in re.split(r"[\s-]+", said.lstrip("'")) if word not in LINKS]
    value = value_of(words)
    if value is None or value >= _CENTURY:
        return value
    return value + (2000 if value <= _LATEST else 1900)


def _dictated(digits: str, *, month_first: bool) -> str:
    """Return the date that digits spell, the digits themselves where they spell none."""
    if len(digits) not in {_SIX, _EIGHT}:
        return digits
    year = _year(digits[4:])
    return _numeric(int(digits[:2]), int(digits[2:4]), year, month_first=month_first) or digits
