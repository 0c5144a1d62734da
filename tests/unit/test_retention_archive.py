"""What is kept of a conversation depends on consent, is redacted, and can be taken back without a trace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.config.consent import ConsentMode
from appliance.config.redaction import RedactionConfig
from appliance.config.retention import RetentionConfig, TranscriptRetention
from appliance.redaction.redactor import Redactor
from appliance.retention.archive import Archive
from appliance.retention.erasure import Erased
from appliance.retention.holds import Holds, Scope
from appliance.retention.redacting import names_in
from appliance.storage.conversations import Conversations
from appliance.storage.db import Connection, Database, connect
from appliance.storage.errors import StorageError
from appliance.storage.outbox import Outbox
from appliance.storage.records import sessions_of_subject, subject_digest, subject_key
from tests.unit.retention_fakes import Kit, Talk, measure, occurrences
from tests.unit.storage_fakes import START, HandClock, handover

AT = START.timestamp()
SAID = ("blueberry pancakes", "trombone lessons", "velvet curtains")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "appliance.db")
    yield database
    await database.close()


def talk_of(kit: Kit) -> Talk:
    return Talk(kit.archive)


async def test_a_notice_opens_the_archive_and_what_came_before_is_not_kept(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    talk = talk_of(kit)
    talk.turn("I like blueberry pancakes")
    talk.decide("notified", mode="notice", heard="I keep notes")
    talk.turn("call me at +19025550142", "Calling +19025550142.")
    talk.end()
    await kit.archive.flush()
    assert await kit.rows("turns") == [(1, "s1", 2, AT, "call me at [PHONE_1]", "Calling [PHONE_1].", 0)]
    assert await kit.rows("turn_metrics") == [
        (1, "s1", 2, AT, '{"end_of_turn":400,"transcript":500,"first_audio":800}')
    ]
    assert await kit.rows("sessions") == [("s1", AT, AT, "notified")]
    assert occurrences(database.path.parent, "blueberry", "9025550142") == []


async def test_a_person_is_found_again_by_a_digest_that_needs_the_key(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    talk = talk_of(kit)
    talk.decide("notified")
    talk.turn("my number is +19025550142")
    await kit.archive.flush()
    key = await database.read(subject_key)
    digest = subject_digest(key, "+19025550142")
    assert len(key) == len(digest) == 32
    assert await database.read(lambda connection: sessions_of_subject(connection, "phone", digest)) == ["s1"]
    assert await database.write(subject_key) == key


async def test_a_question_holds_everything_in_memory_until_yes(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.ASK)
    talk = talk_of(kit)
    talk.turn("I like blueberry pancakes")
    talk.tool({"day": "friday"})
    await kit.archive.flush()
    assert [await kit.rows(table) for table in ("turns", "tool_calls", "turn_metrics", "sessions")] == [[], [], [], []]
    talk.decide("given", heard="yes, call me at +19025550142")
    talk.turn("and trombone lessons")
    await kit.archive.flush()
    assert [row[4] for row in await kit.rows("turns")] == ["I like blueberry pancakes", "and trombone lessons"]
    assert [row[4:] for row in await kit.rows("tool_calls")] == [
        ("book", '{"day":"friday"}', '{"day":"friday"}', "succeeded")
    ]
    assert await kit.rows("consents") == [
        (1, "s1", AT, "given", "ask", "voice", "7", "May I?", "yes, call me at [PHONE_1]")
    ]


async def test_a_refusal_leaves_a_receipt_and_nothing_else(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.ASK)
    talk = talk_of(kit)
    talk.turn("I like blueberry pancakes")
    kit.hear("s1", 1)
    talk.decide("refused", heard="no")
    talk.turn("trombone lessons")
    talk.tool({"name": "velvet curtains"})
    talk.end()
    await kit.archive.flush()
    assert [row[3] for row in await kit.rows("consents")] == ["refused"]
    for table in ("turns", "tool_calls", "turn_metrics", "recordings", "subjects", "sessions"):
        assert await kit.rows(table) == []
    assert occurrences(database.path.parent, *SAID) == []


async def test_without_consent_only_figures_are_kept(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NONE)
    talk = talk_of(kit)
    talk.turn("I like blueberry pancakes")
    talk.tool({"name": "Velvet Curtains"})
    talk.end()
    await kit.archive.flush()
    assert [json.loads(row[4]) for row in await kit.rows("turn_metrics")] == [
        {"end_of_turn": 400, "transcript": 500, "first_audio": 800}
    ]
    for table in ("turns", "tool_calls", "subjects", "sessions", "consents"):
        assert await kit.rows(table) == []


async def test_a_class_that_is_off_is_not_written(database: Database) -> None:
    retention = RetentionConfig(transcript=TranscriptRetention(keep=False))
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE, retention)
    talk = talk_of(kit)
    talk.decide("notified")
    talk.turn("I like blueberry pancakes")
    talk.tool({"day": "friday"})
    await kit.archive.flush()
    assert (await kit.rows("turns"), len(await kit.rows("tool_calls"))) == ([], 1)


async def test_a_name_that_a_tool_tells_is_taken_out_of_earlier_turns_too(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    talk = talk_of(kit)
    talk.decide("notified")
    talk.turn("this is Ada Byron")
    talk.tool({"patient_id": "A17"}, {"patient": {"name": "Ada Byron", "room": "12"}})
    talk.turn("thank you", "Goodbye, Ada Byron.")
    await kit.archive.flush()
    assert [row[4:6] for row in await kit.rows("turns")] == [
        ("this is [NAME_1]", "All right."),
        ("thank you", "Goodbye, [NAME_1]."),
    ]
    await database.checkpoint()
    assert occurrences(database.path.parent, "Ada Byron") == []


def test_names_are_told_by_their_fields() -> None:
    data = {"patient": {"first": "Ada", "id": "A17"}, "names": ["Bo Lee"], "room": "Blue", "customer_name": "x" * 99}
    assert sorted(names_in(data)) == ["Ada", "Bo Lee"]


async def test_a_withdrawal_wipes_all_that_was_stored_from_the_raw_files(database: Database) -> None:
    told: list[Erased] = []
    clock = HandClock()
    conversations = Conversations(database, clock)
    retention = RetentionConfig()
    kit = Kit.build(
        database,
        clock,
        ConsentMode.ASK,
        retention,
        forget_also=(conversations.clear,),
        on_erased=told.append,
    )
    talk = talk_of(kit)
    talk.decide("given")
    for words in SAID:
        talk.turn(f"I like {words} and +19025550142")
        talk.tool({"name": words})
    kit.hear("s1", 61)
    conversations.save("s1", {"turns": [["user", SAID[0]]]})
    outbox = Outbox(database, clock)
    await outbox.enqueue("escalation", "desk", handover("Please call back.").as_dict(), "key-1")
    await kit.archive.flush()
    await conversations.flush()
    assert len(occurrences(database.path.parent, *SAID)) >= 1
    assert len(list((database.path.parent / "recordings").iterdir())) == 2
    kit.hear("s1", 5)

    assert await kit.archive.forget("s1")
    talk.decide("withdrawn", heard="forget what I said")
    talk.turn("nothing of velvet curtains stays")
    talk.end()
    await kit.archive.flush()
    assert occurrences(database.path.parent, *SAID) == []
    assert list((database.path.parent / "recordings").iterdir()) == []
    for table in ("turns", "tool_calls", "turn_metrics", "recordings", "subjects", "sessions", "conversations"):
        assert await kit.rows(table) == [], table
    assert [row[3] for row in await kit.rows("consents")] == ["given", "withdrawn"]
    assert [(erased.complete, erased.unsent) for erased in told] == [(True, 1)]
    assert told[0].deleted == {"recordings": 2, "turns": 3, "tool_calls": 3, "turn_metrics": 3}
    assert len(await outbox.entries()) == 1


async def test_a_hold_keeps_what_it_covers_and_the_person_is_not_told_otherwise(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    talk = talk_of(kit)
    talk.decide("notified")
    talk.turn("I like blueberry pancakes")
    await kit.archive.flush()
    await Holds(database, HandClock()).place(Scope(session_id="s1"), "a claim", "ada")
    assert not await kit.archive.forget("s1")
    assert len(await kit.rows("turns")) == 1


async def test_other_sessions_are_left_alone(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    for name in ("s1", "s2"):
        talk = Talk(kit.archive, name)
        talk.decide("notified")
        talk.turn("I like blueberry pancakes")
    assert await kit.archive.forget("s1")
    assert [row[1] for row in await kit.rows("turns")] == ["s2"]


async def test_after_a_crash_the_last_decision_still_holds(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.ASK)
    for name, decision in (("s1", "given"), ("s2", "refused")):
        Talk(kit.archive, name).decide(decision)
    await kit.archive.flush()
    again = Kit.build(database, HandClock(), ConsentMode.ASK)
    for name in ("s1", "s2", "s3"):
        await again.archive.resume(name)
        Talk(again.archive, name).turn("trombone lessons")
    await again.archive.flush()
    assert [row[1] for row in await again.rows("turns")] == ["s1"]
    assert [again.archive.may_keep(name) for name in ("s1", "s2", "s3")] == [True, False, False]


async def test_a_full_disk_delays_nobody_and_is_overcome(tmp_path: Path) -> None:
    opened: list[Connection] = []

    def small(file: Path) -> Connection:
        opened.append(connect(file))
        return opened[-1]

    clock = HandClock()
    database = await Database.open(tmp_path / "appliance.db", connect=small)
    await database.read(lambda connection: connection.execute("PRAGMA max_page_count = 60").fetchall())
    kit = Kit.build(database, clock, ConsentMode.NOTICE)
    talk = talk_of(kit)
    talk.decide("notified")
    for _ in range(20):
        talk.turn("I like blueberry pancakes " * 400)
    await clock.all_asleep(1)
    assert kit.writer.failing
    before = len(await kit.rows("turns"))
    assert before < 20
    await database.read(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
    clock.advance(10)
    await kit.archive.flush()
    assert (len(await kit.rows("turns")), kit.writer.lost, kit.writer.failing) == (20, 0, False)
    await database.close()


async def test_a_withdrawal_on_a_full_disk_is_not_claimed_and_is_made_up_for(database: Database) -> None:
    full = [True]

    async def forget_elsewhere(_: str) -> None:
        if full:
            raise StorageError("the disk is full")

    clock = HandClock()
    kit = Kit.build(database, clock, ConsentMode.NOTICE, forget_also=(forget_elsewhere,))
    talk = talk_of(kit)
    talk.decide("notified")
    talk.turn("I like blueberry pancakes")
    await kit.archive.flush()
    assert not await kit.archive.forget("s1")
    await clock.all_asleep(1)
    assert len(await kit.rows("turns")) == 1
    full.clear()
    clock.advance(10)
    await asyncio.wait_for(kit.archive.flush(), 10)
    assert await kit.rows("turns") == []
    assert occurrences(database.path.parent, *SAID) == []


async def test_the_dialogue_may_tell_first_and_have_it_deleted_then(database: Database) -> None:
    told: list[Erased] = []
    kit = Kit.build(database, HandClock(), ConsentMode.ASK, on_erased=told.append)
    talk = talk_of(kit)
    talk.decide("given")
    talk.turn("I like blueberry pancakes")
    talk.decide("withdrawn", heard="forget what I said")
    assert await kit.archive.forget("s1")
    assert [erased.as_json()["deleted"] for erased in told] == [
        {"recordings": 0, "turns": 0, "tool_calls": 0, "turn_metrics": 0}
    ]
    talk.decide("given")
    talk.turn("trombone lessons")
    assert await kit.archive.forget("s1")
    await kit.archive.flush()
    assert (await kit.rows("turns"), len(told)) == ([], 2)
    assert occurrences(database.path.parent, *SAID) == []


async def test_the_redaction_of_the_appliance_fits_and_finds_people_again(database: Database) -> None:
    kit = Kit.build(database, HandClock(), ConsentMode.NOTICE)
    archive = Archive(
        kit.shelf, kit.writer, HandClock(), ConsentMode.NOTICE, lambda: Redactor(RedactionConfig()), measure
    )
    talk = Talk(archive)
    talk.decide("notified")
    talk.turn("call me at nine zero two five five five oh one four two")
    talk.tool({"name": "Zebediah Quill"}, {"patient": {"name": "Zebediah Quill"}})
    talk.turn("so that is it", "Thank you, Zebediah.")
    await archive.flush()
    assert [row[4:6] for row in await kit.rows("turns")] == [
        ("call me at [PHONE_1]", "All right."),
        ("so that is it", "Thank you, [NAME_1]."),
    ]
    key = await database.read(subject_key)
    digests = {bytes(row[2]) for row in await kit.rows("subjects")}
    assert digests == {subject_digest(key, "+19025550142"), subject_digest(key, "zebediah quill")}
    assert occurrences(database.path.parent, "Zebediah", "9025550142") == []
