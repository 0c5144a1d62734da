"""Whether speech during a reply is an interruption: a pure function of frames and transcripts, in stream time.

Falling silent and giving up the floor are two decisions. Somebody who has spoken for a moment wants to be heard now, so
that the reply is held; whether they want the floor, their words tell, and until then nothing of the reply is lost.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.audio.ports import Frame
from appliance.config.models import BargeInConfig, VadConfig
from appliance.dialogue.commands import is_backchannel
from appliance.dialogue.voicing import Voicing, to_samples

SPEECH_ENDS_AFTER_MS = 96
"""Silence after which a short word such as "Stop." is over."""
ASK_EVERY_MS = 128
HOLD_AFTER_MS = 416
"""Speech after which the reply is held, although nobody knows yet what is being said.

By then the first answer has usually come; sooner, every "okay" would make a gap. When the answer is that it was no
backchannel, and nothing else is certain, the reply is held at once."""
HOLD_VOICED_SHARE = 2 / 3
"""Share of that time that has to be voiced: in noise, a voice comes in pieces."""
HOLD_BACKCHANNEL_AFTER_MS = 640
"""The same when it began as a backchannel, which is hardly ever longer."""
CONTINUED_MS = 640
"""Speech so soon after some that was refused continues it, unless that was a backchannel: held after half the time."""
SURE = 0.4
"""Confidence in words from which one answer is enough; below it the next one has to find words too."""
UNCLEAR_SHARE = 2 / 3
"""Share of the longest undecided speech after which speech without a known backchannel in it interrupts."""
COVERED_MS = 96
"""Sound at the end of a speech that an answer need not have heard: no word is so short."""


class BargeInSignal(StrEnum):
    """What the policy wants."""

    ASK = "ask"
    """Transcribe the speech from `speech_start` up to now and report with `on_words`."""
    HOLD = "hold"
    """Fall silent until ACCEPTED or REFUSED, one of which follows: somebody speaks, and it is not known yet what."""
    ACCEPTED = "accepted"
    """The person wants the floor; nothing more follows until `reset`."""
    REFUSED = "refused"
    """It was none: `refusal` says why."""


class BargeIn:
    """Listens while the assistant is audible, or held. Positions are samples at 16 kHz in the stream of frames."""

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
        self._refused_until: int | None = None
        self._forget()

    @property
    def holding(self) -> bool:
        """Whether HOLD was the last verdict: the reply waits for another one."""
        return self._holding

    def _forget(self) -> None:
        self._voiced = 0
        self._last_voiced = 0
        self._next_ask = 0
        self._asking = False
        self._unclear = False
        self._backchannel = False
        self._doubted = False
        self._ended = False
        self._holding = False

    def on_frame(self, frame: Frame) -> tuple[BargeInSignal, ...]:
        """Take the next frame."""
        if not self._enabled or self._accepted:
            return ()
        if self._voicing.update(frame.speech_probability):
            return self._on_voiced(frame)
        if not self._voiced:
            return ()
        return self._on_silent(frame)

    def on_words(self, text: str, rejected: str | None, at: int, confidence: float = 1.0) -> tuple[BargeInSignal, ...]:
        """Take what was understood of the speech up to `at`; `rejected` says why it is noise and not words.

        Every ASK wants one answer; what is about an earlier speech is ignored.
        """
        if not self._voiced or at <= self.speech_start:
            return ()
        self._asking = False
        words = rejected is None and bool(text.strip())
        self._backchannel = words and is_backchannel(text, self._backchannels)
        if words and not self._backchannel:
            if confidence >= SURE or self._doubted:
                return self._settle(BargeInSignal.ACCEPTED)
            self._doubted, rejected = True, "low-confidence"
        self._unclear = rejected is not None
        self.refusal = rejected or ("backchannel" if words else "silence")
        if not self._ended:
            return self._hold() if self._unclear and self._voicing.voiced else ()
        if at + to_samples(COVERED_MS) < self._last_voiced:
            return self._ask(at)
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
        held = self._hold() if self._hold_due(frame.end - self.speech_start) else ()
        return held + (self._ask(frame.end) if frame.end >= self._next_ask and not self._asking else ())

    def _hold_due(self, elapsed: int) -> bool:
        patience = to_samples(HOLD_BACKCHANNEL_AFTER_MS if self._backchannel else HOLD_AFTER_MS)
        if self._continued:
            patience //= 2
        return elapsed >= patience and self._voiced >= patience * HOLD_VOICED_SHARE

    @property
    def _continued(self) -> bool:
        return self._refused_until is not None and self.speech_start - self._refused_until < to_samples(CONTINUED_MS)

    def _hold(self) -> tuple[BargeInSignal, ...]:
        if self._holding:
            return ()
        self._holding = True
        return (BargeInSignal.HOLD,)

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
        self._refused_until = None if self._backchannel else self._last_voiced
        self._forget()
        return (signal,)
