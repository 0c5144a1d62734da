"""Takes personal data out of records before they are written, and learns names from what tools were given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from appliance.config.redaction import Kind
from appliance.storage.records import Consent, Metrics, ToolCall, Turn

_NAMES_A_PERSON = re.compile(r"name|patient|customer", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][^\d_]{1,79}")
_MOST_WORDS = 5
"""A field whose name says `name` may hold anything; a person's name has letters, no digits, and few words."""


Cleanable = Turn | ToolCall | Metrics | Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A record as it happened, and the data whose names have to be known before it is written."""

    record: Turn | ToolCall | Metrics
    names_from: Sequence[Mapping[str, Any]] = ()


class Finding(Protocol):
    """A value that was replaced."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    @property
    def normalised(self) -> str:
        """The value in the form that is the same however it was said."""


class Redactor(Protocol):
    """Replaces personal data by placeholders, the same for the same value as long as the redactor lives."""

    def redact(self, text: str) -> str:
        """Return the text with placeholders."""

    def redact_data(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return data with placeholders in its strings."""

    def learn(self, kind: Kind, value: str) -> None:
        """Replace this value from now on."""

    def found(self) -> Sequence[Finding]:
        """Return everything that was replaced so far."""


class Redaction:
    """The redaction of one session. It is used by one job at a time, on any thread, and built by the first of them."""

    def __init__(self, build: Callable[[], Redactor]) -> None:
        self._build = build
        self._built: Redactor | None = None
        self._learnt: set[str] = set()
        self.outdated = False
        """Whether a name was learnt since records were written, so that it may stand in them."""

    @property
    def _redactor(self) -> Redactor:
        if self._built is None:
            self._built = self._build()
        return self._built

    def prepare(self, raw: Raw) -> Cleanable:
        """Return a record without personal data, and learn the names of people that come with it."""
        for data in raw.names_from:
            for name in {*names_in(data)} - self._learnt:
                self._learnt.add(name)
                self._redactor.learn(Kind.NAME, name)
                self.outdated = True
        return self.clean(raw.record)

    def clean(self, record: Cleanable) -> Cleanable:
        """Return a record without personal data."""
        match record:
            case Turn():
                texts = self._redactor.redact(record.user_text), self._redactor.redact(record.heard_text)
                return replace(record, user_text=texts[0], heard_text=texts[1])
            case ToolCall():
                return replace(
                    record,
                    arguments=self._redactor.redact_data(dict(record.arguments)),
                    evidence=self._redactor.redact_data(dict(record.evidence)),
                )
            case Consent():
                return replace(record, heard=self._redactor.redact(record.heard))
            case _:
                return record

    def changed(self, written: Mapping[int, Turn | ToolCall]) -> dict[int, Cleanable]:
        """Return those of the written records that hold what has become known as personal since."""
        cleaned = {record_id: self.clean(record) for record_id, record in written.items()}
        return {record_id: record for record_id, record in cleaned.items() if record != written[record_id]}

    def found(self) -> set[tuple[str, str]]:
        """Return the people and numbers that were found, as (kind, normalised value)."""
        return {(finding.kind.value, finding.normalised) for finding in self._redactor.found()}


def names_in(data: Any, *, wanted: bool = False) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Return the values that are names of people by the name of their field, at any depth."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from names_in(value, wanted=wanted or bool(_NAMES_A_PERSON.search(str(key))))
    elif isinstance(data, list | tuple):
        for value in data:
            yield from names_in(value, wanted=wanted)
    elif wanted and isinstance(data, str) and _NAME.fullmatch(data) and len(data.split()) <= _MOST_WORDS:
        yield data
