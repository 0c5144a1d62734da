"""What pydantic finds, in words for people who are not programmers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from appliance.config import schema
from appliance.config.places import Document
from appliance.config.problems import KeyPath, Place, Problem, dotted, masked
from appliance.config.suggest import closeness, closest

_LONGEST_QUOTE = 40
_CLOSE_ELSEWHERE = 85.0
_MOST_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Explainer:
    """Turns validation errors into problems with places, one for each place."""

    document: Document

    def problems(self, errors: Iterable[ErrorDetails]) -> Iterator[Problem]:
        """Yield a problem for every place that has an error and is not known to be broken already."""
        taken = {problem.place for problem in self.document.problems}
        for error in errors:
            problem = self._problem(error)
            if problem.place not in taken:
                taken.add(problem.place)
                yield problem

    def _problem(self, error: ErrorDetails) -> Problem:
        location: KeyPath = error["loc"]
        match error["type"]:
            case "extra_forbidden":
                return self._at(schema.as_written(location), self.document.keys, unknown_key(location))
            case "missing":
                parent = schema.as_written(location[:-1])
                return self._at(parent, self.document.values, f"{dotted(parent)} has no `{location[-1]}:` line; add it")
            case "rule":
                context = error["ctx"]
                candidates = [schema.as_written((*location[:-1], *_steps(name))) for name in context["about"]]
                written = schema.as_written(location)
                path = next((path for path in candidates if path in self.document.values), written)
                return self._at(path, self.document.values, context["message"])
            case _:
                path = self._known(schema.as_written(location))
                described = schema.at(location) or schema.at(path)
                return self._at(path, self.document.values, self._wrong_value(path, described, error["msg"]))

    def _wrong_value(self, path: KeyPath, described: schema.Schema | None, fallback: str) -> str:
        value = self._value(path)
        name = dotted(path) or "the configuration"
        if described is None:
            return f"{name}: {fallback}"
        return f"{name}: expected {schema.expected(described)}, got {in_words(value)}{_hint(described, value)}"

    def _value(self, path: KeyPath) -> Any:  # noqa: ANN401 - whatever was written there
        value = self.document.data
        for step in path:
            value = value[step]
        return value

    def _known(self, location: KeyPath) -> KeyPath:
        """Return the longest part of a location that stands somewhere; pydantic adds the names of union branches."""
        while location and location not in self.document.values:
            location = location[:-1]
        return location

    def _at(self, path: KeyPath, places: dict[KeyPath, Place], message: str) -> Problem:
        place = places.get(path) or self.document.values.get(self._known(path)) or Place(self.document.source)
        quote = "" if place.is_variable else self.document.quote(place.line)
        return Problem(place, message, path, quote)


def _steps(name: str) -> KeyPath:
    """Return the steps of `handover.channels.0.url`; what is a number counts items of a list from 0."""
    return tuple(int(step) if step.isdecimal() else step for step in name.split("."))


def in_words(value: object) -> str:
    """Return a value as the person wrote it, or what kind of thing it is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            shown = masked(value)
            return repr(shown if len(shown) <= _LONGEST_QUOTE else f"{shown[:_LONGEST_QUOTE]}…")
        case list():
            return "a list"
        case _:
            return "settings (`name: value`)"


def unknown_key(path: KeyPath) -> str:
    """Say that a setting does not exist, and which one was probably meant."""
    *parents, leaf = path
    siblings = list((schema.at(tuple(parents)) or {}).get("properties", {}))
    meant = [dotted(schema.as_written((*parents, name))) for name in [closest(str(leaf), siblings)] if name]
    meant = _same_name_elsewhere(path) or meant or _similar_elsewhere(path)
    written = dotted(schema.as_written(path))
    if meant:
        return f"there is no setting {written}; did you mean {' or '.join(meant[:_MOST_SUGGESTIONS])}?"
    place = f"{dotted(schema.as_written(tuple(parents)))} has" if parents else "there are"
    return f"there is no setting {written}; {place} {', '.join(siblings)}"


def _same_name_elsewhere(path: KeyPath) -> list[str]:
    return [dotted(known) for known, _ in schema.settings() if known[-1] == path[-1]]


def _similar_elsewhere(path: KeyPath) -> list[str]:
    written = {dotted(path), str(path[-1])}
    scored = [
        (max(closeness(word, name) for word in written for name in (dotted(known), str(known[-1]))), dotted(known))
        for known, _ in schema.settings()
    ]
    best, name = max(scored)
    return [name] if best >= _CLOSE_ELSEWHERE else []


def _hint(described: schema.Schema, value: object) -> str:
    """Name the likely slip behind a wrong value."""
    kinds = schema.kinds(described)
    if "enum" in described and isinstance(value, str):
        meant = closest(value, described["enum"])
        return f"; did you mean {meant}?" if meant else ""
    if kinds == {"boolean"} and isinstance(value, str):
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.casefold())
        return f"; write {meant}" if meant else ""
    if "string" in kinds and isinstance(value, dict):
        return "; text that contains a colon and a space must be put in quotes"
    if "string" in kinds and isinstance(value, bool | int | float):
        return "; put it in quotes if it is meant as text"
    if value is None:
        return _nothing(kinds)
    return ""


def _nothing(kinds: set[str]) -> str:
    empty = {"array": "[]", "object": "{}", "string": '""'}
    written = next((mark for kind, mark in empty.items() if kind in kinds), None)
    leave_out = "put `# ` before the line to keep the default"
    return f"; write {written} for none, or {leave_out}" if written else f"; {leave_out}"
