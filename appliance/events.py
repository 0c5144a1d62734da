"""Everything that happens, as frozen data. Metrics, captions, logs and `--json` output are observers of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events carry."""

    session_id: str
    turn_id: int
    """1 for the first user turn of the session; 0 before it (the greeting)."""
    epoch: int
    """Grows with every interruption: what carries an older epoch is stale."""
    t: float
    """Seconds of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The session now is `idle`, `listening`, `thinking`, `speaking` or `ended`."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted(Event):
    """The person began to speak, at `t` (the first voiced frame, not the decision)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded(Event):
    """The person's turn is over; `t` is the decision."""

    reason: str
    """`semantic`, `silence`, `cap`, or `release` of a button."""
    last_voiced_t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTranscript(Event):
    """What has been understood while the person still speaks."""

    text: str
    stable: str
    """The part that two passes in a row agreed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed(Event):
    """The final transcript of the turn."""

    text: str
    confidence: float
    rejected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted(Event):
    """A reply is being prepared; `speculative` when the end of the person's turn is not decided yet."""

    speculative: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnDropped(Event):
    """A speculative reply was thrown away because the person went on."""

    cpu_s: float
    """CPU time of the process from its start to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta(Event):
    """The model wrote a piece of the reply."""

    text: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstToken(Event):
    """The language model wrote its first token, at `t`; what it writes is checked before it becomes a TextDelta."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseReady(Event):
    """A piece of the reply that can be spoken."""

    text: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseSynthesised(Event):
    """A clause has become sound."""

    text: str
    audio_s: float
    synthesis_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutStarted(Event):
    """The first sample of the reply reached the loudspeaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutEnded(Event):
    """The reply is over, to its end or cut."""

    samples_played: int
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeIn(Event):
    """The person interrupts; the sound stops."""

    speech_started_t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInRefused(Event):
    """What sounded like an interruption was none: a cough, a backchannel."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCommitted(Event):
    """A turn has entered the history: what the person said and what they heard in answer."""

    user_text: str
    assistant_text: str
    """All that the assistant wrote."""
    heard_text: str
    """The part that was really played."""
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioXrun(Event):
    """The sound device lost samples."""

    direction: str
    """`capture` or `playout`."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLost(Event):
    """A sound device went away; the appliance tries to open it again every second."""

    direction: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFound(Event):
    """A lost sound device is back."""

    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRestarted(Event):
    """The audio path was restarted by itself, because it had gone deaf."""

    reason: str
    """`deaf`: it sounded as if somebody spoke and no speech was ever detected; `error`: a part of it raised."""
    count: int
    """How often this has happened since the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awake(Event):
    """The assistant now listens to people."""

    reason: str
    """`wake_word`, or `button`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asleep(Event):
    """The assistant does not listen any more until it is woken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFailed(Event):
    """An engine raised; the person has been told and the next turn works."""

    engine: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRefused(Event):
    """A tool was wanted and not called."""

    tool: str
    reason: str
    """`missing:NAME`, `unconfirmed`, `cancelled`, `already-done` or `in-doubt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolProposed(Event):
    """The arguments of a tool were read back, and a yes is awaited."""

    tool: str
    arguments: Mapping[str, str | int | float | bool]
    evidence: Mapping[str, str]
    """For each argument the words of the person it was found in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolConfirmed(Event):
    """The person has agreed to what was read back."""

    tool: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted(Event):
    """A tool is called with arguments that the person has said."""

    tool: str
    arguments: Mapping[str, str | int | float | bool]
    evidence: Mapping[str, str]
    """For each argument the words of the person it was found in."""
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished(Event):
    """What became of the call."""

    tool: str
    ok: bool
    empty: bool
    error_code: str
    duration_s: float
    result: Mapping[str, object]
    """What the tool has answered, within the bounds of `appliance.tools.bounds`; empty when it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """Something went to people: a call for help, or a form."""

    kind: str
    """`escalation`, `emergency`, or `intake`."""
    reason: str
    delivered: bool | None
    """None where there is no channel; False while it waits in the outbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagesUsed(Event):
    """What the answer to a question rests on."""

    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided(Event):
    """What may be kept of this session was decided; the last decision of a session holds."""

    decision: str
    """`notified` (told, where no answer is needed), `given`, `refused`, or `withdrawn`: wipe what was kept."""
    mode: str
    """`notice` or `ask`; nothing is decided in the mode `none`."""
    how: str
    """`voice`, `touch`, `spoken` (the notice itself), `shown`, or `silence`: no answer counts as a refusal."""
    policy_version: str
    wording: str
    """What was said to the person."""
    heard: str
    """The part of it that was really played; for an answer the words of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """The conversation is over; the next event belongs to another one."""

    reason: str
    """`goodbye`, `silence`, or `stopped`."""


AnyEvent = (
    StateChanged
    | SpeechStarted
    | SpeechEnded
    | PartialTranscript
    | Transcribed
    | TurnStarted
    | TurnDropped
    | TextDelta
    | FirstToken
    | ClauseReady
    | ClauseSynthesised
    | PlayoutStarted
    | PlayoutEnded
    | BargeIn
    | BargeInRefused
    | TurnCommitted
    | AudioXrun
    | DeviceLost
    | DeviceFound
    | AudioRestarted
    | Awake
    | Asleep
    | EngineFailed
    | ToolRefused
    | ToolProposed
    | ToolConfirmed
    | ToolStarted
    | ToolFinished
    | HandedOver
    | PassagesUsed
    | ConsentDecided
    | SessionEnded
)
