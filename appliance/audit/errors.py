"""What can be wrong with the keys and files of the audit trail."""

from __future__ import annotations

from appliance.errors import ApplianceError


class AuditError(ApplianceError):
    """A key or an export cannot be used; the trail itself is untouched."""

    code = "audit"
    exit_status = 11
