"""The space bar of the terminal as a button."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def space_bar(terminal: int, on_press: Callable[[], None]) -> Iterator[bool]:
    """Call `on_press` on the running event loop for each space typed at the `terminal`, a file descriptor.

    Yields False, and does nothing, when that is no terminal or another program has it. Ctrl-C keeps working.
    """
    if not _ours(terminal):
        yield False
        return
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        typed = os.read(terminal, 64)
        if not typed:  # the terminal was closed
            loop.remove_reader(terminal)
        for _ in range(typed.count(b" ")):
            on_press()

    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSANOW)
    loop.add_reader(terminal, on_readable)
    try:
        yield True
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _ours(terminal: int) -> bool:
    """Tell whether this is the terminal of the process, which is in its foreground: others would be stopped."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
