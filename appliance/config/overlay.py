"""Settings from the environment: `APPLIANCE__TURN__CLEAR_END_MS=250` sets `turn.clear_end_ms`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from appliance.config import schema
from appliance.config.explain import unknown_key
from appliance.config.places import Document, decode, parse, plain_scalar
from appliance.config.problems import KeyPath, Place, Problem, dotted

PREFIX = "APPLIANCE__"
SEPARATOR = "__"


def lay_over(document: Document, environ: Mapping[str, str]) -> None:
    """Put the settings of the environment over those of the file; problems are added to the document's."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        place = Place(variable, is_variable=True)
        path: KeyPath = tuple(variable.removeprefix(PREFIX).lower().split(SEPARATOR))
        described = schema.at(path)
        if described is None or schema.is_section(described) or not _is_setting(path):
            document.problems.append(Problem(place, _unknown(path, described), path))
            continue
        parsed = _parse(environ[variable], variable, described)
        document.problems.extend(Problem(place, problem.message, path) for problem in parsed.problems)
        if not parsed.problems:
            _put(document, path, parsed, place)


def variable_of(path: str) -> str:
    """Return the name of the environment variable for a setting written with dots."""
    return PREFIX + path.upper().replace(".", SEPARATOR)


def _is_setting(path: KeyPath) -> bool:
    return any(path == known for known, _ in schema.settings())


def _unknown(path: KeyPath, described: schema.Schema | None) -> str:
    if described is not None and schema.is_section(described):
        names = ", ".join(variable_of(dotted((*path, name))) for name in described["properties"])
        return f"{dotted(path)} is a section; name one of its settings ({names})"
    return unknown_key(path)


def _parse(text: str, variable: str, described: schema.Schema) -> Document:
    """Read a value: lists, pairs and quoted texts as YAML, other texts as they are, the rest as YAML scalars."""
    kinds = schema.kinds(described)
    raw = text.encode("utf-8", errors="surrogatepass")
    if kinds & {"array", "object"} or text[:1] in {'"', "'"}:
        return parse(raw, variable)
    parsed = Document(variable, values={(): Place(variable)})
    readable = decode(raw, parsed) or ""
    parsed.data = readable if kinds == {"string"} else plain_scalar(readable.strip())
    return parsed


def _put(document: Document, path: KeyPath, parsed: Document, place: Place) -> None:
    section = document.data
    for step in path[:-1]:
        if not isinstance(section, dict):
            return
        section = section.setdefault(step, {})
    if not isinstance(section, dict):
        return
    section[path[-1]] = parsed.data
    document.values = {known: at for known, at in document.values.items() if known[: len(path)] != path}
    document.values.update(dict.fromkeys(_extended(path, parsed), place))
    document.keys[path] = place


def _extended(path: KeyPath, parsed: Document) -> Iterator[KeyPath]:
    return ((*path, *inner) for inner in parsed.values)
