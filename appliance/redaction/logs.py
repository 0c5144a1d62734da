"""Log lines without personal data."""

from __future__ import annotations

import logging

from appliance.config.redaction import RedactionConfig
from appliance.redaction.redactor import Redactor

_FORMATTER = logging.Formatter()


def redact_line(line: str, config: RedactionConfig) -> str:
    """Return a line with what was found in it replaced; each line counts its placeholders anew."""
    return Redactor(config).redact(line)


class RedactingFilter(logging.Filter):
    """Redacts the message, the traceback and the stack of every record.

    It belongs on handlers: filters of a logger do not see the records of its children.

    Args:
        config: What is replaced.
    """

    def __init__(self, config: RedactionConfig) -> None:
        super().__init__()
        self._config = config

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the redacted, formatted message into the record; every record passes."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = f"{record.msg} {record.args}"
        record.msg, record.args = redact_line(message, self._config), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_line(record.exc_text, self._config)
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redact_line(record.stack_info, self._config)
        return True
