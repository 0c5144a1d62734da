"""Where model files come from, each place behind the protocol in `base`."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.config.models import ModelsConfig
from appliance.models.sources.base import Source
from appliance.models.sources.huggingface import ENDPOINT, HuggingFaceSource
from appliance.models.sources.mirror import open_mirror
from appliance.models.sources.wheel import WheelSource


def configured_sources(config: ModelsConfig, environment: Mapping[str, str]) -> list[Source]:
    """Return the sources in the order in which they are asked; `HF_ENDPOINT` names a copy of Hugging Face."""
    sources = [] if config.mirror is None else [open_mirror(config.mirror)]
    if not config.offline:
        sources += [HuggingFaceSource(environment.get("HF_ENDPOINT") or ENDPOINT), WheelSource()]
    return sources
