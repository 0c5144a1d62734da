"""Slips of the hand that a newcomer makes in config.yaml: each is told in its own line, with what to write."""

# ruff: noqa: RUF001 - curly quotes are a part of this
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config.load import load
from appliance.config.problems import InvalidConfigError

TOOL = "tools:\n  - name: a\n    description: Tells the time.\n    builtin: time\n"


def told(folder: Path, content: str) -> list[tuple[int | None, int | None, str]]:
    file = folder / "config.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidConfigError) as caught:
        load(file, {})
    return [(problem.place.line, problem.place.column, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        # quotes of a word processor
        ("site:\n  name: “Harbour Clinic”\n", 2, 9, 'write straight ones: "Harbour Clinic"'),
        ("site:\n  name: „Hafenklinik“\n", 2, 9, 'write straight ones: "Hafenklinik"'),
        ("site:\n  name: «Le port»\n", 2, 9, 'write straight ones: "Le port"'),
        ("site:\n  facts:\n    - ‘We are open.’\n", 3, 7, 'write straight ones: "We are open."'),
        ("stt:\n  vocabulary: [MRI, “X-ray”]\n", 2, 21, 'write straight ones: "X-ray"'),
        ("persona:\n  greeting: “Hello: I am Joe”\n", 2, 13, "write straight ones"),
        ("persona:\n  greeting: ‘Hello: I am Joe’\n", 2, 13, 'write straight ones: "Hello: I am Joe"'),
        ("persona:\n  greeting: “Hello\n", 2, 13, "write straight ones"),
        ("site:\n  “name”: Joe\n", 2, 3, "write straight ones"),
        # quotes without an end or a beginning
        ('site:\n  name: "Harbour\n  role: staff\n  facts:\n    - "Open"\n', 2, 9, "is closed only in line 5"),
        ("site:\n  name: 'Harbour\n  facts:\n    - It's open\n", 2, 9, "write '' for an apostrophe inside"),
        ('site:\n  name: "Harbour”\n  role: "staff"\n', 2, 9, "not with ”"),
        ('site:\n  facts:\n    - "One\n    - "Two"\n    - Three\n', 3, 7, "is closed only in line 4"),
        ('persona:\n  greeting: "Hello\n  name: Say "\n', 2, 13, "is closed only in line 3"),
        ('site:\n  name: Harbour Clinic"\n', 2, 9, 'none opens it; write "Harbour Clinic"'),
        # colons
        ("persona:\n  name:Joe\n  greeting: hello\n", 2, 7, "`name: Joe`"),
        ("persona:\n  greeting: hello\n  name:Joe\n", 3, 7, "`name: Joe`"),
        ("persona:\n  name:Joe\n", 2, 3, "write `name: Joe`"),
        ("device:cpu\nsite:\n  name: x\n", 1, 7, "`device: cpu`"),
        ("vad:\n  threshold:0.5\n  threshold_off: 0.3\n", 2, 12, "`threshold: 0.5`"),
        ("site:\n  name = Harbour\n", 2, 3, "write `name: Harbour`"),
        ("persona\n  name: Joe\n", 1, 8, "write `persona:`"),
        ("site:\n  name: a: b\n", 2, 10, 'put the whole text in quotes: name: "a: b"'),
        ("site:\n  name:\tJoe\n", 2, 8, "there is a tab here; write a space"),
        # indentation
        ("site:\n  name: a\n   timezone: UTC\n", 3, 4, "begins with 3 spaces, and line 2 with 2"),
        ("site:\n  facts:\n    - a\n   - b\n", 4, 4, "begins with 3 spaces, and line 3 with 4"),
        ("site:\n  facts:\n    - a\n    b c\n", 4, 5, "`- ` is missing before this item"),
        ("site:\n  facts:\n    - a\n    • b\n    - c\n", 4, 5, "begins with `- `, not with `• `"),
        ("site:\n  facts:\n    - a\n    * b\n    - c\n", 4, 5, "begins with `- `, not with `* `"),
        (TOOL + "    parameters:\n      - day:\n      name: {}\n", 7, 7, "no item of the list that begins in line 6"),
        ("site:\n  name:\u00a0a\n  role: b\n", 2, 7, "`name: a`"),
        ("site:\nname: a\n", 2, 1, "name belongs to site, above it; begin this line with two spaces"),
        ("site:\n  facts:\n  - a\n    - b\n", 4, 5, "items of one list start in one column"),
        ("site:\n  name: Joe\n    role:staff\n", 3, 9, "`role: staff`"),
        # braces
        (TOOL + "    say:\n      success: {{ time }} it is.\n", 6, 17, "must be put in quotes as a whole"),
        (TOOL + "    say: {success: It is {{ time }}.}\n", 5, 26, "must be put in quotes as a whole"),
        # values
        ("session:\n  end_after_s: 45s\n", 2, 16, "write 45, which counts seconds"),
        ("session:\n  end_after_s: 1.5 minutes\n", 2, 16, "write 90, which counts seconds"),
        ("turn:\n  max_turn_ms: 30 sec\n", 2, 16, "write 30000, which counts milliseconds"),
        ("turn:\n  max_silence_ms: 2,000\n", 2, 19, "write 2000"),
        ("vad:\n  threshold: 0,5\n", 2, 14, "write 0.5"),
        ("vad:\n  threshold: 50%\n", 2, 14, "write 0.5"),
        ('vad:\n  threshold: "0.5"\n', 2, 14, "write it without quotes"),
        ('log:\n  transcripts: "true"\n', 2, 16, "write it without quotes"),
        ("retention:\n  audit:\n    days: 2 years\n", 3, 11, "write 730, which counts days"),
        ("retention:\n  audit:\n    days: -1\n", 3, 11, "expected a number above 0 and up to 36500, got -1"),
        ("retention:\n  audit_days: 30\n", 2, 3, "did you mean retention.audit.days?"),
        ("retention:\n  transcript_days: 30\n", 2, 3, "did you mean retention.transcript.days?"),
        ("retention:\n  purge_at: 25:00\n", 2, 13, "a time of day from 00:00 to 23:59 such as 03:30, got '25:00'"),
        ("monitoring:\n  min_free_mib: 500 MB\n", 2, 17, "write 500, without a unit"),
        ("stt:\n  vocabulary: MRI, X-ray\n", 2, 15, "write [MRI, X-ray]"),
        ("site:\n  facts:\n    -We are open.\n    -Come in.\n", 3, 5, "write a space after each `-`"),
        ("site:\n  facts:\n    - Wifi: Guest\n", 3, 7, 'must be put in quotes: "Wifi: Guest"'),
        ("site:\n  facts:\n    -\n    - b\n", 3, 6, "write something after the `-`, or delete it"),
        (
            "persona:\n  examples:\n    - user: a\n      assistent: b\n",
            4,
            7,
            "did you mean persona.examples[1].assistant?",
        ),
        ("site:\n  timezone: Halifax\n", 2, 13, "did you mean America/Halifax?"),
        # tools and forms
        (TOOL + "    idempotency_key: [day]\n    parameters: {date: {}, time: {}}\n", 5, 22, "there is date, time"),
        (
            TOOL + "    parameters:\n      n:\n        enum: [blood test]\n        synonyms: {bloodtest: [lab]}\n",
            8,
            31,
            "did you mean blood test?",
        ),
        (
            "tools:\n  - name: a\n    builtin: time\n",
            2,
            5,
            "no `description:` line; add it (what it does, in one sentence)",
        ),
        (TOOL.replace("name: a", "name: Order Status"), 2, 11, "got 'Order Status'; write order_status"),
        (TOOL + "    parameters:\n      Order-No: {}\n", 6, 7, "got 'Order-No'; write order_no"),
        (TOOL + "    parameters:\n      n: {type: date}\n", 6, 17, "did you mean `format: date`?"),
        (TOOL + "    parameters:\n      n: {type: int}\n", 6, 17, "did you mean integer?"),
        (TOOL + "    parameters:\n      n: {format: telephone}\n", 6, 19, "did you mean phone?"),
        (TOOL + "    parameters:\n      n: {pattern: '[A-Z'}\n", 6, 20, "no regular expression"),
        (TOOL + "    parameters:\n      n: {values: [1]}\n", 6, 20, "expected text, got 1; put it in quotes"),
        (TOOL.replace("builtin: time", "http: {url: http://127.0.0.1/, metod: GET}"), 4, 36, "tools[1].http.method?"),
        ("redaction:\n  countries: [uk]\n", 2, 15, "write two capital letters"),
    ],
)
def test_is_told_once_in_its_own_line(tmp_path: Path, content: str, line: int, column: int, words: str) -> None:
    (found,) = told(tmp_path, content)
    assert found[:2] == (line, column)
    assert words in found[2]


