"""`appliance devices`: arguments and words; the sound itself is tried in tests/device."""

from __future__ import annotations

import json

import pytest

from appliance.audio.devices import DeviceInfo
from appliance.cli.devices import devices, show
from appliance.errors import AudioDeviceError, UsageError


def device(**more: int) -> DeviceInfo:
    given = {"inputs": 0, "outputs": 0} | more
    return DeviceInfo(
        number=0, name="USB", host_api="ALSA", default_rate=48_000, default_input=False, default_output=False, **given
    )


def test_a_recording_belongs_to_the_echo_test() -> None:
    with pytest.raises(UsageError, match="--file"):
        devices(file=__file__)  # type: ignore[arg-type]


def test_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    show([device(inputs=1), device(outputs=2)], as_json=False)
    assert capsys.readouterr().out.count("USB") == 2


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "there is no sound device at all"),
        ([device(outputs=2)], "there is no microphone"),
        ([device(inputs=1)], "there is no loudspeaker"),
        ([device()], "there is no microphone and no loudspeaker"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_missing_is_an_error_with_a_remedy(
    found: list[DeviceInfo], said: str, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AudioDeviceError) as caught:
        show(found, as_json=as_json)
    assert str(caught.value) == said
    assert caught.value.exit_status == 5
    assert "appliance doctor --only sound" in caught.value.remedy
    out = capsys.readouterr().out
    assert len(json.loads(out)) == len(found) if as_json else bool(out) == bool(found)
