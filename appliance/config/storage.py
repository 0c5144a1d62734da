"""What is kept on disk, as configured."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from appliance.config.rules import broken_rule
from appliance.config.section import Section

DATABASE = "appliance.db"
KEY_FILE = "database.key"
RECORDINGS = "recordings"


class Encryption(StrEnum):
    """Whether what is kept is encrypted."""

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


def _without_tilde(place: Path, info: ValidationInfo) -> Path:
    """Return a path unchanged, or raise when it starts at somebody's home, which a service does not have."""
    if str(place).startswith("~"):
        name = info.field_name or ""
        raise broken_rule(f"storage.{name}: write the whole path instead of {str(place)!r}", name)
    return place


Place = Annotated[Path, AfterValidator(_without_tilde)]


class StorageConfig(Section):
    """What has to survive a restart or a power failure."""

    directory: Place = Path("state")
    """Where the database is kept; a relative path starts at the folder of config.yaml."""
    encryption: Encryption = Encryption.AUTO
    """`auto` encrypts what is kept, and makes a key for a new database when none is given; `required` does not start
    without a key and makes none; `off` encrypts nothing."""
    key_file: Place | None = None
    """The file of the key, unless it comes from a credential of systemd or the environment; nobody but its owner may
    read it. A relative path starts at `directory`; null stands for `database.key` there."""
    backup_directory: Place = Path("backups")
    """Where `appliance backup` puts backups; best on another disk. A relative path starts at `directory`."""
    backup_keep: Annotated[int, Field(ge=1, le=1000)] = 7
    """How many backups are kept there; older ones are deleted."""
    restore_automatically: bool = False
    """Whether a damaged database is replaced by the last good backup at the start; what came after it is lost."""
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

    @property
    def key_path(self) -> Path:
        """The file of the key: the one that is named, else the one beside the database."""
        return self.directory / (self.key_file or KEY_FILE)

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return self.directory / self.backup_directory

    @property
    def recordings(self) -> Path:
        """The folder of the recordings."""
        return self.directory / RECORDINGS
