"""What the turn-taking is measured on: labelled recordings, with pauses put into them, with and without babble."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr

from appliance.audio.files import read_audio
from appliance.audio.levels import dbfs, noise_at_snr, voiced_span, window_levels
from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Samples
from appliance.engines.ports import Synthesiser, VoiceDetector
from appliance.errors import UsageError

LEAD_S = 2.0
"""Quiet before the person speaks, in which the background is learnt."""
TAIL_S = 3.0
"""Quiet after it: an end that is not found in it is missed."""
BABBLE_VOICES = 7
BABBLE_SNR_DB = 10.0
PAUSES_MS = (0, 400, 800, 1200)
"""0 is the recording as it is."""
SHORTEST_WITH_PAUSE_S = 2.5
"""Nobody searches for words inside "yes"."""

BACKCHANNELS = ("Yeah.", "Okay.", "Hmm.", "Uh-huh.", "Right.", "Sure.", "I see.", "Great.", "Thank you.", "Yes.")
INTERRUPTIONS = ("Stop.", "Wait.", "No.", "Hold on a second.", "Excuse me.", "What did you say?", "Yes, but not today.")

SPEEDS = (0.85, 1.0, 1.2)
"""At which short words are spoken, since one voice speaks all of them."""
BACKGROUND_S = 180.0
"""How long nobody addresses the assistant."""

UNNOTICED_MS = 200
SPEECH_FRAMES = 6
"""192 ms of speech are no knock."""

_BREAK_S = 0.04
_MIDDLE = (0.35, 0.75)
_QUIETEST_DBFS = -75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCase:
    """One turn of one person: quiet, speech, quiet."""

    name: str
    pcm: Samples
    """16 kHz."""
    first_voiced: int
    last_voiced: int
    first_speech: int | None = None
    """Where the voice begins, when a knock or a breath comes before it; see `find_speech`."""
    pause_ms: int = 0
    """Length of the pause that was put into the middle of it."""

    @property
    def first_spoken(self) -> int:
        """Where the voice begins."""
        return self.first_voiced if self.first_speech is None else self.first_speech


def load_folder(folder: Path, language: str = "en") -> list[TurnCase]:
    """Read the recordings that `folder/manifest.jsonl` lists, one JSON object a line with `file` and perhaps `lang`.

    Raises UsageError when the manifest is missing, not JSON lines, or lists nothing, AudioFileError for a bad file.
    """
    manifest = folder / "manifest.jsonl"
    if not manifest.is_file():
        raise UsageError(f"{manifest} is missing", remedy='Write one line a recording: {"file": "a.wav", "lang": "en"}')
    names = [name for name, spoken in _entries(manifest) if spoken == language]
    cases = [case for name in names if (case := turn_case(name, read_audio(folder / name))) is not None]
    if not cases:
        raise UsageError(f"{manifest} lists no speech in {language!r}", remedy="Choose another folder or language.")
    return cases


def _entries(manifest: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            yield str(entry["file"]), str(entry.get("lang", "en"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f'{manifest}:{number}: not a JSON object with "file"', remedy="Correct the line."
            ) from error


def turn_case(name: str, recording: Samples) -> TurnCase | None:
    """Put a recording, 16 kHz, between two stretches of its own background, or return None when nobody speaks in it."""
    span = voiced_span(recording, LISTENING_RATE)
    if span is None:
        return None
    first, last = span
    margin = LISTENING_RATE // 20
    voice = recording[max(0, first - margin) : last + margin]
    lead = _background(recording, round(LEAD_S * LISTENING_RATE))
    tail = _background(recording, round(TAIL_S * LISTENING_RATE))
    offset = len(lead) - max(0, first - margin)
    return TurnCase(
        name=name,
        pcm=np.concatenate((lead, voice, tail)),
        first_voiced=first + offset,
        last_voiced=last + offset,
    )


def find_speech(case: TurnCase, voice: VoiceDetector, threshold: float) -> TurnCase:
    """Pass over the knocks and breaths before the voice, which are sound as well.

    The voice begins at most `UNNOTICED_MS` before the detector first finds speech in the recording as it is.
    """
    voice.reset()
    run = 0
    for start in range(0, len(case.pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        run = run + 1 if voice.probability(case.pcm[start : start + FRAME_SAMPLES]) >= threshold else 0
        if run == SPEECH_FRAMES:
            found = start - (SPEECH_FRAMES - 1) * FRAME_SAMPLES - UNNOTICED_MS * LISTENING_RATE // 1000
            return replace(case, first_speech=max(case.first_voiced, found))
    return case


async def spoken_cases(
    synthesiser: Synthesiser, texts: Sequence[str], speeds: Sequence[float] = SPEEDS
) -> list[TurnCase]:
    """Let `synthesiser` speak `texts`, such as backchannels, of which there are few recordings, at all `speeds`."""
    cases, normal = [], synthesiser.speed
    for speed in speeds:
        synthesiser.set_speed(normal * speed)
        for text in texts:
            speech = await synthesiser.synthesise(text)
            pcm = soxr.resample(speech.pcm, speech.sample_rate, LISTENING_RATE).astype(np.float32)
            cases.append(turn_case(text, pcm))
    synthesiser.set_speed(normal)
    return [case for case in cases if case is not None]


def with_pause(case: TurnCase, pause_ms: int) -> TurnCase:
    """Lengthen the quietest place in the middle of the turn by `pause_ms`: the person searches for words."""
    span = case.last_voiced - case.first_voiced
    low, high = (case.first_voiced + round(span * share) for share in _MIDDLE)
    window = round(_BREAK_S * LISTENING_RATE)
    powers = np.convolve(np.square(case.pcm[low:high]), np.ones(window), mode="valid")
    cut = low + int(np.argmin(powers)) + window // 2
    pause = _background(case.pcm, pause_ms * LISTENING_RATE // 1000)
    return replace(
        case,
        pcm=np.concatenate((case.pcm[:cut], pause, case.pcm[cut:])),
        last_voiced=case.last_voiced + len(pause),
        pause_ms=pause_ms,
    )


def with_pauses(cases: Iterable[TurnCase], pauses_ms: Sequence[int] = PAUSES_MS) -> list[TurnCase]:
    """Return every turn that is long enough with every pause, the others as they are."""
    return [
        with_pause(case, pause) if pause else case
        for case in cases
        for pause in pauses_ms
        if not pause or case.last_voiced - case.first_voiced >= SHORTEST_WITH_PAUSE_S * LISTENING_RATE
    ]


def with_babble(
    cases: Sequence[TurnCase],
    snr_db: float = BABBLE_SNR_DB,
    seed: int = 0,
    *,
    people: Sequence[TurnCase] | None = None,
) -> list[TurnCase]:
    """Let `people`, else those of the same set, talk in the background of each turn, `snr_db` below the person."""
    return [
        _in_babble(case, people or cases, snr_db, np.random.default_rng((seed, index)))
        for index, case in enumerate(cases)
    ]


def with_noise(cases: Sequence[TurnCase], noise: Samples, snr_db: float) -> list[TurnCase]:
    """Add `noise`, 16 kHz, repeated as needed and each time from another place, `snr_db` below the person."""
    noisy, start = [], 0
    for case in cases:
        part = np.take(noise, range(start, start + len(case.pcm)), mode="wrap")
        speech = case.pcm[case.first_voiced : case.last_voiced]
        noisy.append(replace(case, pcm=case.pcm + noise_at_snr(part, speech, LISTENING_RATE, snr_db)))
        start += len(case.pcm)
    return noisy


def evenly(cases: Sequence[TurnCase], limit: int) -> list[TurnCase]:
    """Return at most `limit` of the cases, taken from the whole of the set."""
    count = min(limit, len(cases))
    return [cases[index * len(cases) // count] for index in range(count)]


def background(
    people: Sequence[TurnCase], snr_db: float, noise: Samples | None = None, seconds: float = BACKGROUND_S
) -> Samples:
    """Return `noise`, else the babble of `people`, 16 kHz, `snr_db` below the person of median loudness."""
    count = round(seconds * LISTENING_RATE)
    voices = sorted((case.pcm[case.first_voiced : case.last_voiced] for case in people), key=dbfs)
    bed = _babble(people, count, np.random.default_rng(count)) if noise is None else np.resize(noise, count)
    return noise_at_snr(bed, voices[len(voices) // 2], LISTENING_RATE, snr_db)


def _in_babble(case: TurnCase, cases: Sequence[TurnCase], snr_db: float, rng: np.random.Generator) -> TurnCase:
    babble = _babble([other for other in cases if other.name != case.name] or list(cases), len(case.pcm), rng)
    speech = case.pcm[case.first_voiced : case.last_voiced]
    return replace(case, pcm=case.pcm + noise_at_snr(babble, speech, LISTENING_RATE, snr_db))


def _babble(voices: Sequence[TurnCase], count: int, rng: np.random.Generator) -> Samples:
    babble: Samples = np.zeros(count, np.float32)
    for index in rng.integers(len(voices), size=BABBLE_VOICES):
        voice = voices[index].pcm[voices[index].first_voiced : voices[index].last_voiced]
        loop = np.resize(np.roll(voice, int(rng.integers(len(voice)))), count)
        babble += loop / max(float(np.sqrt(np.mean(np.square(loop)))), 1e-6)
    return babble


def _background(recording: Samples, count: int) -> Samples:
    """Return noise as loud as the quietest tenth of the recording."""
    levels = window_levels(recording, LISTENING_RATE)
    level = max(float(np.percentile(levels, 10)), _QUIETEST_DBFS) if len(levels) else _QUIETEST_DBFS
    noise = np.random.default_rng(count).standard_normal(count)
    return (noise * 10 ** (level / 20)).astype(np.float32)
