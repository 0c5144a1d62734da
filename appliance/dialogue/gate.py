"""Stands between the microphone and the conversation: lets through what is meant for the assistant."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from appliance.audio.ports import Frame
from appliance.config.models import AttentionConfig, AttentionMode
from appliance.dialogue.attention import Attention
from appliance.dialogue.earcons import Earcons
from appliance.dialogue.journal import Journal
from appliance.engines.ports import WakeWordDetector
from appliance.events import Asleep, Awake


class Conversation(Protocol):
    """What the gate needs of a session."""

    @property
    def idle(self) -> bool:
        """Whether nobody speaks and nothing is about to be said."""

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame."""

    def yield_floor(self) -> None:
        """Fall silent: somebody wants to speak."""

    def start_over(self) -> None:
        """Fall silent and forget what is being said: somebody calls the assistant by its name."""

    def end_turn(self) -> None:
        """Answer: the person has finished."""


class Gate:
    """Takes every frame of the microphone. What is not attended to reaches the conversation as silence.

    `talk` and `release` are the button, whatever it is made of; they do nothing unless the mode has one.
    """

    def __init__(
        self,
        settings: AttentionConfig,
        conversation: Conversation,
        journal: Journal,
        detector: WakeWordDetector | None,
        earcons: Earcons | None,
    ) -> None:
        self._attention = Attention(settings)
        self._by_hand = settings.by_hand
        self._conversation = conversation
        self._journal = journal
        self._detector = detector if settings.mode is AttentionMode.WAKE_WORD else None
        self._earcons = earcons
        self._session_id = journal.session_id

    @property
    def awake(self) -> bool:
        """Whether the assistant listens."""
        return self._attention.awake

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame."""
        if self._earcons is not None:
            self._earcons.on_frame(frame)
        was_awake = self.awake
        attended = self._attention.on_frame(frame, engaged=not self._conversation.idle)
        if was_awake and not attended:
            self._fell_asleep()
        self._conversation.on_frame(frame if attended else _silent(frame))
        if self._session_id != self._journal.session_id:  # after the goodbye
            self._session_id = self._journal.session_id
            self._sleep()
        if self._detector is not None and self._detector.heard(frame.pcm):
            self._called()

    def talk(self) -> None:
        """The button was pressed."""
        if self._by_hand:
            self._conversation.yield_floor()
            self._session_id = self._journal.session_id
            self._wake("button")

    def release(self) -> None:
        """The button was released."""
        if self._by_hand:
            self._sleep()

    def toggle(self) -> None:
        """A button that cannot be held was pressed."""
        if self.awake:
            self.release()
        else:
            self.talk()

    def _called(self) -> None:
        if self.awake:
            self._conversation.start_over()
            self._session_id = self._journal.session_id
        self._wake("wake_word")

    def _wake(self, reason: str) -> None:
        if self._attention.wake():
            self._journal.emit(Awake, reason=reason)

    def _sleep(self) -> None:
        if self._attention.sleep():
            self._fell_asleep()

    def _fell_asleep(self) -> None:
        if self._by_hand:
            self._conversation.end_turn()
        self._journal.emit(Asleep)


def _silent(frame: Frame) -> Frame:
    return replace(frame, pcm=np.zeros_like(frame.pcm), speech_probability=0.0)
