"""Whether what is heard is meant for the assistant: a pure function of frames, wake words and buttons."""

from __future__ import annotations

from appliance.audio.ports import LISTENING_RATE, Frame
from appliance.config.models import AttentionConfig, AttentionMode

STUCK_S = 120.0
"""A button that is held for so long is stuck, or its release was lost."""


class Attention:
    """Awake or asleep.

    `always` is awake. After the wake word it is awake as long as the conversation is engaged and for `listen_for_s`
    thereafter, so that follow-ups need no wake word. With a button it is awake while that is held.
    """

    def __init__(self, settings: AttentionConfig) -> None:
        self._mode = settings.mode
        self._by_hand = settings.by_hand
        self._listen_for = round(settings.listen_for_s * LISTENING_RATE)
        self._stuck = round(STUCK_S * LISTENING_RATE)
        self._now = 0
        self._until = 0
        self.awake = settings.mode is AttentionMode.ALWAYS

    def wake(self) -> bool:
        """Listen, from the next frame on: the wake word was said, or the button pressed. Tell whether that is new."""
        news = not self.awake
        if news or not self._by_hand:
            self._until = self._now + (self._stuck if self._by_hand else self._listen_for)
        self.awake = True
        return news

    def sleep(self) -> bool:
        """Stop listening: the button was released, or the conversation has ended. Tell whether that is new."""
        news = self.awake and self._mode is not AttentionMode.ALWAYS
        self.awake = self.awake and not news
        return news

    def on_frame(self, frame: Frame, *, engaged: bool) -> bool:
        """Tell whether the frame is attended to; `engaged` while somebody speaks, or an answer is under way."""
        self._now = frame.end
        if self._mode is AttentionMode.ALWAYS:
            return True
        if engaged and self.awake and not self._by_hand:
            self._until = frame.end + self._listen_for
        self.awake = self.awake and frame.end <= self._until
        return self.awake
