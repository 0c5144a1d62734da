"""Which device is meant, and how it is to be opened."""

from __future__ import annotations

import pytest

from appliance.audio.card import CAPTURE, PLAYOUT
from appliance.audio.devices import PLAYOUT_RATES, DeviceInfo, capture_format, choose_device, playout_format
from appliance.errors import AudioDeviceError


def device(number: int, name: str, inputs: int = 1, outputs: int = 2, *, default: bool = False) -> DeviceInfo:
    return DeviceInfo(
        number=number,
        name=name,
        host_api="ALSA",
        inputs=inputs,
        outputs=outputs,
        default_rate=44_100,
        default_input=default,
        default_output=default,
    )


DEVICES = [
    device(0, "HDA Intel: ALC256 Analog (hw:0,0)"),
    device(1, "HDMI 0", inputs=0),
    device(2, "Jabra SPEAK 510 USB"),
    device(3, "Jabra"),
    device(4, "default", default=True),
]


@pytest.mark.parametrize(
    ("wanted", "direction", "number"),
    [
        (None, CAPTURE, 4),
        (0, CAPTURE, 0),
        ("2", PLAYOUT, 2),
        ("jabra", CAPTURE, 3),
        ("speak 510", PLAYOUT, 2),
        ("hdmi", PLAYOUT, 1),
    ],
)
def test_by_number_name_part_of_a_name_and_default(wanted: str | int | None, direction: str, number: int) -> None:
    assert choose_device(DEVICES, wanted, direction).number == number


def test_without_a_default_the_first_that_can_is_taken() -> None:
    assert choose_device([device(0, "HDMI", inputs=0), device(1, "USB")], None, CAPTURE).number == 1


@pytest.mark.parametrize("devices", [[], [device(0, "HDMI", inputs=0)]])
def test_no_microphone_at_all(devices: list[DeviceInfo]) -> None:
    with pytest.raises(AudioDeviceError, match="there is no microphone") as caught:
        choose_device(devices, None, CAPTURE)
    assert "appliance devices" in caught.value.remedy


@pytest.mark.parametrize("wanted", ["Yeti", 9, 1])
def test_a_microphone_that_is_not_there_is_answered_with_those_that_are(wanted: str | int) -> None:
    with pytest.raises(AudioDeviceError, match=f"there is no microphone {wanted!r}") as caught:
        choose_device(DEVICES, wanted, CAPTURE)
    assert "audio.input_device" in caught.value.remedy
    assert "2 'Jabra SPEAK 510 USB'" in caught.value.remedy
    assert "HDMI" not in caught.value.remedy


def test_an_ambiguous_name() -> None:
    with pytest.raises(AudioDeviceError, match="'a' is the name of 4 loudspeakers") as caught:
        choose_device([d for d in DEVICES if "a" in d.name.casefold()], "a", PLAYOUT)
    assert "audio.output_device" in caught.value.remedy


def test_the_microphones_own_rate_and_one_channel_come_first() -> None:
    assert capture_format(DEVICES[0], lambda _channels, _rate: True) == (1, 44_100)
    assert capture_format(device(0, "array", inputs=6), lambda channels, rate: (channels, rate) == (6, 16_000)) == (
        6,
        16_000,
    )


def test_a_microphone_without_a_useful_rate() -> None:
    with pytest.raises(AudioDeviceError, match="44100 Hz nor 48000 Hz or 44100 Hz or 16000 Hz"):
        capture_format(DEVICES[0], lambda _channels, _rate: False)


def test_the_loudspeaker_plays_at_48_or_24_khz() -> None:
    assert playout_format(DEVICES[0], PLAYOUT_RATES, lambda channels, _rate: channels == 2) == (2, 48_000)
    assert playout_format(DEVICES[0], PLAYOUT_RATES, lambda _channels, rate: rate == 24_000) == (1, 24_000)


def test_a_loudspeaker_with_another_rate_is_refused() -> None:
    with pytest.raises(AudioDeviceError, match="'Jabra' does not support 48000 Hz or 24000 Hz") as caught:
        playout_format(DEVICES[3], PLAYOUT_RATES, lambda _channels, rate: rate == 44_100)
    assert "PulseAudio" in caught.value.remedy
