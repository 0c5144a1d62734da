"""Takes out of what is passed on what nobody else should see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from appliance.audit.keys import find_signer
from appliance.config.load import load_with_places
from appliance.config.problems import InvalidConfigError, dotted
from appliance.config.redaction import RedactionConfig
from appliance.config.show import settings_in_effect
from appliance.errors import ApplianceError, ConfigError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.secrets import secrets_named
from appliance.ops.web import TOKEN_SECRET
from appliance.redaction.redactor import Redactor
from appliance.storage.key import find_key
from appliance.tools.secrets import PREFIX, secret

HIDDEN = "***"
SHORTEST_SECRET = 4
"""A shorter one stands in every text by accident."""
FACTS = "site.facts"
CAN_HOLD_SECRETS = frozenset({"headers", "environment", "json_body"})
"""Settings in which somebody may have written a secret itself instead of its name; so `argv`, after the program."""

_QUERY = re.compile(r"(?<=[?&])([^=&\s]+)=(?!\{\{)[^&\s\"']+")
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
_WORDS_LOGGED = re.compile(r"(turn \d+: (?:understood|answered|cut short)) ['\"].*")
"""What `appliance.ops.logbook` writes where the configuration allows it."""


class Mask:
    """Replaces personal data by placeholders, the same everywhere, and the secrets that can be read here by `***`.

    What the configuration redacts or not: here everything is.
    """

    def __init__(self, context: Context) -> None:
        everything = RedactionConfig(countries=context.config.redaction.countries)
        self._redactor = Redactor(everything)
        known = {value for value in _values(context) if len(value) >= SHORTEST_SECRET}
        self._secrets = sorted(known, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return a text of many lines without personal data, words of people and secrets."""
        lines = (_WORDS_LOGGED.sub(r"\1 (left out)", line) for line in self.exact(text).splitlines())
        return "\n".join(self._redactor.redact(line) for line in lines) + "\n"

    def data(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return plain data with all its strings as `text` has them; numbers stay."""
        match value:
            case str():
                return self.text(value)[:-1] if value else value
            case Mapping():
                return {key: self.data(item) for key, item in value.items()}
            case list() | tuple():
                return [self.data(item) for item in value]
        return value

    def exact(self, text: str) -> str:
        """Return a text in which only the known secrets are replaced: for figures, in which redaction sees numbers."""
        for value in self._secrets:
            text = text.replace(value, HIDDEN)
        return text


def masked_settings(context: Context) -> list[Any]:
    """Return the settings in effect without what can hold a secret; of a broken configuration, where it is."""
    if context.config_error is not None:
        return places_of_problems(context.config_error)
    places = load_with_places(context.file, context.environ).places
    settings = [setting.as_dict() for setting in settings_in_effect(context.config, places)]
    return [_without_secrets(setting) | _left_out(setting) for setting in settings]


def places_of_problems(error: ConfigError) -> list[str]:
    """Return where a configuration is wrong. What stands there is left out: it may be a secret in a wrong place."""
    problems = error.problems if isinstance(error, InvalidConfigError) else ()
    return [f"{problem.place}: {dotted(problem.path) or 'the file'} is wrong" for problem in problems]


def _left_out(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands for a setting in which people are named by their full names, whom nothing introduces."""
    return {"value": [HIDDEN] * len(setting["value"])} if setting["key"] == FACTS else {}


def _without_secrets(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case dict() if key in CAN_HOLD_SECRETS:
            return {name: " ".join(_TEMPLATE.findall(str(item))) or HIDDEN for name, item in value.items()}
        case dict():
            return {name: _without_secrets(item, name) for name, item in value.items()}
        case list() if key == "argv":
            return [*value[:1], *(HIDDEN for _ in value[1:])]
        case list():
            return [_without_secrets(item, key) for item in value]
        case str():
            return _QUERY.sub(rf"\1={HIDDEN}", value)
    return value


def _values(context: Context) -> Iterator[str]:
    """Yield every secret that can be read here, as it is written."""
    names = {name for name, _ in secrets_named(context.config)} | {TOKEN_SECRET}
    for name in names:
        with suppress(ApplianceError):
            yield secret(name, context.environ)
    yield from (value for name, value in context.environ.items() if name.startswith(PREFIX))
    storage = context.config.storage
    with suppress(ApplianceError):
        key = find_key(storage.key_path, context.environ)
        if key is not None:
            yield key.raw.hex()
    with suppress(ApplianceError):
        signer = find_signer(context.config.audit.key_path(storage.directory), context.environ)
        if signer is not None:
            yield signer.private.private_bytes_raw().hex()