@pytest.mark.parametrize(
    "text",
    [
        "He said “hello” to you",
        "“Guest” is the name of the network",
        "“Yes” or “no”",
        "We’re closed",
        "’tis",
        "‘Tis the season",
        'The screen has 24"',
        '"“Guest”"',
        '"It is\n    open."',
        "It is\n    open – as always.",
        "See http://127.0.0.1\n    or www:8080",
        "|-\n    name:Joe\n    - “a”",
        "'It''s open'",
    ],
)
def test_what_only_looks_like_a_slip_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"persona:\n  greeting: {text}\n", encoding="utf-8")
    assert load(file, {}).persona.greeting


def test_a_list_that_begins_after_the_name_is_told_once_and_where_to_begin(tmp_path: Path) -> None:
    found = told(tmp_path, "site:\n  facts: We are open.\n    - Come in.\n    - Sit down.\n")
    assert [each[:2] for each in found] == [(2, 10), (3, 5)]
    assert "text stands before it in line 2; write that as an item, too" in found[1][2]


def test_a_tool_with_nothing_but_a_name_is_told_all_that_it_lacks(tmp_path: Path) -> None:
    found = told(tmp_path, "tools:\n  - name: a\n")
    assert [each[:2] for each in found] == [(2, 5), (2, 11)]
    assert "give one of http, sql, command, python, builtin; there is none of them" in found[1][2]


def test_several_lines_without_a_space_are_all_told(tmp_path: Path) -> None:
    found = told(tmp_path, "persona:\n  name:Joe\n  instructions:Be brief.\n  greeting: Hello\n")
    assert [each[:2] for each in found] == [(2, 7), (3, 15)]
