"""Log lines without personal data."""

from __future__ import annotations

import io
import logging

from appliance.config.redaction import RedactionConfig
from appliance.redaction import RedactingFilter


def lines_of(*, enabled: bool = True) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter(RedactionConfig(enabled=enabled)))
    logger = logging.getLogger("appliance.test_redaction")
    logger.propagate = False
    logger.handlers = [handler]
    return logger, stream


def test_the_formatted_message_is_redacted() -> None:
    logger, stream = lines_of()
    logger.warning("POST /v1 %s phone=%s", {"email": "ann@example.com"}, "415-555-2671")
    logger.warning(
        "took %.3f s at %s, 200 OK, id %s", 1.25, "2026-11-25 15:41:30,123", "550e8400-e29b-41d4-a716-446655440000"
    )
    first, second = stream.getvalue().splitlines()
    assert first == "WARNING appliance.test_redaction: POST /v1 {'email': '[EMAIL_1]'} phone=[PHONE_1]"
    assert second.endswith("took 1.250 s at 2026-11-25 15:41:30,123, 200 OK, id 550e8400-e29b-41d4-a716-446655440000")


def test_tracebacks_are_redacted() -> None:
    logger, stream = lines_of()
    try:
        int("ann@example.com")
    except ValueError:
        logger.exception("failed for %s", "ann@example.com", stack_info=True)
    assert "ann@example.com" not in stream.getvalue()
    assert "invalid literal for int() with base 10: '[EMAIL_1]'" in stream.getvalue()
    assert "failed for [EMAIL_1]" in stream.getvalue()


def test_each_line_stands_for_itself() -> None:
    logger, stream = lines_of()
    logger.error("ann@example.com")
    logger.error("bob@example.com")
    assert stream.getvalue().count("[EMAIL_1]") == 2


def test_a_message_that_does_not_fit_its_arguments_is_still_redacted() -> None:
    logger, stream = lines_of()
    logger.handle(logger.makeRecord("one", logging.ERROR, "", 0, "%s and %s", ("ann@example.com",), None))
    assert "%s and %s ('[EMAIL_1]',)" in stream.getvalue()


def test_nothing_is_redacted_when_it_is_off() -> None:
    logger, stream = lines_of(enabled=False)
    logger.error("ann@example.com")
    assert "ann@example.com" in stream.getvalue()
