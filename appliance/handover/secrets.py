"""Secrets as channels ask for them: by name, at the moment of use, so that a new one needs no restart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from appliance.errors import ApplianceError
from appliance.handover.message import DeliveryError

Secret = Callable[[str], str]
"""Returns the secret of a name, or raises."""

_PLACE = re.compile(r"\{\{\s*secrets\.([a-z][a-z0-9_]*)\s*\}\}")


def reveal(name: str, secret: Secret) -> str:
    """Return a secret. Raises DeliveryError, naming the name only, when it is missing or cannot be sent in a line."""
    try:
        value = secret(name)
    except (ApplianceError, LookupError, OSError) as error:
        raise DeliveryError(f"the secret {name} is missing") from error
    if not value or not value.isprintable() or not value.isascii():
        raise DeliveryError(f"the secret {name} is empty or contains more than visible ASCII characters")
    return value


def revealed(texts: Mapping[str, str], secret: Secret) -> dict[str, str]:
    """Return texts with the secrets in the places `{{ secrets.name }}`. Raises DeliveryError as `reveal` does."""
    return {key: _PLACE.sub(lambda place: reveal(place.group(1), secret), text) for key, text in texts.items()}
