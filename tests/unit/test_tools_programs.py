import asyncio
import os
import select
import sys
from pathlib import Path

import pytest

from appliance.tools.command import CommandTool
from appliance.tools.errors import Fault, ToolError
from appliance.tools.python import PythonTool
from tests.unit.tool_fakes import declared

MODULE = """
import threading
from appliance.tools.errors import Fault, ToolError

def stock(item):
    return {"item": item, "thread": threading.current_thread().name}

async def later(item):
    return {"item": item}

def nothing(item):
    return None

def text(item):
    return "text"

def breaks(item):
    raise KeyError("personal")

def says_no(item):
    raise ToolError(Fault.CONFLICT, "taken", happened=False)

number = 3
"""
ENTRIES = ("stock", "later", "nothing", "text", "breaks", "says_no", "number", "absent")


def command(folder: Path, *argv: str, effect: str = "read") -> CommandTool:
    tool = declared(effect=effect, parameters={"word": {}}, command={"argv": argv})
    assert tool.command
    return CommandTool(tool, tool.command, folder)


async def run(tool: CommandTool, word: object = "hello") -> dict[str, object]:
    return dict((await tool.run({"word": word}, "key-1")).data)  # type: ignore[dict-item]


async def error_of(tool: CommandTool | PythonTool, word: str = "hello") -> ToolError:
    with pytest.raises(ToolError) as caught:
        await tool.run({"word": word} if isinstance(tool, CommandTool) else {"item": word}, "key-1")
    return caught.value


async def test_a_program_gets_what_was_said_as_one_argument(tmp_path: Path) -> None:
    assert await run(command(tmp_path, "/bin/echo", "{{ word }}"), "a; b $(id) 'c'") == {"text": "a; b $(id) 'c'"}


async def test_a_program_may_answer_json(tmp_path: Path) -> None:
    assert await run(command(tmp_path, "/bin/echo", '{"state": "{{ word }}"}')) == {"state": "hello"}
    assert await run(command(tmp_path, "/bin/echo", "[1]")) == {"text": "[1]"}


async def test_a_program_that_prints_nothing_found_nothing(tmp_path: Path) -> None:
    assert (await command(tmp_path, "true").run({"word": ""}, "k")).empty
    assert not (await command(tmp_path, "true", effect="write").run({"word": ""}, "k")).empty


async def test_the_environment_is_small_and_has_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_TOKEN", "s3cret")
    text = str((await run(command(tmp_path, "env")))["text"])
    assert "s3cret" not in text
    assert "APPLIANCE_IDEMPOTENCY_KEY=key-1" in text.splitlines()


async def test_the_program_starts_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    script = tmp_path / "where.sh"
    script.write_text("#!/bin/sh\npwd\n")
    script.chmod(0o755)
    assert await run(command(tmp_path, "./where.sh")) == {"text": str(tmp_path)}


@pytest.mark.parametrize("word", ["-f/etc/passwd", "--help", "-", "a\0b"])
async def test_what_was_said_is_no_option(tmp_path: Path, word: str) -> None:
    assert (await error_of(command(tmp_path, "/bin/echo", "{{ word }}"), word)).fault is Fault.INVALID_ARGUMENT


async def test_options_of_the_declaration_and_numbers_are_fine(tmp_path: Path) -> None:
    assert await run(command(tmp_path, "/bin/echo", "--name={{ word }}"), "-x") == {"text": "--name=-x"}
    assert await run(command(tmp_path, "/bin/echo", "{{ word }}"), -5) == {"text": "-5"}


async def test_the_program_itself_is_written_out(tmp_path: Path) -> None:
    assert (await error_of(command(tmp_path, "{{ word }}"), "/bin/echo")).fault is Fault.MISCONFIGURED
    assert (await error_of(command(tmp_path, "/no/such/program"))).fault is Fault.MISCONFIGURED


