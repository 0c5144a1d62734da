"""Smart Turn v3.2 through ONNX Runtime: has the person finished, judged by the sound of the voice."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort

from appliance.audio.ports import Samples
from appliance.engines.log_mel import WINDOW_SAMPLES, log_mel
from appliance.engines.onnx import load_session
from appliance.engines.renewal import PROCESSOR, Renewed, Way
from appliance.engines.worker import CancelToken, EngineThread
from appliance.errors import EngineError


class SmartTurnDetector:
    """A `TurnDetector` on a thread of its own; about 80 ms a call on one core."""

    def __init__(self, model: Path) -> None:
        """Load `smart-turn-v3.2-cpu.onnx`. Raises ModelError when the file is missing or is not the model."""
        build = partial(load_session, model, inputs=("input_features",))
        self._session: Renewed[ort.InferenceSession] = Renewed("smart-turn", [Way(where=PROCESSOR, build=build)])
        self._thread = EngineThread("smart-turn")

    async def finished(self, pcm: Samples) -> float:
        """Return the probability that the person has finished; `pcm` is 16 kHz, its last 8 s count.

        Raises EngineError when `pcm` is empty or not mono.
        """
        if pcm.ndim != 1 or pcm.size == 0:
            raise EngineError(
                f"end-of-turn detection takes mono samples, not an array of shape {pcm.shape}",
                remedy="This is a defect of the appliance; please report it.",
            )
        heard = pcm[-WINDOW_SAMPLES:].copy()
        return await self._thread.run(lambda token: self._probability(heard, token))

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _probability(self, pcm: Samples, token: CancelToken) -> float:
        features = log_mel(pcm)[np.newaxis]
        if token.cancelled:
            return 0.0
        # The output is called `logits`, but the sigmoid is part of the graph.
        (probability,) = self._session.call(lambda session: session.run(["logits"], {"input_features": features}))
        return float(probability[0, 0])
