"""Redaction of a session: placeholders, what is learnt, nested data; and its figures on the marked sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer.testing
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.cli.bench import app as bench
from appliance.clock import SystemClock
from appliance.config.redaction import RedactionConfig
from appliance.errors import UsageError
from appliance.ops.bench.redaction import figures_of, redact_cases
from appliance.ops.bench.redaction_cases import load_redaction_cases
from appliance.redaction import JSON, Finding, Kind, Redactor

CASES = Path(__file__).parents[1] / "fixtures" / "redaction.yaml"
SENTENCES = [case.text for case in load_redaction_cases(CASES)]
MEASURED = ("card", "phone", "email", "cpf", "ssn", "iban")


def redactor(**settings: object) -> Redactor:
    return Redactor(RedactionConfig.model_validate(settings))


def test_the_figures_on_marked_sentences() -> None:
    cases = load_redaction_cases(CASES)
    figures = figures_of("all", redact_cases(cases, RedactionConfig(), SystemClock()))
    assert figures.sentences >= 400
    assert figures.clean >= 150
    assert {kind: figures.recall[kind] for kind in MEASURED if figures.recall[kind] < 0.98} == {}
    assert figures.recall["national_id"] >= 0.98
    assert figures.recall["date_of_birth"] >= 0.95
    assert figures.recall["name"] >= 0.95
    assert figures.altered_share <= 0.02
    assert figures.right_kind >= 0.98


def test_the_same_value_has_the_same_placeholder_however_it_is_said() -> None:
    session = redactor()
    assert session.redact("My card is 4111 1111 1111 1111.") == "My card is [CARD_1]."
    spoken = "four one one one, double one double one, one one one one, one one one one"
    assert session.redact(f"yes, {spoken}") == "yes, [CARD_1]"
    assert session.redact("and the other is 5555 5555 5555 4444") == "and the other is [CARD_2]"
    assert session.redact("call me at 415 555 2671") == "call me at [PHONE_1]"
    assert session.redact("+1 (415) 555-2671, or four one five, five five five, two six seven one") == (
        "[PHONE_1], or [PHONE_1]"
    )
    assert session.redact("John dot Smith at example dot com") == "[EMAIL_1]"
    assert session.redact("john.smith@EXAMPLE.com") == "[EMAIL_1]"


def test_a_value_that_is_known_needs_no_cue_any_more() -> None:
    session = redactor()
    assert session.redact("five five five, oh one four two") == "five five five, oh one four two"
    assert session.redact("my phone number is 555 0142") == "my phone number is [PHONE_1]"
    assert session.redact("I have five five five, oh one four two.") == "I have [PHONE_1]."
    assert session.redact("I was born on 3 May 1981") == "I was born on [DATE_OF_BIRTH_1]"
    assert session.redact("so May the third, 1981, or 3 June 1981?") == "so [DATE_OF_BIRTH_1], or 3 June 1981?"


def test_what_was_asked_for_needs_no_cue() -> None:
    assert redactor().redact("555 0142", expected=Kind.PHONE) == "[PHONE_1]"
    assert redactor().redact("4111 1111 1111 111", expected=Kind.CARD) == "[CARD_1]"
    assert redactor().redact("the third of May 81", expected=Kind.DATE_OF_BIRTH) == "the [DATE_OF_BIRTH_1]"
    assert redactor().redact("maria souza", expected=Kind.NAME) == "[NAME_1]"
    assert redactor().redact("At 10:30, please.", expected=Kind.PHONE) == "At 10:30, please."


def test_findings_are_normalised() -> None:
    session = redactor()
    session.redact("I'm Mrs Söuza, 020 7946 0958, J.Doe@Example.COM, CPF 450.749.528-83, born on 03/05/1981")
    assert set(session.found()) == {
        Finding(kind=Kind.NAME, normalised="souza"),
        Finding(kind=Kind.PHONE, normalised="+442079460958"),
        Finding(kind=Kind.EMAIL, normalised="j.doe@example.com"),
        Finding(kind=Kind.NATIONAL_ID, normalised="45074952883"),
        Finding(kind=Kind.DATE_OF_BIRTH, normalised="1981-03-05"),
    }


def test_numbers_of_machines_stay() -> None:
    said = "ping 172.161.42.192 and 10.0.0.1:8080, 52.520008, id 550e8400e29b41d4a716, at 1732549290.123456"
    assert redactor().redact(said) == said


def test_telephone_numbers_as_they_stand_on_paper() -> None:
    session = redactor()
    assert session.redact("(415) 555-0142x0135, +41 (0)44 668 18 00, 415-555-0142-Office") == (
        "[PHONE_1], [PHONE_2], [PHONE_1]-Office"
    )
    assert [each.normalised for each in session.found()] == ["+14155550142", "+41446681800"]


def test_the_first_country_decides_the_order_of_day_and_month() -> None:
    session = redactor(countries=["GB"])
    session.redact("born on 03/05/1981")
    assert [each.normalised for each in session.found()] == ["1981-05-03"]


def test_learnt_names_are_found_in_parts_but_not_as_ordinary_words() -> None:
    session = redactor()
    session.learn(Kind.NAME, "Maria Souza")
    session.learn(Kind.NAME, "Will May")
    assert session.redact("SOUZA came, then maria souza's son; Mariana stayed.") == (
        "[NAME_1] came, then [NAME_1]'s son; Mariana stayed."
    )
    assert session.redact("Will it be in May? I will ask Will May.") == "Will it be in May? I will ask [NAME_2]."


def test_public_names_stay() -> None:
    session = Redactor(RedactionConfig(), public=("Joe", "Dr. Nadia Patel"))
    session.learn(Kind.NAME, "Joe")
    said = "Hello, this is Joe at the desk. Mrs Patel is in."
    assert session.redact(said) == said
    assert session.redact_data({"name": "Nadia Patel"}) == {"name": "Nadia Patel"}
    assert session.redact("This is Joe Novak.") == "This is [NAME_1]."


def test_learnt_values_are_found_written_and_spoken() -> None:
    session = redactor()
    session.learn(Kind.NATIONAL_ID, "078051120")
    session.learn(Kind.PHONE, "+1 902 555 0147")
    assert session.redact("oh seven eight, oh five, one one two oh") == "[NATIONAL_ID_1]"
    assert session.redact("nine oh two, triple five, oh one four seven") == "[PHONE_1]"
    assert session.redact("room 078, not 05") == "room 078, not 05"


def test_nested_data_is_redacted_by_its_fields_and_its_words() -> None:
    session = redactor()
    data: dict[str, JSON] = {
        "tool": {"name": "book_visit", "arguments": {"patient_name": "Maria Souza", "phone": "5550142", "party": 4}},
        "notes": ["call Souza on 555 0142", {"cpf": 45074952883, "at": "2026-03-04T10:30"}, None, True, 2.5],
        "doctorName": "Dr. Patel",
        "birthDate": "1981-05-03",
    }
    assert session.redact_data(data) == {
        "tool": {"name": "book_visit", "arguments": {"patient_name": "[NAME_1]", "phone": "[PHONE_1]", "party": 4}},
        "notes": ["call [NAME_1] on [PHONE_1]", {"cpf": "[NATIONAL_ID_1]", "at": "2026-03-04T10:30"}, None, True, 2.5],
        "doctorName": "Dr. Patel",
        "birthDate": "[DATE_OF_BIRTH_1]",
    }
    assert session.redact("Is Souza there?") == "Is [NAME_1] there?"
    assert data["doctorName"] == "Dr. Patel"


def test_only_what_is_wanted_is_redacted() -> None:
    said = "my name is Ann Lee, born on 3 May 1981, ann@example.com, card 4111 1111 1111 1111"
    assert redactor(enabled=False).redact(said) == said
    assert redactor(kinds=["card"], names=False, dates_of_birth=False).redact(said) == (
        "my name is Ann Lee, born on 3 May 1981, ann@example.com, card [CARD_1]"
    )
    assert redactor(countries=["DE"]).redact("it is 111.444.777-35") == "it is 111.444.777-35"
    assert redactor(countries=["BR"]).redact("it is 111.444.777-35") == "it is [NATIONAL_ID_1]"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"countries": ["UK"]}, "write GB"),
        ({"countries": ["us"]}, "two capital letters"),
        ({"countries": []}, "at least 1"),
        ({"kinds": ["name"]}, "`names`"),
        ({"kinds": ["passport"]}, "'card'"),
    ],
)
def test_wrong_settings_are_explained(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RedactionConfig.model_validate(settings)


PARTS = st.sampled_from(
    [
        "my name is", "born", "card", "phone", "four", "double", "five", "oh", "0142", "415", "4111", "1111", "May",
        "Will", "Maria Souza", "@", "at", "example", "dot com", "3", "1981", ",", ".", "?", "DE89", "3704", "[NAME_1]",
        "[PHONE_", "um", "quatro", "Frau", "no", "sorry", "CPF", "and",
    ]
)  # fmt: skip


@given(st.one_of(st.lists(PARTS, max_size=30).map(" ".join), st.sampled_from(SENTENCES), st.text(max_size=80)))
def test_redacted_text_stays_as_it_is(text: str) -> None:
    session = redactor()
    once = session.redact(text)
    assert session.redact(once) == once
    assert redactor().redact(once) == once


@given(st.text(max_size=120))
def test_nothing_is_altered_but_what_was_found(text: str) -> None:
    session = redactor()
    redacted = session.redact(text)
    assert (redacted == text) == (not session.found())


def test_long_lines_are_redacted_too() -> None:
    line = "0123456789abcdef" * 2000 + " my card number is 4111 1111 1111 1111 " + "a" * 20_000
    assert "[CARD_1]" in redactor().redact(line)


def test_the_bench_prints_its_figures_and_explains_bad_cases(tmp_path: Path) -> None:
    cases = tmp_path / "mine.yaml"
    cases.write_text("mine:\n  - 'call {phone|415 555 2671}'\n  - 'it is {card|12 34 56}'\n  - 'room 12'\n")
    result = typer.testing.CliRunner().invoke(bench, ["redaction", "--cases", str(cases), "--json"])
    assert result.exit_code == 0
    (figures,) = json.loads(result.stdout)
    assert (figures["recall"], figures["clean"], figures["altered"]) == ({"card": 0.0, "phone": 1.0}, 1, 0)
    shown = typer.testing.CliRunner().invoke(bench, ["redaction", "--cases", str(cases), "--failures"])
    assert "it is 12 34 56" in shown.stdout
    for wrong, words in (
        ("[1", "expected"),
        ("a: [{b: c}]", "string"),
        ("a: ['{pet|Rex}']", "pet"),
        ("a: ['{card|1']", "closed"),
    ):
        cases.write_text(wrong)
        with pytest.raises(UsageError, match=words):
            load_redaction_cases(cases)
    with pytest.raises(UsageError, match="absent"):
        load_redaction_cases(tmp_path / "absent.yaml")
