"""Written digits that are no part of a personal number: times, dates, amounts, decimals, IP addresses, codes."""

from __future__ import annotations

import re

from appliance.redaction.numerals import NUMBER_WORDS
from appliance.understanding.found import Span

_CURRENCY = r"(?:[$\u20ac\u00a3]|\br\$|\bus\$|\beur\b|\busd\b|\bbrl\b|\bgbp\b|\bchf\b)"
_UNIT = (
    r"(?:[%\u20ac\u00a3$\u00b0]|(?:percent|per\scent|prozent|por\scento|euros?|dollars?|reais|real|pounds?|pence|cents?"
    r"|centavos?|dolares|millions?|mil(?:hoes|lones)?|mg|ml|mcg|kg|g|km|cm|mm|kwh|kw|volts?|rpm|bar|psi|units?|pieces"
    r"|pcs|stuck|liters?|litros?|liter|metres?|meters?|metros?|tons?|tonnes?)\b)"
)
_AMOUNT = r"[0-9]{1,3}(?:[.,\s]?[0-9]{3}){0,2}(?:[.,][0-9]{1,2})?"
_BLOCKED = re.compile(
    r"(?<![\d:])\d{1,2}[:h]\d{2}(?::\d{2})?(?![\d:])"
    r"|(?<![\d-])\d{4}-\d{2}-\d{2}(?![\d-])"
    r"|(?<![\d.])[0-3]?\d\.[01]?\d\.(?:19|20)?\d{2}(?![\d.]|-\d)"
    r"|(?<![\d-])[0-3]?\d-[0-3]?\d-(?:(?:19|20)\d{2})(?![\d-])"
    r"|(?<![\d/.])[0-3]?\d/[0-3]?\d(?:/(?:19|20)?\d{2})?(?![\d/])"
    r"|(?<![\d/])\d{1,2}/(?:19|20)\d{2}(?![\d/])"
    rf"|{_CURRENCY}\s?{_AMOUNT}(?![\d])"
    rf"|(?<![\d.,+-])(?<!\d\s){_AMOUNT}\s?{_UNIT}"
    r"|(?<![\d.])\d+\.\d{5,}(?![\d.-])"
    r"|(?<![\d.])(?!\d\d\.\d\d\.\d\d\.\d\d(?!\d))\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
)
_CODE = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")
_LABELLED = re.compile(r"[\d-]+(?:-(?:office|fax|mobile|cell|home|work|desk)|x\d{1,5})")
_HEADING = re.compile(r"(?:tel|fone|phone|cell|mobile|fax|card|cpf|cnpj|ssn|iban|nif|dni|nie)[-_]?(?=\d)")


def blocked_spans(folded: str) -> list[Span]:
    """Return where a folded text has times, dates, amounts and decimal fractions, written in digits."""
    return [match.span() for match in _BLOCKED.finditer(folded)]


def codes_in(folded: str) -> tuple[Span, ...]:
    """Return where letters and digits are joined to one code, such as "PN-7734-221" or a part of a hash."""
    return tuple(match.span() for match in _CODE.finditer(folded) if _is_code(match[0]))


def _is_code(word: str) -> bool:
    letters = re.findall(r"[^\W\d_]+", word)
    if not letters or not any(char.isdecimal() for char in word) or _HEADING.match(word) or _LABELLED.fullmatch(word):
        return False
    return not all(each in NUMBER_WORDS for each in letters)
