"""Personal data is found in text and replaced before anything is written."""

from appliance.config.redaction import Kind
from appliance.redaction.logs import RedactingFilter, redact_line
from appliance.redaction.matches import Finding
from appliance.redaction.redactor import JSON, Redactor

__all__ = ["JSON", "Finding", "Kind", "RedactingFilter", "Redactor", "redact_line"]
