"""Wake words through microWakeWord: small streaming models that run all the time on 0.3 % of a core."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pymicro_wakeword
from pydantic import BaseModel, Field
from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures
from pymicro_wakeword.wakeword import TfLiteWakeWord

from appliance.audio.ports import Samples
from appliance.errors import ModelError

_FULL_SCALE = 32_767.0
_PACKAGE = Path(pymicro_wakeword.__file__).parent


class _Threshold(BaseModel):
    probability_cutoff: Annotated[float, Field(ge=0, le=1)]
    sliding_window_size: Annotated[int, Field(ge=1, le=1000)]


class _Description(BaseModel):
    """The part of a microWakeWord .json file that counts here."""

    model: str
    wake_word: str
    micro: _Threshold


class MicroWakeWordDetector:
    """A `WakeWordDetector`. One instance follows one stream, on one thread."""

    def __init__(self, word: str, custom: Path | None = None) -> None:
        """Load the built-in `word` (`okay_nabu`, `hey_jarvis`, …), or the .json file of another model.

        Raises ModelError when that file, or the .tflite file that it names, is missing or damaged.
        """
        self._features = MicroWakeWordFeatures()
        self._model = _load(custom or _PACKAGE / "models" / f"{word}.json")

    def heard(self, frame: Samples) -> bool:
        """Take the next samples, shape (n,), 16 kHz; True when the wake word was completed in them."""
        pcm = np.clip(frame * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE).astype(np.int16)
        slices = self._features.process_streaming(pcm.tobytes())
        return max([bool(self._model.process_streaming(features)) for features in slices], default=False)


def _load(file: Path) -> MicroWakeWord:
    remedy = "Set attention.wake_word_model to the .json file of a microWakeWord model, or to null."
    try:
        description = _Description.model_validate_json(file.read_bytes())
        weights = file.parent / description.model
        library = next((_PACKAGE / "lib").glob("*tensorflowlite_c.*"))
        _check(weights, library)
        return MicroWakeWord(
            id=weights.stem,
            wake_word=description.wake_word,
            tflite_model=weights,
            probability_cutoff=description.micro.probability_cutoff,
            sliding_window_size=description.micro.sliding_window_size,
            trained_languages=[],
            libtensorflowlite_c_path=library,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"wake word model {file} cannot be used: {error}", remedy=remedy) from error


def _check(weights: Path, library: Path) -> None:
    """Raise ValueError when `weights` is no model: MicroWakeWord would end the process."""
    tflite = TfLiteWakeWord(library).lib
    model = tflite.TfLiteModelCreateFromFile(str(weights).encode())
    if not model:
        raise ValueError(f"{weights} is missing or damaged")
    tflite.TfLiteModelDelete(model)
