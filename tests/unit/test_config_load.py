"""Loading a configuration: where it is found, how the environment overlays it, what counts as a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.config.load import load, load_with_places
from appliance.config.models import Config, Eagerness
from appliance.config.places import MAX_BYTES, MAX_DEPTH
from appliance.config.problems import InvalidConfigError, dotted
from appliance.errors import ConfigError
from tests.unit.users import without_rights

Found = list[tuple[int | None, int | None, str]]

TEN_MISTAKES = """\
device: gpu
site:
  name: 42
  timezone: Europe/Berln
  facts:
    - Phone: 555 0142
voice: en_US-joe-medium
vad:
  threshold: 1.5
  silence_ms: 700
turn:
  clear_end_ms: fast
  speculation: yes
llm:
  temprature: 0.2
tts:
  speed: 1.0
  speed: 2.0
persona:
  examples:
    - user: Hello
"""


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "config.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def failure(file: Path, environ: Mapping[str, str] | None = None) -> InvalidConfigError:
    with pytest.raises(InvalidConfigError) as caught:
        load(file, environ or {})
    return caught.value


def mistakes(folder: Path, content: str | bytes, environ: Mapping[str, str] | None = None) -> Found:
    error = failure(write(folder, content), environ)
    return [(problem.place.line, problem.place.column, problem.message) for problem in error.problems]


def only_mistake(folder: Path, content: str | bytes) -> tuple[int | None, int | None, str]:
    found = mistakes(folder, content)
    assert len(found) == 1, found
    return found[0]


class TestEveryMistakeAtOnce:
    def test_ten_and_more_with_their_places_and_suggestions(self, tmp_path: Path) -> None:
        expected = [
            (1, 9, "expected auto, cpu or cuda, got 'gpu'"),
            (3, 9, "site.name: expected text that is not empty, got 42; put it in quotes"),
            (4, 13, "'Europe/Berln'; did you mean Europe/Berlin?"),
            (6, 7, "site.facts[1]: expected text"),
            (7, 1, "there is no setting voice; did you mean tts.voice?"),
            (9, 14, "expected a number from 0 to 1, got 1.5"),
            (10, 3, "there is no setting vad.silence_ms; did you mean vad.silence_duration_ms?"),
            (12, 17, "expected a whole number from 0 to 60000, got 'fast'"),
            (13, 16, "expected true or false, got 'yes'; write true"),
            (15, 3, "there is no setting llm.temprature; did you mean llm.temperature?"),
            (18, 3, "`speed` stands here twice (first in line 17)"),
            (21, 7, "persona.examples[1] has no `assistant:` line"),
        ]
        found = mistakes(tmp_path, TEN_MISTAKES)
        assert [place[:2] for place in found] == [place[:2] for place in expected]
        for (*_, message), (*_, words) in zip(found, expected, strict=True):
            assert words in message

    def test_the_message_names_file_line_and_column_and_quotes_the_line(self, tmp_path: Path) -> None:
        error = failure(write(tmp_path, "turn:\n  clear_end_ms: fast\n"))
        assert str(error).splitlines() == [
            "1 problem in the configuration:",
            f"{tmp_path}/config.yaml:2:17: turn.clear_end_ms: expected a whole number from 0 to 60000, got 'fast'",
            "     2 |   clear_end_ms: fast",
            "                         ^",
        ]
        assert error.exit_status == 3
        assert "appliance config check" in error.remedy

    def test_mistakes_of_file_and_environment_come_together(self, tmp_path: Path) -> None:
        error = failure(write(tmp_path, "llm: {top_p: 1}\n"), {"APPLIANCE__STT__BEAM_SIZE": "0"})
        assert [problem.as_dict()["file"] for problem in error.problems] == [f"{tmp_path}/config.yaml", None]
        assert error.problems[1].as_dict() == {
            "file": None,
            "variable": "APPLIANCE__STT__BEAM_SIZE",
            "line": None,
            "column": None,
            "key": "stt.beam_size",
            "message": "stt.beam_size: expected a whole number from 1 to 10, got 0",
            "text": None,
        }


class TestWrongValues:
    @pytest.mark.parametrize(
        ("content", "line", "column", "words"),
        [
            ("turn: {eagerness: hihg}", 1, 19, "expected low, auto or high, got 'hihg'; did you mean high?"),
            ("models: {profile: gpu8}", 1, 19, "did you mean gpu-8gb?"),
            ("llm: {threads: true}", 1, 16, "expected a whole number from 0 to 256, got true"),
            ("llm: {max_reply_tokens: 100.5}", 1, 25, "expected a whole number from 8 to 2048, got 100.5"),
            ("llm: {threads: 99999999999999999999}", 1, 16, "expected a whole number"),
            ("tts: {speed: 1e999}", 1, 14, "expected a number from 0.5 to 2, got inf"),
            ("stt: {vocabulary: MRI}", 1, 19, "expected a list"),
            ("stt: {vocabulary: }", 1, 18, "got nothing; write [] for none"),
            ("tts: {lexicon: }", 1, 15, "write {} for none"),
            ("persona: {greeting: }", 1, 20, 'write "" for none'),
            ("phrases: {not_understood: []}", 1, 27, "one item a line with `- ` before each (at least one)"),
            ("tts: {lexicon: {GP: 3}}", 1, 21, "tts.lexicon.GP: expected text, got 3"),
            ("audio: {input_device: 1.5}", 1, 23, "expected text, a whole number or null, got 1.5"),
            ("models: here", 1, 9, "expected settings of its own"),
            ("site: {timezone: Europe}", 1, 18, "there is no time zone 'Europe'"),
            ("site: {timezone: ../../etc/passwd}", 1, 18, "expected a name such as Europe/Berlin"),
            ("models: {directory: ~/models}", 1, 21, "write the whole path"),
            ("models: {mirror: 'ftp://box/models'}", 1, 18, "begins with https://"),
            ("vad: {threshold: 0.2}", 1, 18, "vad.threshold_off (0.35) must not be above vad.threshold (0.2)"),
            ("session: {end_after_s: 10}", 1, 24, "must be above session.still_there_after_s (15)"),
            ("session: {still_there_after_s: 60}", 1, 32, "session.end_after_s (30) must be above"),
            ("turn: {clear_end_ms: 900}", 1, 22, "must not be above vad.silence_duration_ms (800)"),
            ("vad: {silence_duration_ms: 3000}", 1, 28, "turn.max_silence_ms (2000) must not be below"),
            ("persona: {examples: [{user: a, asistant: b}]}", 1, 32, "did you mean persona.examples[1].assistant?"),
        ],
    )
    def test_is_explained_where_it_stands(
        self, tmp_path: Path, content: str, line: int, column: int, words: str
    ) -> None:
        found = [mistake for mistake in mistakes(tmp_path, content + "\n") if words in mistake[2]]
        assert [mistake[:2] for mistake in found] == [(line, column)], mistakes(tmp_path, content + "\n")

    @pytest.mark.parametrize(
        ("key", "meant"),
        [
            ("voice", "tts.voice"),
            ("clear_end", "turn.clear_end_ms"),
            ("vad_threshold", "vad.threshold"),
            ("timezone", "site.timezone"),
            ("turns", "turn"),
            ("threads", "stt.threads or llm.threads or tts.threads"),
        ],
    )
    def test_an_unknown_name_is_guessed_across_sections(self, tmp_path: Path, key: str, meant: str) -> None:
        assert only_mistake(tmp_path, f"{key}: x\n")[2].endswith(f"; did you mean {meant}?")

    def test_a_name_like_no_other_gets_the_list_of_names(self, tmp_path: Path) -> None:
        assert "log has level, transcripts" in only_mistake(tmp_path, "log: {zzz: 1}\n")[2]

    def test_numbers_with_leading_zeros_and_yes_are_texts(self, tmp_path: Path) -> None:
        config = load(write(tmp_path, "site:\n  name: 0151\nstt:\n  vocabulary: [yes, 12:30, 2026-01-01]\n"), {})
        assert config.site.name == "0151"
        assert config.stt.vocabulary == ("yes", "12:30", "2026-01-01")


class TestBrokenYaml:
    @pytest.mark.parametrize(
        ("content", "line", "column", "words"),
        [
            ("site:\n  name: a: b\n", 2, 10, "put the whole text in quotes"),
            ("site:\n  name: 'Harbour\n", 2, 9, "quotation mark that opens here is never closed"),
            ("site:\n  name: 'it's'\n", 2, 13, "write '' for an apostrophe"),
            ("stt:\n  vocabulary: [a, b\n", 2, 15, "opens here with [ is not closed"),
            ("tts: {lexicon: {a: b}\n", 1, 6, "opens here with { is not closed"),
            ("site:\n  name: a\n timezone: UTC\n", 3, 2, "begins with 1 space, and line 2 with 2"),
            ("site:\n  name: a\nHarbour\n", 3, 1, "no colon"),
            ("site:\n  name: @home\n", 2, 9, "cannot begin with `@`"),
            ("site:\n  name: **bold**\n", 2, 9, "cannot begin with `*`"),
            ("site:\n  name: &\n", 2, 9, "cannot begin with `&`"),
            ('models:\n  directory: "C:\\models"\n', 2, 18, "use single quotes"),
            ("site: - a\n", 1, 7, "a list item (-) must begin on a line of its own"),
            ("site: ]\n", 1, 7, "it closes nothing; if it is text, put the whole text in quotes"),
            ("  site:\n    name: a\nvad:\n", 3, 1, "further left than the first setting"),
            ("site:\n  name: > 3 doctors\n", 2, 11, "after > or | a text begins in the next line"),
            ("stt: {vocabulary: [a, , b]}\n", 1, 23, "a value is missing before this"),
            ("site:\n---\nvad:\n", 2, 1, "second document"),
            ("- a\n- b\n", 1, 1, "expected sections such as `site:`"),
            ("Harbour Clinic\n", 1, 1, "expected sections such as `site:`"),
            ("? [a]\n: b\n", 1, 3, "must be a plain word"),
        ],
    )
    def test_is_told_in_plain_words(self, tmp_path: Path, content: str, line: int, column: int, words: str) -> None:
        found = only_mistake(tmp_path, content)
        assert found[:2] == (line, column)
        assert words in found[2]

    def test_every_tab_is_named(self, tmp_path: Path) -> None:
        found = mistakes(tmp_path, "site:\n\tname: a\nvad:\n  \tthreshold: 0.5\nlog:\n\u00a0level: info\n")
        assert [place[:2] for place in found] == [(2, 1), (4, 3), (6, 1)]
        assert "tab" in found[0][2]
        assert "U+00A0" in found[2][2]

    def test_duplicate_sections_and_settings(self, tmp_path: Path) -> None:
        found = mistakes(tmp_path, "vad:\n  threshold: 0.5\n  threshold: 0.6\nvad: {threshold: 0.7}\n")
        assert [place[:2] for place in found] == [(3, 3), (4, 1)]

    def test_tags_never_create_objects(self, tmp_path: Path) -> None:
        victim = tmp_path / "victim"
        found = only_mistake(tmp_path, f"site:\n  name: !!python/object/apply:os.mkdir ['{victim}']\n")
        assert found[:2] == (2, 9)
        assert not victim.exists()

    def test_alias_bomb_is_refused(self, tmp_path: Path) -> None:
        levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))
        found = mistakes(tmp_path, f"a0: &a0 [lol]\n{levels}\n")
        assert any("cannot begin with `*`" in message for *_, message in found)

    @pytest.mark.parametrize("bracket", ["[", "{a: ", "- "])
    def test_endless_nesting_is_refused(self, tmp_path: Path, bracket: str) -> None:
        found = only_mistake(tmp_path, bracket * 50_000)
        assert f"more than {MAX_DEPTH} levels" in found[2]

    def test_terminal_codes_do_not_reach_the_terminal(self, tmp_path: Path) -> None:
        assert "\x1b" not in str(failure(write(tmp_path, '"\\e[31mred": "\\e[0m"\n')))

    def test_half_characters_are_refused(self, tmp_path: Path) -> None:
        assert only_mistake(tmp_path, 'site:\n  name: "\\ud800"\n')[:2] == (2, 9)


class TestFiles:
    def test_not_utf_8(self, tmp_path: Path) -> None:
        found = only_mistake(tmp_path, "site:\n  name: Café\n".encode("latin-1"))
        assert found == (2, 12, "this character is not UTF-8; save it as UTF-8")

    def test_utf_16(self, tmp_path: Path) -> None:
        assert "UTF-16" in only_mistake(tmp_path, "site:\n".encode("utf-16"))[2]

    def test_a_byte_order_mark_and_windows_line_ends_are_fine(self, tmp_path: Path) -> None:
        assert load(write(tmp_path, b"\xef\xbb\xbfsite:\r\n  name: A\r\n"), {}).site.name == "A"

    def test_control_characters(self, tmp_path: Path) -> None:
        assert only_mistake(tmp_path, b"site:\n  name: a\x00b\n")[:2] == (2, 10)

    @pytest.mark.parametrize("content", [b"", b"\n  \n\n"])
    def test_an_empty_file_is_an_accident(self, tmp_path: Path, content: bytes) -> None:
        assert only_mistake(tmp_path, content) == (None, None, "the file is empty")

    def test_comments_only_and_sections_without_settings_keep_the_defaults(self, tmp_path: Path) -> None:
        directory = {
            "models": Config().models.model_copy(update={"directory": tmp_path / "models"}),
            "storage": Config().storage.model_copy(update={"directory": tmp_path / "state"}),
        }
        defaults = Config().model_copy(update=directory)
        assert load(write(tmp_path, "# nothing\n"), {}) == defaults
        assert load(write(tmp_path, "vad:\n  # threshold: 0.5\nturn:\n  barge_in:\n"), {}) == defaults

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "this is a folder" in str(failure(tmp_path))

    def test_a_missing_file_that_was_named(self, tmp_path: Path) -> None:
        assert "there is no such file" in str(failure(tmp_path / "missing.yaml"))

    def test_a_path_that_cannot_exist(self) -> None:
        assert "cannot be read" in str(failure(Path("a\0b")))

    def test_a_file_that_never_ends(self) -> None:
        assert f"larger than {MAX_BYTES >> 20} MiB" in str(failure(Path("/dev/zero")))

    def test_a_file_the_user_may_not_read(self, tmp_path: Path) -> None:
        file = write(tmp_path, "device: cpu\n")
        file.chmod(0)
        with without_rights():
            error = failure(file)
        assert "may not be read" in str(error)


class TestSearch:
    def test_the_named_file_wins_over_the_environment(self, tmp_path: Path) -> None:
        named = write(tmp_path, "site: {name: named}\n")
        assert load(named, {"APPLIANCE_CONFIG": "/nowhere.yaml"}).site.name == "named"

    def test_the_environment_names_a_file(self, tmp_path: Path) -> None:
        file = write(tmp_path, "site: {name: from the variable}\n")
        assert load(None, {"APPLIANCE_CONFIG": str(file)}).site.name == "from the variable"

    def test_the_working_folder_comes_next(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, "site: {name: from here}\n")
        monkeypatch.chdir(tmp_path)
        assert load(None, {"APPLIANCE_CONFIG": ""}).site.name == "from here"

    def test_none_is_an_error_that_says_where_it_looked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if Path("/etc/appliance/config.yaml").exists():
            pytest.fail("this machine has an installed configuration")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigError, match=r"/etc/appliance/config\.yaml") as caught:
            load(None, {})
        assert str(tmp_path / "config.yaml") in str(caught.value)
        assert caught.value.remedy

    def test_relative_folders_start_at_the_file(self, tmp_path: Path) -> None:
        file = write(tmp_path, "models: {directory: weights, mirror: ../usb}\n")
        models = load(file, {}).models
        assert models.directory == tmp_path / "weights"
        assert models.mirror == f"{tmp_path}/../usb"

    def test_a_relative_wake_word_model_starts_at_the_file(self, tmp_path: Path) -> None:
        file = write(tmp_path, "attention: {mode: wake_word, wake_word_model: words/hey.json}\n")
        assert load(file, {}).attention.wake_word_model == tmp_path / "words" / "hey.json"

    def test_absolute_folders_and_addresses_stay(self, tmp_path: Path) -> None:
        file = write(
            tmp_path, "network: {allow: [box]}\nmodels: {directory: /srv/models, mirror: 'http://box/models'}\n"
        )
        models = load(file, {}).models
        assert (models.directory, models.mirror) == (Path("/srv/models"), "http://box/models")


class TestEnvironment:
    @pytest.mark.parametrize(
        ("variable", "text", "value"),
        [
            ("TURN__CLEAR_END_MS", "250", 250),
            ("TURN__EAGERNESS", "high", Eagerness.HIGH),
            ("TURN__BARGE_IN__ENABLED", "false", False),
            ("TTS__SPEED", "1", 1.0),
            ("PERSONA__GREETING", "Hello: this is Joe # 1", "Hello: this is Joe # 1"),
            ("PERSONA__GREETING", "", ""),
            ("PERSONA__GREETING", "'Hi'", "Hi"),
            ("SITE__NAME", "42", "42"),
            ("STT__MODEL", "null", None),
            ("AUDIO__INPUT_DEVICE", "3", 3),
            ("AUDIO__INPUT_DEVICE", "USB Audio", "USB Audio"),
            ("STT__VOCABULARY", "[MRI, X-ray]", ("MRI", "X-ray")),
            ("TTS__LEXICON", "{MRI: M R I}", {"MRI": "M R I"}),
            ("MODELS__DIRECTORY", "/srv", Path("/srv")),
        ],
    )
    def test_wins_over_the_file(self, tmp_path: Path, variable: str, text: str, value: object) -> None:
        file = write(tmp_path, "turn: {clear_end_ms: 100}\ntts:\nsite: {name: A}\n")
        loaded = load_with_places(file, {f"APPLIANCE__{variable}": text, "PATH": "/bin", "APPLIANCE_SPEECH_DIR": "x"})
        path = tuple(variable.lower().split("__"))
        found: object = loaded.config
        for step in path:
            found = getattr(found, step)
        assert found == value
        assert str(loaded.places[path]) == f"environment variable APPLIANCE__{variable}"

    @pytest.mark.parametrize(
        ("variable", "text", "words"),
        [
            ("TURN__CLEAR_END_MS", "quick", "turn.clear_end_ms: expected a whole number from 0 to 60000, got 'quick'"),
            ("TURN__CLEAR_END_MS", "", "got nothing"),
            ("TURN__CLEAR_END", "1", "there is no setting turn.clear_end; did you mean turn.clear_end_ms?"),
            ("TURN", "{}", "turn is a section; name one of its settings"),
            ("TTS__LEXICON__MRI", "x", "there is no setting tts.lexicon.mri"),
            ("", "x", "there is no setting"),
            ("STT__VOCABULARY", "[a", "is not closed"),
            ("STT__VOCABULARY", "[a, 1]", "stt.vocabulary[2]: expected text, got 1"),
            ("SITE__NAME", "\udcff", "not UTF-8"),
            ("SITE__TIMEZONE", "Mars", "no time zone 'Mars'"),
        ],
    )
    def test_mistakes_name_the_variable(self, tmp_path: Path, variable: str, text: str, words: str) -> None:
        error = failure(write(tmp_path, "device: cpu\n"), {f"APPLIANCE__{variable}": text})
        assert len(error.problems) == 1
        assert error.problems[0].place.source == f"APPLIANCE__{variable}"
        assert str(error.problems[0]).startswith(f"environment variable APPLIANCE__{variable}: ")
        assert words in error.problems[0].message

    def test_a_wrong_value_of_the_file_does_not_matter_when_it_is_replaced(self, tmp_path: Path) -> None:
        file = write(tmp_path, "stt: {vocabulary: [1, 2, 3]}\n")
        assert load(file, {"APPLIANCE__STT__VOCABULARY": "[MRI]"}).stt.vocabulary == ("MRI",)

    def test_a_broken_section_is_still_reported(self, tmp_path: Path) -> None:
        error = failure(write(tmp_path, "turn: fast\n"), {"APPLIANCE__TURN__BARGE_IN__ENABLED": "false"})
        assert [dotted(problem.path) for problem in error.problems] == ["turn"]


def test_credentials_never_show_in_messages(tmp_path: Path) -> None:
    content = "models:\n  mirror: ftp://joe:s3cret@box/\nllm:\n  threads: https://joe:s3cret@box/\n"
    error = failure(write(tmp_path, content))
    assert len(error.problems) == 3
    assert "s3cret" not in str(error)
    assert not any("s3cret" in str(problem.as_dict()) for problem in error.problems)


UNLISTED = """\
handover:
  channels:
    - {kind: webhook, name: desk, url: 'https://crm.example.org/desk'}
    - {kind: email, name: mail, host: mail.example, sender: a@b.example, recipients: [c@d.example]}
