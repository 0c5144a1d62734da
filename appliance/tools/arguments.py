"""The arguments of a call, held against what the parameters allow: the last look before something is done."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from appliance.config.tools import Parameter, ParameterType, Value
from appliance.tools.bounds import LENGTH
from appliance.tools.errors import Fault, ToolError


def checked(parameters: Mapping[str, Parameter], arguments: Mapping[str, object]) -> dict[str, Value | None]:
    """Return a value for every parameter: the argument, else its default, else None where it is optional.

    Raises:
        ToolError: An argument is missing, unknown, or not what its parameter allows.
    """
    unknown = [name for name in arguments if name not in parameters]
    if unknown:
        raise _invalid(f"there is no parameter {unknown[0][:40]!r}")
    return {name: _value(name, parameter, arguments.get(name)) for name, parameter in parameters.items()}


def _value(name: str, parameter: Parameter, given: object) -> Value | None:
    value = parameter.default if given is None else given
    if value is None:
        if parameter.required:
            raise _invalid(f"{name} is missing")
        return None
    if parameter.type is ParameterType.STRING:
        return _text(name, parameter, value)
    if parameter.type is ParameterType.BOOLEAN:
        if not isinstance(value, bool):
            raise _invalid(f"{name} must be true or false")
        return value
    return _number(name, parameter, value)


def _text(name: str, parameter: Parameter, value: object) -> str:
    if not isinstance(value, str):
        raise _invalid(f"{name} must be a text")
    if len(value) > LENGTH or "\0" in value:
        raise _invalid(f"{name} must have at most {LENGTH} characters and no NUL")
    if parameter.enum and value not in parameter.enum:
        raise _invalid(f"{name} must be one of {', '.join(parameter.enum)}")
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        raise _invalid(f"{name} must fit the pattern {parameter.pattern}")
    return value


def _number(name: str, parameter: Parameter, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _invalid(f"{name} must be a number")
    if parameter.type is ParameterType.INTEGER:
        if not float(value).is_integer():
            raise _invalid(f"{name} must be a whole number")
        value = int(value)
    if parameter.minimum is not None and value < parameter.minimum:
        raise _invalid(f"{name} must be at least {parameter.minimum:g}")
    if parameter.maximum is not None and value > parameter.maximum:
        raise _invalid(f"{name} must be at most {parameter.maximum:g}")
    return value


def _invalid(detail: str) -> ToolError:
    return ToolError(Fault.INVALID_ARGUMENT, detail)
