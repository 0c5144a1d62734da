"""Tools that are functions of an installed Python package: `[project.entry-points."appliance.tools"]`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from appliance.config.tools import Effect, PythonAction, ToolConfig
from appliance.tools.action import JSON, Arguments, Result, says_nothing, unknown_if_writing
from appliance.tools.errors import Fault, ToolError
from appliance.tools.thread import on_thread

GROUP = "appliance.tools"


class PythonTool:
    """Implements `Action`. The function gets the arguments by name; None stands for one that was not said."""

    def __init__(self, tool: ToolConfig, action: PythonAction) -> None:
        self._tool = tool
        self._action = action
        self._function: Callable[..., object] | None = None

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        """Return the function and its arguments; see `Action`."""
        del key
        return {"function": find(self._action.entry_point).value, "arguments": dict(arguments)}

    async def run(self, arguments: Arguments, key: str) -> Result:
        """Call the function once, on a thread unless it is a coroutine function; see `Action`."""
        del key
        if self._function is None:
            self._function = await on_thread(self._loaded, f"python-{self._tool.name}")
        try:
            answer = await _called(partial(self._function, **arguments), self._tool.name)
        except ToolError:
            raise
        except Exception as error:  # whatever somebody else's function raises; its text may be personal
            detail = f"{self._action.entry_point} raised {type(error).__name__}"
            raise ToolError(Fault.FAILED, detail, happened=unknown_if_writing(self._tool.effect)) from error
        if answer is None:
            answer = {}
        if not isinstance(answer, dict):
            detail = f"{self._action.entry_point} returned {type(answer).__name__} instead of a dict"
            raise ToolError(Fault.BAD_ANSWER, detail, happened=unknown_if_writing(self._tool.effect))
        return Result(data=answer, empty=self._tool.effect is Effect.READ and says_nothing(answer))

    def _loaded(self) -> Callable[..., object]:
        entry = find(self._action.entry_point)
        try:
            function = entry.load()
        except Exception as error:  # whatever somebody else's module raises
            raise ToolError(Fault.MISCONFIGURED, f"{entry.value} cannot be loaded: {type(error).__name__}") from error
        if not callable(function):
            raise ToolError(Fault.MISCONFIGURED, f"{entry.value} is not a function")
        return function  # type: ignore[no-any-return]


def find(name: str) -> EntryPoint:
    """Return the entry point of a name. Raises ToolError when no installed package has it."""
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise ToolError(Fault.MISCONFIGURED, f"no installed package has an entry point {name} in the group {GROUP}")
    return next(iter(found))


async def _called(call: partial[object], name: str) -> object:
    if inspect.iscoroutinefunction(call.func):
        return await call()  # type: ignore[misc]
    return await on_thread(call, f"python-{name}")
