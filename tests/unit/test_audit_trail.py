"""The audit trail as it is written: together, in order, through a full disk and beside other processes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.audit.chain import NotCanonicalError, canonical, committed, ranges
from appliance.audit.errors import AuditError
from appliance.audit.keys import find_signer, key_id, make_key_file, parse_signer, read_key_file, read_public_keys
from appliance.audit.opening import change_key, open_trail, renew_key_file
from appliance.audit.trail import LONGEST_DETAIL, AuditTrail, Cadence
from appliance.audit.verify import Fault
from appliance.config.audit import AuditConfig
from appliance.storage.db import Connection, Database
from appliance.storage.errors import StorageError
from tests.unit.audit_fakes import SIGNER, database_in, meddle, records_of, trail_in, verdict_of
from tests.unit.storage_fakes import START, HandClock

DAY_S = 86_400.0
NOW_S = START.timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def fill(trail: AuditTrail, count: int, session: str = "s1") -> None:
    for number in range(count):
        trail.record("turn", session, {"n": number}, {"words": f"words {number}"})
    await trail.flush()


async def signed(database: Database, upto: int) -> bool:
    found = await database.read(lambda c: c.execute("SELECT max(seq) FROM audit_checkpoints").fetchone()[0])
    return bool(found == upto)


async def until(reached: Callable[[], Awaitable[object]]) -> None:
    """Wait for what another task does in the database."""
    while not await reached():  # each look lets the thread of the database take its turn
        pass


def test_canonical_json_is_the_same_for_the_same_value() -> None:
    value = {"b": [1, True, None], "a": {"ü": "\n\ud800", "A": "x"}}
    assert canonical(value) == '{"a":{"A":"x","ü":"\\n?"},"b":[1,true,null]}'
    assert canonical(json.loads(canonical(value))) == canonical(value)


@pytest.mark.parametrize("value", [1.5, 1 << 53, b"raw", {1: 2}, {"a": {2.0}}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        canonical({"x": value})


def test_a_commitment_is_salted_and_can_be_checked() -> None:
    body, details = committed({}, {"name": "Ada"}, keep=True)
    again, _ = committed({}, {"name": "Ada"}, keep=True)
    assert body["$details"]["name"] == hashlib.sha256(details["name"].salt + b"Ada").hexdigest()
    assert len(details["name"].salt) == 16
    assert again != body


def test_numbers_become_ranges() -> None:
    assert ranges([1, 2, 3, 5, 8, 9]) == [[1, 3], [5, 5], [8, 9]]


async def test_records_gather_and_are_written_together_in_order(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        for number in range(5):
            trail.record("turn", "s1", {"n": number})
        await clock.all_asleep(1)
        assert await records_of(database) == []
        clock.advance(0.1)
        await until(lambda: records_of(database))
        bodies = [json.loads(record.body) for record in await records_of(database)]
        assert bodies[0]["key_id"] == SIGNER.key_id
        assert [body["n"] for body in bodies[1:]] == [0, 1, 2, 3, 4]


async def test_no_personal_data_is_in_the_chain(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        trail.record("turn", "s1", {}, {"words": "I am Ada"})
        trail.record("turn", "s2", {}, {"words": "I am Ada"}, keep=False)
        trail.record("turn", "s3", {}, {"words": "x" * (LONGEST_DETAIL + 1), "short": "y"})
        await trail.flush()
        kept, hashed, long = (await records_of(database))[1:]
        assert "Ada" not in kept.body + hashed.body
        assert kept.details["words"].value == "I am Ada"
        assert hashed.details == {}
        assert json.loads(hashed.body).keys() == {"$hashed"}
        assert [*long.details, *json.loads(long.body)["$hashed"]] == ["short", "words"]
    assert (await verdict_of(tmp_path)).intact


async def test_reserved_names_are_refused_and_others_are_free(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, _):
        trail.record("admin.export", "", {"details": True, "hashed": 1})
        with pytest.raises(NotCanonicalError, match="reserved"):
            trail.record("admin.export", "", {"$details": True})
    assert (await verdict_of(tmp_path)).intact


async def test_what_is_redacted_is_redacted_before_it_is_committed_to(tmp_path: Path, clock: HandClock) -> None:
    async with database_in(tmp_path) as database:
        trail = AuditTrail(database, clock, lambda text: text.replace("4111", "[card]"), SIGNER)
        trail.record("turn", "s1", {}, {"words": "it is 4111"})
        await trail.close()
        assert (await records_of(database))[-1].details["words"].value == "it is [card]"
    assert (await verdict_of(tmp_path)).intact


async def test_it_is_signed_by_number_by_time_and_at_the_end(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        await fill(trail, 1)
        assert await signed(database, 2)  # the key and the first record, at once
        await fill(trail, 9)
        assert await signed(database, 2)
        await fill(trail, 1)
        assert await signed(database, 12)
        await fill(trail, 3)
        await clock.all_asleep(1)
        clock.advance(600)
        await until(lambda: signed(database, 15))
        await fill(trail, 1)
    verdict = await verdict_of(tmp_path)
    assert (verdict.intact, verdict.signed_upto, verdict.unsigned, verdict.last) == (True, 16, 0, 16)


async def test_two_processes_write_one_chain(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (daemon, _), trail_in(tmp_path, clock, None) as (command, _):
        for _ in range(8):
            await asyncio.gather(fill(daemon, 3), fill(command, 2))
    verdict = await verdict_of(tmp_path)
    assert (verdict.intact, verdict.last) == (True, 41)


async def test_a_full_disk_keeps_what_fits_into_memory_and_says_what_was_lost(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock, most_waiting=6) as (trail, database):
        await fill(trail, 2)
        await database.write(lambda c: c.execute(f"PRAGMA max_page_count = {_pages(c)}").fetchall())
        for number in range(9):
            trail.record("turn", "s1", {"n": number, "text": "x" * 20_000})
        with pytest.raises(StorageError, match="full"):
            await trail.flush()
        assert trail.lost == 3
        await database.read(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchall())
        await trail.flush()
        bodies = [json.loads(record.body) for record in await records_of(database)]
        assert [body.get("n") for body in bodies[3:9]] == [0, 1, 2, 3, 4, 5]
        assert bodies[9] == {"count": 3}
    assert (await verdict_of(tmp_path)).intact


def _pages(connection: Connection) -> int:
    return int(connection.execute("PRAGMA page_count").fetchone()[0])


async def test_the_writer_tries_again_by_itself(tmp_path: Path, clock: HandClock) -> None:
    held, release = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        held.set()
        release.wait()

    async with trail_in(tmp_path, clock) as (trail, database), database_in(tmp_path) as other:
        await fill(trail, 1)
        await database.read(lambda c: c.execute("PRAGMA busy_timeout = 0"))
        holding = asyncio.ensure_future(other.write(hold))
        await asyncio.to_thread(held.wait)
        trail.record("turn", "s1", {"n": 7})
        await clock.all_asleep(1)
        clock.advance(0.1)
        await clock.all_asleep(1)  # the attempt has failed
        assert len(await records_of(database)) == 2
        release.set()
        await holding
        clock.advance(5)
        await until(lambda: has_records(database, 3))


async def has_records(database: Database, records: int) -> bool:
    return len(await records_of(database)) >= records


async def test_erasure_leaves_the_chain_whole_and_no_trace_in_the_files(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        for session in ("s1", "s2", "s3"):
            trail.record("turn", session, {}, {"words": f"secret words of {session}"})
        assert await trail.erase_details(reason="asked for", session_id="s1") == 1
        assert await trail.erase_details(reason="asked for", seqs=[3]) == 1
        assert await trail.erase_details(reason="asked for", seqs=[3, 99]) == 0
        left = [record.details for record in await records_of(database) if record.kind == "turn"]
        assert [bool(details) for details in left] == [False, False, True]
        raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240 - a test
        assert b"words of s1" not in raw
        assert b"words of s2" not in raw
        assert b"words of s3" in raw
    assert (await verdict_of(tmp_path)).intact


async def test_old_details_are_erased_page_by_page(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        await fill(trail, 700)
        clock.advance(DAY_S)
        await fill(trail, 5)
        assert await trail.erase_details(reason="old", before=NOW_S + DAY_S / 2) == 700
        assert sum(bool(record.details) for record in await records_of(database)) == 5
    assert (await verdict_of(tmp_path)).intact


async def test_a_session_is_forgotten_behind_what_was_just_recorded(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        trail.record("turn", "s1", {}, {"words": "please forget this"})
        trail.forget("s1", "withdrawn")
        trail.record("turn", "s1", {}, {"words": "and this you may keep"})
        await trail.flush()
        kinds = [(record.kind, bool(record.details)) for record in await records_of(database)]
        assert kinds[1:] == [("turn", False), ("audit.erased", False), ("turn", True)]


async def test_pruning_ends_at_a_checkpoint_and_what_is_left_verifies(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, _):
        for _ in range(4):
            await fill(trail, 10)
            clock.advance(DAY_S)
        assert await trail.prune(NOW_S + 2.5 * DAY_S) == 31
        assert await trail.prune(NOW_S + 2.5 * DAY_S) == 0
    verdict = await verdict_of(tmp_path)
    assert (verdict.intact, verdict.first) == (True, 32)
    await meddle(tmp_path, "DELETE FROM audit WHERE seq <= 33")
    assert (await verdict_of(tmp_path)).findings[0].fault is Fault.HEAD


async def test_pruning_everything_keeps_the_record_of_it(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        await fill(trail, 35)
        clock.advance(1)
        assert await trail.prune(NOW_S + 900 * DAY_S) == 36
        assert [record.kind for record in await records_of(database)] == ["audit.pruned"]
    assert (await verdict_of(tmp_path)).intact


async def test_without_the_key_nothing_is_pruned(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, _):
        await fill(trail, 30)
    async with trail_in(tmp_path, clock, None) as (command, _):
        assert await command.prune(NOW_S + DAY_S) == 0


async def test_after_a_cut_the_trail_goes_on_and_the_gap_stays_visible(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, _):
        await fill(trail, 25)
    await meddle(tmp_path, "DELETE FROM audit WHERE seq > 20")
    async with trail_in(tmp_path, clock) as (trail, _):
        await fill(trail, 3)
    (finding,) = (await verdict_of(tmp_path)).findings
    assert (finding.first, finding.last, finding.fault) == (21, 26, Fault.MISSING)


async def test_a_key_is_made_once_and_never_behind_the_back_of_the_trail(tmp_path: Path, clock: HandClock) -> None:
    config = AuditConfig()
    async with database_in(tmp_path) as database:
        command = await open_trail(config, database, clock, environ={})
        await fill(command, 1)
        await command.close()
        assert not (tmp_path / "audit.key").exists()
        daemon = await open_trail(config, database, clock, environ={}, may_make_key=True)
        await fill(daemon, 1)
        await daemon.close()
        assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
        (tmp_path / "audit.key").unlink()
        daemon = await open_trail(config, database, clock, environ={}, may_make_key=True)
        await fill(daemon, 1)
        await daemon.close()
        assert not (tmp_path / "audit.key").exists()
    verdict = await verdict_of(tmp_path, {})
    assert (verdict.intact, verdict.unsigned, verdict.key_from_trail) == (True, 1, True)


async def test_a_new_key_is_signed_by_the_old_one(tmp_path: Path, clock: HandClock) -> None:
    config = AuditConfig()
    async with database_in(tmp_path) as database:
        daemon = await open_trail(config, database, clock, environ={}, may_make_key=True)
        await fill(daemon, 3)
        await daemon.close()
        old = read_key_file(tmp_path / "audit.key")
        new = await renew_key_file(database, clock, tmp_path / "audit.key", lost=False)
        assert read_key_file(tmp_path / "audit.key").public == new.public
        with pytest.raises(AuditError, match="not the key in force"):
            await change_key(database, clock, old, tmp_path / "third.key")
        daemon = await open_trail(config, database, clock, environ={})
        await fill(daemon, 3)
        await daemon.close()
    for key in (old, new):
        verdict = await verdict_of(tmp_path, {key.key_id: key.public})
        assert (verdict.intact, verdict.signed_upto, set(verdict.key_ids)) == (True, 9, {old.key_id, new.key_id})


async def test_a_change_of_keys_that_was_cut_off_is_finished(tmp_path: Path, clock: HandClock) -> None:
    async with database_in(tmp_path) as database:
        daemon = await open_trail(AuditConfig(), database, clock, environ={}, may_make_key=True)
        await fill(daemon, 1)
        await daemon.close()
        old = read_key_file(tmp_path / "audit.key")
        new = await change_key(database, clock, old, tmp_path / "audit.key.new")
        await (await open_trail(AuditConfig(), database, clock, environ={})).close()
    assert read_key_file(tmp_path / "audit.key").public == new.public


async def test_a_lost_key_shows(tmp_path: Path, clock: HandClock) -> None:
    async with trail_in(tmp_path, clock) as (trail, database):
        await fill(trail, 3)
        await trail.sign()
        new = await change_key(database, clock, None, tmp_path / "new.key")
    async with trail_in(tmp_path, clock, new) as (trail, _):
        await fill(trail, 3)
    assert {finding.fault for finding in (await verdict_of(tmp_path)).findings} == {Fault.UNKNOWN_KEY}
    assert (await verdict_of(tmp_path, {new.key_id: new.public})).intact


async def test_a_smuggled_key_is_never_signed(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    forger = parse_signer("22" * 32, "the forger")
    forged = {"key": forger.public.hex(), "key_id": forger.key_id, "previous": SIGNER.public.hex()}
    async with trail_in(tmp_path, clock) as (trail, database):
        await fill(trail, 3)
        async with trail_in(tmp_path, clock, None) as (other, _):
            other.record("audit.key", "", forged)
            await other.flush()
        await fill(trail, 30)
        assert await signed(database, 4)
        assert caplog.text.count("not signed any more") == 1
        new = await change_key(database, clock, None, tmp_path / "new.key")
    trusted = {new.key_id: new.public}
    assert Fault.UNSIGNED in {finding.fault for finding in (await verdict_of(tmp_path, longest_tail=20)).findings}
    assert forger.key_id not in (await verdict_of(tmp_path, trusted)).key_ids


SEED = SIGNER.private.private_bytes_raw()


@pytest.mark.parametrize("text", [SEED.hex(), SEED.hex().upper() + "\n", base64.b64encode(SEED).decode()])
def test_seeds_are_read_as_hex_or_base64(text: str) -> None:
    assert parse_signer(text, "a test").public == SIGNER.public
    assert SEED.hex() not in repr(parse_signer(text, "a test"))


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32, "-----BEGIN PRIVATE KEY-----\nMAA=\n"])
def test_what_is_no_key_is_said_without_showing_it(text: str) -> None:
    with pytest.raises(AuditError, match="no Ed25519 key") as caught:
        parse_signer(text, "the credential audit_key")
    assert caught.value.remedy
    assert text not in str(caught.value) or not text


def test_the_credential_comes_before_the_variable_and_the_file(tmp_path: Path) -> None:
    file = make_key_file(tmp_path / "audit.key")
    variable = {"APPLIANCE_SECRET_AUDIT_KEY": "11" * 32}
    (tmp_path / "audit_key").write_text(SEED.hex() + "\n")
    found = [
        find_signer(tmp_path / "audit.key", environ)
        for environ in ({**variable, "CREDENTIALS_DIRECTORY": str(tmp_path)}, variable, {})
    ]
    assert [one and one.public for one in found] == [
        SIGNER.public,
        parse_signer("11" * 32, "").public,
        file.public,
    ]
    assert find_signer(tmp_path / "none.key", {}) is None


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key_file(tmp_path / "audit.key")
    (tmp_path / "audit.key").chmod(0o640)
    with pytest.raises(AuditError, match="other users") as caught:
        read_key_file(tmp_path / "audit.key")
    assert "chmod 600" in caught.value.remedy
    with pytest.raises(AuditError, match="cannot be written"):
        make_key_file(tmp_path / "audit.key")


def test_public_keys_are_read_in_every_form(tmp_path: Path) -> None:
    pem = SIGNER.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for text in (SIGNER.public.hex() + " # 2026\n", pem.decode()):
        (tmp_path / "public.key").write_text(text)
        assert read_public_keys(tmp_path / "public.key") == {key_id(SIGNER.public): SIGNER.public}
    (tmp_path / "public.key").write_text("nothing\n")
    with pytest.raises(AuditError, match="no Ed25519 public key"):
        read_public_keys(tmp_path / "public.key")


async def test_an_end_on_a_full_disk_is_survived(tmp_path: Path, clock: HandClock) -> None:
    async with database_in(tmp_path) as database:
        trail = AuditTrail(database, clock, None, SIGNER, Cadence())
        await fill(trail, 1)
        await database.write(lambda c: c.execute(f"PRAGMA max_page_count = {_pages(c)}").fetchall())
        trail.record("turn", "s1", {"text": "x" * 100_000})
        await trail.close()
        assert trail.lost == 1
