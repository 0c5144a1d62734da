"""Words that tell what a number is: "my card number is", "CPF", "call me on"; and "order number", which is nobody's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from appliance.config.redaction import Kind
from appliance.redaction.numerals import NUMBER_WORDS
from appliance.redaction.schemes import schemes_of

BEFORE, AFTER = 56, 24
"""Characters between a cue and the number it announces, or the number it explains."""

_CARD = (
    r"(?:credit |debit |bank )?card(?: number| no\b|s?\b)|visa|master ?card|amex|american express|maestro"
    r"|cartao(?: de (?:credito|debito))?|numero do cartao|tarjeta(?: de (?:credito|debito))?"
    r"|kredit ?kart\w*|karten ?nummer|kart[ae]|carte (?:bancaire|bleue)"
)
_SECURITY_CODE = (
    r"cvv2?|cvc2?|security code|three digits on the back|codigo de seguranca|codigo de seguridad|prufnummer|prufziffer"
)
_PHONE = (
    r"(?:tele|mobile ?|cell ?|work |home |office )?phone(?: number)?|mobile(?: number)?|cell(?:ular)?(?: number)?"
    r"|tel\b\.?|landline"
    r"|answer(?:s|ing)?|fax(?: number)?|what'?s ?app|zap\b|(?:call|ring|text|reach|phone|dial|contact)(?:ed|ing)?\b"
    r"(?: (?:me|us|him|her|them|back|my \w+))*|call ?back(?: number)?|contact number|area code|extension"
    r"|telefon(?:e|o|nummer|isch)?|celular|telemovel|fone|contacto?|lig(?:ar|ue|a)\b|ddd"
    r"|handy(?:nummer)?|mobil(?:nummer|funk)?|ruf ?nummer|ruckruf\w*|erreich\w+|anrufen|rufen sie"
    r"|durchwahl|nummer lautet"
    r"|movil|llam\w+|marc(?:ar|a|que)\b"
)
_NUMBER = (
    r"(?:^|\b(?:my|his|her|their|our|the|a|best|another|new|old|other|direct|daytime|evening|work|home"
    r"|office|current|full"
    r"|right|correct|own|private|usual) )(?:number\b(?! of\b)|number's\b)"
    r"|\b(?:meu|o|seu) numero|(?:mi|el|su) numero|(?:meine|die|seine|ihre) nummer"
)
_IBAN = r"iban|i\.b\.a\.n\.?|bank ?verbindung|konto ?nummer|kontonr"
_OTHER = (
    r"\b(?:(?:bestell|auftrags|kunden|rechnungs|vorgangs|serien|artikel|sendungs|referenz|zimmer|chargen|lot|patienten"
    r"|vertrags|material|zahler|teile|haus|ticket|bahn|bus|linien)-?(?:nummern?|nr)\b"
    r"|(?:purchase )?orders?|ref(?:erence)?|invoices?|bookings?|confirmation|policy|polic[ae]|tracking"
    r"|customer|member(?:ship)?"
    r"|serials?|tickets?|case|lots?|batch(?:es)?|parts?|rooms?|sku|ean|gtin|bar ?codes?|items?|models?|meters?|claim"
    r"|contract|badge|employee|work ?order|job|file|chart|patient|reservation|voucher|coupon|transaction"
    r"|receipts?|asset"
    r"|sensors?|machines?|pallets?|containers?|shipments?|parcels?|vin|isbn|pin|codes?|version|build|firmware|port"
    r"|lines?|bus(?:es)?|trains?|flights?|gates?|beds?|wards?|floors?|pages?|forms?|shelf|bins?|drawings?|articles?"
    r"|pedidos?|encomendas?|protocolo|referencia|fatura|factura|boleto|lote|matricula|quartos?|salas?|linhas?|onibus"
    r"|nota(?: fiscal)?|codigo|serie|rastreio|rastreamento|processo|contrato|apolice|reserva|cliente|peca"
    r"|habitacion|lineas?|albaran|envio|seguimiento|expediente|poliza|zimmer|linie|seite|bestellung|rechnung"
    r"|auftrag|kunde|vorgang|sendung|vertrag|teil)\b"
    r"(?:[\s-]+(?:numbers?|no\b|nos\b|nr\b|code|id|numero|nummer|de|do|da|del|of|barras))*"
)
_WEAK = re.compile(_NUMBER)
_FOLLOWED = re.compile(
    rf"[\s:,.]*(?:(?:number|is|e|ist|es)[\s:,]+)*(?:\d|\+|(?:{'|'.join(sorted(NUMBER_WORDS))}|oh|double|triple)\b)"
)
"""A cue that a number follows explains that one, not the one before."""
_INTRODUCES = re.compile(
    r"(?:[\s:,.#=-]|\b(?:is|was|it'?s|are|number|numbers?|no|code|id|the|my|for|e|es|ist|lautet|numero"
    r"|nummer|nr|o|a|el|la"
    r"|that'?s|ending|in|with|from|to|de|do|da|del|called|reads?|says|and)\b)*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Words that tell what the next number is."""

    kind: Kind | None
    """None for a number that is nobody's."""
    start: int
    end: int
    weak: bool = False
    """Whether it says no more than that there is a number."""
    short: bool = False
    """Whether the three or four digits of a card's security code follow."""


