"""The record of processing says what the configuration in force does, completely and in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.compliance import app
from appliance.config import schema
from appliance.config.load import load_with_places
from appliance.config.models import Config
from appliance.config.problems import dotted
from appliance.errors import ApplianceError
from appliance.models.catalogue import CommercialUse, Role, load_catalogue
from appliance.ops.compliance.document import Format, Table, rendered
from appliance.ops.compliance.facts import KeyOrigin, Sealed, gather
from appliance.ops.compliance.language import Language, phrases
from appliance.ops.compliance.statement import CHAPTERS, LEFT_OUT, TOLD, statement
from tests.unit.storage_fakes import HandClock

EVERYTHING = """
device: cpu
site: {name: "Clínica <b>Porto</b>", timezone: America/Sao_Paulo, role: patient}
compliance:
  controller: Clínica Porto Ltda
  contact: Ana Encarregada
  purpose: receber visitantes
  legal_basis: art. 7º, I, LGPD
models: {profile: cpu, mirror: "https://user:hunter2@mirror.example.org/m"}
session: {end_after_s: 47}
attention: {mode: push_to_talk}
knowledge: {directory: lore}
consent: {mode: ask, policy_version: "2026-03", question: "Posso guardar?", refused_phrase: "Nada fica."}
retention: {audio: {keep: true, days: 3}, transcript: {days: 11.5}, purge_at: "04:44"}
redaction: {countries: [BR], names: false}
storage: {directory: state, encryption: "off", outbox_max_age_days: 6, backup_keep: 5}
audit: {checkpoint_every_records: 55}
network: {allow: ["crm.example.org:443", mail.example.org, mirror.example.org], allow_private: true}
monitoring: {http_port: 9200, tracing_endpoint: "http://127.0.0.1:4318/v1/traces"}
log: {level: debug, transcripts: true}
handover:
  channels:
    - {kind: email, name: desk, host: mail.example.org, sender: a@example.org, recipients: [staff@example.org]}
tools:
  - name: find_file
    description: Finds a file.
    parameters: {phone: {format: phone}, lang: {default: pt}}
    http: {url: "https://crm.example.org:443/f?key=topsecret", headers: {Authorization: "Bearer topsecret"}}
forms:
  - {name: complaint, description: Takes a complaint., fields: {subject: {}}}
"""
TOLD_OF = {
    "compliance": "Clínica Porto Ltda",
    "site": "patient",
    "tools": "find_file",
    "forms": "complaint",
    "knowledge": "lore",
    "session": "47",
    "attention": "while a button is held",
    "redaction": "BR",
    "consent": "Posso guardar?",
    "retention": "04:44",
    "storage": "not encrypted",
    "log": "debug",
    "handover": "staff@example.org",
    "network": "mail.example.org",
    "monitoring": "9200",
    "models": "silero-vad-6.2.3",
    "stt": "whisper-tiny.en",
    "llm": "qwen2.5-coder-1.5b-instruct-q4_k_m",
    "tts": "piper-en_US-joe-medium",
    "device": "whisper-tiny.en",
    "audit": "55",
}
"""For each section of the configuration above what the report says because of it, in the chapter of `TOLD`."""


@pytest.fixture(autouse=True)
def _no_key_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CREDENTIALS_DIRECTORY", "APPLIANCE_SECRET_DATABASE_KEY", "APPLIANCE_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str = EVERYTHING) -> Path:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def report(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", "--config", str(file), *arguments])


def chapters(file: Path, language: Language = Language.ENGLISH) -> dict[str, str]:
    """Return the text of each chapter."""
    facts = gather(load_with_places(file, {}), load_catalogue(), HandClock(), {})
    document = statement(facts, language)
    return {
        chapter.key: rendered(type(document)(language="", title="", lead="", chapters=[chapter]), Format.MARKDOWN)
        for chapter in document.chapters
    }


def plain(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown)


def test_every_section_of_the_configuration_is_told_or_left_out_for_a_reason() -> None:
    assert set(TOLD) | set(LEFT_OUT) == set(Config.model_fields)
    assert not set(TOLD) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_every_section_that_is_told_changes_its_chapter(tmp_path: Path) -> None:
    said = {key: plain(text) for key, text in chapters(written(tmp_path)).items()}
    assert set(TOLD_OF) == set(TOLD)
    assert {section: words in said[TOLD[section]] for section, words in TOLD_OF.items()} == dict.fromkeys(TOLD, True)
    assert [key for key in said if key not in {chapter.__name__ for chapter in CHAPTERS}] == []


def test_the_languages_have_the_same_phrases_with_the_same_values() -> None:
    english, portuguese = phrases(Language.ENGLISH), phrases(Language.PORTUGUESE)
    assert list(english) == list(portuguese)
    assert all(isinstance(text, str) and text.strip() for text in (*english.values(), *portuguese.values()))
    assert {key: names(text) for key, text in english.items()} == {key: names(text) for key, text in portuguese.items()}
    assert {key for key in english if english[key] == portuguese[key]} == set()


def names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


SILENT = """
models: {profile: cpu, offline: true}
consent: {mode: none}
attention: {mode: wake_word}
audit: {enabled: false}
redaction: {enabled: false}
storage: {resume_within_s: 0}
"""
OPEN = """
site: {facts: [a, b, c, d]}
persona: {greeting: ""}
tts: {lexicon: {Porto: Portu}}
models: {profile: gpu-24gb}
storage: {backup_keep: 1}
consent: {mode: notice}
attention: {mode: screen, http_port: 8765}
retention: {audit: {keep: false}, transcript: {days: 1}}
network: {allow: [crm.example.org]}
handover:
  channels:
    - {kind: webhook, name: a, url: "http://crm.example.org/", insecure: true}
    - {kind: command, name: b, argv: [/bin/true]}
