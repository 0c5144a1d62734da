"""People who talk for hours, in virtual time: what is said when, and what is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, pairwise
from pathlib import Path

import pytest

from appliance.events import AnyEvent, BargeIn, DeviceFound, PlayoutStarted, SpeechEnded, TurnCommitted
from appliance.ops.soak import CUT_IN_AFTER_S, PATIENCE_S, Course, Length, Soak, first_sound_ms, outcome_of
from appliance.ops.soak_programme import Part, SoakTurn, Sound
from appliance.ops.soak_watch import Sample, Witness
from tests.scenario.virtual import VirtualClock, run_virtually

SPOKEN_S = 3.0
LAST_VOICED_S = 2.7
THINKING_S = 1.0
REPLY_S = 4.0
FOUND_S = 2.5
HUM = Sound(path=Path("hum.wav"), last_voiced_s=0.0)


def stamp(t: float) -> dict[str, object]:
    return {"session_id": "s", "turn_id": 1, "epoch": 0, "t": t}


def ended(t: float, last_voiced_t: float) -> SpeechEnded:
    return SpeechEnded(**stamp(t), reason="semantic", last_voiced_t=last_voiced_t)  # type: ignore[arg-type]


def heard(t: float) -> PlayoutStarted:
    return PlayoutStarted(**stamp(t))  # type: ignore[arg-type]


def turn(part: Part, *, background: Sound | None = None) -> SoakTurn:
    return SoakTurn(
        part=part, sound=Sound(path=Path(f"{part.value}.wav"), last_voiced_s=LAST_VOICED_S), background=background
    )


@dataclass
class FakePlaying:
    clock: VirtualClock
    over_t: float
    killed: bool = False

    def poll(self) -> int | None:
        return 0 if self.killed or self.clock.now() >= self.over_t else None

    def kill(self) -> None:
        self.killed = True

    def wait(self) -> int:
        return 0


@dataclass
class Appliance:
    """Answers what is played into its microphone after a second, for four seconds, unless it is deaf."""

    clock: VirtualClock
    witness: Witness
    deaf: bool = False
    played: list[tuple[float, str]] = field(default_factory=list)
    playing: list[FakePlaying] = field(default_factory=list)
    replugged: list[float] = field(default_factory=list)
    reply: tuple[float, float] = (-1.0, -1.0)

    @property
    def idle(self) -> bool:
        return self.clock.now() >= self.reply[1]

    @property
    def speaking(self) -> bool:
        return self.reply[0] <= self.clock.now() < self.reply[1]

    def play(self, recording: Path) -> FakePlaying:
        now = self.clock.now()
        self.played.append((now, recording.stem))
        length_s = 60.0 if recording == HUM.path else SPOKEN_S
        self.playing.append(FakePlaying(self.clock, now + length_s))
        if recording != HUM.path and recording.stem != "noise" and not self.deaf:
            self._interrupt()
            self._at(SPOKEN_S, lambda: ended(self.clock.now(), now + LAST_VOICED_S))
            self._at(SPOKEN_S + THINKING_S, lambda: heard(self.clock.now()))
            self.reply = (now + SPOKEN_S + THINKING_S, now + SPOKEN_S + THINKING_S + REPLY_S)
        return self.playing[-1]

    async def replug(self) -> None:
        self.replugged.append(self.clock.now())
        self._at(FOUND_S, lambda: DeviceFound(**stamp(self.clock.now()), direction="capture"))  # type: ignore[arg-type]

    def _interrupt(self) -> None:
        if self.speaking:
            self.witness(BargeIn(**stamp(self.clock.now()), speech_started_t=self.clock.now()))  # type: ignore[arg-type]
            self.witness(
                TurnCommitted(
                    **stamp(self.clock.now()),  # type: ignore[arg-type]
                    user_text="hello",
                    assistant_text="good day",
                    heard_text="good",
                    interrupted=True,
                )
            )

    def _at(self, delay_s: float, event: Callable[[], AnyEvent]) -> None:
        asyncio.get_running_loop().call_later(delay_s, lambda: self.witness(event()))


@dataclass
class Scene:
    """A soak of an appliance."""

    deaf: bool = False

    def __post_init__(self) -> None:
        self.clock, self.witness = VirtualClock(), Witness()
        self.appliance = Appliance(self.clock, self.witness, deaf=self.deaf)
        self.looks: list[int] = []
        self.told: list[int] = []
        self.soak = Soak(self.appliance, self.appliance, self.clock, self.witness, self.look)

    def look(self, number: int) -> Sample:
        self.looks.append(number)
        return Sample(turn=number, rss_mib=1000.0, private_mib=500.0, threads=9, descriptors=20)

    async def run(self, turns: Iterator[SoakTurn], length: Length) -> Course:
        await self.soak.run(turns, length, lambda course: self.told.append(len(course.outcomes)))
        return self.soak.course


def talk(parts: list[Part], count: int, *, deaf: bool = False) -> Scene:
    async def play() -> Scene:
        scene = Scene(deaf=deaf)
        await scene.run((turn(part) for part in cycle(parts)), Length(turns=count))
        return scene

    return run_virtually(play())


def test_a_question_waits_for_the_answer_to_the_one_before() -> None:
    scene = talk([Part.QUESTION], 3)
    times = [t for t, _ in scene.appliance.played]
    assert min(after - before for before, after in pairwise(times)) > SPOKEN_S + THINKING_S + REPLY_S
    assert [outcome.answered for outcome in scene.soak.course.outcomes] == [True] * 3
    assert scene.soak.course.outcomes[0].first_sound_ms == pytest.approx((SPOKEN_S + THINKING_S - LAST_VOICED_S) * 1000)


def test_a_person_cuts_in_while_the_answer_is_heard_and_is_answered_too() -> None:
    scene = talk([Part.QUESTION, Part.CUT_IN], 2)
    asked, cut_in = (t for t, _ in scene.appliance.played)
    assert cut_in - asked == pytest.approx(SPOKEN_S + THINKING_S + CUT_IN_AFTER_S, abs=0.05)
    assert [outcome.answered for outcome in scene.soak.course.outcomes] == [True, True]
    assert scene.witness.interrupted == 1


def test_an_answer_that_never_comes_is_written_down_when_patience_ends() -> None:
    scene = talk([Part.QUESTION], 1, deaf=True)
    course = scene.soak.course
    assert [(outcome.answered, outcome.first_sound_ms) for outcome in course.outcomes] == [(False, None)]
    assert course.ended - course.begun == pytest.approx(SPOKEN_S + PATIENCE_S, abs=1.0)


def test_a_noise_needs_no_answer() -> None:
    scene = talk([Part.NOISE], 1)
    course = scene.soak.course
    assert course.outcomes[0].answered is False
    assert course.ended - course.begun < PATIENCE_S / 2


def test_the_process_is_looked_at_after_turn_1_every_tenth_and_the_last() -> None:
    assert talk([Part.NOISE], 23).looks == [1, 10, 20, 23]
    assert talk([Part.NOISE], 20).looks == [1, 10, 20]


def test_it_ends_at_the_first_turn_after_the_time_is_up() -> None:
    async def play() -> Course:
        return await Scene().run((turn(Part.NOISE) for _ in iter(int, 1)), Length(seconds=12.0))

    course = run_virtually(play())
    assert 12.0 <= course.ended - course.begun < 12.0 + SPOKEN_S + 3.0


def test_the_background_lasts_from_turn_to_turn_and_ends_with_the_goodbye() -> None:
    async def play() -> Scene:
        scene = Scene()
        parts = [turn(Part.QUESTION, background=HUM), turn(Part.QUESTION, background=HUM)]
        parts += [turn(Part.GOODBYE, background=HUM), turn(Part.QUESTION), turn(Part.QUESTION)]
        await scene.run(iter(parts), Length(turns=4))
        return scene

    scene = run_virtually(play())
    assert [name for _, name in scene.appliance.played] == ["hum", "question", "question", "goodbye", "question"]
    assert scene.appliance.playing[0].killed


def test_a_person_comes_when_the_device_that_was_lost_has_been_found() -> None:
    async def play() -> Scene:
        scene = Scene()
        parts = [turn(Part.GOODBYE, background=HUM), replace(turn(Part.QUESTION), unplugged=True)]
        await scene.run(iter([*parts, turn(Part.QUESTION)]), Length(turns=2))
        return scene

    appliance = run_virtually(play()).appliance
    (lost,) = appliance.replugged
    assert appliance.playing[0].killed
    assert appliance.played[-1][0] >= lost + FOUND_S
    assert appliance.played[-1][1] == "question"


def test_when_it_is_broken_off_nothing_plays_on_and_what_was_done_counts() -> None:
    async def play() -> Scene:
        scene = Scene()
        turns = (turn(Part.QUESTION, background=HUM) for _ in iter(int, 1))
        talking = asyncio.create_task(scene.run(turns, Length(turns=100)))
        await scene.clock.sleep(21.0)
        assert any(each.poll() is None for each in scene.appliance.playing)
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking
        return scene

    scene = run_virtually(play())
    course = scene.soak.course
    assert len(course.outcomes) == 2
    assert scene.looks == [1, 2]
    assert course.ended == pytest.approx(21.0, abs=0.1)
    assert all(each.killed or each.over_t <= course.ended for each in scene.appliance.playing)


def test_progress_is_told_after_each_turn() -> None:
    assert talk([Part.NOISE], 3).told == [1, 2, 3]


@pytest.mark.parametrize(
    ("events", "ms"),
    [
        ([], None),
        ([heard(1.0)], None),
        ([ended(1.0, 0.8), heard(1.3)], 500.0),
        ([ended(1.0, 0.8), heard(1.3), heard(9.0)], 500.0),
        ([ended(1.0, 0.8), heard(1.3), ended(4.0, 3.8), heard(4.1)], 300.0),
        ([ended(1.0, 0.8), heard(1.3), ended(4.0, 3.8)], 500.0),
    ],
    ids=["nothing", "a greeting", "an answer", "a question of its own", "cut off", "cut off, no second answer"],
)
def test_first_sound(events: list[AnyEvent], ms: float | None) -> None:
    assert first_sound_ms(events) == (None if ms is None else pytest.approx(ms))


def test_who_is_answered_before_they_have_finished_is_cut_off() -> None:
    assert outcome_of(Part.QUESTION, [ended(1.0, 0.8), heard(1.3)], 2.5).cut_off
    assert not outcome_of(Part.QUESTION, [ended(2.9, 2.4), heard(3.0)], 2.5).cut_off
    assert not outcome_of(Part.NOISE, [ended(1.0, 0.8)], 2.5).cut_off


def test_a_length_is_turns_or_seconds() -> None:
    assert Length(turns=3).reached(3, 0.0)
    assert not Length(turns=3).reached(2, 1e9)
    assert Length(seconds=60.0).reached(0, 60.0)
    assert not Length(seconds=60.0).reached(10**6, 59.0)
