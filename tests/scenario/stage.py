"""A stage for conversations: a person who speaks by script, and everything else in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import numpy as np

from appliance.audio.ports import FRAME_S, FRAME_SAMPLES, Frame
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.earcons import Earcons
from appliance.dialogue.gate import Gate
from appliance.dialogue.journal import Journal
from appliance.dialogue.phrases import PhraseBook, fixed_phrases
from appliance.dialogue.responding import Responder, TalkingResponder
from appliance.dialogue.session import Engines, Session
from appliance.events import AnyEvent, StateChanged, TurnCommitted
from tests.scenario.fakes import (
    FakeLoudspeaker,
    FakeModel,
    FakeTranscriber,
    FakeTurnDetector,
    FakeVoice,
    FakeWakeWordDetector,
    Lexicon,
)
from tests.scenario.virtual import VirtualClock, run_virtually

E = TypeVar("E")
Answering = Callable[[Clock], Responder]
LIMIT_S = 120.0


class Stage:
    """Person, appliance and room."""

    def __init__(self, config: Config, answering: Answering | None = None) -> None:
        self.clock = VirtualClock()
        self.lexicon = Lexicon()
        self.transcriber = FakeTranscriber(self.clock, self.lexicon)
        self.turn_detector = FakeTurnDetector(self.clock, self.lexicon)
        self.model = FakeModel(self.clock)
        self.voice = FakeVoice(self.clock)
        self.loudspeaker = FakeLoudspeaker(self.clock)
        self.config = config
        self.events: list[AnyEvent] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.journal = Journal(bus, self.clock)
        phrases = PhraseBook()
        self._phrases = phrases
        engines = Engines(
            transcriber=self.transcriber, turn_detector=self.turn_detector, model=self.model, voice=self.voice
        )
        self.responder: Responder = TalkingResponder(self.model) if answering is None else answering(self.clock)
        self.forgotten = True
        self.forgot: list[str] = []
        self.session = Session(
            config, engines, self.loudspeaker, self.clock, self.journal, phrases, self.responder, self._forget
        )
        earcons = Earcons(self.loudspeaker) if config.attention.earcons else None
        if earcons is not None:
            bus.subscribe(earcons)
        detector = FakeWakeWordDetector(self.lexicon)
        self.gate = Gate(config.attention, self.session, self.journal, detector, earcons)
        self._spoken = np.zeros(0, np.float32)
        self._position = 0

    async def _forget(self, session_id: str) -> bool:
        self.forgot.append(session_id)
        return self.forgotten

    async def open(self, *, greet: bool = False) -> None:
        await self._phrases.prepare(self.voice, fixed_phrases(self.config))
        await self.session.start(greet=greet)

    def say(self, text: str) -> None:
        """Let the person say something, beginning now or after what they say already."""
        self._spoken = np.concatenate([self._spoken, self.lexicon.sound(text)])

    async def listen(self, seconds: float) -> None:
        """Let time pass, frame by frame."""
        for _ in range(round(seconds / FRAME_S)):
            await self._frame()

    async def until(self, condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        """Let time pass until `condition` holds."""
        for _ in range(round(limit_s / FRAME_S)):
            if condition():
                return
            await self._frame()
        raise AssertionError(f"it did not happen within {limit_s} s; events: {self.events[-8:]}")

    async def answered(self) -> TurnCommitted:
        """Let time pass until the next reply is over."""
        count = len(self.of(TurnCommitted))
        await self.until(lambda: len(self.of(TurnCommitted)) > count)
        return self.of(TurnCommitted)[-1]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.of(StateChanged)]

    async def _frame(self) -> None:
        await self.clock.sleep(FRAME_S)
        pcm = np.zeros(FRAME_SAMPLES, np.float32)
        said, self._spoken = self._spoken[:FRAME_SAMPLES], self._spoken[FRAME_SAMPLES:]
        pcm[: len(said)] = said
        frame = Frame(
            pcm=pcm,
            start=self._position,
            speech_probability=0.95 if np.any(pcm) else 0.02,
            t=self.clock.now(),
        )
        self._position += FRAME_SAMPLES
        self.gate.on_frame(frame)
        await self.clock.sleep(0)


def perform(
    scene: Callable[[Stage], Awaitable[None]],
    config: Config | None = None,
    answering: Answering | None = None,
    *,
    greet: bool = False,
) -> None:
    """Run a scene on a fresh stage, and close it. `answering` makes what finds the answers, else the model talks."""

    async def run() -> None:
        stage = Stage(config or Config(), answering)
        await stage.open(greet=greet)
        try:
            await scene(stage)
        finally:
            await stage.session.close()

    run_virtually(run())
