"""The catalogue: what ships, what is refused, and what is said about licences."""

from pathlib import Path

import pytest
import yaml

from appliance.config.models import Profile
from appliance.errors import ModelError
from appliance.models.catalogue import CHECKOUT, CommercialUse, ModelFormat, Role, load_catalogue
from appliance.models.licences import licence_warning

CATALOGUE = load_catalogue()


def damaged(folder: Path, old: str, new: str) -> Path:
    text = CHECKOUT.read_text(encoding="utf-8")
    assert old in text
    path = folder / "catalogue.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_ships_models_for_every_role_and_machine() -> None:
    assert set(CATALOGUE.profiles) == {Profile.CPU, Profile.GPU_8GB, Profile.GPU_24GB}
    assert {model.kind for model in CATALOGUE.models} == set(Role)
    assert all(model.size > 1_000_000 for model in CATALOGUE.models)


def test_the_embedded_default_can_be_had_from_wheels() -> None:
    for model_id in CATALOGUE.profiles[Profile.CPU].models.values():
        for file in CATALOGUE.find(model_id).files:
            assert any(source.kind == "wheel" for source in file.sources), file.path


def test_a_gguf_is_opened_as_a_file_and_whisper_as_a_folder() -> None:
    assert CATALOGUE.find("qwen3-1.7b-q8_0").entry == "Qwen3-1.7B-Q8_0.gguf"
    whisper = CATALOGUE.find("whisper-tiny.en")
    assert whisper.format is ModelFormat.CTRANSLATE2
    assert whisper.entry == "."


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(ModelError, match="no stt model 'whisper-tinyen'") as caught:
        CATALOGUE.find("whisper-tinyen", Role.STT)
    assert "Did you mean whisper-tiny.en?" in caught.value.remedy


def test_a_model_of_another_kind_is_not_found() -> None:
    with pytest.raises(ModelError, match=r"no llm model 'whisper-tiny\.en'"):
        CATALOGUE.find("whisper-tiny.en", Role.LLM)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("size: 2317", "size: -1", "models[0].files[0].size", "greater than 0"),
        ("sha256: 14b1b421", "sha256: 14B1B421", "models[0].files[0].sha256", "match pattern"),
        ("- path: config.json", "- path: ../config.json", "models[0].files[0].path", "plain relative path"),
        ("- path: config.json", "- path: /etc/passwd", "models[0].files[0].path", "plain relative path"),
        ("package: meeting", "package: -r", "models[0].files[0].sources[1].wheel.parts[0].package", "match pattern"),
        ("  tier: cpu", "  tier: cpu\n  colour: red", "models[0].colour", "not permitted"),
        ("- id: whisper-base.en", "- id: whisper-tiny.en", "catalogue", "whisper-tiny.en is there twice"),
        ("stt: whisper-tiny.en", "stt: piper-en_US-joe-medium", "catalogue", "no stt model piper"),
        ("      vad: silero-vad-6.2.3\n", "", "profiles.cpu", "no model for vad"),
        ("  gpu-24gb:", "  gpu-48gb:", "profiles.gpu-48gb", "should be"),
        ("schema: 1", "schema: 2", "schema", "should be 1"),
    ],
)
def test_damage_is_told_with_its_place(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    path = damaged(tmp_path, old, new)
    with pytest.raises(ModelError) as caught:
        load_catalogue(path)
    line = next(line for line in str(caught.value).splitlines() if f": {place}" in line)
    assert message in line
    assert line.startswith(f"{path}:")


def test_the_place_is_the_line_in_the_file(tmp_path: Path) -> None:
    path = damaged(tmp_path, "size: 2317", "size: many")
    number = 1 + path.read_text().splitlines().index("    size: many")
    with pytest.raises(ModelError, match=rf"catalogue.yaml:{number}:11: models\[0\].files\[0\].size"):
        load_catalogue(path)


@pytest.mark.parametrize("text", ["models: [", "a: b: c", "", "[1, 2]", "\x00"])
def test_what_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"catalogue\.yaml"):
        load_catalogue(path)


def test_a_missing_or_binary_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_catalogue(tmp_path / "nothing.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ModelError, match="cannot be read"):
        load_catalogue(tmp_path / "binary.yaml")


def test_the_catalogue_has_no_repeated_key() -> None:
    """YAML would silently take the last one."""
    root = yaml.compose(CHECKOUT.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), node.start_mark
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def test_licence_warnings_name_clean_alternatives() -> None:
    warning = licence_warning(CATALOGUE.find("piper-en_US-joe-medium"), CATALOGUE)
    assert "research only" in warning
    assert "piper-en_US-norman-medium" in warning
    assert "piper-fr_FR-mls-medium" not in warning
    assert "must not be used in a business" in licence_warning(CATALOGUE.find("qwen2.5-3b-instruct-q4_k_m"), CATALOGUE)
    assert "no clean model" in licence_warning(CATALOGUE.find("piper-it_IT-paola-medium"), CATALOGUE)


def test_a_free_model_has_no_warning() -> None:
    free = [model for model in CATALOGUE.models if model.commercial_use is CommercialUse.ALLOWED]
    assert free
    assert not any(licence_warning(model, CATALOGUE) for model in free)
