"""Faults that are injected into a whole appliance while somebody talks with it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from appliance.audio.ports import Samples
from appliance.ops.faults.fault import Fault, Group, require
from appliance.ops.faults.trial import Trial, asked, seconds_of
from appliance.ops.health import Part, State

CHUNK = bytes(2**20)
CLIPPING = 40.0
"""Gain: 32 dB too much."""
LOUD_HUM = 0.3

TrialCheck = Callable[[Trial], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkingFault:
    """A row of the matrix that needs a whole appliance."""

    fault: Fault
    check: TrialCheck


@contextmanager
def filled_up(folder: Path) -> Iterator[None]:
    """Leave no byte free on the disk of a folder, until the block is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(CHUNK):
                pass
        except OSError as error:
            require(error.errno == errno.ENOSPC, error)
        with contextlib.suppress(OSError):
            while file.write(b"\0"):
                pass
    try:
        yield
    finally:
        ballast.unlink(missing_ok=True)


async def disk_full(trial: Trial) -> str:
    """Fill the disk of the state, talk, and make room again."""
    folder = trial.database.path.parent
    before = await trial.count("turn_metrics")
    with filled_up(folder):
        alarm = asyncio.ensure_future(trial.becomes(Part.DISK, State.FAILED))
        await trial.answered()
        full = await alarm
        require(await trial.count("turn_metrics") == before, "it was stored although the disk is full")
    await trial.becomes(Part.DISK, State.OK, State.DEGRADED)
    deadline = trial.clock.now() + 20.0
    while await trial.count("turn_metrics") <= before:
        require(trial.clock.now() < deadline, "what happened meanwhile was not stored afterwards")
        await asyncio.sleep(0.2)
    return f"answered; {full.detail} Afterwards the turn was stored"


async def microphone_silent(trial: Trial) -> str:
    """Let the microphone deliver zeros: a muted or a broken one."""
    turns = trial.journal.turn_id
    trial.card.floor(0.0)
    await _plays(trial, seconds_of(0.0, 1.5))
    require(trial.journal.turn_id == turns, "a turn began")
    trial.card.floor(1e-4)
    return f"no turn; then: {await trial.answered()}"


async def microphone_stuck(trial: Trial) -> str:
    """Let the microphone deliver one value for ever."""
    turns = trial.journal.turn_id
    await _plays(trial, seconds_of(LOUD_HUM, 1.5))
    require(trial.journal.turn_id == turns, "a turn began")
    return f"no turn; then: {await trial.answered()}"


async def microphone_clipped(trial: Trial) -> str:
    """Turn the microphone up by 32 dB."""
    record = await trial.ask(np.clip(asked() * CLIPPING, -1.0, 1.0).astype(np.float32))
    require(record.answered and not record.errors, record.as_json())
    return f"understood: {record.user_text}"


async def loudspeaker_gone(trial: Trial) -> str:
    """Unplug the card in the middle of a sentence, and plug it in again."""
    asking = asyncio.ensure_future(trial.ask())
    await trial.until(lambda: trial.session().speaking, 30.0)
    trial.card.broken = True
    await trial.becomes(Part.LOUDSPEAKER, State.FAILED)
    trial.card.broken = False
    await trial.becomes(Part.LOUDSPEAKER, State.OK)
    await asking
    return f"it went on; then: {await trial.answered()}"


async def date_jumps(trial: Trial) -> str:
    """Set the date a year ahead in the middle of a conversation, and back."""
    session = trial.journal.session_id
    for ahead in (timedelta(days=365), timedelta(days=-365)):
        trial.clock.ahead = ahead
        record = await trial.ask()  # the words depend on the date that the model reads
        require(record.answered and not record.errors, record.as_json())
        require(trial.journal.session_id == session, "the conversation was ended")
    trial.clock.ahead = timedelta()
    return "the same conversation went on, a year ahead and a year back"


async def models_deleted(trial: Trial) -> str:
    """Delete the files of the models that are in use."""
    links = [path for path in trial.models.rglob("*") if path.is_file()]
    require(links, "there are no files of models")
    for path in links:
        path.unlink()
    return f"{len(links)} files deleted; then: {await trial.answered()}"


async def _plays(trial: Trial, sound: Samples) -> None:
    start = trial.card.speak(sound)
    end = start + len(sound) * trial.card.capture_rate // 16_000
    while trial.card.position < end:
        await trial.clock.sleep(0.05)


GOES_ON = "nothing; the conversation goes on"

FAULTS: Sequence[TalkingFault] = (
    TalkingFault(
        fault=Fault(
            name="disk-full",
            group=Group.TALKING,
            injected="the disk of the state is filled to the last byte, and emptied after a turn",
            holds="the turn is answered, nothing is stored; when there is room, what happened meanwhile is",
            heard="nothing; a task that changes something says that it failed, and is not begun",
            seen="warning in the log; `disk` failed; `appliance_disk_free_bytes`. Make room: it goes on by itself.",
        ),
        check=disk_full,
    ),
    TalkingFault(
        fault=Fault(
            name="microphone-silent",
            group=Group.TALKING,
            injected="the microphone delivers zeros",
            holds="no turn begins, and the next words are understood",
            heard="nothing",
            seen="`appliance devices --test` shows the level; after `audio.deaf_after_s` it is restarted",
        ),
        check=microphone_silent,
    ),
    TalkingFault(
        fault=Fault(
            name="microphone-stuck",
            group=Group.TALKING,
            injected="the microphone delivers the same value again and again",
            holds="no turn begins, and the next words are understood",
            heard="nothing",
            seen="as above; one that delivers nothing is lost after 1 s and opened again",
        ),
        check=microphone_stuck,
    ),
    TalkingFault(
        fault=Fault(
            name="microphone-clipped",
            group=Group.TALKING,
            injected="the microphone is turned up by 32 dB",
            holds="the turn is answered, or the person is asked to say it again",
            heard="an answer, perhaps to words that were misheard",
            seen="low confidence in `appliance turns`; `appliance devices --test` shows the level",
        ),
        check=microphone_clipped,
    ),
    TalkingFault(
        fault=Fault(
            name="loudspeaker-gone",
            group=Group.TALKING,
            injected="the sound card is unplugged in the middle of a sentence, and plugged in again",
            holds="it is opened again within seconds, and the next turn is answered",
            heard="the sentence breaks off",
            seen="warning in the log; `loudspeaker` failed, then ok; not ready meanwhile",
        ),
        check=loudspeaker_gone,
    ),
    TalkingFault(
        fault=Fault(
            name="date-jumps",
            group=Group.TALKING,
            injected="the date is set a year ahead and a year back during a conversation",
            holds="the conversation goes on: silence and patience are measured on a clock that nobody sets",
            heard="the wrong date, if somebody asks for it",
            seen="wrong dates in records; the purge waits until it believes the clock (docs/privacy.md)",
        ),
        check=date_jumps,
    ),
    TalkingFault(
        fault=Fault(
            name="models-deleted",
            group=Group.TALKING,
            injected="the files of all models are deleted while they are in use",
            holds="what is loaded goes on",
            heard=GOES_ON,
            seen="nothing before the next start, which is refused (`model-missing`); `appliance models fetch`",
        ),
        check=models_deleted,
    ),
)
