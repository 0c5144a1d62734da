"""What the doctor says of databases, audit trails and models that were really damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import EngineError
from appliance.models.catalogue import Model, load_catalogue
from appliance.ops.doctor import audit, database, hashes, llama, models, outbox
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import State
from appliance.storage.backup import back_up
from appliance.storage.db import Connection
from appliance.storage.key import make_key_file, read_key_file
from appliance.storage.opening import open_database
from tests.unit.audit_fakes import meddle, trail_in
from tests.unit.doctor_fakes import context_of, only, states
from tests.unit.storage_fakes import HandClock
from tests.unit.storage_site import noted

PLAIN = {"storage": {"encryption": "off"}}
SHIPPED = Path(__file__).parents[2] / "models"
DAY_S = 86_400.0
WAITING = (
    "INSERT INTO outbox (key, kind, channel, state, payload_sha256, created_at, changed_at, next_attempt_at)"
    " VALUES (?, 'note', 'desk', ?, '', ?, ?, ?)"
)


async def kept(context: Context) -> None:
    """Make an encrypted database with enough in it to be damaged."""
    await noted(context.config.storage, *(f"session {number}" for number in range(20)), times=200)


async def written(context: Context, work: Callable[[Connection], object]) -> None:
    opened = await open_database(context.config.storage, {})
    await opened.write(work)
    await opened.close()


async def test_no_database_is_fine_and_looking_makes_none(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    for check in (database.check, audit.check):
        assert states(await check(context)) == [State.OK]
    assert not (tmp_path / "state").exists()


async def test_a_database_is_told_with_its_key_and_the_want_of_a_backup(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    await kept(context)
    found = await database.check(context)
    assert "encrypted (SQLCipher" in only(found, State.OK).what
    assert ["beside the database" in f.what or "no backup" in f.what for f in found[1:]] == [True, True]


async def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    await kept(context)
    path = context.config.storage.database
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(64))
    assert "damaged" in only(await database.check(context), State.FAIL).what
    assert State.FAIL not in states(await outbox.check(context))


async def test_another_key_and_a_key_that_others_can_read_are_failures(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    await kept(context)
    key = context.config.storage.key_path
    key.chmod(0o644)
    found = await database.check(context)
    assert "others than its owner may read the key" in str(found)
    key.unlink()
    make_key_file(key)
    assert "is not the key of this database" in only(await database.check(context), State.FAIL).what
    assert states(await audit.check(context)) == [State.OK]


async def test_an_old_backup_is_told(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    await kept(context)
    storage, now = context.config.storage, context.clock.local_time("UTC")
    made = back_up(storage, read_key_file(storage.key_path), None, now, storage.backups, 7).file
    for days, state in ((1, State.OK), (9, State.WARN)):
        os.utime(made, times=(now.timestamp() - days * DAY_S,) * 2)
        told = [finding for finding in await database.check(context) if "newest backup" in finding.what]
        assert [finding.state for finding in told] == [state]


async def test_a_record_that_was_changed_is_found_in_the_audit_trail(tmp_path: Path) -> None:
    context, clock = context_of(tmp_path, PLAIN), HandClock()
    async with trail_in(tmp_path / "state", clock, every=5) as (trail, _):
        for number in range(20):
            trail.record("tool.called", "s", {"n": number})
            await trail.flush()
    found = await audit.check(context)
    assert "20 records" in found[0].what or "21 records" in found[0].what
    assert State.FAIL not in states(found)
    assert "no key can be read here" in only(found, State.WARN).what
    await meddle(tmp_path / "state", "UPDATE audit SET body = replace(body, 'n', 'm') WHERE seq = 8")
    failed = [finding for finding in await audit.check(context) if finding.state is State.FAIL]
    assert "Records 8 to 8: the record does not fit its hash [altered]." in [finding.what for finding in failed]


async def test_a_key_of_the_audit_trail_that_others_can_read_fails(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    key = tmp_path / "state/audit.key"
    key.write_text("ab" * 32)
    key.chmod(0o644)
    assert "other users can read" in only(await audit.check(context_of(tmp_path)), State.FAIL).what


async def test_messages_that_wait_or_were_given_up_are_told(tmp_path: Path) -> None:
    channel = {"kind": "command", "name": "desk", "argv": ["/bin/true"]}
    context = context_of(tmp_path, PLAIN | {"handover": {"channels": [channel]}})
    await kept(context)
    assert states(await outbox.check(context)) == [State.OK]
    now = context.clock.local_time("UTC").timestamp()
    rows = [(key, state, now - 7200, now, now) for key, state in (("a", "failed"), ("b", "waiting"), ("c", "sending"))]
    await written(context, lambda connection: connection.executemany(WAITING, rows))
    found = await outbox.check(context)
    assert only(found, State.FAIL).what == "Messages to people that were given up: 1."
    assert only(found, State.WARN).what == "Messages to people that wait: 2, the oldest for 120 min."
    running = context_of(tmp_path, {**PLAIN, "handover": {"channels": [channel]}}, running=True)
    assert states(await outbox.check(running)) == [State.FAIL, State.FAIL]


def small_model() -> Model:
    return next(model for model in load_catalogue().models if model.id == "silero-vad-6.2.3")


async def test_missing_truncated_and_changed_model_files_are_told_apart(tmp_path: Path) -> None:
    context, model = context_of(tmp_path), small_model()
    named = f"{model.id} is not there: {tmp_path / 'models' / model.id}."
    assert named in [finding.what for finding in await models.check(context)]
    path = tmp_path / "models" / model.id / model.files[0].path
    path.parent.mkdir(parents=True)
    size = model.files[0].size
    path.write_bytes(bytes(size - 1))
    assert f"{path} has {size - 1} bytes instead of {size}." in [f.what for f in await models.check(context)]
    assert await hashes.check(context) == []
    path.write_bytes(bytes(size))
    assert str(path) not in str(await models.check(context))
    assert only(await hashes.check(context), State.FAIL).what.startswith(f"{path} is damaged")


@pytest.mark.models
async def test_files_as_the_catalogue_has_them_pass_byte_by_byte(tmp_path: Path) -> None:
    model = small_model()
    shutil.copytree(SHIPPED / model.id, tmp_path / "models" / model.id)
    assert "byte by byte" in only(await hashes.check(context_of(tmp_path)), State.OK).what


async def test_a_model_that_a_business_may_not_use_is_told(tmp_path: Path) -> None:
    voice = next(
        model for model in load_catalogue().models if model.kind == "tts" and model.commercial_use == "forbidden"
    )
    found = await models.check(context_of(tmp_path, {"tts": {"voice": voice.id}}))
    assert f"{voice.id} must not be used in a business" in only(found, State.WARN).what


async def test_a_file_that_is_no_model_fails_the_self_test_in_a_child(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    assert await llama.check(context) == []
    model = next(m for m in load_catalogue().models if m.id == "qwen2.5-coder-1.5b-instruct-q4_k_m")
    path = tmp_path / "models" / model.id / model.entry
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(EngineError, match="does not work with qwen"):
        await llama.check(context)


async def test_the_clock_of_a_later_day_does_not_hide_a_fault(tmp_path: Path) -> None:
    hand = HandClock()
    hand.offset = timedelta(days=400)
    context = context_of(tmp_path, PLAIN, clock=hand)
    await kept(context)
    assert "not encrypted" in str(await database.check(context))
