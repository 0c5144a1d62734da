"""A second start takes over what the first one has computed, and answers and sounds the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.app.engines import KEPT, EngineRoom
from appliance.config.load import load
from appliance.config.models import Config
from appliance.dialogue.history import History
from appliance.engines.llama import LlamaLanguageModel
from appliance.engines.ports import Speech
from appliance.prompt.preamble import preamble

pytestmark = pytest.mark.models

QUESTION = "When do you open on Saturday?"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("CACHE_DIRECTORY", raising=False)
    usual = load()
    return usual.model_copy(update={"storage": usual.storage.model_copy(update={"directory": tmp_path})})


@pytest.fixture
def room(config: Config) -> Iterator[EngineRoom]:
    room = EngineRoom(config)
    yield room
    room.close()


def files(config: Config) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (config.storage.directory / KEPT).glob("*")}


async def answer(model: LlamaLanguageModel, config: Config) -> str:
    return "".join([piece async for piece in model.reply(History(preamble(config)).asking(QUESTION))])


def test_the_prompt_is_taken_over_and_a_damaged_one_is_read_again(config: Config, room: EngineRoom) -> None:
    async def scene() -> None:
        first = await answer(room.language_model(), config)
        (kept,) = (config.storage.directory / KEPT).iterdir()
        written = kept.stat()
        assert await answer(room.language_model(), config) == first
        assert (kept.stat().st_ino, kept.stat().st_size) == (written.st_ino, written.st_size)
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")
        assert await answer(room.language_model(), config) == first
        assert kept.stat().st_ino != written.st_ino
        assert QUESTION not in str(list(files(config)))
        assert len(files(config)) == 1

    asyncio.run(scene())


def test_fixed_phrases_sound_the_same_and_nothing_else_is_kept(config: Config, room: EngineRoom) -> None:
    phrase = config.phrases.engine_error

    async def scene() -> tuple[Speech, Speech]:
        first = await room.voice(48_000).synthesise(phrase)
        await room.voice(48_000).synthesise("Good morning, Mrs Miller, your number is 415.")
        return first, await room.voice(48_000).synthesise(phrase)

    first, again = asyncio.run(scene())
    assert np.allclose(first.pcm, again.pcm, atol=1e-4)
    assert (first.text, first.word_ends, first.sample_rate) == (again.text, again.word_ends, again.sample_rate)
    assert len(files(config)) == 1


def test_examples_mean_the_same_and_what_a_person_says_is_not_kept(config: Config, room: EngineRoom) -> None:
    examples = [f"I would like to book appointment number {number}." for number in range(70)]

    async def scene() -> None:
        first = await room.encoder().embed(examples)
        again = room.encoder()
        assert np.array_equal(await again.embed(examples), first)
        await again.embed(["My name is Anna Miller."])
        other = await again.embed([*examples[1:], examples[0]])
        assert np.allclose(other[-1], first[0], atol=1e-5)

    asyncio.run(scene())
    assert len(files(config)) == 2
