"""Secrets: systemd credentials, or the environment. They are read when they are needed and kept nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.tools.errors import Fault, ToolError

FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Set by systemd for a service with LoadCredential= (systemd.exec(5))."""
FOLDER_PREFIX = "secret_"
"""What systemd puts before the names of a whole folder, as LoadCredential=secret:FOLDER of the service has it."""
PREFIX = "APPLIANCE_SECRET_"
MASK = "••••••"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def secret(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a secret from `$CREDENTIALS_DIRECTORY/<name>` or `…/secret_<name>`, else from `$APPLIANCE_SECRET_<NAME>`.

    Raises:
        ToolError: There is none, or it cannot be sent in a line; the error says where it belongs.
    """
    if not _NAME.fullmatch(name):
        raise ToolError(Fault.MISSING_SECRET, "the name of a secret has lower-case letters, digits and underscores")
    value = _from_credentials(name, environ) or environ.get(PREFIX + name.upper(), "")
    if not value:
        raise ToolError(Fault.MISSING_SECRET, f"the secret {name} is missing", remedy=_where(name))
    if not (value.isascii() and value.isprintable()):
        raise ToolError(
            Fault.MISSING_SECRET, f"the secret {name} has more than one line of visible ASCII", remedy=_where(name)
        )
    return value


class Secrets(Mapping[str, str]):
    """Secrets as templates see them: `{{ secrets.crm_token }}`. It shows none of them by itself."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return secret(name, self._environ)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return MASK


class MaskedSecrets(Secrets):
    """Stands in for secrets where a person looks on; it needs none to be there."""

    def __getitem__(self, name: str) -> str:
        return MASK


def _from_credentials(name: str, environ: Mapping[str, str]) -> str:
    folder = environ.get(FOLDER_VARIABLE)
    if not folder:
        return ""
    files = (Path(folder) / name, Path(folder) / f"{FOLDER_PREFIX}{name}")
    try:
        return next((file.read_text(encoding="utf-8").rstrip("\r\n") for file in files if file.exists()), "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ToolError(Fault.MISSING_SECRET, f"the secret {name} cannot be read: {reason}") from None


def _where(name: str) -> str:
    return (
        f"Put it into the file /etc/appliance/credentials/{name} and restart the service, or add "
        f"LoadCredential={name}:/path/of/the/file to the service, or set the environment "
        f"variable {PREFIX}{name.upper()}."
    )