models:
  mirror: https://box/models
tools:
  - name: stock
    description: Tells what there is.
    parameters:
      item: {values: {database: 'postgresql://shop/goods', query: SELECT name FROM goods}}
    http: {url: 'https://api.example.org/{{ item }}', headers: {host: other.example}}
"""
HOSTS = [
    (3, "handover.channels[1].url: crm.example.org:443"),
    (4, "handover.channels[2].host: mail.example:587"),
    (6, "models.mirror: box:443"),
    (11, "tools[1].parameters.item.values.database: shop:5432"),
    (12, "tools[1].http.url: api.example.org:443"),
]


class TestHosts:
    @pytest.mark.parametrize("other", ["", "llm: {temprature: 0.2}\n", "site: {name: 42}\n"])
    def test_every_one_that_is_not_listed_is_told_with_all_other_mistakes(self, tmp_path: Path, other: str) -> None:
        found = mistakes(tmp_path, UNLISTED + other)
        unlisted = [(line, message.partition(" is not in network.allow; add it")[0]) for line, _, message in found]
        assert [each for each in unlisted if each in HOSTS] == HOSTS
        assert len(found) == len(HOSTS) + bool(other)

    def test_one_in_a_section_with_another_mistake_is_told_too(self, tmp_path: Path) -> None:
        content = "handover: {channels: [{kind: webhook, name: desk, url: 'https://a.example/', tmeout_s: 1}]}\n"
        assert len(mistakes(tmp_path, content)) == 2
        assert len(mistakes(tmp_path, content + "network: {allow: [a.example]}\n")) == 1

    @pytest.mark.parametrize("allow", ["[https://a.example/]", "[a.example/24]"])
    def test_one_whose_entry_cannot_be_read_is_told_once(self, tmp_path: Path, allow: str) -> None:
        (found,) = mistakes(tmp_path, f"models: {{mirror: 'https://a.example/'}}\nnetwork: {{allow: {allow}}}\n")
        assert found[0] == 2

    def test_listed_ones_are_reached(self, tmp_path: Path) -> None:
        allow = "network:\n  allow: [box, '*.example.org:443', mail.example, shop]\n"
        assert len(load(write(tmp_path, UNLISTED + allow), {}).network.allow) == 4
