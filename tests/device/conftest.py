"""A private PulseAudio per test, and PortAudio that knows no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audio.portaudio import list_devices
from tests.device.pulse import PulseServer


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    """A running server; PortAudio has been initialised anew, so that the devices it knows are the server's."""
    server = PulseServer(tmp_path)
    server.start()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment.items():
            environment.setenv(name, value)
        list_devices(refresh=True)
        yield server
    server.stop()
    list_devices(refresh=True)
