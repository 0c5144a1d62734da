"""A button on a GPIO line, through the kernel's character device (uapi v2, linux/gpio.h; Linux 5.10 and later)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import ConfigError

DEBOUNCE_US = 10_000
"""A button that bounces settles within 10 ms."""

_GET_LINE = 0xC250B407
"""GPIO_V2_GET_LINE_IOCTL: _IOWR(0xB4, 0x07, struct gpio_v2_line_request)."""
_REQUEST = struct.Struct("=64I 32s QI5I IIQQ 216x II5I i")
"""offsets, consumer, flags, num_attrs, padding, attrs (the first: id, padding, value, mask), num_lines, event buffer
size, padding, fd: 592 bytes."""
_EVENT = struct.Struct("=QIIII24x")
"""timestamp in ns, id, offset, seqno, line_seqno, padding: 48 bytes."""
_ACTIVE_LOW, _INPUT, _EDGE_RISING, _EDGE_FALLING = 1 << 1, 1 << 2, 1 << 4, 1 << 5
_PULL_UP, _PULL_DOWN = 1 << 8, 1 << 9
_DEBOUNCE = 3
_PRESSED, _RELEASED = 1, 2
"""The ids of a rising and a falling edge; the kernel turns them round for a line that is active low."""


class ButtonLine:
    """Reads edges from a line and presses or releases the button."""

    def __init__(self, fd: int, press: Callable[[], None], release: Callable[[], None]) -> None:
        """Read from `fd`, which does not block."""
        self._fd = fd
        self._actions = {_PRESSED: press, _RELEASED: release}

    def on_readable(self) -> None:
        """Take the edges that wait."""
        data = os.read(self._fd, 16 * _EVENT.size)
        for _, edge, *_ in _EVENT.iter_unpack(data[: len(data) - len(data) % _EVENT.size]):
            self._actions[edge]()


@contextmanager
def watched_line(
    chip: Path, line: int, press: Callable[[], None], release: Callable[[], None], *, active_low: bool
) -> Iterator[None]:
    """Watch a button on the running event loop until the block is left.

    Raises ConfigError when there is no such chip or line, or when another program has it.
    """
    fd = _request(chip, line, active_low=active_low)
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, ButtonLine(fd, press, release).on_readable)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def line_request(line: int, *, active_low: bool) -> bytearray:
    """Return the request for an input that reports both edges, with a pull resistor against the button."""
    flags = _INPUT | _EDGE_RISING | _EDGE_FALLING | (_ACTIVE_LOW | _PULL_UP if active_low else _PULL_DOWN)
    offsets = (line, *[0] * 63)
    attribute = (_DEBOUNCE, 0, DEBOUNCE_US, 1)
    return bytearray(_REQUEST.pack(*offsets, b"appliance", flags, 1, *[0] * 5, *attribute, 1, 0, *[0] * 5, -1))


def _request(chip: Path, line: int, *, active_low: bool) -> int:
    request = line_request(line, active_low=active_low)
    try:
        opened = os.open(chip, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(opened, _GET_LINE, request)
        finally:
            os.close(opened)
        fd: int = _REQUEST.unpack(request)[-1]
        os.set_blocking(fd, False)
    except OSError as error:
        raise ConfigError(
            f"attention.gpio_line: line {line} of {chip} cannot be used: {error.strerror}",
            remedy="`gpioinfo` lists chips and lines; the appliance needs write access to the chip.",
        ) from error
    return fd
