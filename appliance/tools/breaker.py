"""A tool that fails again and again is left alone for a while, so that nobody waits for it in vain."""

from __future__ import annotations

from appliance.clock import Clock

FAILURES = 5
"""In a row, after which it is left alone."""
PAUSE_S = 30.0
"""Until one call may try again."""


class Breaker:
    """Counts the failures of one tool: closed, open for a while, then a single trial decides."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at = 0.0
        self._on_trial = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused until a trial succeeds."""
        return self._failures >= FAILURES

    def admit(self) -> bool:
        """Tell whether an attempt may be made; one that is must end with `succeeded`, `failed` or `abandoned`."""
        if not self.is_open:
            return True
        if self._on_trial or self._clock.now() - self._opened_at < PAUSE_S:
            return False
        self._on_trial = True
        return True

    def succeeded(self) -> None:
        """Note that the tool works."""
        self._failures = 0
        self._on_trial = False

    def failed(self) -> None:
        """Note that the tool does not work."""
        self._failures += 1
        self._on_trial = False
        if self.is_open:
            self._opened_at = self._clock.now()

    def abandoned(self) -> None:
        """Note that an attempt ended without telling anything about the tool."""
        self._on_trial = False