@pytest.mark.parametrize(
    ("status", "fault", "retryable", "happened"),
    [(1, Fault.FAILED, False, None), (75, Fault.BUSY, True, False), (65, Fault.REFUSED, False, False)],
)
async def test_statuses_of_a_write(
    tmp_path: Path, status: int, fault: Fault, retryable: bool, happened: bool | None
) -> None:
    error = await error_of(command(tmp_path, "/bin/sh", "-c", f"exit {status}", effect="write"))
    assert (error.fault, error.retryable, error.happened) == (fault, retryable, happened)


async def test_endless_output_is_cut_off(tmp_path: Path) -> None:
    assert (await error_of(command(tmp_path, "yes"))).fault is Fault.BAD_ANSWER


async def test_a_program_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    tool = command(tmp_path, "/bin/sh", "-c", "sleep 60 & echo $! $$ > pids; wait")
    call = asyncio.create_task(tool.run({"word": ""}, "k"))
    child, parent = (int(pid) for pid in (await asyncio.to_thread(pids.read_text)).split())
    ended = select.poll()
    ended.register(os.pidfd_open(child), select.POLLIN)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(ProcessLookupError):
        os.kill(parent, 0)
    [(descriptor, _)] = await asyncio.to_thread(ended.poll, 10_000)
    os.close(descriptor)


async def test_a_program_that_is_cancelled_while_it_starts_is_killed_with_its_children(tmp_path: Path) -> None:
    """At every step of the loop, whatever the start has come to: nothing is left and nothing is waited for."""
    for steps in range(6):
        call = asyncio.create_task(command(tmp_path, "/bin/sh", "-c", "sleep 60 & wait").run({"word": ""}, "k"))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await call


async def test_a_process_that_escapes_is_not_waited_for(tmp_path: Path) -> None:
    tool = command(tmp_path, "/bin/sh", "-c", "setsid sleep 5 & sleep 60")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await tool.run({"word": ""}, "k")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package: a module and its metadata, as pip writes them."""
    (tmp_path / "site_tools_example.py").write_text(MODULE)
    metadata = tmp_path / "site_tools_example-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: site-tools-example\nVersion: 1.0\n")
    lines = [f"{name} = site_tools_example:{name}" for name in ENTRIES]
    (metadata / "entry_points.txt").write_text("\n".join(["[appliance.tools]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "site_tools_example", raising=False)
    return "site_tools_example"


def python(entry_point: str, effect: str = "read") -> PythonTool:
    tool = declared(effect=effect, parameters={"item": {}}, python={"entry_point": entry_point})
    assert tool.python
    return PythonTool(tool, tool.python)


async def test_a_function_runs_on_a_thread(package: str) -> None:
    result = await python("stock").run({"item": "bolt"}, "k")
    assert result.data == {"item": "bolt", "thread": "python-order_status"}
    assert python("stock").preview({"item": "bolt"}, "k")["function"] == f"{package}:stock"


async def test_a_coroutine_function_is_awaited(package: str) -> None:
    del package
    assert (await python("later").run({"item": "bolt"}, "k")).data == {"item": "bolt"}


async def test_a_function_that_returns_nothing_found_nothing(package: str) -> None:
    del package
    assert (await python("nothing").run({"item": "bolt"}, "k")).empty


@pytest.mark.parametrize(
    ("name", "fault", "happened"),
    [
        ("text", Fault.BAD_ANSWER, None),
        ("breaks", Fault.FAILED, None),
        ("says_no", Fault.CONFLICT, False),
        ("number", Fault.MISCONFIGURED, False),
        ("absent", Fault.MISCONFIGURED, False),
        ("unknown", Fault.MISCONFIGURED, False),
    ],
)
async def test_functions_that_fail(package: str, name: str, fault: Fault, happened: bool | None) -> None:
    del package
    error = await error_of(python(name, "write"))
    assert (error.fault, error.happened) == (fault, happened)
    assert "personal" not in error.detail
