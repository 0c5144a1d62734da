"""What can be wrong with a purge, a hold or an erasure."""

from __future__ import annotations

from appliance.errors import ApplianceError
from appliance.storage.errors import StorageError


class DoubtfulClockError(StorageError):
    """The clock may be wrong, so nothing is deleted by age."""

    code = "doubtful-clock"


class BlockedError(ApplianceError):
    """Data may not be erased now: a legal hold covers it, or its session is going on. Nothing was erased."""

    code = "erasure-blocked"
    exit_status = 12
