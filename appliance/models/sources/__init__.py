"""Where model files come from, each place behind the protocol in `base`."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.config.models import ModelsConfig
from appliance.config.network import NetworkConfig
from appliance.egress.policy import Policy
from appliance.models.sources.base import Source
from appliance.models.sources.http import HttpDownloader
from appliance.models.sources.huggingface import ENDPOINT, HuggingFaceSource
from appliance.models.sources.mirror import open_mirror
from appliance.models.sources.wheel import WheelSource

ISOLATED = NetworkConfig()
"""Nothing but this machine."""


def configured_sources(
    config: ModelsConfig, environment: Mapping[str, str], network: NetworkConfig = ISOLATED
) -> list[Source]:
    """Return the sources in the order in which they are asked; `HF_ENDPOINT` names a copy of Hugging Face.

    The mirror has to be allowed by `network`, and so has a copy of Hugging Face on a private address.
    """
    sources = [] if config.mirror is None else [open_mirror(config.mirror, Policy.of(network))]
    if not config.offline:
        hub = HttpDownloader(policy=Policy.of(network, public=True))
        sources += [HuggingFaceSource(environment.get("HF_ENDPOINT") or ENDPOINT, hub), WheelSource()]
    return sources
