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


FAMILY = """
import os, signal, sys
child = os.fork()
if child:
    with open(sys.argv[1], "w") as stream:
        stream.write(f"{os.getpid()} {child}")
    os.rename(sys.argv[1], sys.argv[2])
signal.pause()
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    error = await failure(python(FAMILY, str(tmp_path / "draft"), str(pids), timeout_s=0.7))
    assert "did not end within 0.7 s" in str(error)
    assert not error.permanent
    for pid in (await asyncio.to_thread(pids.read_text)).split():
        assert not await asyncio.to_thread(alive, int(pid))


async def test_a_delivery_that_is_cancelled_leaves_no_program(tmp_path: Path) -> None:
    ready = tmp_path / "fifo"
    os.mkfifo(ready)
    code = "import os, signal, sys\nwith open(sys.argv[1], 'w') as stream: print(os.getpid(), file=stream)\n"
    delivery = asyncio.ensure_future(python(code + "signal.pause()", str(ready)).deliver(handover(), "key-1"))
    pid = int(await asyncio.to_thread(ready.read_text))
    assert await asyncio.to_thread(alive, pid)
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert not await asyncio.to_thread(alive, pid)


async def test_a_missing_secret_runs_nothing(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    error = await failure(python(DUMP, str(seen), environment={"TOKEN": "{{ secrets.lost }}"}))
    assert str(error) == "the secret lost is missing"
    assert not await asyncio.to_thread(seen.exists)
