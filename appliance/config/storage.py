"""What is kept on disk, as configured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from appliance.config.rules import broken_rule
from appliance.config.section import Section

DATABASE = "appliance.db"


def _without_tilde(folder: Path) -> Path:
    """Return a folder unchanged, or raise when it starts at somebody's home, which a service does not have."""
    if str(folder).startswith("~"):
        raise broken_rule(f"storage.directory: write the whole path instead of {str(folder)!r}", "directory")
    return folder


class StorageConfig(Section):
    """What has to survive a restart or a power failure."""

    directory: Annotated[Path, AfterValidator(_without_tilde)] = Path("state")
    """Where the database is kept; a relative path starts at the folder of config.yaml."""
    resume_within_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    """A conversation that a crash or power failure has cut off is continued if it is no older; 0 never."""
    outbox_max_age_days: Annotated[float, Field(gt=0, le=365)] = 14.0
    """How long it is tried to deliver a handover. After that it is dropped, and its content is deleted."""
    receipts_max_age_days: Annotated[float, Field(gt=0, le=3650)] = 90.0
    """How long it is remembered what was delivered and done, so that nothing is done twice."""

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.directory / DATABASE
