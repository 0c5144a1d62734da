"""What redaction is measured on: sentences in which the personal data is marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import TypeAdapter, ValidationError

from appliance.config.redaction import Kind
from appliance.errors import UsageError

_MARK = re.compile(r"\{(?P<kind>[a-z_]+)(?:/(?P<form>[a-z_]+))?\|(?P<value>[^{}|]+)\}")
_Halves: TypeAlias = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A value that must not be kept."""

    kind: Kind
    start: int
    end: int
    form: str = ""
    """What it is more precisely, such as "cpf"; counted by itself too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionCase:
    """A sentence."""

    group: str
    """Under which key it stands in the file."""
    text: str
    marked: tuple[Marked, ...]
    """In the order of the text; none for a sentence that must not be altered."""


def load_redaction_cases(path: Path) -> list[RedactionCase]:
    """Read the sentences of a file: groups of strings in which `{kind|value}` marks what must not be kept.

    Raises UsageError when the file cannot be read, a mark is wrong, or there are none.
    """
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        groups = TypeAdapter(_Halves).validate_python(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: {error}", remedy="Name a YAML file of marked sentences.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise UsageError(
            f"{path}: {place}: {first['msg']}", remedy="Write groups of sentences, each a list."
        ) from error
    cases = [_case(path, group, line) for group, lines in groups.items() for line in lines]
    if not cases:
        raise UsageError(f"{path} has no sentences", remedy="Write groups of sentences, each a list.")
    return cases


def _case(path: Path, group: str, line: str) -> RedactionCase:
    text, marked, end = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        if mark["kind"] not in list(Kind):
            raise UsageError(
                f"{path}: {mark['kind']!r} in {line!r} is no kind of data", remedy=f"Use one of {', '.join(Kind)}."
            )
        end = len(text) + len(mark["value"])
        marked.append(Marked(kind=Kind(mark["kind"]), start=len(text), end=end, form=mark["form"] or ""))
        text, end = text + mark["value"], mark.end()
    text += line[end:]
    if "{" in text or "}" in text:
        raise UsageError(f"{path}: a mark in {line!r} is not closed", remedy="Write {kind|value}.")
    return RedactionCase(group=group, text=text, marked=tuple(marked))
