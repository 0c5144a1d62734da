"""The configuration's JSON Schema, and what it says about a setting in plain words."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from appliance.config.models import Config
from appliance.config.problems import KeyPath
from appliance.config.rules import NAME, PATTERNS

Schema = dict[str, Any]

_ONE_OF_MANY = 2


@cache
def config_schema() -> Schema:
    """Return the JSON Schema of the configuration as pydantic derives it."""
    return Config.model_json_schema()


def editor_schema() -> Schema:
    """Return a JSON Schema (draft 2020-12) for editors; there, a section may also be left empty."""
    schema = copy.deepcopy(config_schema())
    for holder in (schema, *schema["$defs"].values()):
        for name, part in holder.get("properties", {}).items():
            if is_section(resolved(part)):
                described = {"description": resolved(part)["description"], **part}
                reference = described.pop("$ref")
                holder["properties"][name] = {"anyOf": [{"$ref": reference}, {"type": "null"}], **described}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def resolved(schema: Schema) -> Schema:
    """Follow a reference to another part of the schema; what stands beside the reference wins."""
    if "$ref" not in schema:
        return schema
    target: Schema = config_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**target, **schema}


def at(path: KeyPath) -> Schema | None:
    """Return the schema of a setting, None when there is no such setting."""
    schema: Schema | None = config_schema()
    for step in path:
        if schema is None:
            return None
        schema = _alternative(schema, step)
        part = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        if step in branches(schema):
            part = {"$ref": branches(schema)[str(step)]}
        if part is None:
            named = schema.get("patternProperties", {}).items()
            part = next((found for pattern, found in named if re.search(pattern, str(step))), None)
        if part is None and isinstance(schema.get("additionalProperties"), dict):
            part = schema["additionalProperties"]
        schema = None if part is None else resolved(part)
    return schema


def branches(schema: Schema) -> dict[str, str]:
    """Return the kinds of settings there are at one place, with references to them; empty when there is only one."""
    return schema.get("discriminator", {}).get("mapping", {})  # type: ignore[no-any-return]


def as_written(path: KeyPath) -> KeyPath:
    """Return the path of a setting without the names of kinds, which pydantic adds."""
    return tuple(step for end, step in enumerate(path) if step not in branches(at(path[:end]) or {}))


def _alternative(schema: Schema, step: str | int) -> Schema:
    """Return what a setting may be besides null or the like in which there is something at a step."""
    within = "items" if isinstance(step, int) else "properties"
    return next((option for option in map(resolved, schema.get("anyOf", ())) if within in option), schema)


def options(schema: Schema) -> list[str]:
    """Return the words among which a setting chooses; none when it takes others."""
    if "anyOf" in schema:
        return [word for option in schema["anyOf"] for word in options(resolved(option))]
    return [str(option) for option in schema.get("enum", ())]


def takes_names(schema: Schema) -> bool:
    """Tell whether a setting is a name such as `order_status`."""
    return schema.get("pattern") == NAME


def properties(schema: Schema) -> Schema:
    """Return the settings of a section by their names, also of one that may be null; empty for others."""
    found: Schema = _alternative(schema, "").get("properties", {})
    return found


def is_section(schema: Schema) -> bool:
    """Tell whether the schema describes a group of named settings."""
    return "properties" in schema


@cache
def pairs() -> frozenset[str]:
    """Return the names of settings that hold pairs of words, such as headers: their own names are free."""
    parts = [part for holder in config_schema()["$defs"].values() for part in holder.get("properties", {}).items()]
    return frozenset(name for name, part in parts if part.get("type") == "object" and "$ref" not in str(part))


def settings(path: KeyPath = ()) -> Iterator[tuple[KeyPath, Schema]]:
    """Yield every setting below a section, sections themselves and list items not included."""
    for name, part in ((at(path) or {}).get("properties", {})).items():
        schema = resolved(part)
        if is_section(schema):
            yield from settings((*path, name))
        else:
            yield (*path, name), schema


def kinds(schema: Schema) -> set[str]:
    """Return the JSON types a setting may have."""
    return {resolved(option).get("type", "object") for option in schema.get("anyOf", [schema])}


def expected(schema: Schema) -> str:
    """Say in plain words what a setting takes: `a whole number from 0 to 60000`, `low, auto or high`."""
    if "anyOf" in schema:
        parts = [options(option) or [expected(option)] for option in map(resolved, schema["anyOf"])]
        return either([words for part in parts for words in part])
    if "enum" in schema:
        return either(options(schema))
    if schema.get("pattern") in PATTERNS:
        return PATTERNS[schema["pattern"]]
    if branches(schema):
        return f"settings whose `{schema['discriminator']['propertyName']}` is {either(list(branches(schema)))}"
    if is_section(schema):
        names = ", ".join(schema["properties"])
        return f"settings of its own, one on each line below ({names})"
    words: dict[str, str] = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
        "array": "a list, one item a line with `- ` before each",
        "object": "pairs of words, one `word: text` on each line below",
    }
    return words[schema["type"]] + _limits(schema)


def _limits(schema: Schema) -> str:
    if schema.get("minLength"):
        return " that is not empty"
    if schema.get("minItems"):
        return " (at least one)"
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']:.12g} to {schema['maximum']:.12g}"
    if "exclusiveMinimum" in schema and "maximum" in schema:
        return f" above {schema['exclusiveMinimum']:.12g} and up to {schema['maximum']:.12g}"
    return ""


def either(options: list[str]) -> str:
    """Return words as a choice: `low, auto or high`."""
    if len(options) < _ONE_OF_MANY:
        return "".join(options)
    return f"{', '.join(options[:-1])} or {options[-1]}"
