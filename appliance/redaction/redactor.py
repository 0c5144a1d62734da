"""Personal data replaced by placeholders that stay the same for a session."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from appliance.config.redaction import Kind, RedactionConfig
from appliance.redaction import phones
from appliance.redaction.births import find_births
from appliance.redaction.codes import CodeFinder
from appliance.redaction.cues import Cues
from appliance.redaction.emails import find_emails
from appliance.redaction.fields import kind_of_field
from appliance.redaction.folding import fold, hide
from appliance.redaction.matches import Finding, Match
from appliance.redaction.names import KnownNames, introduced_names, names_before, normalised_name
from appliance.redaction.numbers import NumberFinder, abandoned, known_numbers
from appliance.redaction.reading import Reading, Run
from appliance.redaction.schemes import schemes_of

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"

_SHORTEST_WHOLE = 4
_NO_NAME = re.compile(r"[_\d]")
"""In a field called `name` that is the name of a tool or a thing."""
_BESIDE_NAMES = frozenset({Kind.PHONE, Kind.EMAIL})
_MONTH_FIRST = frozenset({"US"})


class Redactor:
    """Redacts what is said and done in one session; not to be shared by threads.

    Args:
        config: What is replaced.
        public: Names that stay, such as the assistant's and those of the staff.
    """

    def __init__(self, config: RedactionConfig, public: Collection[str] = ()) -> None:
        self._wanted = config.wanted
        self._countries = config.countries
        self._month_first = config.countries[0] in _MONTH_FIRST
        schemes = schemes_of(config.countries)
        self._cues = Cues(config.countries)
        self._numbers = NumberFinder(countries=config.countries, schemes=schemes, wanted=self._wanted)
        self._codes = CodeFinder(schemes=schemes, wanted=self._wanted)
        self._placeholders: dict[Finding, str] = {}
        self._names = KnownNames()
        self._public = frozenset(word for name in public for word in normalised_name(name).split())
        phones.warm_up(config.countries)

    def redact(self, text: str, *, expected: Kind | None = None) -> str:
        """Return `text` with what was found in it replaced; already redacted text is returned as it is.

        Args:
            text: What was said or written.
            expected: What was asked for before, so that an answer without any cue ("555 0142") is understood.
        """
        if not self._wanted:
            return text
        while matches := self._matches(text, expected):
            text = self._replaced(text, matches)
        return text

    def redact_data(self, value: JSON) -> JSON:
        """Return a copy of nested data with all strings redacted.

        A field that names what it holds, such as `phone`, `patient_name` or `cpf`, is redacted whole, and its value
        is known from then on. Numbers are redacted where they would be as text.
        """
        if not self._wanted:
            return value
        self._learn_fields(value)
        return self._redacted(value, None)

    def learn(self, kind: Kind, value: str) -> None:
        """Take a value for known: from now on it is replaced wherever it stands, a name in its parts too."""
        finding = self._finding(kind, value)
        public = kind is Kind.NAME and self._is_public(finding)
        if kind in self._wanted and finding.normalised and not public:
            self._known(finding)

    def found(self) -> Sequence[Finding]:
        """Return every value that was found or learnt in the session, in the order in which they came."""
        return tuple(self._placeholders)

    def _matches(self, text: str, expected: Kind | None) -> list[Match]:
        """Return what there is to replace, without overlaps."""
        folded = fold(text)
        found = find_emails(folded) if Kind.EMAIL in self._wanted else []
        folded = _hidden(folded, found)
        reading = Reading(folded, text)
        cues = self._cues.find(folded)
        codes = self._codes.find(folded, reading.mixed_runs(), cues, expected)
        runs = [run for run in reading.digit_runs() if not _inside(run.start, run.end, codes)]
        births = self._births(folded, runs, expected)
        found = _distinct([*found, *codes, *births])
        runs = [run for run in runs if not _inside(run.start, run.end, found)]
        known = known_numbers(runs, self.found(), lambda chars: phones.normalised(chars, self._countries))
        free = [run for run in runs if not _inside(run.start, run.end, known)]
        found = _distinct([*found, *known, *self._numbers.find(folded, free, cues, expected)])
        free = [run for run in free if not _inside(run.start, run.end, found)]
        found = _distinct([*found, *abandoned(free, found)])
        if Kind.NAME in self._wanted:
            found = _distinct([*found, *self._find_names(text, _hidden(folded, found), found, expected)])
        return found

    def _births(self, folded: str, runs: Sequence[Run], expected: Kind | None) -> list[Match]:
        if Kind.DATE_OF_BIRTH not in self._wanted:
            return []
        return find_births(
            folded,
            runs,
            month_first=self._month_first,
            known={each.normalised for each in self._placeholders if each.kind is Kind.DATE_OF_BIRTH},
            expected=expected is Kind.DATE_OF_BIRTH,
        )

    def _find_names(self, text: str, folded: str, numbers: Sequence[Match], expected: Kind | None) -> list[Match]:
        places = [each.start for each in numbers if each.finding.kind in _BESIDE_NAMES]
        introduced = introduced_names(text, folded, asked=expected is Kind.NAME)
        introduced = _distinct([*introduced, *names_before(text, folded, places)])
        introduced = [each for each in introduced if not self._is_public(each.finding)]
        for each in introduced:
            self._known(each.finding)
        return [*introduced, *self._names.find(folded)]

    def _is_public(self, name: Finding) -> bool:
        return self._public.issuperset(name.normalised.split())

    def _replaced(self, text: str, matches: Sequence[Match]) -> str:
        parts, end = [], 0
        for each in matches:
            parts += [text[end : each.start], self._known(each.finding)]
            end = each.end
        return "".join([*parts, text[end:]])

    def _known(self, finding: Finding) -> str:
        """Return the placeholder of a value, which is known from now on."""
        finding = self._names.same(finding) if finding.kind is Kind.NAME else finding
        if finding not in self._placeholders:
            count = sum(each.kind is finding.kind for each in self._placeholders) + 1
            self._placeholders[finding] = f"[{finding.kind.name}_{count}]"
            if finding.kind is Kind.NAME:
                self._names.add(finding)
        return self._placeholders[finding]

    def _finding(self, kind: Kind, value: str) -> Finding:
        if kind is Kind.NAME:
            return Finding(kind=kind, normalised=normalised_name(value))
        if kind is Kind.EMAIL:
            return Finding(kind=kind, normalised=fold(value).strip())
        if kind is Kind.DATE_OF_BIRTH:
            births = find_births(fold(value), (), month_first=self._month_first, expected=True)
            return births[0].finding if births else Finding(kind=kind, normalised=fold(value).strip())
        if kind is Kind.PHONE:
            digits = re.sub(r"[^\d+]", "", fold(value))
            return Finding(kind=kind, normalised=phones.normalised(digits, self._countries) if digits else "")
        return Finding(kind=kind, normalised=re.sub(r"[^0-9A-Z]", "", fold(value).upper()))

    def _learn_fields(self, value: JSON) -> None:
        if isinstance(value, Mapping):
            for name, each in value.items():
                kind = kind_of_field(name)
                if kind and isinstance(each, str | int) and not isinstance(each, bool) and _is_value(kind, str(each)):
                    self.learn(kind, str(each))
                self._learn_fields(each)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for each in value:
                self._learn_fields(each)

    def _redacted(self, value: JSON, kind: Kind | None) -> JSON:
        if isinstance(value, Mapping):
            return {name: self._redacted(each, kind_of_field(name)) for name, each in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._redacted(each, kind) for each in value]
        if isinstance(value, bool) or value is None:
            return value
        text = self._whole(str(value), kind)
        return value if text == str(value) else text

    def _whole(self, text: str, kind: Kind | None) -> str:
        """Redact a value; all of it where its field tells what it is."""
        redacted = self.redact(text, expected=kind)
        if kind is None or kind not in self._wanted or redacted != text or not text.strip():
            return redacted
        finding = self._finding(kind, text)
        if kind is Kind.NAME and self._is_public(finding):
            return redacted
        whole = _is_value(kind, text) and (kind is Kind.NAME or len(finding.normalised) >= _SHORTEST_WHOLE)
        return self._known(finding) if whole else redacted


def _is_value(kind: Kind, text: str) -> bool:
    """Tell whether a field that is called so holds a value of the kind."""
    return bool(text.strip()) and (kind is not Kind.NAME or not _NO_NAME.search(text))


def _hidden(folded: str, found: Sequence[Match]) -> str:
    for each in found:
        folded = hide(folded, each.start, each.end)
    return folded


def _inside(start: int, end: int, found: Sequence[Match]) -> bool:
    return any(each.start < end and start < each.end for each in found)


def _distinct(found: Sequence[Match]) -> list[Match]:
    """Return matches in the order of the text; of two that overlap, the one that was found first."""
    kept: list[Match] = []
    for each in found:
        if not _inside(each.start, each.end, kept):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)
