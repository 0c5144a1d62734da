"""How a download is shown: bars on a terminal, plain lines elsewhere; always on the standard error stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as RichProgress

from appliance.models.progress import Progress
from appliance.models.space import readable_size

LINE_EVERY_PERCENT: Final = 25


@contextmanager
def download_progress(console: Console) -> Iterator[Progress]:
    """Show a download on `console` for the duration of the block."""
    if not console.is_terminal:
        yield LineProgress(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with RichProgress(*columns, TimeRemainingColumn(), console=console) as display:
        yield BarProgress(display)


class BarProgress:
    """A bar for each model."""

    def __init__(self, display: RichProgress) -> None:
        self._display = display
        self._tasks: dict[str, TaskID] = {}
        self._sizes: dict[str, int] = {}

    def started(self, model_id: str, size: int) -> None:
        """Add a bar."""
        self._sizes[model_id] = size
        self._tasks[model_id] = self._display.add_task(model_id, total=size)

    def advanced(self, model_id: str, size: int) -> None:
        """Move the bar."""
        self._display.advance(self._tasks[model_id], size)

    def finished(self, model_id: str, *, complete: bool) -> None:
        """Fill the bar if the model is complete, and stop its clock."""
        task = self._tasks[model_id]
        if complete:
            self._display.update(task, completed=self._sizes[model_id])
        self._display.stop_task(task)

    def note(self, message: str) -> None:
        """Print the message above the bars."""
        self._display.console.print(message, highlight=False, markup=False)


class LineProgress:
    """A line now and then, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = Lock()
        self._sizes: dict[str, int] = {}
        self._arrived: dict[str, int] = {}

    def started(self, model_id: str, size: int) -> None:
        """Say what begins."""
        self._sizes[model_id], self._arrived[model_id] = size, 0
        self.note(f"{model_id}: fetching {readable_size(size)}")

    def advanced(self, model_id: str, size: int) -> None:
        """Say when another quarter is there."""
        with self._lock:
            before, self._arrived[model_id] = self._arrived[model_id], self._arrived[model_id] + size
            percent = self._percent(model_id, self._arrived[model_id])
            passed = percent // LINE_EVERY_PERCENT > self._percent(model_id, before) // LINE_EVERY_PERCENT
        if passed and percent < 100:  # noqa: PLR2004 - the whole is announced by `finished`
            self.note(f"{model_id}: {percent} %")

    def finished(self, model_id: str, *, complete: bool) -> None:
        """Say whether all of it is there."""
        self.note(f"{model_id}: {'done' if complete else 'not complete'}")

    def note(self, message: str) -> None:
        """Print the message on a line of its own."""
        self._console.print(message, highlight=False, markup=False, soft_wrap=True)

    def _percent(self, model_id: str, arrived: int) -> int:
        return 100 * arrived // self._sizes[model_id]
