"""Templates of the configuration, filled with values that nobody vouches for.

Jinja in its sandbox: a template sees the values it is given and nothing else, and an unknown name is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from appliance.tools.action import JSON, Arguments
from appliance.tools.errors import Fault, ToolError

_ORIGIN = re.compile(r"https?://[^\s/?#{}@\\]+(?=[/?]|$)")
"""Scheme, host and port of an address: they are written out, and nobody's name and password stand in them."""
_LONE_NAME = re.compile(r"\s*\{\{\s*([a-z][a-z0-9_]*)\s*\}\}\s*")


def _written(value: Any) -> Any:  # noqa: ANN401 - whatever an expression yields
    """Return an inserted value as it is written: nothing for null, 2 for 2.0, true and false as in JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _encoded(value: Any) -> str:  # noqa: ANN401
    return quote(str(_written(value)), safe="")


class _Environment(ImmutableSandboxedEnvironment):
    """Reads `order.items` as the field of that name, not as the method that every dict has."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_PLAIN = _Environment(undefined=StrictUndefined, finalize=_written, autoescape=False)
_ADDRESS = _Environment(undefined=StrictUndefined, finalize=_encoded, autoescape=False)
_PLAIN.globals.clear()
_ADDRESS.globals.clear()


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a template with its values.

    Raises:
        ToolError: The template is wrong, or uses a name that has no value.
    """
    return _filled(_PLAIN, template, values)


def render_url(template: str, arguments: Arguments) -> str:
    """Return an address whose inserted values are percent-encoded and stay within their part of it.

    Raises:
        ToolError: The template is wrong, its scheme or host is not written out, or a value would lead to another path.
    """
    if not has_fixed_origin(template):
        raise ToolError(Fault.MISCONFIGURED, "the address must begin with https:// or http:// and a host")
    address = _filled(_ADDRESS, template, arguments)
    try:
        path = urlsplit(address).path
    except ValueError as error:
        raise ToolError(Fault.MISCONFIGURED, f"the address cannot be used: {error}") from error
    may_end_empty = template.partition("?")[0].endswith("/")
    *inner, last = path.split("/")
    if any(_climbs(segment) for segment in (*inner, last)):
        raise ToolError(Fault.INVALID_ARGUMENT, "an argument would lead to another path of the address")
    if "" in inner[1:] or (path and not last and not may_end_empty):
        raise ToolError(Fault.INVALID_ARGUMENT, "an argument that is part of the address is empty")
    return address


def render_field(template: str, arguments: Arguments) -> JSON:
    """Return a field of JSON: a template that is one argument alone keeps its type, others are texts."""
    lone = _LONE_NAME.fullmatch(template)
    if lone and lone.group(1) in arguments:
        return arguments[lone.group(1)]
    return render(template, arguments)


def render_speech(template: str, arguments: Arguments, data: Mapping[str, JSON]) -> str:
    """Return what is said: the template knows the arguments and the fields of the result, which go first."""
    return " ".join(render(template, {**arguments, **data}).split())


def names_in(template: str) -> set[str]:
    """Return the names that a template takes its values from. Raises ToolError when it is no template."""
    try:
        return meta.find_undeclared_variables(_PLAIN.parse(template))
    except TemplateError as error:
        raise ToolError(Fault.MISCONFIGURED, f"the template is wrong: {error}") from error


def has_fixed_origin(template: str) -> bool:
    """Tell whether scheme and host of an address are written out and so come from nobody else."""
    return _ORIGIN.match(template) is not None


def _climbs(segment: str) -> bool:
    """Tell whether a segment of a path is `..`, also for a server that decodes slashes before it looks."""
    return any(part in {".", ".."} for part in re.split(r"[/\\]", unquote(segment)))


@lru_cache(maxsize=512)
def _compiled(environment: _Environment, template: str) -> Template:
    return environment.from_string(template)


def _filled(environment: _Environment, template: str, values: Mapping[str, Any]) -> str:
    try:
        return _compiled(environment, template).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise ToolError(Fault.MISCONFIGURED, f"a template cannot be filled in: {error}") from error
