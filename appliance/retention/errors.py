"""What can be wrong with a purge or a hold."""

from __future__ import annotations

from appliance.storage.errors import StorageError


class DoubtfulClockError(StorageError):
    """The clock may be wrong, so nothing is deleted by age."""

    code = "doubtful-clock"
