"""The settings in effect and where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.config import schema
from appliance.config.models import Config
from appliance.config.problems import KeyPath, Place, dotted, masked


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in effect; `place` is None for a default. Credentials in the value are masked."""

    path: KeyPath
    value: Any
    place: Place | None

    def as_dict(self) -> dict[str, Any]:
        """Return the setting for `--json`."""
        origin: dict[str, Any] = {"kind": "default"}
        if self.place is not None and self.place.is_variable:
            origin = {"kind": "environment", "variable": self.place.source}
        elif self.place is not None:
            origin = {"kind": "file", "file": self.place.source, "line": self.place.line, "column": self.place.column}
        return {"key": dotted(self.path), "value": self.value, "origin": origin}


def settings_in_effect(config: Config, places: Mapping[KeyPath, Place]) -> Iterator[Setting]:
    """Yield every setting in the order of the models. Fields of type SecretStr mask themselves."""
    values = config.model_dump(mode="json")
    for path, _ in schema.settings():
        value: Any = values
        for step in path:
            value = value[step]
        yield Setting(path, _without_credentials(value), places.get(path))


def _without_credentials(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case str():
            return masked(value)
        case list():
            return [_without_credentials(item) for item in value]
        case dict():
            return {key: _without_credentials(item) for key, item in value.items()}
    return value
