"""What is too old goes, provably and without a trace; what is held, or too young, stays."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from appliance.clock import SystemClock
from appliance.config.consent import ConsentMode
from appliance.config.retention import AudioRetention, DataClass, MetricsRetention, RetentionConfig
from appliance.errors import UsageError
from appliance.retention.clockwatch import DAY_S, Seen, judge
from appliance.retention.daily import Quiet, last_moment, run_daily, seconds_until
from appliance.retention.errors import DoubtfulClockError
from appliance.retention.holds import Holds, Scope
from appliance.retention.purge import Beside, Purger
from appliance.retention.report import PurgeReport
from appliance.storage.db import Connection, Database
from appliance.storage.outbox import Outbox
from appliance.storage.records import Consent, Session, Turn, add, put_session, subject_digest, subject_key
from tests.unit.retention_fakes import DEFAULT, Kit, Talk, occurrences, rows
from tests.unit.storage_fakes import START, HandClock, handover

NOW = START.timestamp()
WITH_AUDIO = RetentionConfig(audio=AudioRetention(keep=True))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "appliance.db")
    yield database
    await database.close()


def purger_of(
    database: Database, clock: HandClock, retention: RetentionConfig = WITH_AUDIO, beside: Beside | None = None
) -> Purger:
    return Purger(database, database.path.parent / "recordings", retention, clock, beside or Beside())


def turn(session_id: str, at: float, words: str = "words") -> Turn:
    return Turn(session_id=session_id, turn_id=1, at=at, user_text=words, heard_text="", interrupted=False)


async def put(database: Database, *records: Turn | Consent) -> None:
    await database.write(lambda connection: [add(connection, record) for record in records])


async def words(database: Database) -> list[str]:
    return [row[4] for row in await rows(database, "turns")]


async def held_a_conversation(database: Database, clock: HandClock, name: str, said: str) -> Kit:
    kit = Kit.build(database, clock, ConsentMode.NOTICE, WITH_AUDIO)
    talk = Talk(kit.archive, name)
    talk.decide("notified", mode="notice")
    kit.hear(name, 2)
    talk.turn(f"{said}, my number is +19025550142")
    talk.tool({"what": said})
    talk.end()
    await kit.archive.flush()
    return kit


async def live(clock: HandClock, purger: Purger, days: int) -> None:
    """Let days pass in which the appliance runs."""
    for _ in range(days):
        clock.seconds += DAY_S
        assert await purger.doubt() == ""


async def test_each_class_goes_after_its_own_days(database: Database) -> None:
    clock = HandClock()
    await held_a_conversation(database, clock, "s1", "blueberry pancakes")
    purger = purger_of(database, clock)

    async def left() -> list[str]:
        tables = ("recordings", "turns", "tool_calls", "turn_metrics", "consents", "subjects", "sessions")
        return [table for table in tables if await rows(database, table)]

    seen = {}
    for days in (6, 2, 23, 61, 700):
        await live(clock, purger, days)
        await purger.purge()
        seen[round(clock.seconds / DAY_S)] = await left()
    assert seen == {
        6: ["recordings", "turns", "tool_calls", "turn_metrics", "consents", "subjects", "sessions"],
        8: ["turns", "tool_calls", "turn_metrics", "consents", "subjects", "sessions"],
        31: ["turn_metrics", "consents", "sessions"],
        92: ["consents"],
        792: [],
    }
    assert list((database.path.parent / "recordings").iterdir()) == []


async def test_the_report_proves_what_was_deleted_and_is_announced_before_and_after(database: Database) -> None:
    clock = HandClock()
    announced: list[tuple[PurgeReport, int]] = []

    async def announce(report: PurgeReport) -> None:
        announced.append((report, len(await words(database))))

    old = NOW - 31 * DAY_S
    await put(database, turn("s1", old), turn("s1", old + 60), turn("s2", NOW))
    report = await purger_of(database, clock, beside=Beside(announce=announce)).purge()
    purged = report.classes[DataClass.TRANSCRIPT]
    assert (purged.count, purged.oldest, purged.newest, purged.held) == (2, old, old + 60, 0)
    assert purged.digest == hashlib.sha256(b"turns\t1\nturns\t2\n").hexdigest()
    assert [(told.stage, left) for told, left in announced] == [("begun", 3), ("done", 1)]
    assert announced[0][0].classes == announced[1][0].classes
    assert report.as_json()["classes"]["transcript"]["oldest"] == "2026-01-30T10:05:00+00:00"
    assert report.clean


async def test_a_class_that_is_switched_off_goes_at_once(database: Database) -> None:
    clock = HandClock()
    await held_a_conversation(database, clock, "s1", "blueberry pancakes")
    report = await purger_of(database, clock, RetentionConfig(metrics=MetricsRetention(keep=False))).purge()
    assert {kind: purged.count for kind, purged in report.classes.items() if purged.count} == {
        DataClass.AUDIO: 1,
        DataClass.METRICS: 1,
    }


async def test_what_a_channel_has_refused_is_wiped_and_what_waits_is_not(database: Database) -> None:
    clock = HandClock()
    outbox = Outbox(database, clock)
    for number in range(2):
        await outbox.enqueue("escalation", "desk", handover(f"velvet curtains {number}").as_dict(), f"key-{number}")
    entry = await outbox.claim("desk")
    assert entry is not None
    await outbox.set_aside(entry, "refused")
    purger = purger_of(database, clock)
    await live(clock, purger, 15)
    report = await purger.purge()
    assert report.classes[DataClass.OUTBOX_PAYLOAD].count == 1
    assert [(entry.state, entry.payload is None) for entry in await outbox.entries()] == [
        ("dropped", True),
        ("waiting", False),
    ]
    assert occurrences(database.path.parent, "velvet curtains 0") == []


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_readable_is_left_after_years_of_use(database: Database, seed: int) -> None:
    """Rows of all sizes that are written, shortened and deleted leave copies in pages; the purge rewrites them."""
    random = Random(seed)  # noqa: S311

    def live_a_while(connection: Connection) -> None:
        for number in range(1500):
            old = number % 3 > 0
            secret = f"SECRET-{number:06d}-{'x' * random.choice([5, 200, 900, 5000])}" if old else "k" * 300
            add(connection, turn(f"s{number // 5}", NOW - (40 * DAY_S if old else 0), secret))
            if number % 7 == 0:
                connection.execute("UPDATE turns SET user_text = ? WHERE id = ?", ("short", number - 3))

    for _ in range(2):
        await database.write(live_a_while)
        await database.checkpoint()
    folder = database.path.parent
    assert occurrences(folder, "SECRET-") != []
    report = await purger_of(database, HandClock()).purge()
    assert report.classes[DataClass.TRANSCRIPT].count == 2000
    assert len(await words(database)) == 1000
    assert occurrences(folder, "SECRET-") == []


async def test_a_hold_goes_before_the_purge_until_it_is_released(database: Database) -> None:
    clock = HandClock()
    holds = Holds(database, clock)
    old = NOW - 60 * DAY_S
    await put(database, *(turn(name, old + number) for number, name in enumerate(["s1", "s2", "s3", "s4"])))

    def known(connection: Connection) -> bytes:
        digest = subject_digest(subject_key(connection), "+19025550142")
        connection.execute("INSERT INTO subjects VALUES ('s2', 'phone', ?)", (digest,))
        return digest

    digest = await database.write(known)
    placed = [
        await holds.place(scope, "claim 7", "ada")
        for scope in (
            Scope(session_id="s1"),
            Scope(subject_kind="phone", subject_digest=digest),
            Scope(kind=DataClass.TRANSCRIPT, from_at=old + 2, until_at=old + 2.5),
            Scope(kind=DataClass.AUDIO),
        )
    ]
    assert [(await holds.covered(hold))[DataClass.TRANSCRIPT] for hold in placed] == [1, 1, 1, 0]
    report = await purger_of(database, clock).purge(force=True)
    purged = report.classes[DataClass.TRANSCRIPT]
    assert (purged.count, purged.held) == (1, 3)
    assert [row[1] for row in await rows(database, "turns")] == ["s1", "s2", "s3"]
    assert len(await rows(database, "subjects")) == 1
    assert await holds.release(placed[1].id) is not None
    assert await holds.release(placed[1].id) is None
    await purger_of(database, clock).purge()
    assert [row[1] for row in await rows(database, "turns")] == ["s1", "s3"]
    assert await rows(database, "subjects") == []
    assert [hold.id for hold in await holds.list()] == [1, 3, 4]
    assert len(await holds.list(released=True)) == 4


@pytest.mark.parametrize(
    ("scope", "reason"),
    [(Scope(), "why"), (Scope(session_id="s"), "  "), (Scope(from_at=2.0, until_at=1.0), "why")],
)
async def test_a_hold_that_says_nothing_is_refused(database: Database, scope: Scope, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        await Holds(database, HandClock()).place(scope, reason, "ada")
    assert caught.value.remedy


class FakeTrail:
    """Implements `Trail`."""

    def __init__(self) -> None:
        self.pruned: list[float] = []
        self.erased: list[Sequence[int]] = []

    async def prune(self, before: float) -> int:
        self.pruned.append(before)
        return 3

    async def erase_details(self, *, reason: str, seqs: Sequence[int]) -> int:
        assert reason
        self.erased.append(list(seqs))
        return len(seqs)


async def test_the_trail_is_shortened_by_itself_and_never_past_a_held_record(database: Database) -> None:
    clock, trail = HandClock(), FakeTrail()
    ages = {1: 800, 2: 750, 3: 40, 4: 1}

    def fill(connection: Connection) -> None:
        for seq, days in ages.items():
            session = "s1" if seq > 1 else ""
            at = NOW - days * DAY_S
            connection.execute("INSERT INTO audit VALUES (?, ?, 'tool', ?, '{}', x'00')", (seq, at, session))
            connection.execute("INSERT INTO audit_details VALUES (?, 'words', x'00', 'said')", (seq,))

    await database.write(fill)
    purger = purger_of(database, clock, beside=Beside(trail=trail))
    report = await purger.purge()
    assert (report.trail_records, report.trail_details) == (3, 2)
    assert trail.erased == [[2, 3]]
    await Holds(database, clock).place(Scope(session_id="s1"), "claim 7", "ada")
    await purger.purge()
    assert trail.pruned == [NOW - 730 * DAY_S, NOW - 750 * DAY_S]
    assert len(trail.erased) == 1


DAY = DAY_S


@pytest.mark.parametrize(
    ("seen", "newest", "now", "believed"),
    [
        (Seen(), None, 5.0 * DAY, True),
        (Seen(trusted_at=DAY), None, 2 * DAY, True),
        (Seen(), DAY, 14 * DAY, True),
        (Seen(), DAY, 16 * DAY, False),
        (Seen(trusted_at=15 * DAY), DAY, 16 * DAY, True),
        (Seen(), 20 * DAY, 16 * DAY, False),
        (Seen(), 16.5 * DAY, 16 * DAY, True),
        (Seen(doubt_since=100 * DAY, doubt_seen=102 * DAY), DAY, 103 * DAY, True),
        (Seen(doubt_since=100 * DAY, doubt_seen=102 * DAY), DAY, 102.9 * DAY, False),
        (Seen(doubt_since=100 * DAY, doubt_seen=101 * DAY), DAY, 900 * DAY, False),
        (Seen(doubt_since=100 * DAY, doubt_seen=101 * DAY), DAY, 2 * DAY, True),
    ],
)
def test_the_clock_is_believed_or_not(seen: Seen, newest: float | None, now: float, believed: bool) -> None:
    after, doubt = judge(seen, newest, now, 14.0)
    assert (doubt == "") == believed
    assert (after == Seen(trusted_at=now)) == believed


async def test_a_clock_that_jumps_years_ahead_wipes_nothing(database: Database) -> None:
    clock = HandClock()
    purger = purger_of(database, clock)
    await held_a_conversation(database, clock, "s1", "blueberry pancakes")
    assert await purger.doubt() == ""
    clock.seconds += 5 * 365 * DAY_S
    for _ in range(3):
        with pytest.raises(DoubtfulClockError, match=r"2031-03-0.*2026-03-02") as caught:
            await purger.purge()
        assert "--force" in caught.value.remedy
        clock.seconds += DAY_S - 1
    assert len(await words(database)) == 1
    clock.seconds += 60
    assert (await purger.purge()).count == 5


async def test_who_says_that_the_clock_is_right_is_believed(database: Database) -> None:
    clock = HandClock()
    await put(database, turn("s1", NOW - 60 * DAY_S))
    with pytest.raises(DoubtfulClockError):
        await purger_of(database, clock).purge()
    assert (await purger_of(database, clock).purge(force=True)).count == 1


async def test_records_from_the_future_grow_old_once_the_clock_is_believed(database: Database) -> None:
    clock = HandClock()
    await put(database, turn("s1", NOW + 4000 * DAY_S), turn("s2", NOW))
    purger = purger_of(database, clock)
    with pytest.raises(DoubtfulClockError, match="has not come yet"):
        await purger.purge()
    report = await purger.purge(force=True)
    assert (report.redated, report.count) == (1, 0)
    await live(clock, purger, 31)
    assert (await purger.purge()).count == 2


async def test_the_purge_of_every_day_is_made_up_for_and_not_repeated(database: Database) -> None:
    clock = HandClock()
    told: list[str] = []

    async def announce(report: PurgeReport) -> None:
        if report.stage == "done":
            told.append(clock.local_time("Europe/Berlin").isoformat(timespec="minutes")[:16])

    purger = purger_of(database, clock, beside=Beside(announce=announce))
    task = asyncio.ensure_future(run_daily(purger, clock, time(3, 30), "Europe/Berlin"))
    await clock.run(2.2 * DAY_S, tasks=1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told == ["2026-03-02T11:05", "2026-03-03T03:30", "2026-03-04T03:30"]


def test_the_day_has_its_moment_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 12, 0, tzinfo=berlin)
    assert last_moment(before, time(3, 30)).isoformat() == "2026-03-28T03:30:00+01:00"
    assert seconds_until(before, time(3, 30)) == 14.5 * 3600
    after = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).astimezone(berlin)
    assert seconds_until(after, time(3, 30)) == 1800


async def test_the_purge_waits_for_quiet_before_it_holds_up_the_database(database: Database) -> None:
    clock = HandClock()
    quiet = Quiet(clock)
    talk = Talk(quiet)
    talk.turn("hello")
    task = asyncio.ensure_future(purger_of(database, clock, DEFAULT, Beside(quiet=quiet.wait)).purge())
    await clock.all_asleep(1)
    clock.seconds += 30
    talk.turn("hello again")
    clock.advance(30)
    await clock.all_asleep(1)
    assert not task.done()
    clock.advance(60)
    assert (await task).clean


async def test_sessions_go_with_what_they_held_but_not_while_they_last(database: Database) -> None:
    def fill(connection: Connection) -> None:
        for name, began, ended in (
            ("going-on", NOW - 60, None),
            ("cut-off", NOW - 2 * DAY_S, None),
            ("over", NOW, NOW),
        ):
            put_session(connection, Session(session_id=name, started_at=began, ended_at=ended, consent="given"))
            connection.execute("INSERT INTO subjects VALUES (?, 'name', x'00')", (name,))

    await database.write(fill)
    await purger_of(database, HandClock()).purge()
    assert [row[0] for row in await rows(database, "sessions")] == ["going-on"]
    assert [row[0] for row in await rows(database, "subjects")] == ["going-on"]


async def test_kills_in_the_middle_leave_whole_rows_and_the_rest_is_due_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "appliance.db"
    now = datetime.now(UTC).timestamp()

    def fill(connection: Connection) -> None:
        for number in range(6000):
            at = now - (40 * DAY_S if number % 4 else 0)
            add(connection, turn(f"s{number}", at, f"{'velvet ' if number % 4 else 'young '}{number} " + "w" * 300))

    database = await Database.open(path)
    await database.write(fill)
    await database.close()
    left = [6000]
    for wait_s in (0.0, 0.004, 0.012, 0.03, 0.06):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.unit.retention_purge_child", str(path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"purging\n"
        await SystemClock().sleep(wait_s)  # the moment of the kill is what is tried here
        if process.returncode is None:
            process.kill()
        await process.communicate()
        database = await Database.open(path)
        assert await database.problems() == []
        kept = [row[4].split() for row in await rows(database, "turns")]
        assert all(len(parts) == 3 and parts[2] == "w" * 300 for parts in kept)
        assert sum(parts[0] == "young" for parts in kept) == 1500
        left.append(len(kept))
        await database.close()
    assert left == sorted(left, reverse=True)
    assert any(1500 < count < 6000 for count in left), left
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.retention_purge_child", str(path), stdout=asyncio.subprocess.PIPE
    )
    await process.communicate()
    assert process.returncode == 0
    assert occurrences(tmp_path, "velvet ") == []
