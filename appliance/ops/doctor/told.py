"""What a support bundle tells of the settings: how the appliance is set up, and not what the site wrote for people.

Sentences, examples and lists of words can name people, and no rule finds every name in them. So a text is left out
unless its setting is known to be technical; a setting that is added later is left out, too, until it is listed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from appliance.config import schema
from appliance.config.load import load_with_places
from appliance.config.problems import InvalidConfigError, dotted
from appliance.config.rules import NAME
from appliance.config.show import Setting, settings_in_effect
from appliance.errors import ConfigError
from appliance.ops.doctor.context import Context

HIDDEN = "***"
CAN_HOLD_SECRETS = frozenset({"headers", "environment", "json_body"})
"""Settings in which somebody may have written a secret itself instead of its name; so `argv`, after the program."""
TECHNICAL = frozenset(
    {
        "allow",
        "backup_directory",
        "builtin",
        "channel",
        "countries",
        "database",
        "default_channel",
        "device",
        "directory",
        "effect",
        "eagerness",
        "entry_point",
        "format",
        "gpio_chip",
        "host",
        "idempotency_key",
        "input_device",
        "key_file",
        "kind",
        "kinds",
        "level",
        "method",
        "mirror",
        "mode",
        "model",
        "name",
        "output_device",
        "password_secret",
        "pattern",
        "policy_version",
        "profile",
        "purge_at",
        "query",
        "recipients",
        "result",
        "role",
        "roles",
        "sender",
        "success_when",
        "timezone",
        "tls",
        "tracing_endpoint",
        "type",
        "urgency_field",
        "url",
        "voice",
        "wake_word",
        "wake_word_model",
    }
)
"""Settings whose texts are told: choices, places, names of parts, and what is asked of other programs."""
SHORTEST_NAME = 4
"""A shorter word stands in every text by accident."""

_QUERY = re.compile(r"(?<=[?&])([^=&\s]+)=(?!\{\{)[^&\s\"']+")
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
_LITERAL = re.compile(r"'[^']*'")
_WORD = re.compile(r"[^\W\d_]{2}")


def told_settings(context: Context) -> list[Any]:
    """Return the settings in effect, with `***` for what is left out; of a broken configuration, where it is."""
    if context.config_error is not None:
        return places_of_problems(context.config_error)
    return [_told(setting) for setting in _settings(context)]


def places_of_problems(error: ConfigError) -> list[str]:
    """Return where a configuration is wrong. What stands there is left out: it may be a secret in a wrong place."""
    problems = error.problems if isinstance(error, InvalidConfigError) else ()
    return [f"{problem.place}: {dotted(problem.path) or 'the file'} is wrong" for problem in problems]


def words_of_the_site(context: Context) -> Iterator[str]:
    """Yield the texts left out that are several words or look like a name: they are not told elsewhere either."""
    if context.config_error is not None:
        return
    for setting in _settings(context):
        if setting.place is not None:
            yield from (text for text in _left_out(setting.value, str(setting.path[-1])) if _may_name_somebody(text))


def _settings(context: Context) -> Iterator[Setting]:
    places = load_with_places(context.file, context.environ).places
    return settings_in_effect(context.config, places)


def _told(setting: Setting) -> dict[str, Any]:
    """Return a setting; a default is the product's own, and told as it is."""
    told = setting.as_dict()
    if setting.place is not None:
        told["value"] = _without_words(setting.value, str(setting.path[-1]))
    return told


def _without_words(value: Any, key: str) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case dict():
            return _without_words_within(value, key)
        case list() if key == "argv":
            return [*value[:1], *(HIDDEN for _ in value[1:])]
        case list() if key not in TECHNICAL and any(isinstance(item, str) for item in value):
            return _counted(value)
        case list():
            return [_without_words(item, key) for item in value]
        case str():
            return _text(value, key)
    return value


def _without_words_within(group: dict[str, Any], key: str) -> Any:  # noqa: ANN401 - any JSON value
    if key in CAN_HOLD_SECRETS:
        return {name: " ".join(_TEMPLATE.findall(str(item))) or HIDDEN for name, item in group.items()}
    if _holds_words(key):
        return _counted(group) if group else group
    return {name: _without_words(item, key if key in TECHNICAL else name) for name, item in group.items()}


def _text(text: str, key: str) -> str:
    if not _is_told(text, key):
        return " ".join(_TEMPLATE.findall(text)) or (HIDDEN if text else "")
    return _LITERAL.sub(_literal, text) if key == "query" else _QUERY.sub(rf"\1={HIDDEN}", text)


def _literal(found: re.Match[str]) -> str:
    """Return a text within a statement, left out where there is a word in it."""
    return f"'{HIDDEN}'" if _WORD.search(found[0]) else found[0]


def _left_out(value: Any, key: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    match value:
        case dict() if key not in CAN_HOLD_SECRETS:
            for name, item in value.items():
                if _holds_words(key):
                    yield name
                yield from _left_out(item, key if key in TECHNICAL else name)
        case list() if key != "argv":
            for item in value:
                yield from _left_out(item, key)
        case str() if not _is_told(value, key):
            yield value


def _is_told(text: str, key: str) -> bool:
    """Tell whether a text is told; the name of a tool is, and that of a person or a place is not."""
    return key in TECHNICAL and (key != "name" or re.match(NAME, text) is not None)


def _holds_words(key: str) -> bool:
    """Tell whether the names of a group are words, too, as in synonyms."""
    return key in schema.pairs() - TECHNICAL


def _may_name_somebody(text: str) -> bool:
    is_name = len(text) >= SHORTEST_NAME and text.isalpha() and text[0].isupper()
    return is_name or " " in text.strip()


def _counted(value: dict[str, Any] | list[Any]) -> str:
    return f"{HIDDEN} ({len(value)})"
