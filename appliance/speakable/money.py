"""Amounts of money."""

from __future__ import annotations

import re
from typing import NamedTuple

from appliance.speakable.numbers import cardinal, number, signed
from appliance.speakable.passage import NEXT, NUMBER, Rule, rule


class _Currency(NamedTuple):
    one: str
    many: str
    cent: str
    cents: str


_DOLLAR = _Currency("dollar", "dollars", "cent", "cents")
_CURRENCIES = {
    "$": _DOLLAR,
    "USD": _DOLLAR,
    "US$": _Currency("US dollar", "US dollars", "cent", "cents"),
    "C$": _Currency("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "A$": _Currency("Australian dollar", "Australian dollars", "cent", "cents"),
    "R$": _Currency("real", "reais", "centavo", "centavos"),
    "BRL": _Currency("real", "reais", "centavo", "centavos"),
    "€": _Currency("euro", "euros", "cent", "cents"),
    "EUR": _Currency("euro", "euros", "cent", "cents"),
    "£": _Currency("pound", "pounds", "penny", "pence"),
    "GBP": _Currency("pound", "pounds", "penny", "pence"),
    "CHF": _Currency("Swiss franc", "Swiss francs", "centime", "centimes"),
    "¥": _Currency("yen", "yen", "sen", "sen"),
    "JPY": _Currency("yen", "yen", "sen", "sen"),
    "₹": _Currency("rupee", "rupees", "paisa", "paise"),
}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_SCALE = r"(?:(?P<gap>\s?)(?P<scale>thousand|million|billion|trillion|mn|bn|[kKmMbB])(?!\w))?"
_SYMBOL = r"(?P<currency>US\$|CA?\$|AU?\$|R\$|[$€£¥₹])"
_CODE = r"(?P<currency>[$€£¥₹]|USD|EUR|GBP|BRL|CHF|JPY)"
_AMOUNT = rf"(?P<amount>\d++(?:\.\d{{3}})*+,\d\d(?![\d,])|{NUMBER})"
_CENT_DIGITS = 2
_EUROPEAN = re.compile(r"([\d.]+),(\d\d)")


def _currency(symbol: str) -> _Currency:
    return _CURRENCIES[symbol.replace("CA$", "C$").replace("AU$", "A$")]


def _point_decimal(written: str) -> str:
    european = _EUROPEAN.fullmatch(written)
    return f"{european[1].replace('.', '')}.{european[2]}" if european else written


def _sum(written: str, currency: _Currency) -> str:
    whole, _, decimals = _point_decimal(written).partition(".")
    units, cents = int(whole.replace(",", "") or 0), decimals.rstrip("0").ljust(_CENT_DIGITS, "0")
    if len(cents) > _CENT_DIGITS:
        return f"{number(written)} {currency.many}"
    said_units = f"{cardinal(units)} {currency.one if units == 1 else currency.many}"
    if not int(cents):
        return said_units
    said_cents = f"{cardinal(int(cents))} {currency.cent if int(cents) == 1 else currency.cents}"
    return f"{said_units} and {said_cents}" if units else said_cents


def _money(match: re.Match[str]) -> str:
    currency, groups = _currency(match["currency"]), match.groupdict()
    lead = f"{number(groups['since'])} to " if groups.get("since") else ""
    if match["scale"]:
        scale = _SCALES.get(match["scale"].lower(), match["scale"])
        gap = NEXT if match["gap"] else " "
        said = f"{number(_point_decimal(match['amount']))}{gap}{scale} {currency.many}"
    else:
        said = _sum(match["amount"], currency)
    return signed(groups.get("sign"), lead + said)


_SIGN = r"(?<![\w.,$€£])(?P<sign>[-+])?"

MONEY_RULES: tuple[Rule, ...] = (
    rule(
        rf"{_SIGN}{_SYMBOL}\s?(?P<since>{NUMBER})\s?[-\u2013]\s?"
        rf"(?:US\$|CA?\$|AU?\$|R\$|[$€£¥₹])?{_AMOUNT}{_SCALE}(?!\w)",
        _money,
    ),
    rule(rf"{_SIGN}{_SYMBOL}\s?{_AMOUNT}{_SCALE}", _money),
    rule(rf"(?<!\w){_SYMBOL}\s?{_AMOUNT}{_SCALE}", _money),
    rule(rf"{_SIGN}(?P<since>{NUMBER})\s?[-\u2013]\s?{_AMOUNT}{_SCALE}\s?{_CODE}(?!\w)", _money),
    rule(rf"{_SIGN}{_AMOUNT}{_SCALE}\s?{_CODE}(?!\w)", _money),
    rule(rf"(?<![\w.,])(?P<currency>USD|EUR|GBP|BRL|CHF|JPY)\s?{_AMOUNT}{_SCALE}(?!\w)", _money),
    rule(
        r"(?<![\w.,])(?P<cents>\d{1,3})\s?¢", lambda m: f"{cardinal(int(m['cents']))} cent{'s' * (m['cents'] != '1')}"
    ),
)
