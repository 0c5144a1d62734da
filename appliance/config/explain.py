"""What pydantic finds, in words for people who are not programmers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from appliance.config import schema
from appliance.config.hints import hint, meant_option, name_like
from appliance.config.hosts import unlisted_hosts
from appliance.config.places import Document
from appliance.config.problems import KeyPath, Place, Problem, dotted, masked
from appliance.config.rules import NAME, PATTERNS
from appliance.config.suggest import closeness, closest

_LONGEST_QUOTE = 40
_CLOSE_ELSEWHERE = 85.0
_THE_SAME = 100.0
_MOST_SUGGESTIONS = 3
_TUPLE = "tuple[str, ...]"
"""What pydantic calls a list of texts where there may be something else, too."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Turns validation errors into problems with places, one for each place."""

    document: Document

    def problems(self, errors: Iterable[ErrorDetails]) -> Iterator[Problem]:
        """Yield a problem for every place that has an error and is not known to be broken already."""
        taken = {problem.place for problem in self.document.problems}
        for error in self._worth_telling(list(errors)):
            problem = self._problem(error)
            if problem.place not in taken:
                taken.add(problem.place)
                yield problem

    def unlisted_hosts(self) -> Iterator[Problem]:
        """Yield a problem for every host that is named and not listed, unless it is known already."""
        known = {(problem.place, problem.message) for problem in self.document.problems}
        for path, message in unlisted_hosts(self.document.data):
            problem = self._at(path, self.document.values, message)
            if (problem.place, problem.message) not in known:
                yield problem

    def _worth_telling(self, errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
        """Leave out what only follows from another error: a missing setting whose name is misspelt, and the like."""
        misspelt = set[KeyPath]()
        for error in errors:
            if error["type"] == "extra_forbidden":
                *parents, leaf = self._location(error)
                known = schema.properties(schema.at(tuple(parents)) or {})
                misspelt.add((*parents, closest(str(leaf), known) or ""))
        for error in errors:
            value = self._value(self._known(self._location(error)))
            skipped = (
                (error["type"] == "missing" and self._location(error) in misspelt)
                or (error["type"] == "too_short" and value)
                or (error["type"] == "model_type" and isinstance(value, list))
                or (error["type"] == "tuple_type" and isinstance(value, dict) and _TUPLE in map(str, error["loc"]))
            )
            if not skipped:
                yield error

    def _location(self, error: ErrorDetails) -> KeyPath:
        """Return where an error is, without the names that pydantic gives to the alternatives at one place."""
        found: KeyPath = ()
        *steps, leaf = error["loc"] or ("",)
        for step in steps:
            written = schema.as_written((*found, step))
            known = written in self.document.values or written in self.document.keys
            if known or schema.at((*found, step)) is not None:
                found = (*found, step)
        return (*found, leaf) if error["loc"] else ()

    def _problem(self, error: ErrorDetails) -> Problem:
        location = self._location(error)
        match error["type"]:
            case "extra_forbidden":
                message = self._not_indented(location) or unknown_key(location)
                return self._at(schema.as_written(location), self.document.keys, message)
            case "missing":
                return self._missing(schema.as_written(location))
            case "union_tag_not_found" | "union_tag_invalid":
                return self._wrong_kind(schema.as_written(location), str(error["ctx"]["discriminator"]).strip("'"))
            case "string_pattern_mismatch" if location[-1] == "[key]":
                return self._wrong_name(schema.as_written(location[:-1]), error["ctx"]["pattern"])
            case "rule":
                context = error["ctx"]
                sections = (location, location[:-1])  # of a whole section, or of a setting in it
                about = [(*section, *_steps(name)) for section in sections for name in context["about"]]
                candidates = [schema.as_written(path) for path in about]
                written = schema.as_written(location)
                path = next((path for path in candidates if path in self.document.values), written)
                return self._at(path, self.document.values, context["message"])
            case _:
                path = self._known(schema.as_written(location))
                described = schema.at(location) or schema.at(path)
                return self._at(path, self.document.values, self._wrong_value(path, described, error["msg"]))

    def _missing(self, path: KeyPath, described: str = "") -> Problem:
        described = described or (schema.at(path) or {}).get("description", "")
        what = f" ({described[:1].lower()}{described[1:].rstrip('.')})" if described else ""
        parent = path[:-1]
        message = f"{dotted(parent)} has no `{path[-1]}:` line; add it{what}"
        return self._at(parent, self.document.values, message)

    def _wrong_kind(self, parent: KeyPath, name: str) -> Problem:
        """Say that a thing which comes in several kinds has none, or one that there is not."""
        path, kinds = (*parent, name), list(schema.branches(schema.at(parent) or {}))
        if path not in self.document.values:
            return self._missing(path, schema.either(kinds))
        value = self._value(path)
        meant = meant_option(value, kinds) if isinstance(value, str) else None
        ending = f"; did you mean {meant}?" if meant else ""
        message = f"{dotted(path)}: expected {schema.either(kinds)}, got {in_words(value)}{ending}"
        return self._at(path, self.document.values, message)

    def _wrong_name(self, path: KeyPath, pattern: str) -> Problem:
        written = str(path[-1])
        meant = f"; write {name_like(written)}" if pattern == NAME and name_like(written) else ""
        message = f"{dotted(path[:-1])}: expected {PATTERNS.get(pattern, pattern)}, got {in_words(written)}{meant}"
        return self._at(path, self.document.keys, message)

    def _not_indented(self, path: KeyPath) -> str:
        """Say of an unknown setting at the left edge that it belongs to the empty section above it."""
        place = self.document.keys.get(path)
        if len(path) > 1 or place is None or place.line is None:
            return ""
        above = [
            (other.line, key[0])
            for key, other in self.document.keys.items()
            if len(key) == 1 and other.line is not None and other.line < place.line and schema.at(key) is not None
        ]
        section = max(above, default=(0, ""))[1]
        if not section or self.document.data.get(section) or schema.at((section, *path)) is None:
            return ""
        return f"{path[0]} belongs to {section}, above it; begin this line with two spaces"

    def _wrong_value(self, path: KeyPath, described: schema.Schema | None, fallback: str) -> str:
        value = self._value(path)
        name = dotted(path) or "the configuration"
        if described is None:
            return f"{name}: {fallback}"
        return f"{name}: expected {schema.expected(described)}, got {in_words(value)}{hint(path, described, value)}"

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
    siblings = list(schema.properties(schema.at(tuple(parents)) or {}))
    meant = [dotted(schema.as_written((*parents, name))) for name in [closest(str(leaf), siblings)] if name]
    meant = _same_name_elsewhere(path) or _similar_elsewhere(path, _THE_SAME) or meant or _similar_elsewhere(path)
    written = dotted(schema.as_written(path))
    if meant:
        return f"there is no setting {written}; did you mean {' or '.join(meant[:_MOST_SUGGESTIONS])}?"
    place = f"{dotted(schema.as_written(tuple(parents)))} has" if parents else "there are"
    return f"there is no setting {written}; {place} {', '.join(siblings)}"


def _same_name_elsewhere(path: KeyPath) -> list[str]:
    return [dotted(known) for known, _ in schema.settings() if known[-1] == path[-1]]


def _similar_elsewhere(path: KeyPath, enough: float = _CLOSE_ELSEWHERE) -> list[str]:
    written = {dotted(path), str(path[-1])}
    scored = [
        (max(closeness(word, name) for word in written for name in (dotted(known), str(known[-1]))), dotted(known))
        for known, _ in schema.settings()
    ]
    best, name = max(scored)
    return [name] if best >= enough else []
