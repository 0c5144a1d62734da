"""Loading of small ONNX models that run on one CPU thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort

from appliance.errors import ModelError


def load_session(model: Path, *, inputs: Sequence[str]) -> ort.InferenceSession:
    """Open `model` with one thread and check that it takes `inputs`.

    One thread, because both models are too small to gain from two and a second would take a core from Whisper.
    Raises ModelError when the file is missing, damaged, or another model.
    """
    if not model.is_file():
        raise ModelError(f"model file {model} is missing", remedy="Run `appliance models fetch`.")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a different class for every kind of damage
        raise ModelError(
            f"model file {model} cannot be loaded: {error}", remedy="Run `appliance models verify`."
        ) from error
    found = [tensor.name for tensor in session.get_inputs()]
    if found != list(inputs):
        raise ModelError(
            f"model file {model} takes {found} instead of {list(inputs)}", remedy="Run `appliance models verify`."
        )
    return session
