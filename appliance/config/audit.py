"""The audit trail, as configured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from appliance.config.rules import broken_rule
from appliance.config.section import Section

KEY_FILE = "audit.key"


def _without_tilde(file: Path | None) -> Path | None:
    """Return a file unchanged, or raise when it starts at somebody's home, which a service does not have."""
    if str(file).startswith("~"):
        raise broken_rule(f"audit.key_file: write the whole path instead of {str(file)!r}", "key_file")
    return file


class AuditConfig(Section):
    """The audit trail: what was done, in a form that shows when it was tampered with."""

    enabled: bool = True
    """Keep an audit trail."""
    checkpoint_every_records: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Sign the trail after so many records. What was written since can be cut off without being noticed."""
    checkpoint_every_s: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """Sign it at the latest so many seconds after a record was written."""
    key_file: Annotated[Path | None, AfterValidator(_without_tilde)] = None
    """The private key, where there is no credential audit_key; null for audit.key beside the database, where a relative
    path starts too. It is made at the first start. Who can write the database can then usually also read the key."""

    def key_path(self, directory: Path) -> Path:
        """Return the file of the key, given the folder of the database."""
        return directory / KEY_FILE if self.key_file is None else directory / self.key_file
