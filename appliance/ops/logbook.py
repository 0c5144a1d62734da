"""What happens, as log messages. What people say is left out unless the configuration allows it."""

from __future__ import annotations

import logging

from appliance.events import AnyEvent, BargeIn, EngineFailed, StateChanged, Transcribed, TurnCommitted, TurnDropped

log = logging.getLogger(__name__)

HIDDEN = "(not logged)"


class Logbook:
    """Observes the events and logs those that matter; errors carry their stable code."""

    def __init__(self, *, transcripts: bool) -> None:
        self.transcripts = transcripts
        """Whether words are logged too."""

    def __call__(self, event: AnyEvent) -> None:
        """Log one event."""
        extra = {"session_id": event.session_id, "turn_id": event.turn_id}
        match event:
            case EngineFailed():
                log.error(
                    "turn %d: %s failed [%s]: %s",
                    event.turn_id,
                    event.engine,
                    event.code,
                    event.detail,
                    extra={**extra, "error_code": event.code},
                )
            case Transcribed():
                words = self._words(event.text) if event.rejected is None else f"nothing ({event.rejected})"
                log.info("turn %d: understood %s, confidence %.2f", event.turn_id, words, event.confidence, extra=extra)
            case TurnCommitted():
                how = "cut short" if event.interrupted else "answered"
                log.info("turn %d: %s %s", event.turn_id, how, self._words(event.heard_text), extra=extra)
            case BargeIn():
                log.info("turn %d: interrupted", event.turn_id, extra=extra)
            case TurnDropped():
                log.debug("turn %d: dropped a prepared reply (%.2f s of CPU)", event.turn_id, event.cpu_s, extra=extra)
            case StateChanged():
                log.debug("session %s: %s", event.session_id, event.state, extra=extra)

    def _words(self, text: str) -> str:
        if self.transcripts:
            return repr(text)
        return f"{len(text.split())} words {HIDDEN}" if text else "nothing"
