"""Handover by a program: no shell, no secrets that it was not given, no process left behind."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.config.handover import CommandConfig
from appliance.handover.command import CommandChannel
from appliance.handover.message import DeliveryError
from tests.unit.storage_fakes import handover


def channel(*argv: str, **settings: Any) -> CommandChannel:
    config = CommandConfig(kind="command", name="desk", argv=argv, **settings)
    return CommandChannel(config, {"token": "s3cr3t"}.__getitem__)


def python(code: str, *arguments: str, **settings: Any) -> CommandChannel:
    return channel(sys.executable, "-I", "-S", "-c", code, *arguments, **settings)


async def failure(channel: CommandChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.deliver(handover(), "key-1")
    return caught.value


DUMP = """
import json, os, sys
with open(sys.argv[1], "w") as stream:
    json.dump({"argv": sys.argv[2:], "environment": dict(os.environ), "message": json.load(sys.stdin)}, stream)
"""


async def test_the_program_gets_the_message_the_key_and_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_DATABASE", "hunter2")
    seen = tmp_path / "seen.json"
    environment = {"TOKEN": "t-{{ secrets.token }}"}
    await python(DUMP, str(seen), "$HOME; rm -rf *", environment=environment).deliver(handover(), "key-1")
    found = json.loads(await asyncio.to_thread(seen.read_text))
    assert found["argv"] == ["$HOME; rm -rf *"]
    assert found["environment"]["APPLIANCE_IDEMPOTENCY_KEY"] == "key-1"
    assert found["environment"]["TOKEN"] == "t-s3cr3t"  # noqa: S105
    assert "APPLIANCE_SECRET_DATABASE" not in found["environment"]
    assert found["message"] == json.loads(json.dumps(handover().as_dict()))


@pytest.mark.parametrize(("status", "permanent"), [(1, False), (64, False), (65, True), (75, False), (127, False)])
async def test_the_status_says_whether_the_message_is_at_fault(status: int, permanent: bool) -> None:
    error = await failure(python(f"import sys; sys.exit({status})"))
    assert f"ended with status {status}" in str(error)
    assert error.permanent is permanent


async def test_a_program_that_does_not_read_is_no_problem() -> None:
    await python("").deliver(handover(summary="long " * 100_000), "key-1")


@pytest.mark.parametrize("program", ["/nowhere/notify", "/etc/passwd"])
async def test_a_program_that_cannot_be_run_may_be_mended(program: str) -> None:
    error = await failure(channel(program))
    assert str(error).startswith(f"{program} cannot be run")
    assert not error.permanent


HOLD = "import os, signal, sys; stream = open(sys.argv[1], 'w'); print('here', file=stream, flush=True)\n"
"""Holds a pipe open, so that its reader comes to the end when the last process that has it is gone."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


async def all_gone(reading: asyncio.Future[str]) -> bool:
    return await asyncio.wait_for(reading, 10) == "here\n"


async def test_a_program_that_hangs_is_killed_with_its_children(pipe: Path) -> None:
    reading = asyncio.ensure_future(asyncio.to_thread(pipe.read_text))
    error = await failure(python(HOLD + "os.fork(); signal.pause()", str(pipe), timeout_s=2.0))
    assert "did not end within 2 s" in str(error)
    assert not error.permanent
    assert await all_gone(reading)


async def test_what_a_program_leaves_in_the_background_ends_with_it(pipe: Path) -> None:
    reading = asyncio.ensure_future(asyncio.to_thread(pipe.read_text))
    await python(HOLD + "if not os.fork(): signal.pause()", str(pipe)).deliver(handover(), "key-1")
    assert await all_gone(reading)


async def test_a_delivery_that_is_cancelled_leaves_no_program(pipe: Path) -> None:
    delivery = asyncio.ensure_future(python(HOLD + "signal.pause()", str(pipe)).deliver(handover(), "key-1"))
    with await asyncio.to_thread(pipe.open) as stream:
        assert await asyncio.to_thread(stream.readline) == "here\n"
        delivery.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivery
        assert await asyncio.wait_for(asyncio.to_thread(stream.read), 10) == ""


async def test_a_missing_secret_runs_nothing(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    error = await failure(python(DUMP, str(seen), environment={"TOKEN": "{{ secrets.lost }}"}))
    assert str(error) == "the secret lost is missing"
    assert not await asyncio.to_thread(seen.exists)