class Cues:
    """The cues of a configuration, as one pattern."""

    def __init__(self, countries: Sequence[str]) -> None:
        self._pattern = _pattern(tuple(countries))

    def find(self, folded: str) -> list[Cue]:
        """Return the cues in a folded text, in their order."""
        cues = [_cue(match) for match in self._pattern.finditer(folded)]
        weak = [
            Cue(kind=Kind.PHONE, start=match.start(), end=match.end(), weak=True)
            for match in _WEAK.finditer(folded)
            if not any(cue.start < match.end() and match.start() < cue.end for cue in cues)
        ]
        return sorted([*cues, *weak], key=lambda cue: cue.start)


def governing(cues: Sequence[Cue], folded: str, start: int, end: int, earlier: int) -> Cue | None:
    """Return the cue that tells what stands from `start` to `end`: the last before it, else one right after it.

    A number that is nobody's has to be introduced directly. `earlier` is where the number before this one ends: a cue
    before that belongs to the earlier one, unless nothing else is there.
    """
    before = [cue for cue in cues if cue.end <= start and start - cue.end <= BEFORE]
    for cue in reversed(before):
        if cue.kind is not None or _INTRODUCES.fullmatch(folded, cue.end, start):
            near = cue.start >= earlier
            behind = None if near else _behind(cues, folded, end)
            return behind or cue
    return _behind(cues, folded, end)


def _behind(cues: Sequence[Cue], folded: str, end: int) -> Cue | None:
    """Return a cue that explains the number before it: "415 555 0142 is my cell"."""
    for cue in cues:
        if cue.start >= end and cue.kind and not cue.weak and not _FOLLOWED.match(folded, cue.end):
            between = folded[end : cue.start]
            fits = len(between) <= AFTER and re.fullmatch(
                r"[\s,.]*(?:(?:is|was|that'?s|it'?s|e|es|ist|das|esse|este|ese|my|the|her|his|meu|minha|mi|o|a|el|la"
                r"|meine?"
                r"|for|on|als|como|of|last|four|4|digits)[\s,.]+)*",
                between,
            )
            return cue if fits else None
    return None


@cache
def _pattern(countries: tuple[str, ...]) -> re.Pattern[str]:
    called = "|".join(scheme.called for scheme in schemes_of(countries))
    parts = [f"(?P<other>{_OTHER})", f"(?P<short>\\b(?:{_SECURITY_CODE})\\b)"]
    if called:
        parts.append(f"(?P<national_id>\\b(?:{called})(?!\\w))")
    parts += [
        f"(?P<card>\\b(?:{_CARD})(?!\\w))",
        f"(?P<iban>\\b(?:{_IBAN})(?!\\w))",
        f"(?P<phone>\\b(?:{_PHONE})(?!\\w))",
    ]
    return re.compile("|".join(parts))


_GROUPS: dict[str, Kind | None] = {
    "other": None,
    "short": Kind.CARD,
    "national_id": Kind.NATIONAL_ID,
    "card": Kind.CARD,
    "iban": Kind.IBAN,
    "phone": Kind.PHONE,
}


def _cue(match: re.Match[str]) -> Cue:
    group = str(match.lastgroup)
    return Cue(kind=_GROUPS[group], start=match.start(), end=match.end(), short=group == "short")
