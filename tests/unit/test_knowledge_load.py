"""Markdown into passages, and files that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.config.knowledge import KnowledgeConfig
from appliance.knowledge.load import MAX_BYTES, MAX_FILES, MAX_WORDS, load_knowledge
from appliance.knowledge.markdown import parse, plain
from appliance.knowledge.passage import KnowledgeError, Passage

FIXTURES = Path(__file__).parents[1] / "fixtures" / "knowledge"


def texts(markdown: str) -> list[str]:
    return [statement.text for statement in parse(markdown, "x.md").statements]


def problems(markdown: str) -> list[str]:
    return [str(problem) for problem in parse(markdown, "x.md").problems]


def test_the_example_folder_has_no_problems_and_names_its_lines() -> None:
    knowledge = load_knowledge(FIXTURES, ["We are open."])
    assert knowledge.problems == ()
    assert knowledge.passages[0] == Passage(id="facts:1", title="", text="We are open.", source="facts:1")
    found = {passage.source: (passage.title, passage.text) for passage in knowledge.passages}
    assert found["parking.md:13"] == (
        "Parking – Special places",
        "Wheelchair users: Four wide places are next to the rear entrance.",
    )
    assert found["visiting.md:14"] == (
        "Visiting – Opening hours",
        "Day: Monday to Friday, Opens: 08:00, Closes: 18:00.",
    )
    everything = " ".join(text for _, text in found.values())
    assert not any(hidden in everything for hidden in ("barrier code", "Change both", "reviewed", "ferry.png"))
    assert len({passage.id for passage in knowledge.passages}) == len(knowledge.passages)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("See [our page](https://x.example/a).", "See our page."),
        ("See [our page][1] ![map](m.png)", "See our page"),
        ("**Bold**, *light*, `code`, ~~old~~ and __this__ one", "Bold, light, code, old and this one"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("Mail <info@x.example> or <https://x.example>", "Mail info@x.example or https://x.example"),
        ("Fish &amp; chips<br>at 2 \\* 3", "Fish & chips at 2 * 3"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("A note[^1]", "A note"),
    ],
)
def test_markup_is_taken_off(written: str, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("One\ntwo.\n\nThree.", ["One two.", "Three."]),
        ("- one\n- two\n  goes on\n* three", ["one.", "two goes on.", "three."]),
        ("1. one\n2) two", ["one.", "two."]),
        ("- [x] done\n- [ ] open", ["done.", "open."]),
        ("We accept:\n\n- cash\n- cards\n\nThank you.", ["We accept: cash.", "We accept: cards.", "Thank you."]),
        ("The address is:\n\n12 Harbour Street\n\nIt rains.", ["The address is: 12 Harbour Street.", "It rains."]),
        ("- Ramps:\n  - north\n  - south\n- Lift", ["Ramps: north.", "Ramps: south.", "Lift."]),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |\n|  | 3 |\n\nEnd.", ["a: 1, b: 2.", "b: 3.", "End."]),
        ("a | b\n--|--\n1 | x \\| y", ["a: 1, b: x | y."]),
        ("| | Mon |\n|-|-|\n| Desk | 8 | 9 |", ["Desk, Mon: 8, 9."]),
        ("> quoted\n> words", ["quoted words."]),
        ("a > b", ["a > b."]),
        ("Before\n```\ncode\n```\nafter", ["Before.", "after."]),
        ("~~~\n```\n~~~\nafter", ["after."]),
        ("Seen <!-- not\nseen --> again", ["Seen again."]),
        ("---\ntitle: x\n---\nText", ["Text."]),
        ("***\nText\n\n---\n\nMore", ["Text.", "More."]),
        ("[1]: https://x.example\nText", ["Text."]),
        ("", []),
    ],
)
def test_blocks_become_statements(written: str, read: list[str]) -> None:
    assert texts(written) == read


def test_headings_make_a_trail_and_lines_are_counted() -> None:
    document = parse("Top\n===\n\nA\n\n## In ##\nB\n\n### Deep\nC\n\n## Next\nD\n\nOther\n---\nE", "x.md")
    assert [(each.headings, each.text, each.line) for each in document.statements] == [
        (("Top",), "A.", 4),
        (("Top", "In"), "B.", 7),
        (("Top", "In", "Deep"), "C.", 10),
        (("Top", "Next"), "D.", 13),
        (("Top", "Other"), "E.", 17),
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("# A\n## B\ntext\n## C\n", "x.md:4: there is nothing under the heading 'C'"),
        ("#\ntext", "x.md:1: this heading has no words"),
        ("text\n\n```\ncode", "x.md:3: the code that begins here has no end, so the rest of the file is left out"),
        ("text\n<!-- oh", "x.md:2: the comment that begins here has no end, so the rest of the file is left out"),
    ],
)
def test_what_should_be_put_right_is_named_with_its_line(written: str, problem: str) -> None:
    assert problems(written) == [problem]


def test_long_paragraphs_are_cut_between_sentences() -> None:
    sentence = "This is a sentence of exactly nine words here."
    (first, second) = load_knowledge(None, [" ".join([sentence] * 10)]).passages
    assert (first.id, second.id, second.source) == ("facts:1", "facts:1.2", "facts:1")
    assert len(first.text.split()) == 54
    assert first.text.endswith(".")
    assert len(second.text.split()) == 36


@pytest.mark.parametrize("text", ["Ask Dr. Patel at 9 a.m. on Monday, e.g. by phone.", "It is 2.1 metres."])
def test_abbreviations_and_decimals_end_no_sentence(text: str) -> None:
    long = f"{'word ' * MAX_WORDS}."
    assert [passage.text for passage in load_knowledge(None, [f"{long} {text}"]).passages][1:] == [text]


def write(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_a_file_that_cannot_be_used_is_named_and_the_rest_works(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write(folder, "good.md", b"\xef\xbb\xbfGood.")
    write(folder, "in/deep.MD", b"Deep.")
    write(folder, "latin.md", b"first\nGr\xfc\xdfe")
    write(folder, "huge.md", b"x" * (MAX_BYTES + 1))
    write(folder, "empty.md", b"\n")
    write(folder, ".hidden.md", b"Hidden.")
    write(folder, "notes.txt", b"Text.")
    write(tmp_path, "secret.md", b"Secret.")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "lost.md").symlink_to(folder / "nowhere")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "inside.md").symlink_to(folder / "good.md")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    knowledge = load_knowledge(folder)
    assert [passage.source for passage in knowledge.passages] == ["good.md:1", "in/deep.MD:1", "inside.md:1"]
    assert {str(problem) for problem in knowledge.problems} == {
        "latin.md: this file is not UTF-8 (line 2), so it is not read; save it as UTF-8",
        "huge.md: this file is larger than 1024 KiB, so it is not read; cut it into several",
        "empty.md: this file says nothing",
        "link.md: this link leads out of the folder, so it is not read",
        "lost.md: this link leads nowhere",
        "loop.md: this link leads nowhere",
        "folder.md: this is not a file, so it is not read",
        "pipe.md: this is not a file, so it is not read",
    }


def test_a_folder_without_files_is_a_problem_and_the_facts_stay(tmp_path: Path) -> None:
    knowledge = load_knowledge(tmp_path, ["Fact."])
    assert [passage.text for passage in knowledge.passages] == ["Fact."]
    assert "no file that ends with .md" in str(knowledge.problems[0])


def test_too_many_files_are_not_all_read(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        write(tmp_path, f"{number:04}.md", b"Text.")
    knowledge = load_knowledge(tmp_path)
    assert len(knowledge.passages) == MAX_FILES
    assert f"only the first {MAX_FILES} are read" in str(knowledge.problems[0])


def test_a_missing_folder_and_a_file_instead_are_errors(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="does not exist") as missing:
        load_knowledge(tmp_path / "none")
    assert "knowledge.directory" in missing.value.remedy
    (tmp_path / "file").write_text("x")
    with pytest.raises(KnowledgeError, match="is not a folder"):
        load_knowledge(tmp_path / "file")


def test_a_file_without_heading_is_titled_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "lost-and_found.md", b"Ask at the desk.")
    assert load_knowledge(tmp_path).passages[0].title == "Lost and found"


MARKS = st.sampled_from(["#", "- ", "|", "|-|", "```", "<!--", "-->", "> ", "---", "===", "a", "b:", " ", "\n", "\n\n"])


@given(st.lists(MARKS | st.text(max_size=5), max_size=40).map("".join))
def test_any_text_can_be_read(text: str) -> None:
    document = parse(text, "x.md")
    lines = len(text.splitlines())
    assert all(each.text.strip() and 1 <= each.line <= lines for each in document.statements)


def test_settings_have_defaults_and_refuse_a_home_folder() -> None:
    settings = KnowledgeConfig()
    assert (settings.directory, settings.passages, settings.synonyms, settings.check_claims) == (None, 3, {}, True)
    with pytest.raises(ValueError, match="write the whole path instead of '~/site'"):
        KnowledgeConfig(directory=Path("~/site"))
