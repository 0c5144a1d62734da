"""`appliance devices` on the virtual devices, as an installer runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.audio.files import write_wav
from tests.device.pulse import PulseServer
from tests.device.room import Room

pytestmark = pytest.mark.device


def appliance(pulse: PulseServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance", "devices", *arguments],
        env=pulse.full_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def report(pulse: PulseServer, *arguments: str) -> dict[str, Any]:
    done = appliance(pulse, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def room(pulse: PulseServer) -> Iterator[Room]:
    room = Room(pulse, delay_ms=60.0, attenuation_db=-8.0)
    yield room
    room.close()


def test_the_list_marks_the_defaults(pulse: PulseServer) -> None:
    listed = json.loads(appliance(pulse, "--json").stdout)
    assert {device["name"] for device in listed} >= {"pulse", "default"}
    assert sum(device["default_input"] for device in listed) == 1
    assert "default microphone" in appliance(pulse).stdout


def test_without_devices_the_list_and_the_test_fail(pulse: PulseServer) -> None:
    pulse.stop()
    listed = appliance(pulse)
    assert (listed.returncode, listed.stdout) == (5, "")
    assert "there is no sound device at all" in listed.stderr
    assert "appliance doctor --only sound" in listed.stderr
    done = appliance(pulse, "--test")
    assert done.returncode == 5
    assert "there is no microphone" in done.stderr


def test_a_silent_microphone_is_called_silent(pulse: PulseServer) -> None:
    assert report(pulse, "--test")["test"] == {"level": "silent", "level_dbfs": -120.0, "tone_heard": False}


def test_in_a_room_the_tone_is_heard_and_the_echo_is_cancelled(pulse: PulseServer, room: Room) -> None:
    assert room
    tried = report(pulse, "--test", "--echo-test")
    assert tried["test"]["tone_heard"]
    assert tried["echo_test"]["barge_in"] == "works"
    assert tried["echo_test"]["erle_db"] > 20
    assert tried["echo_test"]["delay_ms"] >= 60  # the way through the room; the devices add theirs


def test_a_recording_can_be_the_sound_of_the_echo_test(pulse: PulseServer, room: Room, tmp_path: Path) -> None:
    assert room
    noise = np.random.default_rng(2).normal(0.0, 0.1, 4 * 8_000).astype(np.float32)
    write_wav(tmp_path / "noise.wav", noise, 8_000)
    done = appliance(pulse, "--echo-test", "--file", str(tmp_path / "noise.wav"))
    assert done.returncode == 0, done.stderr
    assert "echo reduced by" in done.stdout
    assert "can interrupt the assistant here" in done.stdout


def test_headphones(pulse: PulseServer) -> None:
    assert report(pulse, "--echo-test")["echo_test"]["barge_in"] == "unknown"


def test_a_broken_recording_is_explained(pulse: PulseServer, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    done = appliance(pulse, "--echo-test", "--file", str(tmp_path / "empty.wav"))
    assert done.returncode == 6
    assert "the file is empty" in done.stderr
