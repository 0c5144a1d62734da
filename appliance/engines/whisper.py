"""Speech recognition: Whisper on a thread of its own, and the guard against what it makes up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.audio.pauses import split_at_pauses
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.config.models import Config, SttConfig
from appliance.engines.guard import SILENCE_DBFS, Evidence, Limits, Rejection, judge
from appliance.engines.ports import Transcript
from appliance.engines.renewal import GRAPHICS_CARD, PROCESSOR, Renewed, Way, ways
from appliance.engines.whisper_model import LANGUAGE, Decoded, ShortWindowWhisper
from appliance.engines.worker import CancelToken, EngineThread
from appliance.errors import EngineError

LONGEST_PIECE = 28 * LISTENING_RATE
"""Longer sound is cut at pauses: Whisper takes 30 s, of which some silence belongs to the end."""

SHORTEST_PIECE = LISTENING_RATE // 10
"""Less than 100 ms is no word."""

LEVEL_FRAME = LISTENING_RATE * 3 // 100
LEVEL_PERCENTILE = 95
"""Loudness is that of the loudest twentieth of the 30 ms frames: the vowels, also when most of it is a pause."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What became of one stretch of sound."""

    text: str
    confidence: float
    rejection: Rejection | None

    @property
    def words(self) -> int:
        return len(self.text.split())


class WhisperTranscriber:
    """Implements `Transcriber`. Takes sound of any length; what is longer than 28 s is cut at pauses."""

    def __init__(self, model: Renewed[ShortWindowWhisper], config: SttConfig) -> None:
        self._model = model
        self._beam_size = config.beam_size
        self._limits = Limits(
            no_speech_probability=config.no_speech_threshold,
            average_logprob=config.min_average_logprob,
            compression_ratio=config.max_compression_ratio,
            vocabulary=config.vocabulary,
        )
        self._thread = EngineThread("stt")

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    @property
    def fallen(self) -> str:
        """Why it does not compute where it should, in words; empty while it does."""
        return self._model.fallen

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        """Transcribe one utterance so far, shape (n,), 16 kHz.

        A partial (`final=False`) is one greedy pass. A final one searches with the configured beam and looks again,
        as Whisper was trained, at what came out as a loop. `pcm` may be changed at once after the call.
        Raises EngineError when the sound is not mono or the device fails.
        """
        if pcm.ndim != 1:
            raise EngineError(
                f"speech recognition takes mono samples, not {pcm.shape}",
                remedy="This is a defect of the appliance; please report it.",
            )
        sound = pcm.astype(np.float32)
        return await self._thread.run(lambda token: self._transcribe(sound, final=final, token=token))

    def _transcribe(self, pcm: Samples, *, final: bool, token: CancelToken) -> Transcript:
        pieces = [
            self._recognise(piece, final=final)
            for piece in split_at_pauses(pcm, LONGEST_PIECE)
            if not token.cancelled  # nobody waits for the answer any more
        ]
        return _joined(pieces, LANGUAGE)

    def _recognise(self, pcm: Samples, *, final: bool) -> _Piece:
        level_dbfs = _level_dbfs(pcm)
        if level_dbfs < SILENCE_DBFS:
            return _Piece("", 0.0, Rejection.SILENCE)
        beam_size = self._beam_size if final else 1
        piece = self._judged(self._decode(pcm, beam_size=beam_size), pcm, level_dbfs)
        if final and piece.rejection is Rejection.REPETITION:
            piece = self._judged(self._decode(pcm, beam_size=beam_size, as_trained=True), pcm, level_dbfs)
        return piece

    def _decode(self, pcm: Samples, *, beam_size: int, as_trained: bool = False) -> Decoded:
        return self._model.call(lambda model: model.decode(pcm, beam_size=beam_size, as_trained=as_trained))

    def _judged(self, decoded: Decoded, pcm: Samples, level_dbfs: float) -> _Piece:
        evidence = Evidence(
            text=decoded.text,
            seconds=len(pcm) / LISTENING_RATE,
            level_dbfs=level_dbfs,
            average_logprob=decoded.average_logprob,
            no_speech_probability=decoded.no_speech_probability,
        )
        return _Piece(decoded.text, math.exp(decoded.average_logprob), judge(evidence, self._limits))


def build_transcriber(config: Config, folder: Path, *, threads: int, cuda: bool = False) -> WhisperTranscriber:
    """Load the model in `folder`, on the GPU when `cuda`; unless the configuration insists on it, else on the CPU.

    Raises ModelError when a file is missing or damaged, EngineError when the GPU is insisted on and does not work.
    """

    def on(device: str, compute_type: str) -> ShortWindowWhisper:
        return ShortWindowWhisper(
            folder, threads=threads, device=device, compute_type=compute_type, vocabulary=config.stt.vocabulary
        )

    card = Way(where=GRAPHICS_CARD, build=lambda: on("cuda", "float16"))
    processor = Way(where=PROCESSOR, build=lambda: on("cpu", "int8"))
    return WhisperTranscriber(Renewed("stt", ways(card if cuda else None, processor, config.device)), config.stt)


def _level_dbfs(pcm: Samples) -> float:
    if len(pcm) < SHORTEST_PIECE:
        return -math.inf
    frames = pcm[: len(pcm) // LEVEL_FRAME * LEVEL_FRAME].reshape(-1, LEVEL_FRAME)
    power = float(np.percentile(np.square(frames).mean(axis=1), LEVEL_PERCENTILE))
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def _joined(pieces: Sequence[_Piece], language: str) -> Transcript:
    """Join what was understood; only what was rejected in all its pieces is rejected."""
    understood = [piece for piece in pieces if piece.rejection is None]
    counted = understood or pieces
    words = sum(piece.words for piece in counted)
    return Transcript(
        text=" ".join(piece.text for piece in understood),
        confidence=sum(piece.words * piece.confidence for piece in counted) / words if words else 0.0,
        language=language,
        rejected=None if understood else str(_commonest([piece.rejection for piece in pieces])),
        raw_text=" ".join(piece.text for piece in pieces if piece.text),
    )


def _commonest(rejections: Sequence[Rejection | None]) -> Rejection:
    """Return the reason of most pieces; `silence` only when there is nothing else."""
    reasons = Counter(reason for reason in rejections if reason not in {None, Rejection.SILENCE})
    return reasons.most_common(1)[0][0] or Rejection.SILENCE if reasons else Rejection.SILENCE
