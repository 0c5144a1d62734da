"""The parameters of a tool as JSON Schema, for scripts and for whoever writes the other side."""

from __future__ import annotations

from appliance.config.tools import Format, Parameter, Task, ToolConfig
from appliance.tools.action import JSON

_STANDARD_FORMATS = frozenset({Format.DATE, Format.EMAIL})
"""Those that JSON Schema has with the same meaning; its times need a zone, which people do not say."""


def json_schema(tool: ToolConfig) -> dict[str, JSON]:
    """Return the JSON Schema (2020-12) of a tool's arguments."""
    required: list[JSON] = [
        name for name, parameter in tool.parameters.items() if parameter.required and parameter.default is None
    ]
    return {
        "title": tool.name,
        "description": _description(tool),
        "type": "object",
        "properties": {name: _property(parameter) for name, parameter in tool.parameters.items()},
        "required": required,
        "additionalProperties": False,
    }


def _description(task: Task) -> str:
    return " ".join(sentence for sentence in (task.description, task.use_when, task.not_when) if sentence)


def _property(parameter: Parameter) -> dict[str, JSON]:
    described: dict[str, JSON] = {
        "type": parameter.type.value,
        "description": parameter.description or None,
        "enum": list(parameter.enum) or None,
        "format": parameter.format.value if parameter.format in _STANDARD_FORMATS and parameter.format else None,
        "pattern": None if parameter.pattern is None else f"^(?:{parameter.pattern})$",
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "default": parameter.default,
    }
    return {key: value for key, value in described.items() if value is not None}
