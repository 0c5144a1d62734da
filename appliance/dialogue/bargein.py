"""Whether speech during a reply is an interruption: a pure function of frames and transcripts, in stream time."""

from __future__ import annotations

from enum import StrEnum

from appliance.audio.ports import Frame
from appliance.config.models import BargeInConfig, VadConfig
from appliance.dialogue.commands import is_backchannel
from appliance.dialogue.voicing import Voicing, to_samples

SPEECH_ENDS_AFTER_MS = 96
"""Silence after which a short word such as "Stop." is over."""
ASK_EVERY_MS = 192
UNCLEAR_SHARE = 2 / 3
"""Share of the longest undecided speech after which speech without a known backchannel in it interrupts."""


class BargeInSignal(StrEnum):
    """What the policy wants."""

    ASK = "ask"
    """Transcribe the speech from `speech_start` up to now and report with `on_words`."""
    ACCEPTED = "accepted"
    """The person wants the floor; nothing more follows until `reset`."""
    REFUSED = "refused"
    """It was none: `refusal` says why."""


class BargeIn:
    """Listens while the assistant is audible. Positions are samples at 16 kHz in the stream of frames."""

    def __init__(self, barge_in: BargeInConfig, vad: VadConfig) -> None:
        self._enabled = barge_in.enabled
        self._backchannels = barge_in.backchannels
        self._voicing = Voicing(vad)
        self._shortest = to_samples(vad.min_speech_duration_ms)
        self._min_speech = to_samples(barge_in.min_speech_duration_ms)
        self._max_undecided = to_samples(barge_in.max_undecided_ms)
        self._max_unclear = to_samples(barge_in.max_undecided_ms * UNCLEAR_SHARE)
        self.reset()

    def reset(self) -> None:
        """Forget the speech so far."""
        self._voicing.reset()
        self.speech_start = 0
        self.refusal = ""
        self._accepted = False
        self._forget()

    def _forget(self) -> None:
        self._voiced = 0
        self._last_voiced = 0
        self._next_ask = 0
        self._asking = False
        self._unclear = False
        self._ended = False

    def on_frame(self, frame: Frame) -> tuple[BargeInSignal, ...]:
        """Take the next frame."""
        if not self._enabled or self._accepted:
            return ()
        if self._voicing.update(frame.speech_probability):
            return self._on_voiced(frame)
        if not self._voiced:
            return ()
        return self._on_silent(frame)

    def on_words(self, text: str, rejected: str | None, at: int) -> tuple[BargeInSignal, ...]:
        """Take what was understood of the speech up to `at`; `rejected` says why it is noise and not words.

        Every ASK wants one answer; what is about an earlier speech is ignored.
        """
        if not self._voiced or at <= self.speech_start:
            return ()
        self._asking = False
        if rejected is None and text.strip() and not is_backchannel(text, self._backchannels):
            return self._settle(BargeInSignal.ACCEPTED)
        self._unclear = rejected is not None
        if not self._ended:
            return ()
        if at < self._last_voiced:
            return self._ask(at)
        self.refusal = rejected or ("backchannel" if text.strip() else "silence")
        return self._settle(BargeInSignal.REFUSED)

    def _on_voiced(self, frame: Frame) -> tuple[BargeInSignal, ...]:
        if not self._voiced:
            self.speech_start = frame.start
            self._next_ask = frame.start + self._min_speech
        self._voiced += len(frame.pcm)
        self._last_voiced = frame.end
        self._ended = False
        if self._voiced >= (self._max_unclear if self._unclear else self._max_undecided):
            return self._settle(BargeInSignal.ACCEPTED)
        if frame.end >= self._next_ask and not self._asking:
            return self._ask(frame.end)
        return ()

    def _on_silent(self, frame: Frame) -> tuple[BargeInSignal, ...]:
        if self._ended or frame.end - self._last_voiced < to_samples(SPEECH_ENDS_AFTER_MS):
            return ()
        if self._voiced < self._shortest:
            self._forget()
            return ()
        self._ended = True
        return () if self._asking else self._ask(frame.end)

    def _ask(self, at: int) -> tuple[BargeInSignal, ...]:
        self._asking = True
        self._next_ask = at + to_samples(ASK_EVERY_MS)
        return (BargeInSignal.ASK,)

    def _settle(self, signal: BargeInSignal) -> tuple[BargeInSignal, ...]:
        self._accepted = signal is BargeInSignal.ACCEPTED
        self._forget()
        return (signal,)
