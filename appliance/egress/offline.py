"""Keeping model libraries from the network: what they read in the environment, once, when they are loaded.

Looked through in November 2026: every library of this package that has code for the network.

- ONNX Runtime, from 1.29 on, in native code and on Linux too: within seconds after the first session it looks up
  mobile.events.data.microsoft.com, to report its use to its maker. `ORT_DISABLE_TELEMETRY` stops it if set
  before it is loaded.
- Hugging Face Hub, of faster-whisper and tokenizers, looks for newer files and counts downloads. `HF_HUB_OFFLINE` and
  the other `HF_` settings.
- OpenTelemetry (extra `tracing`) sends to the address that is configured, and nothing by itself.
- pip (`appliance models fetch`) asks whether there is a newer pip. `PIP_DISABLE_PIP_VERSION_CHECK`.

CTranslate2, llama.cpp as it is compiled here, Piper, LiveKit's audio processing, TensorFlow Lite and PyAV open no
connection unless one is asked for, and nothing here asks for one.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Final

SETTINGS: Final = {
    "ORT_DISABLE_TELEMETRY": "1",  # else it also writes an identifier of this machine below ~/.cache
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",  # https://consoledonottrack.com
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def keep_offline(environment: MutableMapping[str, str] | None = None) -> None:
    """Set them, also where somebody has set them to something else; child processes inherit them."""
    (os.environ if environment is None else environment).update(SETTINGS)
