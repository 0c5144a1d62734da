"""`appliance devices`: arguments and words; the sound itself is tried in tests/device."""

from __future__ import annotations

import pytest

from appliance.cli.devices import devices
from appliance.errors import UsageError


def test_a_recording_belongs_to_the_echo_test() -> None:
    with pytest.raises(UsageError, match="--file"):
        devices(file=__file__)  # type: ignore[arg-type]
