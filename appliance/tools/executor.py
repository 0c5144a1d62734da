"""Running tools: checked arguments, a limit of time, repeats where they are safe, and results within bounds."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.clock import Clock
from appliance.config.tools import Effect, ToolConfig
from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.tools.action import JSON, Action, Arguments, Result, unknown_if_writing
from appliance.tools.arguments import checked
from appliance.tools.bounds import bounded
from appliance.tools.breaker import Breaker
from appliance.tools.command import CommandTool
from appliance.tools.errors import ANSWERED, NOT_TRIED, Fault, ToolError
from appliance.tools.http import HttpTool
from appliance.tools.python import PythonTool
from appliance.tools.secrets import Secrets
from appliance.tools.sql import SqlTool

FIRST_PAUSE_S = 0.25
"""Before the first repeat, on average; it doubles with each one."""
LONGEST_PAUSE_S = 4.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call. `happened` says whether something was changed; None: nobody knows."""

    tool: str
    ok: bool
    empty: bool = False
    data: dict[str, JSON]
    error_code: str = ""
    detail: str = ""
    remedy: str = ""
    attempts: int
    duration_s: float
    happened: bool | None


def action_of(
    tool: ToolConfig, folder: Path, secrets: Mapping[str, str], policy: Policy = LOOPBACK_ONLY
) -> Action | None:
    """Return how a tool is run; None for one that the appliance brings itself.

    Relative files start at `folder`; `policy` says what may be reached.
    """
    if tool.http:
        return HttpTool(tool, tool.http, secrets, policy)
    if tool.sql:
        return SqlTool(tool, tool.sql, folder, secrets)
    if tool.command:
        return CommandTool(tool, tool.command, folder)
    return PythonTool(tool, tool.python) if tool.python else None


class Executor:
    """Runs the declared tools. `build` makes an action of a declaration."""

    def __init__(
        self,
        tools: Sequence[ToolConfig],
        clock: Clock,
        folder: Path,
        *,
        secrets: Mapping[str, str] | None = None,
        build: Callable[[ToolConfig, Path, Mapping[str, str]], Action | None] = action_of,
    ) -> None:
        secrets = Secrets() if secrets is None else secrets
        self._clock = clock
        self._tools = {tool.name: tool for tool in tools}
        self._actions = {tool.name: build(tool, folder, secrets) for tool in tools}
        self._breakers = {tool.name: Breaker(clock) for tool in tools}

    def available(self, role: str) -> list[ToolConfig]:
        """Return the tools that a role may use, in the order of the configuration."""
        return [tool for tool in self._tools.values() if not tool.roles or role in tool.roles]

    def preview(self, name: str, arguments: Mapping[str, object], *, idempotency_key: str) -> dict[str, JSON]:
        """Return what a call would send, with the secrets masked. Raises ToolError when it could not be made."""
        tool, action = self._found(name)
        return action.preview(checked(tool.parameters, arguments), idempotency_key)

    async def call(self, name: str, arguments: Mapping[str, object], *, idempotency_key: str) -> Outcome:
        """Run a tool and say what became of it; its failure is an outcome, not an exception."""
        begun = self._clock.now()
        attempts = 0
        try:
            tool, action = self._found(name)
            values = checked(tool.parameters, arguments)
            for attempts in range(1, tool.retries + 2):
                try:
                    result = await self._attempt(tool, action, values, idempotency_key)
                    return self._success(tool, result, attempts, begun)
                except ToolError as error:
                    if not self._may_repeat(tool, error, attempts):
                        raise
                    await self._clock.sleep(_pause_s(attempts))
            raise AssertionError  # pragma: no cover - the last attempt returns or raises
        except ToolError as error:
            return self._failure(name, error, attempts, begun)

    def _found(self, name: str) -> tuple[ToolConfig, Action]:
        action = self._actions.get(name)
        if action is None:
            kind = "is run by the appliance itself" if name in self._tools else "does not exist"
            raise ToolError(Fault.UNKNOWN_TOOL, f"the tool {name[:40]!r} {kind}")
        return self._tools[name], action

    async def _attempt(self, tool: ToolConfig, action: Action, values: Arguments, key: str) -> Result:
        breaker = self._breakers[tool.name]
        if not breaker.admit():
            raise ToolError(Fault.SUSPENDED, f"{tool.name} failed too often and is left alone for a while")
        try:
            result = await self._in_time(tool, action, values, key)
        except ToolError as error:
            _note(error, breaker)
            raise
        except BaseException:
            breaker.abandoned()
            raise
        breaker.succeeded()
        return result

    async def _in_time(self, tool: ToolConfig, action: Action, values: Arguments, key: str) -> Result:
        in_doubt = unknown_if_writing(tool.effect)
        try:
            async with asyncio.timeout(tool.timeout_s):
                return await action.run(values, key)
        except TimeoutError as error:
            detail = f"{tool.name} did not end within {tool.timeout_s:g} s"
            raise ToolError(Fault.TIMEOUT, detail, retryable=True, happened=in_doubt) from error
        except ToolError:
            raise
        except Exception as error:  # one tool must not end the conversation
            _log.exception("%s failed in a way that was not foreseen", tool.name)
            raise ToolError(Fault.INTERNAL, f"{type(error).__name__} in {tool.name}", happened=in_doubt) from error

    def _may_repeat(self, tool: ToolConfig, error: ToolError, attempts: int) -> bool:
        safe = tool.effect is Effect.READ or error.happened is False
        return error.retryable and safe and attempts <= tool.retries and not self._breakers[tool.name].is_open

    def _success(self, tool: ToolConfig, result: Result, attempts: int, begun: float) -> Outcome:
        return Outcome(
            tool=tool.name,
            ok=True,
            empty=result.empty,
            data=bounded(result.data),
            attempts=attempts,
            duration_s=self._clock.now() - begun,
            happened=tool.effect is Effect.WRITE and not result.empty,
        )

    def _failure(self, name: str, error: ToolError, attempts: int, begun: float) -> Outcome:
        _log.warning("%s failed after %d attempts: %s (%s)", name, attempts, error.detail, error.fault)
        return Outcome(
            tool=name,
            ok=False,
            data={},
            error_code=error.fault,
            detail=error.detail,
            remedy=error.remedy,
            attempts=attempts - (error.fault is Fault.SUSPENDED),
            duration_s=self._clock.now() - begun,
            happened=error.happened,
        )


def _note(error: ToolError, breaker: Breaker) -> None:
    if error.fault in ANSWERED:
        breaker.succeeded()
    elif error.fault in NOT_TRIED:
        breaker.abandoned()
    else:
        breaker.failed()


def _pause_s(attempts: int) -> float:
    """Return the pause after so many attempts: twice as long each time, and not the same for everybody."""
    mean: float = min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S)
    return mean * random.uniform(0.5, 1.5)  # noqa: S311 - no secret depends on it
