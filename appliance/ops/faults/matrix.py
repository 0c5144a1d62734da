"""The matrix of faults, whole: its rows, how they are run, and how they are written down."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.config.models import Config
from appliance.ops.faults import deliveries, elsewhere, engines, files, services, starting, storage, talking
from appliance.ops.faults.fault import Bench, Fault
from appliance.ops.faults.trial import Trial

OnTrial = Callable[[Path], AbstractAsyncContextManager[Trial]]
"""Runs a whole appliance in a folder."""

FAULTS: Sequence[Fault] = (
    *(row.fault for row in talking.FAULTS),
    *engines.FAULTS,
    *services.FAULTS,
    *deliveries.FAULTS,
    *storage.FAULTS,
    *files.FAULTS,
    *starting.FAULTS,
    *elsewhere.FAULTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a fault that was injected."""

    name: str
    held: bool
    seen: str
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


async def inject(names: Iterable[str], config: Config, clock: Clock, on_trial: OnTrial) -> AsyncIterator[Result]:
    """Inject the faults of these names, those into a whole appliance first, and yield what became of each.

    Those that a test proves elsewhere are left out.
    """
    wanted = set(names)
    talks = [row for row in talking.FAULTS if row.fault.name in wanted]
    if talks:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            async with on_trial(Path(folder)) as trial:
                for row in talks:
                    yield await _result(row.fault.name, clock, row.check, trial)
    for fault in FAULTS:
        if fault.check is not None and fault.name in wanted:
            with tempfile.TemporaryDirectory(prefix="fault-") as folder:
                bench = Bench(folder=Path(folder), config=config, clock=clock)
                yield await _result(fault.name, clock, fault.check, bench)


async def _result(name: str, clock: Clock, check: Any, place: Bench | Trial) -> Result:  # noqa: ANN401 - both kinds
    begun = clock.now()
    try:
        seen, held = await check(place), True
    except Exception as error:  # noqa: BLE001 - whatever it is, the promise was not kept
        seen, held = f"{type(error).__name__}: {error}", False
    return Result(name=name, held=held, seen=seen, seconds=clock.now() - begun)


def documented(faults: Sequence[Fault] = FAULTS) -> str:
    """Return the matrix as the tables of docs/recovery.md."""
    tables = []
    for group in dict.fromkeys(fault.group for fault in faults):
        rows = [
            f"| `{fault.name}` | {fault.injected} | {fault.holds} | {fault.heard} | {fault.seen} |"
            for fault in faults
            if fault.group is group
        ]
        head = "| fault | injected | what holds | what the person hears | what you see and do |\n|---|---|---|---|---|"
        tables.append("\n".join([f"### {group.value.capitalize()}", "", head, *rows]))
    return "\n\n".join(tables) + "\n"
