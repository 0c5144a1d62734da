"""Runs the checks one after the other, whatever any of them meets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from appliance import __version__
from appliance.config.suggest import closest
from appliance.errors import UsageError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding, State


class Group(StrEnum):
    """Under what a check is listed."""

    CONFIGURATION = "configuration"
    MACHINE = "machine"
    MODELS = "models"
    SOUND = "sound"
    DATA = "data"
    NETWORK = "network"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: its name, what it looks at, and the function that looks."""

    name: str
    group: Group
    about: str
    look: Callable[[Context], Awaitable[list[Finding]]]
    slow: bool = False
    """Whether it takes seconds; `--quick` leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A check and what it has found."""

    check: Check
    findings: tuple[Finding, ...]
    seconds: float


def choose(checks: Sequence[Check], only: Collection[str] = (), *, quick: bool = False) -> list[Check]:
    """Return the checks of these names or groups, in their order. Raises UsageError for a name that none has."""
    known = [*(check.name for check in checks), *Group]
    for name in only:
        if name not in known:
            near = closest(name, known)
            remedy = f"Did you mean {near}? " if near else ""
            raise UsageError(f"there is no check {name!r}", remedy=f"{remedy}`appliance doctor --list` shows all.")
    wanted = [check for check in checks if not only or check.name in only or check.group in only]
    return [check for check in wanted if not (quick and check.slow) or check.name in only]


async def examine(checks: Sequence[Check], context: Context) -> AsyncIterator[Examined]:
    """Yield what each check has found as soon as it has. One that breaks is a failure itself, and the next one runs."""
    for check in checks:
        began = context.clock.now()
        try:
            findings = await check.look(context)
        except Exception as error:  # noqa: BLE001 - a doctor goes on, whatever is broken
            findings = [Finding.of_error(check.name, error)]
        yield Examined(check=check, findings=tuple(findings), seconds=context.clock.now() - began)


def worst(examined: Sequence[Examined], state: State) -> list[Finding]:
    """Return the findings of a state, in order."""
    return [finding for each in examined for finding in each.findings if finding.state is state]


def todo(examined: Sequence[Examined]) -> list[tuple[str, list[Finding]]]:
    """Return every remedy, the most urgent first, with the findings that it is for; an empty one is of one finding."""
    found: dict[str, list[Finding]] = {}
    for finding in (*worst(examined, State.FAIL), *worst(examined, State.WARN)):
        found.setdefault(finding.remedy or finding.what, []).append(finding)
    return [(findings[0].remedy, findings) for findings in found.values()]


def as_json(examined: Sequence[Examined]) -> dict[str, Any]:
    """Return everything that was found as plain data."""
    totals = {state.value: len(worst(examined, state)) for state in State}
    checks = [
        {
            "check": each.check.name,
            "group": each.check.group.value,
            "seconds": round(each.seconds, 3),
            "findings": [{k: v for k, v in asdict(finding).items() if k != "check"} for finding in each.findings],
        }
        for each in examined
    ]
    return {"version": __version__, "healthy": not totals[State.FAIL], "totals": totals, "checks": checks}
