"""Telephone numbers, written and dictated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from appliance.understanding.digits import find_digits
from appliance.understanding.found import Found, Span
from appliance.understanding.words import plain

LOCAL_LENGTH = 7
SHORTEST, LONGEST = 10, 15
"""Digits of a number without its area code, and of one that can be dialled from elsewhere (ITU-T E.164: at most 15)."""
_NORTH_AMERICA = "1"
_NANP = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_EXIT_CODES = {_NORTH_AMERICA: "011"}
_USUAL_EXIT_CODE = "00"
_TRUNK_KEPT = frozenset({"39", "378"})
"""Italy and San Marino: the leading zero belongs to the number."""
_NO_TRUNK = frozenset({"30", "34", "45", "47", "48", "351", "352", "356", "371", "372", "420"})
"""Countries whose national numbers are dialled without a leading zero."""
_OTHER_NUMBER = re.compile(
    r"\b(?:order|reference|ref|account|card|invoice|booking|confirmation|policy|tracking|customer|member|membership"
    r"|serial|ticket|case|passport|insurance|security|patient)(?:\s+(?:number|no|code|id|#))?"
    r"(?:\s+(?:is|it's|was|of|on|the|my))*[\s:,.#]*$"
)
_LONGEST_INTRODUCTION = 60
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


def find_phones(text: str, *, country: str | None = "1", exclude: Iterable[Found | Span] = ()) -> list[Found]:
    """Return telephone numbers: of seven digits, or of ten to fifteen.

    Args:
        text: What was said.
        country: Calling code of the site, which completes national numbers to E.164; None leaves them as said.
        exclude: Spans to leave out, such as dates.

    Returns:
        Each as "+14155550142" where it can be known, otherwise its digits as said. Uncertain is what has the right
        length but cannot be a number of the country.
    """
    said = plain(text)
    hidden = [*exclude, *(match.span() for match in _DATE.finditer(said))]
    phones = [_phone(said, run, country) for run in find_digits(text, minimum=LOCAL_LENGTH, exclude=hidden)]
    return [phone for phone in phones if phone]


def _phone(said: str, run: Found, country: str | None) -> Found | None:
    digits = str(run.value)
    count = len(digits.lstrip("+"))
    if not (count == LOCAL_LENGTH and not digits.startswith("+")) and not SHORTEST <= count <= LONGEST:
        return None
    if _OTHER_NUMBER.search(said[max(0, run.start - _LONGEST_INTRODUCTION) : run.start]):
        return None
    number, certain = _dialled(digits, country)
    certain = certain and run.certain and not _THOUSANDS.fullmatch(run.words)
    return replace(run, value=number, certain=certain)


def _dialled(digits: str, country: str | None) -> tuple[str, bool]:
    """Return the number as it is dialled from anywhere, as far as it is known, and whether it can exist."""
    if digits.startswith("+"):
        return digits, not digits.startswith("+1") or _NANP.fullmatch(digits[2:]) is not None
    if country is None or len(digits) == LOCAL_LENGTH:
        return digits, True
    exit_code = _EXIT_CODES.get(country, _USUAL_EXIT_CODE)
    if digits.startswith(exit_code) and len(digits) - len(exit_code) >= SHORTEST:
        return f"+{digits.removeprefix(exit_code)}", True
    if country == _NORTH_AMERICA:
        national = digits[1:] if len(digits) == SHORTEST + 1 and digits.startswith("1") else digits
        return (f"+1{national}", True) if _NANP.fullmatch(national) else (digits, False)
    if digits.startswith("0"):
        return f"+{country}{digits if country in _TRUNK_KEPT else digits[1:]}", True
    return (f"+{country}{digits}", True) if country in _NO_TRUNK and len(digits) == SHORTEST else (digits, True)
