"""Silero VAD through ONNX Runtime: the probability of speech in each 32 ms frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Samples
from appliance.engines.onnx import load_session
from appliance.errors import EngineError

CONTEXT_SAMPLES = 64
"""The model wants the end of the previous frame before each frame (Silero VAD v5 and later, 16 kHz)."""

STATE_SHAPE = (2, 1, 128)


class SileroDetector:
    """A `VoiceDetector`. One instance follows one stream, in one thread; a call takes about 0.1 ms."""

    def __init__(self, model: Path) -> None:
        """Load `silero_vad.onnx`. Raises ModelError when the file is missing or is not the model."""
        self._session: ort.InferenceSession = load_session(model, inputs=("input", "state", "sr"))
        self._rate = np.array(LISTENING_RATE, dtype=np.int64)
        self._window: Samples = np.zeros((1, CONTEXT_SAMPLES + FRAME_SAMPLES), dtype=np.float32)
        self._state: npt.NDArray[np.float32] = np.zeros(STATE_SHAPE, dtype=np.float32)

    def probability(self, frame: Samples) -> float:
        """Return the probability of speech in `frame`, shape (512,), 16 kHz. Raises EngineError on another shape."""
        if frame.shape != (FRAME_SAMPLES,):
            raise EngineError(
                f"voice detection takes frames of {FRAME_SAMPLES} samples, not {frame.shape}",
                remedy="This is a defect of the appliance; please report it.",
            )
        self._window[0, :CONTEXT_SAMPLES] = self._window[0, -CONTEXT_SAMPLES:]
        self._window[0, CONTEXT_SAMPLES:] = frame
        inputs = {"input": self._window, "state": self._state, "sr": self._rate}
        output, self._state = self._session.run(None, inputs)
        return float(output[0, 0])

    def reset(self) -> None:
        """Forget the stream so far."""
        self._window[:] = 0.0
        self._state = np.zeros(STATE_SHAPE, dtype=np.float32)
