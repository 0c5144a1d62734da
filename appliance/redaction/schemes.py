"""National identity numbers: which countries have which, what they look like, how they are called.

The check digits are those of python-stdnum. Two have none: the American SSN, whose form is that of the
Social Security Administration (POMS RM 10201.035), and the British National Insurance number (HMRC, NIM39110).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stdnum.at import vnr
from stdnum.be import nn
from stdnum.br import cnpj, cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif

_SSN = re.compile(r"(?!000|666|9)\d{3}(?!00)\d\d(?!0000)\d{4}")
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of identity number."""

    country: str
    form: re.Pattern[str]
    """Its characters without spaces and signs, letters in capitals."""
    is_valid: Callable[[str], bool]
    alone: bool
    """Whether it is recognised without its name: its check is strong, and nothing else looks like it."""
    called: str
    """A regular expression for how people call it, folded."""
    groups: tuple[int, ...] = ()
    """How it is written in groups. Only so it is recognised alone, where it is given."""


def _scheme(
    country: str,
    form: str,
    is_valid: Callable[[str], bool],
    called: str,
    *,
    alone: bool = True,
    groups: tuple[int, ...] = (),
) -> Scheme:
    return Scheme(country=country, form=re.compile(form), is_valid=is_valid, alone=alone, called=called, groups=groups)


_TAX = r"tax (?:number|id|identification)(?: number)?|numero fiscal"
SCHEMES: Sequence[Scheme] = (
    _scheme(
        "US",
        r"\d{9}",
        lambda number: _SSN.fullmatch(number) is not None,
        r"social(?: security)?(?: number)?|ssn|s\.s\.n\.?",
        groups=(3, 2, 4),
    ),
    _scheme("BR", r"\d{11}", cpf.is_valid, r"cpf|c\.p\.f\.?|cadastro de pessoa fisica"),
    _scheme("BR", r"\d{14}", cnpj.is_valid, r"cnpj|c\.n\.p\.j\.?"),
    _scheme(
        "GB",
        r"[A-Z]{2}\d{6}[A-D]",
        lambda number: _NINO.fullmatch(number) is not None,
        r"national insurance(?: number)?|n\.?i\.? number|nino",
    ),
    _scheme("GB", r"\d{10}", nhs.is_valid, r"nhs(?: number)?", alone=False),
    _scheme(
        "DE",
        r"\d{11}",
        idnr.is_valid,
        r"steuer[- ]?(?:id|identifikationsnummer|identnummer|nummer)|idnr|german tax (?:id|number)"
        r"|tax identification number",
    ),
    _scheme("PT", r"[12356]\d{8}", nif.is_valid, rf"nif|contribuinte|{_TAX}", groups=(3, 3, 3)),
    _scheme("ES", r"\d{8}[A-Z]", dni.is_valid, r"dni|d\.n\.i\.?|nif|documento(?: nacional)?(?: de identidad)?"),
    _scheme("ES", r"[XYZ]\d{7}[A-Z]", nie.is_valid, r"nie|n\.i\.e\.?"),
    _scheme(
        "FR", r"[12]\d{14}", nir.is_valid, r"securite sociale|numero de secu|nir|french social security(?: number)?"
    ),
    _scheme("IT", r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid, r"codice fiscale|fiscal code"),
    _scheme("NL", r"\d{9}", bsn.is_valid, r"bsn|burgerservicenummer", alone=False),
    _scheme("CA", r"\d{9}", sin.is_valid, r"s\.i\.n\.|social insurance(?: number)?|sin number", groups=(3, 3, 3)),
    _scheme("MX", r"[A-Z]{4}\d{6}[A-Z]{6}[A-Z\d]\d", curp.is_valid, r"curp"),
    _scheme("CH", r"756\d{10}", ahv.is_valid, r"ahv(?:-| )?(?:nummer)?|avs"),
    _scheme("AT", r"\d{10}", vnr.is_valid, r"sozialversicherungsnummer|svnr", alone=False),
    _scheme("BE", r"\d{11}", nn.is_valid, r"rijksregisternummer|registre national|national register(?: number)?"),
    _scheme("PL", r"\d{11}", pesel.is_valid, r"pesel"),
    _scheme("IE", r"\d{7}[A-W][A-IW]?", pps.is_valid, r"pps(?: number)?|ppsn"),
)


def schemes_of(countries: Sequence[str]) -> tuple[Scheme, ...]:
    """Return the identity numbers of some countries."""
    return tuple(scheme for scheme in SCHEMES if scheme.country in countries)
