"""Buttons that are wired or typed."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from appliance.cli.keys import space_bar
from appliance.errors import ConfigError
from appliance.ops.gpio import ButtonLine, line_request, watched_line


def nothing() -> None:
    """Do nothing."""


def edge(kind: int) -> bytes:
    """Return struct gpio_v2_line_event."""
    return struct.pack("=QIIII6I", 1, kind, 17, 1, 1, *[0] * 6)


def test_edges_press_and_release() -> None:
    receiver, sender = os.pipe()
    pressed: list[str] = []
    button = ButtonLine(receiver, lambda: pressed.append("talk"), lambda: pressed.append("release"))
    os.write(sender, edge(1))
    button.on_readable()
    assert pressed == ["talk"]
    os.write(sender, edge(2) + edge(1))
    button.on_readable()
    assert pressed == ["talk", "release", "talk"]
    os.close(receiver)
    os.close(sender)


@pytest.mark.parametrize(("active_low", "flags"), [(True, 0x136), (False, 0x234)])
def test_the_request_has_the_layout_of_the_kernel(*, active_low: bool, flags: int) -> None:
    request = line_request(17, active_low=active_low)
    assert len(request) == 592
    assert struct.unpack_from("=I", request, 0) == (17,)
    assert struct.unpack_from("=QI", request, 288) == (flags, 1)
    assert struct.unpack_from("=IIIIQ", request, 320) == (3, 0, 10_000, 0, 1)
    assert struct.unpack_from("=I", request, 560) == (1,)


@pytest.mark.parametrize("chip", ["/dev/null", "/dev/gpiochip-that-is-not-there", "/"])
async def test_a_chip_that_is_none_is_a_mistake_in_the_configuration(chip: str) -> None:
    with (
        pytest.raises(ConfigError, match=chip) as caught,
        watched_line(Path(chip), 17, nothing, nothing, active_low=True),
    ):
        pass
    assert "gpioinfo" in caught.value.remedy


async def test_what_is_no_terminal_has_no_space_bar() -> None:
    receiver, sender = os.pipe()
    with space_bar(receiver, nothing) as has_key:
        assert not has_key
    os.close(receiver)
    os.close(sender)


async def test_a_terminal_of_another_program_is_left_alone() -> None:
    controller, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    with space_bar(terminal, nothing) as has_key:
        assert not has_key
        assert termios.tcgetattr(terminal) == before
    os.close(controller)
    os.close(terminal)


TYPIST = """
import asyncio, os, termios
from appliance.cli.keys import space_bar
os.close(os.open(os.ttyname(0), os.O_RDWR))  # becomes the terminal of this process
async def main():
    presses = []
    done = asyncio.Event()
    def press():
        presses.append(1)
        if len(presses) == 2:
            done.set()
    with space_bar(0, press) as has_key:
        print("ready" if has_key else "no key", flush=True)
        await asyncio.wait_for(done.wait(), 20)
    print(len(presses), bool(termios.tcgetattr(0)[3] & termios.ICANON), flush=True)
asyncio.run(main())
"""


def test_the_space_bar_presses_and_the_terminal_is_restored() -> None:
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", TYPIST], stdin=terminal, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        os.write(controller, b"x  \n")
        assert child.stdout.readline() == "2 True\n"
    assert child.returncode == 0
    os.close(controller)
    os.close(terminal)
