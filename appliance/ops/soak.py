"""Simulated people talk with the appliance through real sound devices, turn after turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from appliance.clock import Clock
from appliance.events import AnyEvent, DeviceFound, PlayoutStarted, SpeechEnded
from appliance.ops.soak_programme import Part, SoakTurn, Sound
from appliance.ops.soak_watch import Sample, Witness
from appliance.ops.visit import PAUSE_S, POLL_S, SETTLED_S

CUT_IN_AFTER_S = 0.8
"""Seconds of an answer that a person listens to before they cut in."""

PATIENCE_S = 30.0
"""Seconds that an answer may take: longer than a person would wait, because here it counts that it comes at all."""

NOISE_S = 2.0
"""Seconds that are waited after a noise for an answer that should not come."""

SAMPLE_EVERY = 10
"""Turns from one look at the process to the next."""


class Floor(Protocol):
    """What a person in front of the appliance notices of it; `Session` is one."""

    @property
    def idle(self) -> bool:
        """Whether nobody speaks and nothing is about to be said."""

    @property
    def speaking(self) -> bool:
        """Whether the assistant is being heard."""


class Playing(Protocol):
    """A sound that is being played into the microphone; `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Return None until it is over."""

    def kill(self) -> None:
        """End it."""

    def wait(self) -> int:
        """Wait until it has ended."""


class Mouth(Protocol):
    """Plays into the microphone, and holds its plug."""

    def play(self, recording: Path) -> Playing:
        """Begin to play a WAV file."""

    async def replug(self) -> None:
        """Take the sound device away and give it back. What plays has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """When it is enough: after so many turns, or seconds."""

    turns: int | None = None
    seconds: float | None = None

    def reached(self, turns: int, seconds: float) -> bool:
        """Tell whether it is enough."""
        return (self.turns is not None and turns >= self.turns) or (
            self.seconds is not None and seconds >= self.seconds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one turn."""

    part: Part
    answered: bool
    cut_off: bool
    """It was taken for finished before the person had finished."""
    first_sound_ms: float | None
    """From the last voiced sample, as the appliance heard it, to the first sample of the answer."""


@dataclass(slots=True, kw_only=True)
class Course:
    """All that has come of a soak so far."""

    begun: float
    """In seconds of the clock."""
    ended: float
    outcomes: list[Outcome] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


class Soak:
    """Lets people talk, and writes down what came of it into `course`, which is good at any moment."""

    def __init__(
        self, floor: Floor, mouth: Mouth, clock: Clock, witness: Witness, look: Callable[[int], Sample]
    ) -> None:
        """`look` takes a sample of the process after a turn."""
        self._floor = floor
        self._mouth = mouth
        self._clock = clock
        self._witness = witness
        self._look = look
        self._playing: list[Playing] = []
        self._background: tuple[Sound, Playing] | None = None
        self.course = Course(begun=clock.now(), ended=clock.now())

    async def run(self, turns: Iterable[SoakTurn], length: Length, on_turn: Callable[[Course], None]) -> None:
        """Say the turns until it is enough. When it is cancelled, nothing is left playing."""
        course = self.course
        try:
            await self._quiet()
            for turn, following in pairwise(turns):
                if length.reached(len(course.outcomes), self._clock.now() - course.begun):
                    break
                outcome = await self._say(turn, cut_short=following.part is Part.CUT_IN)
                course.outcomes.append(outcome)
                course.ended = self._clock.now()
                self._sample()
                on_turn(course)
        finally:
            course.ended = self._clock.now()
            self._hush()
            number = len(course.outcomes)
            if course.samples and course.samples[-1].turn < number:
                course.samples.append(self._look(number))

    def _sample(self) -> None:
        number = len(self.course.outcomes)
        if number == 1 or number % SAMPLE_EVERY == 0:
            self.course.samples.append(self._look(number))

    async def _say(self, turn: SoakTurn, *, cut_short: bool) -> Outcome:
        if turn.unplugged:
            await self._replug()
        self._set_background(turn.background)
        self._witness.take()
        begun = self._clock.now()
        await self._play(turn.sound)
        if turn.part is Part.NOISE:
            await self._clock.sleep(NOISE_S)
            await self._quiet()
        elif cut_short:
            await self._audible()
            await self._clock.sleep(CUT_IN_AFTER_S)
        else:
            await self._answered()
            await self._clock.sleep(PAUSE_S)
        if turn.part is Part.GOODBYE:
            self._set_background(None)
        return outcome_of(turn.part, self._witness.events, begun + turn.sound.last_voiced_s)

    async def _replug(self) -> None:
        """Take the sound device away, and wait until the appliance has found it again, or is not going to."""
        self._hush()
        self._witness.take()
        await self._mouth.replug()
        deadline = self._clock.now() + PATIENCE_S
        while self._clock.now() < deadline and not any(isinstance(each, DeviceFound) for each in self._witness.events):
            await self._clock.sleep(POLL_S)
        await self._clock.sleep(PAUSE_S)

    async def _play(self, sound: Sound) -> None:
        playing = self._mouth.play(sound.path)
        self._playing.append(playing)
        while playing.poll() is None:
            await self._clock.sleep(POLL_S)
        self._playing.remove(playing)

    async def _quiet(self) -> None:
        deadline = self._clock.now() + PATIENCE_S
        while not self._floor.idle and self._clock.now() < deadline:
            await self._clock.sleep(POLL_S)

    async def _audible(self) -> None:
        """Wait until the answer is being heard, or until nobody would wait any longer."""
        deadline = self._clock.now() + PATIENCE_S
        while not self._has_answer() and self._clock.now() < deadline:
            await self._clock.sleep(POLL_S)

    async def _answered(self) -> None:
        """Wait until the answer is over, or until nobody would wait any longer."""
        deadline = self._clock.now() + PATIENCE_S
        idle_since: float | None = None
        while self._clock.now() < deadline or self._floor.speaking:
            await self._clock.sleep(POLL_S)
            if not self._floor.idle or not self._has_answer():
                idle_since = None
                continue
            idle_since = idle_since or self._clock.now()
            if self._clock.now() - idle_since >= SETTLED_S:
                return

    def _has_answer(self) -> bool:
        return first_sound_ms(self._witness.events) is not None

    def _set_background(self, sound: Sound | None) -> None:
        """Let `sound` be heard in the background, from its beginning when it has come to its end."""
        if self._background is not None:
            now, playing = self._background
            if now == sound and playing.poll() is None:
                return
            _end(playing)
        self._background = None if sound is None else (sound, self._mouth.play(sound.path))

    def _hush(self) -> None:
        self._set_background(None)
        while self._playing:
            _end(self._playing.pop())


def outcome_of(part: Part, events: Iterable[AnyEvent], last_voiced_t: float) -> Outcome:
    """Return what came of a turn. Before `last_voiced_t`, in seconds of the clock, the person cannot have finished."""
    events = list(events)
    ms = first_sound_ms(events)
    ends = [event.t for event in events if isinstance(event, SpeechEnded)]
    return Outcome(
        part=part,
        answered=ms is not None,
        cut_off=part is not Part.NOISE and any(end < last_voiced_t for end in ends),
        first_sound_ms=ms,
    )


def first_sound_ms(events: Iterable[AnyEvent]) -> float | None:
    """Return how long the person waited for the answer to what they said last; None when there was no answer."""
    waiting: SpeechEnded | None = None
    result: float | None = None
    for event in events:
        if isinstance(event, SpeechEnded):
            waiting = event
        elif isinstance(event, PlayoutStarted) and waiting is not None:
            result = (event.t - waiting.last_voiced_t) * 1000
            waiting = None
    return result


def _end(playing: Playing) -> None:
    playing.kill()
    playing.wait()
