"""Takes out of what is passed on what nobody else should see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from appliance.audit.keys import find_signer
from appliance.config.redaction import RedactionConfig
from appliance.errors import ApplianceError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.secrets import secrets_named
from appliance.ops.doctor.told import HIDDEN, words_of_the_site
from appliance.ops.web import TOKEN_SECRET
from appliance.redaction.redactor import Redactor
from appliance.storage.key import find_key
from appliance.tools.secrets import PREFIX, secret

SHORTEST_SECRET = 4
"""A shorter one stands in every text by accident."""

_WORDS_LOGGED = re.compile(r"(turn \d+: (?:understood|answered|cut short)) ['\"].*")
"""What `appliance.ops.logbook` writes where the configuration allows it."""


class Mask:
    """Replaces personal data by placeholders, the same everywhere, and by `***` what is known and left out.

    That is every secret that can be read here, and what the site wrote for people.

    What the configuration redacts or not: here everything is.
    """

    def __init__(self, context: Context) -> None:
        everything = RedactionConfig(countries=context.config.redaction.countries)
        self._redactor = Redactor(everything)
        secrets = {value for value in _values(context) if len(value) >= SHORTEST_SECRET}
        known = secrets | set(words_of_the_site(context))
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
        """Return a text in which only what is known is replaced: for figures, in which redaction sees numbers."""
        for value in self._secrets:
            text = text.replace(value, HIDDEN)
        return text


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
