"""Tools that run a program on this machine: a list of arguments, no shell."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from appliance.config.tools import CommandAction, Effect, ToolConfig
from appliance.tools.action import JSON, MAX_BYTES, Arguments, Result, says_nothing, unknown_if_writing
from appliance.tools.errors import Fault, ToolError
from appliance.tools.process import TooMuchOutputError, output_of
from appliance.tools.templates import names_in, render

KEY_VARIABLE = "APPLIANCE_IDEMPOTENCY_KEY"
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a program sees of the daemon's environment, which has secrets in it."""


class CommandTool:
    """Implements `Action`. The program starts in the folder of the configuration; its errors go to the daemon's."""

    def __init__(self, tool: ToolConfig, action: CommandAction, folder: Path) -> None:
        self._tool = tool
        self._action = action
        self._folder = folder

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        """Return the program and its arguments; see `Action`."""
        return {"argv": list(self._argv(arguments)), "environment": {KEY_VARIABLE: key}}

    async def run(self, arguments: Arguments, key: str) -> Result:
        """Run the program once; see `Action`. 0 is success, 75 (EX_TEMPFAIL) may be tried again."""
        argv = self._argv(arguments)
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {KEY_VARIABLE: key}
        try:
            status, output = await output_of(argv, environment, self._folder, MAX_BYTES)
        except TooMuchOutputError as error:
            happened = unknown_if_writing(self._tool.effect)
            detail = f"it printed more than {MAX_BYTES >> 20} MiB"
            raise ToolError(Fault.BAD_ANSWER, detail, happened=happened) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise ToolError(Fault.MISCONFIGURED, f"{argv[0]} cannot be run: {reason}") from error
        self._judge(status)
        data = _fields(output)
        return Result(data=data, empty=self._tool.effect is Effect.READ and says_nothing(data))

    def _argv(self, arguments: Arguments) -> tuple[str, ...]:
        program, *rest = self._action.argv
        if names_in(program):
            raise ToolError(Fault.MISCONFIGURED, "the program itself cannot come from an argument")
        return (program, *(_argument(template, arguments) for template in rest))

    def _judge(self, status: int) -> None:
        """Raise ToolError unless the program says that it succeeded; statuses are those of sysexits.h."""
        said = f"{self._action.argv[0]} ended with status {status}"
        if status == os.EX_TEMPFAIL:
            raise ToolError(Fault.BUSY, said, retryable=True)
        if status in {os.EX_DATAERR, os.EX_USAGE}:
            raise ToolError(Fault.REFUSED, said)
        if status != os.EX_OK:
            raise ToolError(Fault.FAILED, said, happened=unknown_if_writing(self._tool.effect))


def _argument(template: str, arguments: Arguments) -> str:
    """Return one argument of the program; what was said may not become an option of it."""
    written = render(template, arguments)
    if "\0" in written:
        raise ToolError(Fault.INVALID_ARGUMENT, "an argument of a program cannot contain NUL")
    if written.startswith("-") and not template.lstrip().startswith("-") and not _is_number(written):
        raise ToolError(Fault.INVALID_ARGUMENT, "an argument that begins with a hyphen would be an option")
    return written


def _is_number(written: str) -> bool:
    return written.removeprefix("-").replace(".", "", 1).isdecimal()


def _fields(output: bytes) -> dict[str, JSON]:
    """Return the JSON object that was printed, or the text."""
    written = output.decode("utf-8", "replace").strip()
    with contextlib.suppress(ValueError, RecursionError):
        parsed = json.loads(written)
        if isinstance(parsed, dict):
            return parsed
    return {"text": written}
