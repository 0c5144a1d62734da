"""YAML that remembers where everything stands.

Only plain data is read: texts, numbers, true/false, null, lists and groups of settings. Tags, anchors and aliases are
refused, so no file can create objects or blow itself up. Scalars follow YAML 1.2 (`yes`, `12:30` and `0151` are texts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import Reader

from appliance.config.problems import KeyPath, Place, Problem
from appliance.config.slips import (
    curly_quotes,
    has_template,
    in_quotes,
    is_left_open,
    lacks_opening_quote,
    open_quote,
    swallowed_lines,
)
from appliance.config.syntax import QUOTE_TEMPLATES, indentation_faults, syntax_faults

MAX_DEPTH = 16
"""Levels of nesting; the deepest setting of the configuration has four."""
MAX_BYTES = 1 << 20
"""Size of a configuration file; a large one has some ten kilobytes."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]+|\.)?([eE][-+]?[0-9]+)?")
_CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    written: value for value in (True, False) for written in (str(value), str(value).lower(), str(value).upper())
}


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Return the value of a scalar that stands without quotes."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and any(character.isdigit() for character in text.lower().partition("e")[0]):
        return float(text)
    return text


@dataclass(slots=True)
class Document:
    """A parsed file: its data, where each key and value stands, and what is wrong with it as YAML."""

    source: str
    data: Any = None
    lines: list[str] = field(default_factory=list)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, line: int, column: int, message: str, path: KeyPath = ()) -> None:
        """Note a problem at a line and column from 1 on."""
        self.problems.append(Problem(Place(self.source, line, column), message, path, self.quote(line)))

    def quote(self, line: int | None) -> str:
        """Return a line of the file, empty when there is no such line."""
        return self.lines[line - 1] if line is not None and line <= len(self.lines) else ""


def parse(raw: bytes, source: str) -> Document:
    """Parse a file's bytes; `data` is None when the text is no YAML at all (then there is at least one problem)."""
    document = Document(source)
    if len(raw) > MAX_BYTES:
        document.problems.append(Problem(Place(source), f"the file is larger than {MAX_BYTES >> 20} MiB"))
        return document
    text = decode(raw, document)
    if text is None:
        return document
    document.lines = text.splitlines()
    for fault in indentation_faults(document.lines):
        document.report(fault.line, fault.column, fault.message)
    if document.problems:
        return document
    composer = _Composer(document, text)
    try:
        document.data = composer.compose()
    except yaml.MarkedYAMLError as error:
        told = {problem.place.line for problem in document.problems}
        for fault in syntax_faults(error, document.lines, composer.quotation):
            line = min(fault.line, max(len(document.lines), 1))
            if line not in told:
                document.report(line, fault.column, fault.message)
    except _TooDeepError as error:
        document.report(error.line, error.column, f"this is nested more than {MAX_DEPTH} levels deep")
    return document


def decode(raw: bytes, document: Document) -> str | None:
    """Decode UTF-8; when that is impossible, note why in the document and return None."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        document.report(1, 1, "the file is saved as UTF-16; save it as UTF-8")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        document.lines = raw.decode("utf-8-sig", errors="replace").splitlines()
        line, column = _line_and_column(before)
        document.report(line, column, "this character is not UTF-8; save it as UTF-8")
        return None
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable is None:
        return text
    line, column = _line_and_column(text[: unprintable.start()])
    name = f"U+{ord(unprintable.group()):04X}"
    document.report(line, column, f"there is an invisible control character ({name}) here; delete it")
    return None


def _line_and_column(before: str) -> tuple[int, int]:
    lines = f"{before}|".splitlines()
    return len(lines), len(lines[-1])


class _TooDeepError(Exception):
    """The nesting has no end."""

    def __init__(self, event: yaml.Event) -> None:
        super().__init__()
        self.line, self.column = _position(event)


def _position(event: yaml.Event) -> tuple[int, int]:
    """Return line and column from 1 on; every event of a parser has a mark, others have none."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Composer:
    """Builds plain data from the parser's events."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.quotation: yaml.ScalarEvent | None = None
        """The last text in quotes."""

    def compose(self) -> Any:  # noqa: ANN401 - a YAML document may be anything
        """Return the data of the only document; None when there is none."""
        data: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._report(event, "a second document starts here; remove this line")
                    return data
                data = self._value(next(self._events), ())
        return data

    def _value(self, event: yaml.Event, path: KeyPath) -> Any:  # noqa: ANN401
        if len(path) > MAX_DEPTH:
            raise _TooDeepError(event)
        self._document.values[path] = self._place(event)
        self._refuse_markup(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        return None

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._report_name(event, path)
                self._skip(event)
                self._skip(next(self._events))
                continue
            self._refuse_markup(event, path)
            self._look_for_slips(event, path)
            key = event.value
            if key in mapping:
                first = self._document.keys[(*path, key)].line
                self._report(event, f"`{key}` stands here twice (first in line {first}); keep one", path)
                self._skip(next(self._events))
                continue
            self._document.keys[(*path, key)] = self._place(event)
            mapping[key] = self._value(next(self._events), (*path, key))
        return mapping

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _scalar(self, event: yaml.ScalarEvent, path: KeyPath) -> str | int | float | bool | None:
        if any("\ud800" <= character <= "\udfff" for character in event.value):
            self._report(event, "this text contains half a character (\\uD800 to \\uDFFF)", path)
            return None
        self._look_for_slips(event, path)
        return plain_scalar(event.value) if event.style is None else event.value

    def _look_for_slips(self, event: yaml.ScalarEvent, path: KeyPath) -> None:
        """Note what YAML takes for text, or for its end, and a person meant otherwise."""
        line, column = _position(event)
        last = event.end_mark.line + 1 if event.end_mark else line
        lines = self._document.lines
        if event.style is None:
            message = curly_quotes(event.value)
            if lacks_opening_quote(event.value):
                message = (
                    f"this text ends with a quotation mark, and none opens it; write {in_quotes(event.value[:-1])}"
                )
            if message:
                self._report(event, message, path)
            for fault in swallowed_lines(lines, line, min(last, len(lines))):
                self._document.report(fault.line, fault.column, fault.message, path)
        elif event.style in {'"', "'"}:
            self.quotation = event
            if path and is_left_open(lines, line, column, last):
                fault = open_quote(lines, line, column, last)
                self._document.report(fault.line, fault.column, fault.message, path)

    def _report_name(self, event: yaml.Event, path: KeyPath) -> None:
        """Say that a group or a list stands where the name of a setting belongs."""
        line, _ = _position(event)
        is_template = has_template(self._document.quote(line))
        self._report(event, QUOTE_TEMPLATES if is_template else "the name of a setting must be a plain word", path)

    def _skip(self, event: yaml.Event) -> None:
        """Read past a value that is not wanted."""
        depth = int(isinstance(event, yaml.CollectionStartEvent))
        while depth:
            event = next(self._events)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)

    def _refuse_markup(self, event: yaml.Event, path: KeyPath) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._report(event, "text cannot begin with `*`; put it in quotes", path)
        elif getattr(event, "anchor", None) is not None:
            self._report(event, "text cannot begin with `&`; put it in quotes", path)
        elif getattr(event, "tag", None) is not None:
            self._report(event, "text cannot begin with `!`; put it in quotes", path)

    def _place(self, event: yaml.Event) -> Place:
        return Place(self._document.source, *_position(event))

    def _report(self, event: yaml.Event, message: str, path: KeyPath = ()) -> None:
        self._document.report(*_position(event), message, path)
