"""What is kept of a person is found, handed out and erased, by command, on the files that the daemon has written."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from typer.testing import CliRunner, Result

from appliance.cli.audit import app as audit
from appliance.cli.retention import app as retention
from appliance.config.redaction import RedactionConfig
from appliance.errors import ApplianceError, UsageError
from appliance.retention.errors import BlockedError
from appliance.retention.rights import Eraser
from appliance.retention.search import Request, Search
from appliance.retention.subjects import Reader
from appliance.storage.db import Database
from appliance.storage.errors import StorageError
from appliance.storage.lock import InstanceLock
from tests.unit.audit_fakes import SCRIPT
from tests.unit.retention_fakes import Talk, occurrences
from tests.unit.rights_site import EMAIL, NAME, PHONE, SPOKEN, Site, other, visit

KAREN, SOMEBODY = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
WORDS = ("xylophones", "Karen Doyle", "9025550142", "five five five oh one", "K-7731")
"""What Karen has said, and what tools have answered, in some form."""


@pytest.fixture(autouse=True)
def _no_other_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APPLIANCE_CONFIG", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def filled(folder: Path, encryption: str = "off") -> Site:
    """Return a site with everything of Karen that can be kept, and a visit of somebody else."""
    site = Site(folder, encryption)
    site.talk(KAREN, visit, sound_s=1, answer=f"Yes, I am {NAME}.")
    site.talk(SOMEBODY, other)
    site.message(KAREN, delivered=True, contact=EMAIL)
    site.message(KAREN)
    site.change(KAREN)
    site.unfinished(KAREN)
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return filled(tmp_path)


def sessions(site: Site, *arguments: str) -> list[str]:
    return [each["session"] for each in site.answer("find", *arguments)["sessions"]]


def error_of(site: Site, *arguments: str) -> ApplianceError:
    error = site.command(*arguments).exception
    assert isinstance(error, ApplianceError), error
    assert error.remedy
    return error


@pytest.mark.parametrize(
    "who",
    [PHONE, f"phone:{PHONE}", "902 555 0142", "phone=(902) 555-0142", NAME, "name:Doyle, Karen", "mrs karen doyle"],
)
def test_a_person_is_found_however_they_are_written(site: Site, who: str) -> None:
    assert sessions(site, "--subject", who) == [KAREN]


def test_a_number_that_nobody_has_finds_nobody(site: Site) -> None:
    found = site.command("find", "--subject", "+19025550143")
    assert (found.exit_code, found.stdout) == (0, "nothing is kept of that\n")


def test_it_is_said_how_much_there_is_of_each_class(site: Site) -> None:
    (found,) = site.answer("find", "--subject", PHONE)["sessions"]
    counts = {name: count for name, count in found["records"].items() if count}
    assert counts.pop("audit") >= 6
    assert counts.pop("audit_details") >= 8
    assert counts.pop("subjects") >= 2
    assert counts == {
        "recordings": 1, "turns": 2, "tool_calls": 1, "turn_metrics": 2, "outbox": 2, "receipts": 1,
        "conversations": 1, "sessions": 1, "consents": 1, "answers": 1,
    }  # fmt: skip
    assert found["consent"] == ["given"]
    assert found["holds"] == []


def test_what_is_given_is_combined(site: Site) -> None:
    assert set(sessions(site, "--from", "2020-01-01")) == {KAREN, SOMEBODY}
    assert sessions(site, "--to", "2020-01-01") == []
    assert sessions(site, "--subject", PHONE, "--to", "2020-01-01") == []
    assert sessions(site, "--subject", PHONE, "--session", SOMEBODY) == []
    assert sessions(site, "--session", SOMEBODY) == [SOMEBODY]


def test_a_person_is_found_in_a_message_although_the_words_were_not_kept(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.message(SOMEBODY)
    assert sessions(site, "--subject", PHONE) == [SOMEBODY]
    assert sessions(site, "--subject", NAME) == [SOMEBODY]
    assert sessions(site, "--subject", "+19025550199") == []


def test_a_part_of_a_name_may_be_somebody_elses(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.talk(SOMEBODY, lambda talk: talk.turn("My name is Karen."))
    found = site.answer("find", "--subject", NAME)
    assert (found["sessions"], [each["session"] for each in found["possible"]]) == ([], [SOMEBODY])
    assert json.loads(site.command("erase", "--subject", NAME, "--yes", "--json").stdout)["sessions"] == []
    assert sessions(site, "--subject", "name:Karen") == [SOMEBODY]
    site.message(KAREN)
    found = site.answer("find", "--subject", "name:Karen")
    assert [each["session"] for each in found["sessions"]] == [SOMEBODY]
    assert [each["session"] for each in found["possible"]] == [KAREN], "in a message to Karen Doyle"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "whose data"),
        (["--subject", "12"], "cannot be told"),
        (["--subject", "email:karen"], "is no email"),
        (["--subject", "name:4711"], "is no name"),
        (["--from", "2026-13-01"], "is no day"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "ends before"),
    ],
)
def test_what_cannot_be_meant_is_refused(site: Site, arguments: list[str], says: str) -> None:
    for command in (["find"], ["erase", "--yes"], ["export", "--out", "never-made"]):
        error = error_of(site, *command, *arguments)
        assert isinstance(error, UsageError)
        assert says in str(error)


def test_it_can_be_told_what_a_value_is() -> None:
    reader = Reader(RedactionConfig(enabled=False))
    kinds = {
        "529.982.247-25": "national_id",
        "4111 1111 1111 1111": "card",
        "DE89370400440532013000": "iban",
        "555 0142": "phone",
        "Ana@Example.org": "email",
        "date_of_birth:1980-03-01": "date_of_birth",
    }
    assert {text: reader.subject(text).kind.value for text in kinds} == kinds
    assert set(reader.subject("+49 30 901820").sure) >= {"+4930901820", "030901820"}
    assert reader.subject(PHONE).possible == ("5550142",)


def test_erasure_leaves_nothing_readable(site: Site) -> None:
    assert {word for _, word in occurrences(site.state, *WORDS)} >= {"xylophones", "Karen Doyle", "K-7731"}
    result = site.command("erase", "--subject", PHONE, "--yes")
    assert result.exit_code == 0, result.output
    assert occurrences(site.state, *WORDS, EMAIL) == []
    assert {word for _, word in occurrences(site.state, "zeppelin")} == {"zeppelin"}
    assert list((site.state / "recordings").iterdir()) == []
    left = {name for name, count in site.answer("find", "--session", KAREN)["sessions"][0]["records"].items() if count}
    assert left == {"consents", "audit"}
    assert sessions(site, "--subject", PHONE) == []
    assert site.rows("SELECT decision, wording, heard FROM consents ORDER BY id LIMIT 1") == [("given", "May I?", "")]


def test_erasure_says_what_it_did_and_what_it_cannot_reach(site: Site) -> None:
    (site.state / "backups").mkdir()
    (site.state / "backups" / "appliance-20260301T000000Z.backup").write_bytes(b"")
    (site.state / "appliance.db.damaged-20260301T000000Z").write_bytes(b"")
    result = site.command("erase", "--subject", PHONE, "--yes")
    for words in ("that were erased: 1", "turns: 2", "messages to people: 2", "nobody, and never will: 1",
                  "delivered by front_desk", "that may have it still: 1",
                      "appliance.db.damaged-20260301T000000Z"):  # fmt: skip
        assert words in result.stdout


def test_erasure_is_in_the_trail_without_the_person_and_the_trail_stays_intact(site: Site, tmp_path: Path) -> None:
    before = site.answer("find", "--subject", PHONE)["subject"]
    verified(site, tmp_path / "before")
    site.command("erase", "--subject", PHONE, "--yes")
    verified(site, tmp_path / "after")
    bodies = [
        json.loads(row[0]) for row in site.rows("SELECT body FROM audit WHERE kind = 'admin.erasure' ORDER BY seq")
    ]
    assert [body["stage"] for body in bodies] == ["begun", "done"]
    assert all(body["subject"] == before and body["sessions"] == [KAREN] for body in bodies)
    assert bodies[1]["deleted"]["turns"] == 2
    assert site.rows("SELECT count(*) FROM audit WHERE kind = 'audit.erased'") == [(1,)]


def verified(site: Site, folder: Path) -> None:
    """Verify the trail by command, and its export by the script that needs nothing of ours."""
    folder.mkdir()
    own = CliRunner().invoke(audit, ["verify", "--config", str(site.config)])
    assert own.exit_code == 0, own.output
    trail, key = folder / "trail.jsonl", folder / "public.key"
    CliRunner().invoke(audit, ["export", str(trail), "--details", "--config", str(site.config)])
    key.write_text(CliRunner().invoke(audit, ["key", "show", "--config", str(site.config)]).stdout, encoding="utf-8")
    arguments = [sys.executable, "-I", str(SCRIPT), str(trail), str(key), "--longest-tail", "50"]
    script = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert script.returncode == 0, script.stdout + script.stderr


def test_erasing_twice_is_fine(site: Site) -> None:
    site.command("erase", "--session", KAREN, "--yes")
    again = site.command("erase", "--session", KAREN, "--yes")
    assert (again.exit_code, again.stdout) == (0, "sessions that were erased: 0\n")
    assert site.command("erase", "--session", "never-was", "--yes").exit_code == 0


def test_a_dry_run_changes_nothing(site: Site) -> None:
    before = site.answer("find", "--subject", PHONE)
    planned = site.answer("erase", "--subject", PHONE, "--dry-run")
    assert (planned["stage"], planned["sessions"], planned["undelivered"]) == ("planned", [KAREN], 1)
    assert site.answer("find", "--subject", PHONE) == before


def test_it_asks_before_it_erases(site: Site) -> None:
    assert "Say --yes" in error_of(site, "erase", "--subject", PHONE).remedy
    assert sessions(site, "--subject", PHONE) == [KAREN]


def test_a_hold_blocks_erasure_until_it_is_released(site: Site) -> None:
    hold = ["hold", "place", "--subject", f"phone={PHONE}", "--reason", "claim 7", "--config", str(site.config)]
    assert CliRunner().invoke(retention, hold).exit_code == 0
    (found,) = site.answer("find", "--subject", PHONE)["sessions"]
    assert found["holds"] == [{"id": 1, "reason": "claim 7"}]
    error = error_of(site, "erase", "--from", "2020-01-01", "--yes")
    assert isinstance(error, BlockedError)
    assert error.exit_status == 12
    assert f"session {KAREN} is under the legal hold 1 (claim 7)" in str(error)
    assert set(sessions(site, "--from", "2020-01-01")) == {KAREN, SOMEBODY}
    partly = site.command("erase", "--from", "2020-01-01", "--yes", "--partly")
    assert partly.exit_code == 12
    assert f"under a hold: {KAREN}" in partly.stderr
    assert site.rows("SELECT DISTINCT session_id FROM turns") == [(KAREN,)]
    assert CliRunner().invoke(retention, ["hold", "release", "1", "--config", str(site.config)]).exit_code == 0
    assert site.command("erase", "--subject", PHONE, "--yes").exit_code == 0
    assert site.rows("SELECT count(*) FROM turns") == [(0,)]


@pytest.mark.parametrize("kind", ["outbox_payload", "audit", "transcript"])
def test_a_hold_on_a_class_blocks_it_too(site: Site, kind: str) -> None:
    hold = ["hold", "place", "--class", kind, "--reason", "audit of the year", "--config", str(site.config)]
    assert CliRunner().invoke(retention, hold).exit_code == 0
    assert isinstance(error_of(site, "erase", "--session", KAREN, "--yes"), BlockedError)


def test_a_conversation_that_goes_on_is_not_erased(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.talk(KAREN, lambda talk: talk.turn(f"I am {NAME}."), hours_ago=0)
    with InstanceLock(site.state / "appliance.db"):
        (found,) = site.answer("find", "--subject", NAME)["sessions"]
        assert found["going_on"] is True
        error = error_of(site, "erase", "--subject", NAME, "--yes")
        assert "is going on at the moment" in str(error)
    assert site.command("erase", "--subject", NAME, "--yes").exit_code == 0, "nothing goes on without the daemon"


def test_a_conversation_that_has_ended_is_erased_beside_the_daemon(site: Site) -> None:
    def beside() -> Result:
        return site.command("erase", "--session", SOMEBODY, "--yes")

    async def daemon(database: Database) -> Result:
        with InstanceLock(database.path):
            result = await asyncio.to_thread(beside)
        assert await database.problems() == []
        return result

    result = site.run(daemon)
    assert (result.exit_code, result.exception) == (0, None)
    assert occurrences(site.state, "zeppelin") == []


class BrokenTrail:
    """A trail whose disk fails."""

    async def erase_details(self, *, reason: str, session_id: str) -> int:
        raise StorageError(f"{session_id}: {reason}: the disk is gone")


def test_an_erasure_that_was_cut_off_is_finished_by_the_next(site: Site) -> None:
    async def ignore(_: Any) -> None:
        pass

    async def work(database: Database) -> None:
        found = await Search(database, Reader(RedactionConfig())).find(Request(session_id=KAREN), 0.0, daemon=False)
        await Eraser(database, site.state / "recordings", BrokenTrail(), ignore).erase(found)

    with pytest.raises(StorageError, match="the disk is gone"):
        site.run(work)
    assert occurrences(site.state, "xylophones"), "the words beside the trail are still there"
    assert site.command("erase", "--session", KAREN, "--yes").exit_code == 0
    assert occurrences(site.state, *WORDS) == []


def test_a_copy_can_be_read_by_people_and_programs(tmp_path: Path) -> None:
    site = filled(tmp_path, "auto")
    site.talk(KAREN[::-1] + "1", hostile)
    out = tmp_path / "copy"
    written = site.answer("export", "--from", "2020-01-01", "--out", str(out))
    assert {"data.json", "index.html"} < set(written["files"])
    data = json.loads((out / "data.json").read_text(encoding="utf-8"))
    karen = next(each for each in data["sessions"] if each["session_id"] == KAREN)
    assert [turn["user_text"] for turn in karen["turns"]][1] == "Something about xylophones, please."
    assert karen["consents"][0]["decision"] == "given"
    assert karen["tool_calls"][0]["tool"] == "book"
    assert karen["changes"][0]["result"]["phone"] == PHONE
    assert {each["state"] for each in karen["messages"]} == {"delivered", "waiting"}
    assert any("xylophones" in detail["value"] for entry in karen["audit"] for detail in entry["details"].values())
    assert len(karen["metrics"]) == 2
    assert karen["unfinished"]["turns"]
    with av.open(str(out / karen["recordings"][0]["file"])) as sound:
        assert sound.format.name == "flac"
    assert all(path.stat().st_mode & 0o077 == 0 for path in [out, *out.rglob("*")])
    (body,) = [json.loads(row[0]) for row in site.rows("SELECT body FROM audit WHERE kind = 'admin.export'")]
    assert KAREN in body["sessions"]
    assert "Karen" not in json.dumps(body)


def hostile(talk: Talk) -> None:
    talk.turn("<script>alert(1)</script> <img src=x onerror=alert(2)> {{ 7 * 7 }} </td></table>", "\u202e \x00 & \"'")
    talk.end()


def test_what_people_say_is_text_on_the_page(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.talk(KAREN, hostile)
    out = tmp_path / "copy"
    site.answer("export", "--session", KAREN, "--out", str(out))
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }}" in page
    assert "Harbour &lt;Clinic&gt;" in page
    for live in ("<script", "<img", "src=", "http:", "https:"):
        assert live not in page.replace("&lt;script", "").replace("&lt;img src=", "")


def test_a_copy_is_not_written_over_anything(site: Site, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine", encoding="utf-8")
    assert "there already" in str(error_of(site, "export", "--session", KAREN, "--out", str(full)))
    assert [path.name for path in full.iterdir()] == ["mine"]
    assert isinstance(error_of(site, "export", "--session", "never-was", "--out", str(tmp_path / "new")), UsageError)
    assert not (tmp_path / "new").exists()


def test_nothing_is_kept_before_the_daemon_has_run(tmp_path: Path) -> None:
    assert "nothing is kept yet" in str(error_of(Site(tmp_path), "find", "--subject", PHONE))
    assert not (tmp_path / "state").exists()


def test_spoken_numbers_are_found_where_nothing_was_redacted() -> None:
    reader = Reader(RedactionConfig())
    karen = reader.subject(PHONE)
    assert reader.finds(karen, f"You can call me, {SPOKEN}.")
    assert reader.finds(karen, json.dumps({"contact": "(902) 555-0142"}))
    assert not reader.finds(karen, "My number is [PHONE_1], and his is 902 555 0143.")
    assert not reader.finds(reader.subject(NAME), "My name is Karen Doyleson.")


def test_words_beside_the_trail_go_although_there_is_no_trail_any_more(site: Site) -> None:
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(f"{text}audit: {{enabled: false}}\n", encoding="utf-8")
    assert site.command("erase", "--subject", PHONE, "--yes").exit_code == 0
    assert occurrences(site.state, *WORDS) == []


def test_a_recording_that_is_gone_does_not_hinder_a_copy(site: Site, tmp_path: Path) -> None:
    (sealed,) = (site.state / "recordings").iterdir()
    sealed.unlink()
    site.answer("export", "--session", KAREN, "--out", str(tmp_path / "copy"))
    data = json.loads((tmp_path / "copy" / "data.json").read_text(encoding="utf-8"))
    assert [each["file"] for each in data["sessions"][0]["recordings"]] == [None]
    assert site.command("erase", "--session", KAREN, "--yes").exit_code == 0
