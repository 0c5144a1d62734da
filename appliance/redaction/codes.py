"""IBANs and identity numbers with letters, written and spelled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stdnum import iban

from appliance.config.redaction import Kind
from appliance.redaction.cues import Cue, governing
from appliance.redaction.matches import Match, match
from appliance.redaction.reading import Run
from appliance.redaction.schemes import Scheme

_SHORTEST_IBAN, _LONGEST_IBAN = 15, 34
"""Characters of an IBAN (ISO 13616)."""
_SHORTEST_ANNOUNCED, _SHORTEST_ID, _LONGEST_ID = 10, 7, 20
_FEWEST_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFinder:
    """Tells which runs of letters and digits are somebody's."""

    schemes: Sequence[Scheme]
    wanted: Collection[Kind]

    def find(self, folded: str, runs: Sequence[Run], cues: Sequence[Cue], expected: Kind | None) -> list[Match]:
        """Return the IBANs and identity numbers with letters among `runs`."""
        found = []
        for run in runs:
            if sum(char.isdecimal() for char in run.chars) < _FEWEST_DIGITS:
                continue
            cue = governing(cues, folded, _first_digit(run), run.end, 0)
            kind = cue.kind if cue else expected
            found += self._valid(run) or self._announced(_after(run, cue), kind)
        return [each for each in found if each.finding.kind in self.wanted]

    def _valid(self, run: Run) -> list[Match]:
        for part in _parts(run):
            code = part.chars.upper()
            if code.isdecimal():
                continue
            if _has_form_of_iban(code):
                return [match(Kind.IBAN, code, part.start, part.end)]
            for scheme in self.schemes:
                if scheme.alone and len(code) <= _LONGEST_ID and scheme.form.fullmatch(code) and scheme.is_valid(code):
                    return [match(Kind.NATIONAL_ID, code, part.start, part.end)]
        return []

    def _announced(self, run: Run, kind: Kind | None) -> list[Match]:
        """Take what was called an IBAN or an identity number for one, although its check fails."""
        code = run.chars.upper()
        if kind is Kind.IBAN and len(code) >= _SHORTEST_ANNOUNCED:
            return [match(Kind.IBAN, code, run.start, run.end)]
        if kind is Kind.NATIONAL_ID and _SHORTEST_ID <= len(code) <= _LONGEST_ID:
            return [match(Kind.NATIONAL_ID, code, run.start, run.end)]
        return []


def _has_form_of_iban(code: str) -> bool:
    """Tell whether characters have the form of their country's IBAN, whatever the check digits: one may be wrong."""
    if not _SHORTEST_IBAN <= len(code) <= _LONGEST_IBAN or not code[:2].isalpha() or not code[2:4].isdecimal():
        return False
    checked = f"{code[:2]}{iban.calc_check_digits(code)}{code[4:]}"
    return bool(iban.is_valid(checked, check_country=False))


def _after(run: Run, cue: Cue | None) -> Run:
    """Return what of a run stands after its cue: "IBAN" may have been read as letters."""
    pieces = tuple(piece for piece in run.pieces if cue is None or piece.start >= cue.end or cue.start > run.start)
    return Run(pieces=pieces) if pieces else run


def _first_digit(run: Run) -> int:
    """Return where the first digit of a run stands: words of a cue may look like spelled letters before it."""
    first = next(index for index, piece in enumerate(run.pieces) if piece.is_digits)
    while first and not run.pieces[first].pause and run.pieces[first - 1].chars.isalpha():
        first -= 1
    return run.pieces[first].start


def _parts(run: Run) -> Iterator[Run]:
    """Yield the parts of a run, longest first; what is written without a gap is not taken apart."""
    pieces = run.pieces
    apart = [True, *(before.end < after.start for before, after in pairwise(pieces)), True]
    for length in range(min(len(pieces), _LONGEST_IBAN), 0, -1):
        for first in range(len(pieces) - length + 1):
            if apart[first] and apart[first + length]:
                part = run.part(first, first + length)
                if len(part.chars) <= _LONGEST_IBAN:
                    yield part
