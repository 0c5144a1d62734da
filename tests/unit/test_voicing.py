from __future__ import annotations

from appliance.config.models import VadConfig
from appliance.dialogue.voicing import Voicing, to_samples


def test_hysteresis() -> None:
    voicing = Voicing(VadConfig(threshold=0.5, threshold_off=0.35))
    assert [voicing.update(p) for p in (0.4, 0.5, 0.4, 0.35, 0.34, 0.4, 0.6)] == [
        False,
        True,
        True,
        True,
        False,
        False,
        True,
    ]
    voicing.reset()
    assert not voicing.update(0.4)


def test_stream_time_is_counted_in_samples() -> None:
    assert to_samples(32) == 512
    assert to_samples(0.0625) == 1
