"""config.yaml is the manual: it names every setting, shows every default, and is valid as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from appliance.config import schema
from appliance.config.load import load
from appliance.config.models import Config
from appliance.config.places import Document, parse
from appliance.config.problems import KeyPath, dotted

CONFIG_YAML = Path(__file__).parents[2] / "config.yaml"
COMMENTED_SETTING = re.compile(r"^( *)# (?=[a-z_]+:( |$)|  - )")


def document(text: str) -> Document:
    parsed = parse(text.encode(), "config.yaml")
    assert not parsed.problems, parsed.problems
    return parsed


def without_comment_signs() -> str:
    """Return config.yaml with every commented setting in force."""
    lines = CONFIG_YAML.read_text(encoding="utf-8").splitlines()
    return "\n".join(COMMENTED_SETTING.sub(r"\1", line) for line in lines) + "\n"


def value_at(data: Any, path: KeyPath) -> Any:
    for step in path:
        data = data[step]
    return data


def fields() -> list[str]:
    return sorted(dotted(path) for path, _ in schema.settings())


def documented() -> list[str]:
    """Return the settings that the file names; what a setting contains (examples, words) does not count."""
    known = {path for path, _ in schema.settings()}
    keys = document(without_comment_signs()).keys
    return sorted(
        dotted(path)
        for path in keys
        if not any(path[:end] in known for end in range(1, len(path))) and not schema.is_section(schema.at(path) or {})
    )


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert documented() == fields()


def test_settings_stand_in_the_order_of_the_models() -> None:
    known = [path for path, _ in schema.settings()]
    in_file = [path for path in document(without_comment_signs()).keys if path in known]
    assert in_file == known


def test_every_setting_and_section_has_a_description() -> None:
    holders = [schema.config_schema(), *schema.config_schema()["$defs"].values()]
    nameless = [
        name
        for holder in holders
        for name, part in holder.get("properties", {}).items()
        if not schema.resolved(part).get("description")
    ]
    assert nameless == []


def test_commented_settings_show_their_default() -> None:
    in_force = document(CONFIG_YAML.read_text(encoding="utf-8")).keys
    everything = document(without_comment_signs())
    defaults = Config().model_dump(mode="json")
    commented = [path for path, _ in schema.settings() if path not in in_force]
    shown = {dotted(path): value_at(everything.data, path) for path in commented}
    assert shown == {dotted(path): value_at(defaults, path) for path in commented}


def test_settings_in_force_say_what_the_default_would_be() -> None:
    lines = CONFIG_YAML.read_text(encoding="utf-8").splitlines()
    in_force = document("\n".join(lines) + "\n").keys
    for path, _ in schema.settings():
        if path not in in_force:
            continue
        number = (in_force[path].line or 0) - 2
        comment = ""
        while lines[number].lstrip().startswith("#"):
            comment = f"{lines[number].strip()} {comment}"
            number -= 1
        default = value_at(Config().model_dump(mode="json"), path)
        assert f"Default: {default or 'no'}" in comment, dotted(path)


def test_every_line_above_a_setting_or_section_explains_it() -> None:
    lines = without_comment_signs().splitlines()
    for path, place in document(without_comment_signs()).keys.items():
        if any(isinstance(step, int) for step in path) or (path[:2] == ("tts", "lexicon") and len(path) > 2):
            continue
        assert lines[(place.line or 0) - 2].lstrip().startswith("# "), dotted(path)


def test_the_example_is_valid_with_and_without_the_commented_settings(tmp_path: Path) -> None:
    everything = tmp_path / "config.yaml"
    everything.write_text(without_comment_signs(), encoding="utf-8")
    shipped = load(CONFIG_YAML, {})
    complete = load(everything, {})
    folders = {"models": complete.models, "storage": complete.storage, "tools": complete.tools}
    assert shipped.model_copy(update=folders) == complete


@pytest.mark.parametrize("text", [CONFIG_YAML.read_text(encoding="utf-8"), without_comment_signs(), "{}"])
def test_the_example_fits_the_schema_for_editors(text: str) -> None:
    described = schema.editor_schema()
    jsonschema.Draft202012Validator.check_schema(described)
    jsonschema.validate(document(text).data, described, jsonschema.Draft202012Validator)


def test_examples_are_short_and_begin_with_a_short_clause() -> None:
    for example in load(CONFIG_YAML, {}).persona.examples:
        first_clause = re.split(r"[,.]| from | at ", example.assistant)[0]
        assert len(first_clause.split()) <= 3, example.assistant
        assert len(re.findall(r"[.?!](?: |$)", example.assistant)) <= 2, example.assistant
