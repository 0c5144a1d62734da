"""One suite for every `Encoder`: the real model and the fake of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from appliance.assistant.intents import Encoder
from appliance.assistant.small_talk import VECTORS, small_talk
from appliance.engines.sentences import DIMENSIONS, SAME, TOGETHER, MiniLmEncoder, save_vectors
from appliance.errors import EngineError
from appliance.understanding import neutral
from tests.unit.assistant_fakes import WordEncoder

FOLDER = Path(__file__).parents[2] / "models/all-minilm-l6-v2"
TEXTS = ["Do you have ibuprofen?", "I would like to book a flu shot for Friday, please.", "Hello.", "¿Qué?", "42", ""]


@pytest.fixture(params=["fake", pytest.param("minilm", marks=pytest.mark.models)])
async def encoder(request: pytest.FixtureRequest) -> AsyncIterator[Encoder]:
    if request.param == "fake":
        yield WordEncoder()
        return
    real = MiniLmEncoder(FOLDER)
    yield real
    real.close()


async def test_every_text_has_a_vector_of_unit_length(encoder: Encoder) -> None:
    vectors = await encoder.embed(TEXTS)
    assert len(vectors) == len(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_a_vector_does_not_depend_on_what_is_embedded_with_it(encoder: Encoder) -> None:
    together = await encoder.embed(TEXTS)
    alone = np.concatenate([await encoder.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-4)


async def test_of_no_text_there_is_no_vector(encoder: Encoder) -> None:
    vectors = await encoder.embed([])
    assert (len(vectors), vectors.ndim) == (0, 2)


async def test_the_same_words_lie_closer_than_others(encoder: Encoder) -> None:
    first, same, other = await encoder.embed(["Is aspirin in stock?", "is aspirin in stock", "My shoe is red."])
    assert first @ same > 0.9 > first @ other


@pytest.fixture
async def minilm() -> AsyncIterator[MiniLmEncoder]:
    encoder = MiniLmEncoder(FOLDER)
    yield encoder
    encoder.close()


@pytest.mark.models
async def test_what_means_the_same_lies_close_together(minilm: MiniLmEncoder) -> None:
    asked, meant, weather = await minilm.embed(
        ["Do you have ibuprofen?", "Is there any ibuprofen left?", "The train to the mountains leaves at noon."]
    )
    assert asked.shape == (DIMENSIONS,)
    assert asked @ meant > 0.6
    assert asked @ weather < 0.2


@pytest.mark.models
async def test_more_texts_than_fit_into_one_go_keep_their_order(minilm: MiniLmEncoder) -> None:
    texts = [f"Number {number}" for number in range(TOGETHER + 2)]
    vectors = await minilm.embed(texts)
    np.testing.assert_allclose(vectors[-1:], await minilm.embed(texts[-1:]), atol=1e-4)


@pytest.mark.models
async def test_a_text_that_is_too_long_is_cut(minilm: MiniLmEncoder) -> None:
    long, longer = await minilm.embed(["one two " * 200, "one two " * 300])
    np.testing.assert_allclose(long, longer, atol=1e-4)


@pytest.mark.models
async def test_the_vectors_of_small_talk_are_those_of_its_sentences(minilm: MiniLmEncoder) -> None:
    texts = sorted({neutral(text) for text in small_talk()})
    with np.load(VECTORS, allow_pickle=False) as arrays:
        assert arrays["texts"].tolist() == texts, "run: python -m appliance.app.small_talk"
        vectors = arrays["vectors"][:: len(texts) // 50].astype(np.float32)
    assert ((await minilm.embed(texts[:: len(texts) // 50]) * vectors).sum(axis=1) > SAME).all()


@pytest.mark.models
@pytest.mark.parametrize("spoilt", [None, "other model", "damaged"])
async def test_vectors_that_are_known_are_taken_from_the_file_unless_they_are_spoilt(
    tmp_path: Path, minilm: MiniLmEncoder, spoilt: str | None
) -> None:
    texts = [f"Number {number}" for number in range(TOGETHER)]
    right = await minilm.embed(texts)
    given = np.roll(right, 1, axis=1)
    given[0] = given[0] if spoilt else right[0]
    save_vectors(tmp_path / "known.npz", texts, given)
    if spoilt == "damaged":
        (tmp_path / "known.npz").write_bytes(b"nothing")
    encoder = MiniLmEncoder(FOLDER, known=tmp_path / "known.npz")
    vectors = await encoder.embed(texts)
    encoder.close()
    np.testing.assert_allclose(vectors, right if spoilt else given, atol=1e-3)


@pytest.mark.parametrize("content", [None, b"", b"this is no model"])
def test_a_model_that_is_missing_or_damaged_is_reported(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(EngineError, match="cannot be loaded") as caught:
        MiniLmEncoder(tmp_path)
    assert caught.value.remedy
