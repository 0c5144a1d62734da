"""Cards, identity numbers and telephone numbers among the digits of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from stdnum import luhn

from appliance.config.redaction import Kind
from appliance.redaction import phones
from appliance.redaction.cues import Cue, governing
from appliance.redaction.matches import Finding, Match, match
from appliance.redaction.reading import Run, windows, without
from appliance.redaction.schemes import Scheme

CARD_LENGTHS = (16, 15, 19, 18, 17, 14, 13)
"""Digits of payment cards (ISO/IEC 7812), the usual ones first."""
_ISSUERS = re.compile(r"[2-6]")
"""First digits of payment cards: travel and banking."""
_SHORTEST_CARD, _SHORTEST_ID, _SHORTEST_IBAN = 8, 6, 10
"""Digits of a number that was announced and may have been cut off."""
_LONGEST_ID, _SECURITY_CODE, _LAST_FOUR = 16, (3, 4), 4
_MOST_BESIDE = 8
"""Digits that may stand before or after a card in one breath: the month it ends, and the security code."""
_LONGEST_STEP = 20
_BEGINNING = 4
_CORRECTED = re.compile(
    r"[\s,.]*(?:(?:no|sorry|wait|actually|correction|i mean|make that|nao|desculpa|desculpe|perdao|quer dizer|perdon"
    r"|digo|nein|entschuldigung|ich meine)[\s,.]+)+"
)
_EXTENSION = re.compile(r"\s?x\s?\d{1,5}\b")
_LAST = re.compile(r"\b(?:last (?:four|4)|ultimos (?:quatro|4|cuatro)|letzten vier)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFinder:
    """Tells what the digits of a text are."""

    countries: tuple[str, ...]
    schemes: Sequence[Scheme]
    wanted: Collection[Kind]

    def find(self, folded: str, runs: Sequence[Run], cues: Sequence[Cue], expected: Kind | None) -> list[Match]:
        """Return the personal numbers among `runs`. `expected` is what nobody has announced, but was asked for."""
        found: list[Match] = []
        earlier = 0
        for run in runs:
            if found and found[-1].end < run.start and _CORRECTED.fullmatch(folded, found[-1].end, run.start):
                found.append(match(found[-1].finding.kind, run.digits, run.start, run.end))
                continue
            cue = governing(cues, folded, run.start, run.end, earlier)
            if cue is None and expected is not None:
                cue = Cue(kind=expected, start=0, end=0)
            found += self._announced(run, cue, folded) if cue else self._alone(run)
            earlier = run.end
        found = [_with_extension(each, folded) for each in found]
        return [each for each in found if each.finding.kind in self.wanted]

    def _announced(self, run: Run, cue: Cue, folded: str) -> list[Match]:
        count = len(run.digits)
        if cue.kind is None:
            return []
        if cue.kind is Kind.CARD and (count >= _SHORTEST_CARD or (cue.short and count in _SECURITY_CODE)):
            whole = [_whole(Kind.CARD, run)]
            return whole if count <= max(CARD_LENGTHS) else self._card(run) or whole
        if cue.kind is Kind.PHONE and count >= phones.SHORTEST - (not cue.weak):
            return self._called_phone(run, cue)
        if cue.kind is Kind.NATIONAL_ID and _is_identity_length(count, folded):
            return [_whole(Kind.NATIONAL_ID, run)]
        if cue.kind is Kind.IBAN and count >= _SHORTEST_IBAN:
            return [_whole(Kind.IBAN, run)]
        return self._alone(run)

    def _called_phone(self, run: Run, cue: Cue) -> list[Match]:
        """Read what was called a telephone number, or only "my number", which may be something else."""
        grouped = any(len(set(scheme.groups)) > 1 and _lengths(run) == scheme.groups for scheme in self.schemes)
        if not cue.weak and not grouped and phones.stands_alone(run.chars, self.countries):
            return [self._phone(run)]
        alone = self._alone(run)
        if cue.weak and (alone or len(run.digits) > phones.LONGEST):
            return alone
        return [each for each in alone if each.finding.kind is not Kind.PHONE] or [self._phone(run)]

    def _alone(self, run: Run) -> list[Match]:
        """Recognise what nothing announces by its check digits and its form."""
        if len(run.digits) < phones.SHORTEST or _is_list(run):
            return []
        if card := self._card(run):
            return card
        for test in (self._identity, self._telephone):
            for part in windows(run):
                if found := test(part):
                    rest = [each for other in without(run, part) for each in self._alone(other)]
                    return [found, *rest]
        return []

    def _card(self, run: Run) -> list[Match]:
        for part in _card_parts(run):
            if _ISSUERS.match(part.digits) and luhn.is_valid(part.digits):
                return [_whole(Kind.CARD, part)]
        return []

    def _identity(self, run: Run) -> Match | None:
        digits = run.chars
        for scheme in self.schemes:
            if not scheme.alone or not scheme.form.fullmatch(digits) or not scheme.is_valid(digits):
                continue
            if not scheme.groups or _lengths(run) == scheme.groups:
                return _whole(Kind.NATIONAL_ID, run)
        return None

    def _telephone(self, run: Run) -> Match | None:
        return self._phone(run) if phones.stands_alone(run.chars, self.countries) else None

    def _phone(self, run: Run) -> Match:
        return match(Kind.PHONE, phones.normalised(run.chars, self.countries), run.start, run.end)


def known_numbers(runs: Sequence[Run], known: Sequence[Finding], same: Callable[[str], str]) -> list[Match]:
    """Return the parts of runs that are a value known before, whatever stands beside them.

    `same` makes telephone numbers comparable.
    """
    by_digits = {_comparable(finding): finding for finding in known if _comparable(finding)}
    found = []
    for run in runs if by_digits else ():
        for part in windows(run):
            finding = by_digits.get(part.digits) or by_digits.get(same(part.chars).lstrip("+"))
            if finding:
                found.append(Match(finding=finding, start=part.start, end=part.end))
                break
    return found


def abandoned(runs: Sequence[Run], found: Sequence[Match]) -> list[Match]:
    """Return the runs that begin as a card or identity number does: somebody has begun, and begun again."""
    begun = {
        _comparable(each.finding)[:_BEGINNING]: each.finding.kind
        for each in found
        if each.finding.kind in {Kind.CARD, Kind.NATIONAL_ID}
    }
    return [
        _whole(begun[run.digits[:_BEGINNING]], run)
        for run in runs
        if len(run.digits) >= _SHORTEST_ID and run.digits[:_BEGINNING] in begun
    ]


def _comparable(finding: Finding) -> str:
    if finding.kind in {Kind.NAME, Kind.EMAIL, Kind.DATE_OF_BIRTH}:
        return ""
    digits = finding.normalised.lstrip("+")
    return digits if digits.isdecimal() and len(digits) >= _SHORTEST_ID else ""


def _with_extension(found: Match, folded: str) -> Match:
    """Take "x0135" behind a telephone number with it."""
    extension = _EXTENSION.match(folded, found.end) if found.finding.kind is Kind.PHONE else None
    return replace(found, end=extension.end()) if extension else found


def _whole(kind: Kind, run: Run) -> Match:
    return match(kind, run.digits, run.start, run.end)


def _lengths(run: Run) -> tuple[int, ...]:
    return tuple(len(piece.chars) for piece in run.pieces)


def _is_identity_length(count: int, folded: str) -> bool:
    return _SHORTEST_ID <= count <= _LONGEST_ID or (count == _LAST_FOUR and _LAST.search(folded) is not None)


def _card_parts(run: Run) -> Iterator[Run]:
    """Yield what may be a card in a run: all of it, its beginning, its end."""
    total = len(run.digits)
    for length in sorted(CARD_LENGTHS, key=lambda each: each != total):
        if not length <= total <= length + _MOST_BESIDE:
            continue
        for part in (_beginning(run, length), _ending(run, length)):
            if part is not None:
                yield part


def _beginning(run: Run, length: int) -> Run | None:
    count = 0
    for index, piece in enumerate(run.pieces):
        count += len(piece.chars.lstrip("+"))
        if count >= length:
            return run.part(0, index + 1) if count == length else None
    return None


def _ending(run: Run, length: int) -> Run | None:
    count = 0
    for index in range(len(run.pieces) - 1, -1, -1):
        count += len(run.pieces[index].chars.lstrip("+"))
        if count >= length:
            return run.part(index, len(run.pieces)) if count == length else None
    return None


def _is_list(run: Run) -> bool:
    """Tell whether a run lists numbers: rooms 201, 202, 203, the years 2019, 2020, 2021, readings of 612, 598, 605."""
    pieces = run.pieces
    if len(pieces) < 3 or not all(piece.pause for piece in pieces[1:]):  # noqa: PLR2004 - two numbers are no list
        return False
    values = [int(piece.chars.lstrip("+")) for piece in pieces]
    written = all(piece.language is None and piece.chars[0] not in "0+" for piece in pieces)
    lengths = set(_lengths(run))
    if written and max(lengths) < 4 and (len(lengths) == 1 or max(lengths) < 3):  # noqa: PLR2004 - short and alike
        return True
    return all(0 < after - before <= _LONGEST_STEP for before, after in pairwise(values))
