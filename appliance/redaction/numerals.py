"""Numbers in English, Portuguese, German and Spanish words, folded: "double five", "oitenta e um", "zweiundvierzig"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from appliance.understanding.numerals import TEENS, TENS, UNITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """The words of a language for digits and for numbers below a thousand."""

    digits: dict[str, str]
    teens: dict[str, int]
    tens: dict[str, int]
    hundreds: dict[str, int] = field(default_factory=dict)
    link: frozenset[str] = frozenset()
    """Words between tens and units."""


def _numbered(words: str, first: int, step: int = 1) -> dict[str, int]:
    return {word: first + step * place for place, words_ in enumerate(words.split()) for word in words_.split("|")}


def _digits(words: str) -> dict[str, str]:
    return {word: str(value) for word, value in _numbered(words, 0).items()}


_GERMAN_UNITS = ["null", "ein", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun"]
_GERMAN_TENS = _numbered("zwanzig dreißig|dreissig vierzig funfzig sechzig siebzig achtzig neunzig", 20, 10)
_GERMAN_TEENS = _numbered(
    "zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn|siebenzehn achtzehn neunzehn", 10
)


def _german_compounds() -> Iterator[tuple[str, int]]:
    """Yield twenty to ninety-nine, one to nine hundreds, and the years from 1900."""
    below = dict(_GERMAN_TEENS) | dict(_GERMAN_TENS)
    for word, value in _GERMAN_TENS.items():
        for unit, digit in zip(_GERMAN_UNITS[1:], range(1, 10), strict=True):
            below[f"{unit}und{word}"] = value + digit
    below |= {"eins" if unit == "ein" else unit: digit for digit, unit in enumerate(_GERMAN_UNITS) if digit}
    leading = [("hundert", 100), ("neunzehnhundert", 1900), ("zweitausend", 2000), ("zweitausendund", 2000)]
    leading += [(f"{unit}hundert", 100 * digit) for digit, unit in enumerate(_GERMAN_UNITS) if digit]
    for lead, value in leading:
        yield lead, value
        yield from ((lead + word, value + rest) for word, rest in below.items())
    yield from below.items()


ENGLISH = Language(
    digits={word: str(value) for word, value in UNITS.items()}
    | {"oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "niner": "9", "fife": "5"},
    teens=TEENS,
    tens=TENS,
    link=frozenset({"and"}),
)
PORTUGUESE = Language(
    digits=_digits("zero um|uma dois|duas tres quatro cinco seis|meia sete oito nove"),
    teens=_numbered("dez onze doze treze quatorze|catorze quinze dezesseis|dezasseis dezessete|dezassete", 10)
    | _numbered("dezoito dezenove|dezanove", 18),
    tens=_numbered("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa", 20, 10),
    hundreds=_numbered(
        "cem|cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos", 100, 100
    ),
    link=frozenset({"e"}),
)
SPANISH = Language(
    digits=_digits("cero uno|un|una dos tres cuatro cinco seis siete ocho nueve"),
    teens=_numbered("diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve", 10)
    | _numbered("veintiuno|veintiun veintidos veintitres veinticuatro veinticinco veintiseis veintisiete", 21)
    | _numbered("veintiocho veintinueve", 28),
    tens=_numbered("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa", 20, 10),
    hundreds=_numbered(
        "cien|ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
        100,
        100,
    ),
    link=frozenset({"y"}),
)
GERMAN = Language(
    digits=_digits("null eins|ein zwei|zwo drei vier funf sechs sieben acht neun"),
    teens=dict(_german_compounds()),
    tens={},
)
LANGUAGES = (ENGLISH, PORTUGUESE, SPANISH, GERMAN)

LIKE_DIGITS = {"for": "4", "fore": "4", "to": "2", "too": "2", "won": "1", "ate": "8", "tree": "3", "sex": "6"}
"""What recognisers write for a digit; it counts only between digits that were spoken one by one."""
AMBIGUOUS = frozenset({"um", "uma", "un", "una", "ein", "once", "o", "oh", "meia", "nil", "acht", "elf", "cem", "dos"})
"""Numbers that are words of another kind as well, and count only beside another number of their language."""
REPEATS = {
    "double": 2, "dobble": 2, "triple": 3, "treble": 3, "quadruple": 4, "doble": 2, "doppel": 2, "duplo": 2,
    "dreifach": 3, "triplo": 3,
}  # fmt: skip
_THOUSANDS = frozenset({"thousand", "mil", "tausend"})
_HUNDRED = "hundred"
_TEN = 10
_CENTURIES = frozenset({19, 20})
_ALL: dict[str, int] = {}
for _language in LANGUAGES:
    _ALL |= {word: int(digit) for word, digit in _language.digits.items()}
    _ALL |= _language.teens | _language.tens | _language.hundreds
NUMBER_WORDS = frozenset({*_ALL, *_THOUSANDS, _HUNDRED})
LINKS = frozenset().union(*(language.link for language in LANGUAGES))


def value_of(words: Sequence[str]) -> int | None:
    """Return the value of a whole number in words or digits, read as years are: nineteen eighty-five is 1985.

    None where a word is no number.
    """
    total = 0
    groups: list[int] = []
    for word in words:
        if word in LINKS:
            continue
        if word in _THOUSANDS:
            total, groups = (sum(groups) or 1) * 1000, []
        elif word == _HUNDRED:
            groups = [sum(groups) * 100]
        elif word.isdecimal() or word in _ALL:
            groups.append(int(word) if word.isdecimal() else _ALL[word])
        else:
            return None
    if len(groups) > 1 and groups[0] in _CENTURIES and not 0 < groups[1] < _TEN:
        return groups[0] * 100 + sum(groups[1:])
    return total + sum(groups)