tools:
  - {name: one, description: One., sql: {database: a.db, query: SELECT 1}}
  - {name: two, description: Two., command: {argv: [/bin/true]}}
  - {name: three, description: Three., python: {entry_point: three}}
  - {name: four, description: Four., effect: write, http: {url: "https://crm.example.org/"}}
"""
NOT_IN_A_TEXT = {"moment", "commercial.forbidden"}
"""A form, and what no model of a profile is."""
OF_THE_HANDOUT = (
    "handout.", "column.", "decision.", "outcome.", "state.", "event.", "way.", "ending.", "reason.", "fault.",
    "message.", "urgency.", "detail.", "figure.", "field.", "speaker.",
)  # fmt: skip
"""What is handed to people: tests/unit/test_data_handout.py."""


def test_every_phrase_is_said_by_some_configuration(tmp_path: Path) -> None:
    (tmp_path / "database_key").write_text("c0ffee", encoding="ascii")
    (tmp_path / "state").mkdir()
    places = [{"APPLIANCE_SECRET_DATABASE_KEY": "c0ffee"}, {"CREDENTIALS_DIRECTORY": str(tmp_path)}, {}]
    said = ""
    for text in ("device: auto", EVERYTHING, SILENT, OPEN, clean_site()):
        loaded = load_with_places(written(tmp_path, text), {})
        for environ in places:
            facts = gather(loaded, load_catalogue(), HandClock(), environ)
            said += rendered(statement(facts, Language.ENGLISH), Format.MARKDOWN)
        if text == EVERYTHING:  # which does not encrypt
            (tmp_path / "state" / "database.key").touch()
            (tmp_path / "state" / "appliance.db").write_bytes(b"encrypted")
    said = plain(said)
    english = {key: text for key, text in phrases(Language.ENGLISH).items() if not key.startswith(OF_THE_HANDOUT)}
    assert {key for key, text in english.items() if not all(part in said for part in parts(text))} == NOT_IN_A_TEXT


def parts(text: str) -> list[str]:
    """Return what stands in a phrase between its values."""
    return [literal for literal, _, _, _ in Formatter().parse(text)]


def test_nothing_stays_untranslated(tmp_path: Path) -> None:
    said = plain("".join(chapters(written(tmp_path), Language.PORTUGUESE).values()))
    left = [text for text in phrases(Language.ENGLISH).values() if len(text) > 8 and "{" not in text and text in said]
    assert left == []
    for term in ("Controlador", "Operadores", "Encarregado", "Base legal", "Titulares dos dados"):
        assert term in said
    assert "11,5" in said


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    file = written(tmp_path)
    for arguments in (("--format", "html"), ("--format", "markdown"), ("--language", "pt")):
        result = report(file, *arguments)
        assert result.exit_code == 0, result.exception
        assert "topsecret" not in result.stdout
        assert "hunter2" not in result.stdout
        assert "crm.example.org:443" in result.stdout


def test_what_is_missing_and_what_lowers_protection_is_said(tmp_path: Path) -> None:
    said = plain(chapters(written(tmp_path))["attention"])
    for words in ("not encrypted", "log.transcripts", "retention.audio", "network.allow_private", "names of people"):
        assert words in said
    assert "does not state" not in said
    bare = plain(chapters(written(tmp_path, "models: {profile: cpu}\n"))["attention"])
    assert all(f"compliance.{name}" in bare for name in ("controller", "contact", "purpose", "legal_basis"))


@pytest.mark.parametrize(
    ("language", "law"),
    [
        (Language.ENGLISH, ("Art. 9 GDPR", "Art. 8 GDPR", "Art. 77 GDPR", "15(1)(c)", "13(2)(e)")),
        (Language.PORTUGUESE, ("11 da LGPD", "art. 14 da LGPD", "18, VII,", "18, VIII,", "18, § 1º", "ANPD")),
    ],
)
def test_special_data_children_and_every_right_are_spoken_of(
    tmp_path: Path, language: Language, law: tuple[str, ...]
) -> None:
    said = {key: plain(text) for key, text in chapters(written(tmp_path, clean_site()), language).items()}
    for words in law[:2]:
        assert words in said["attention"]
    for words in law[2:]:
        assert words in said["rights"]
    assert phrases(language)["collected.unasked"] in said["collected"]


def test_the_limits_of_a_deletion_are_said(tmp_path: Path) -> None:
    said = plain(chapters(written(tmp_path))["duration"])
    for words in ("backups, and", "wear levelling", "delivered to others", "log of the operating system"):
        assert words in said
    quiet = plain(chapters(written(tmp_path, clean_site()))["duration"])
    assert "wear levelling" in quiet
    assert "log of the operating system" not in quiet


def test_what_people_are_told_to_say_is_the_first_example_and_others_differ_from_it(tmp_path: Path) -> None:
    said = plain(chapters(written(tmp_path, f"{clean_site()}consent: {{mode: notice}}\n"))["consent"])
    assert re.findall(r"^- (.*)$", said, re.MULTILINE) == [
        "forget what i said", "stop recording", "don't record this", "forget what i told you",
        "delete everything i said", "delete my data",
    ]  # fmt: skip
    few = f"{clean_site()}consent: {{mode: notice, notice: Say stop!, withdraw_words: [go, stop]}}\n"
    assert re.findall(r"^- (.*)$", plain(chapters(written(tmp_path, few))["consent"]), re.MULTILINE) == ["stop", "go"]


def test_one_is_one_and_many_are_many(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "tts: {lexicon: {a: b}}\nstorage: {backup_keep: 1}\n"
        "consent: {mode: notice}\nretention: {transcript: {days: 1}}\n",
    )
    said = plain("".join(chapters(file, Language.PORTUGUESE).values()))
    assert re.findall(r"\b1 (?:dias|itens|mais recentes)", said) == []
    assert "após 1 dia |" in said
    assert "| 1 item |" in said
    assert "visitante" in said


def test_the_proof_of_no_egress_is_named(tmp_path: Path) -> None:
    for language in Language:
        assert "appliance doctor --egress" in plain(chapters(written(tmp_path), language)["about"])


def clean_site() -> str:
    """Return a configuration with which nothing is wrong."""
    voice = next(
        model.id for model in load_catalogue().models
        if model.kind is Role.TTS and model.commercial_use is CommercialUse.ALLOWED
    )  # fmt: skip
    stated = "compliance: {controller: A, contact: B, purpose: C, legal_basis: D}"
    return f"{stated}\nmodels: {{profile: cpu}}\ntts: {{voice: {voice}}}\n"


def test_nothing_is_wrong_when_all_is_stated(tmp_path: Path) -> None:
    said = chapters(written(tmp_path, clean_site()))["attention"]
    assert phrases(Language.ENGLISH)["attention.nothing"] in plain(said)


@pytest.mark.parametrize(("mode", "kept"), [("none", "no"), ("notice", "yes")])
def test_words_are_kept_only_where_people_are_told(tmp_path: Path, mode: str, kept: str) -> None:
    file = written(tmp_path, f"consent: {{mode: '{mode}'}}\nmodels: {{profile: cpu}}\n")
    facts = gather(load_with_places(file, {}), load_catalogue(), HandClock(), {})
    (table,) = [
        block
        for chapter in statement(facts, Language.ENGLISH).chapters
        if chapter.key == "collected"
        for block in chapter.blocks
        if isinstance(block, Table)
    ]
    assert {row[0]: row[2] for row in table.rows} == {
        "Recordings": "no", "Words": kept, "Function calls": kept, "Messages": "yes", "Figures": "yes", "Proof": "yes",
    }  # fmt: skip


def test_settings_that_differ_from_the_defaults_are_listed_and_no_others(tmp_path: Path) -> None:
    file = written(tmp_path, "vad: {silence_duration_ms: 700}\nsession: {end_after_s: 30}\nmodels: {profile: cpu}\n")
    facts = gather(load_with_places(file, {"APPLIANCE__TTS__SPEED": "1.5"}), load_catalogue(), HandClock(), {})
    changed = {dotted(each.path): each.value for each in facts.changed}
    assert changed == {"vad.silence_duration_ms": 700, "models.profile": "cpu", "tts.speed": 1.5}
    every = {dotted(path) for path, _ in schema.settings()}
    assert set(changed) <= every


def test_it_is_said_where_the_key_comes_from_but_not_the_key(tmp_path: Path) -> None:
    file = written(tmp_path, "models: {profile: cpu}\nstorage: {directory: state}\n")
    (tmp_path / "state").mkdir()
    key = tmp_path / "state" / "database.key"

    def look(environ: dict[str, str]) -> tuple[KeyOrigin, Sealed]:
        facts = gather(load_with_places(file, {}), load_catalogue(), HandClock(), environ)
        return facts.key_origin, facts.sealed

    assert look({}) == (KeyOrigin.UNSEEN, Sealed.NOTHING_YET)
    key.write_text("c0ffee" * 10, encoding="ascii")
    assert look({})[0] is KeyOrigin.FILE
    assert look({"APPLIANCE_SECRET_DATABASE_KEY": "c0ffee"})[0] is KeyOrigin.ENVIRONMENT
    (tmp_path / "database_key").write_text("c0ffee", encoding="ascii")
    assert look({"CREDENTIALS_DIRECTORY": str(tmp_path)})[0] is KeyOrigin.CREDENTIAL
    (tmp_path / "state" / "appliance.db").write_bytes(b"not a plain database")
    assert look({})[1] is Sealed.YES
    (tmp_path / "state" / "appliance.db").write_bytes(b"SQLite format 3\0")
    assert look({})[1] is Sealed.NO
    assert "c0ffee" not in report(file).stdout
    assert str(key) in report(file).stdout


def test_the_page_is_whole_and_has_nothing_live_in_it(tmp_path: Path) -> None:
    out = tmp_path / "record.html"
    result = report(written(tmp_path), "--out", str(out), "--language", "pt")
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    page = out.read_text(encoding="utf-8")
    assert '<html lang="pt-BR">' in page
    assert "Clínica &lt;b&gt;Porto&lt;/b&gt;" in page
    assert page.count("<h2") == len(CHAPTERS)
    for live in ("<script", "<img", "<link", "src="):
        assert live not in page
    assert "Clínica Porto Ltda" in page


def test_text_of_the_configuration_is_no_markdown(tmp_path: Path) -> None:
    file = written(tmp_path, 'site: {name: "a | b\\n# c [x](http://y) <i>"}\nmodels: {profile: cpu}\n')
    text = report(file, "--format", "markdown").stdout
    assert r"a \| b \# c \[x\](http://y) \<i\>" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) >= 3 for line in tables)


def test_a_file_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    error = report(written(tmp_path), "--out", str(tmp_path / "no" / "where.html")).exception
    assert isinstance(error, ApplianceError)
    assert error.remedy
