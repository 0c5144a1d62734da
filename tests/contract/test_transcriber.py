"""One suite for every `Transcriber`: Whisper and the fake of the scenarios; then what only Whisper can show."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from typer.testing import CliRunner

from appliance.audio.files import read_audio, write_wav
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.cli.main import app
from appliance.clock import SystemClock
from appliance.config.models import Config, SttConfig
from appliance.engines.ports import Transcriber
from appliance.engines.whisper import WhisperTranscriber, build_transcriber
from appliance.errors import EngineError, ModelError
from appliance.ops.bench.words import normalise, word_errors
from tests.scenario.fakes import FakeTranscriber, Lexicon

REPOSITORY = Path(__file__).parents[2]
MODEL = REPOSITORY / "models/whisper-tiny.en"
RECORDINGS = Path(os.environ.get("APPLIANCE_SPEECH_DIR", REPOSITORY.parent / "shared/speech"))
SENTENCE = "What time do you open on Saturday morning?"


def spoken(text: str, *, voice: str = "slt") -> Samples:
    """Return `text` in a synthetic voice that the assistant does not use, 16 kHz."""
    command = ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    rate = int.from_bytes(wav[24:28], "little")
    pcm = np.frombuffer(wav[44:], np.int16).astype(np.float32) / 32768
    return np.asarray(soxr.resample(pcm, rate, LISTENING_RATE), np.float32)


def hiss(seconds: float, level: float = 1e-3) -> Samples:
    count = int(seconds * LISTENING_RATE)
    return (np.random.default_rng(0).standard_normal(count) * level).astype(np.float32)


@pytest.fixture(scope="module")
def whisper() -> Iterator[WhisperTranscriber]:
    engine = build_transcriber(Config(), MODEL, threads=1)
    yield engine
    engine.close()


@pytest.fixture(params=["fake", pytest.param("whisper", marks=pytest.mark.models)])
def pair(request: pytest.FixtureRequest) -> tuple[Transcriber, Callable[[str], Samples]]:
    """A recogniser and a voice it understands."""
    if request.param == "fake":
        lexicon = Lexicon()
        return FakeTranscriber(SystemClock(), lexicon), lexicon.sound
    return request.getfixturevalue("whisper"), spoken


async def test_a_sentence_is_understood(pair: tuple[Transcriber, Callable[[str], Samples]]) -> None:
    transcriber, voice = pair
    transcript = await transcriber.transcribe(voice(SENTENCE))
    assert normalise(transcript.text) == normalise(SENTENCE)
    assert transcript.rejected is None
    assert 0.5 < transcript.confidence <= 1.0
    assert transcript.language == "en"


async def test_a_partial_holds_the_words_so_far(pair: tuple[Transcriber, Callable[[str], Samples]]) -> None:
    transcriber, voice = pair
    pcm = voice(SENTENCE)
    transcript = await transcriber.transcribe(pcm[: len(pcm) * 2 // 3], final=False)
    assert normalise(transcript.text)[:3] == ["what", "time", "do"]


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.5, 40.0])
async def test_silence_of_any_length_is_rejected_without_text(
    pair: tuple[Transcriber, Callable[[str], Samples]], seconds: float
) -> None:
    transcript = await pair[0].transcribe(np.zeros(int(seconds * LISTENING_RATE), np.float32))
    assert transcript.text == ""
    assert transcript.rejected is not None
    assert transcript.confidence == 0.0


async def test_passes_that_are_awaited_together_do_not_mix(pair: tuple[Transcriber, Callable[[str], Samples]]) -> None:
    transcriber, voice = pair
    first, second = await asyncio.gather(
        transcriber.transcribe(voice("Good morning.")), transcriber.transcribe(voice("Where can I park my car?"))
    )
    assert "morning" in first.text
    assert "park" in second.text


@pytest.mark.models
class TestWhisper:
    @pytest.mark.parametrize("gain", [1.0, 0.05])
    @pytest.mark.parametrize("answer", ["Thank you.", "Goodbye.", "Okay.", "Six.", "No, thanks."])
    async def test_a_short_answer_passes_the_guard(self, whisper: WhisperTranscriber, answer: str, gain: float) -> None:
        transcript = await whisper.transcribe(np.concatenate([hiss(0.5, 1e-4), gain * spoken(answer), hiss(0.2, 1e-4)]))
        assert transcript.rejected is None
        assert normalise(answer)[-1] in normalise(transcript.text)[-1]

    @pytest.mark.parametrize("seconds", [0.2, 1.0, 4.0, 29.0, 65.0])
    async def test_noise_of_any_length_is_rejected(self, whisper: WhisperTranscriber, seconds: float) -> None:
        transcript = await whisper.transcribe(hiss(seconds, 0.02))
        assert transcript.rejected == "no-speech"
        assert transcript.text == ""

    async def test_a_hum_is_rejected(self, whisper: WhisperTranscriber) -> None:
        hum = 0.1 * np.sin(2 * np.pi * 100 * np.arange(3 * LISTENING_RATE) / LISTENING_RATE)
        assert (await whisper.transcribe(hum.astype(np.float32))).rejected == "no-speech"

    async def test_what_is_longer_than_the_window_is_complete(self, whisper: WhisperTranscriber) -> None:
        sentences = [
            "The library opens at nine.",
            "There is a coffee machine on the first floor.",
            "Please return the books within four weeks.",
            "My telephone number is on the door.",
            "A librarian will help you to find a newspaper.",
            "The garden behind the house is open in summer.",
            "We are closed on Sundays and on holidays.",
            "You may print twenty pages without paying.",
            "Music and films are in the basement.",
            "Ask at the desk for a new card.",
            "The last bus leaves at half past eight.",
            "Good night and see you soon.",
        ]
        pcm = np.concatenate([np.concatenate([spoken(sentence), hiss(0.6)]) for sentence in sentences])
        assert len(pcm) > 30 * LISTENING_RATE
        transcript = await whisper.transcribe(pcm)
        errors, words = word_errors(" ".join(sentences), transcript.text)
        assert errors / words < 0.1

    async def test_speech_after_a_minute_of_noise_is_found(self, whisper: WhisperTranscriber) -> None:
        transcript = await whisper.transcribe(np.concatenate([hiss(60.0, 0.005), spoken(SENTENCE), hiss(1.0, 0.005)]))
        assert "Saturday" in transcript.text

    async def test_the_vocabulary_is_recognised(self) -> None:
        said = spoken("Please set the Ecobee to twenty degrees.")
        config = Config(stt=SttConfig(vocabulary=("Ecobee", "Party Time")))
        engine = build_transcriber(config, MODEL, threads=1)
        try:
            assert "Ecobee" in (await engine.transcribe(said)).text
            for level in (1e-3, 0.02):
                assert (await engine.transcribe(hiss(4.0, level))).rejected == "no-speech"
        finally:
            engine.close()

    async def test_a_vocabulary_beyond_the_context_is_cut(self) -> None:
        config = Config(stt=SttConfig(vocabulary=tuple(f"Doctor Number {index}" for index in range(400))))
        engine = build_transcriber(config, MODEL, threads=1)
        try:
            assert "Saturday" in (await engine.transcribe(spoken(SENTENCE))).text
        finally:
            engine.close()

    async def test_a_beam_hears_the_same(self) -> None:
        engine = build_transcriber(Config(stt=SttConfig(beam_size=3)), MODEL, threads=1)
        try:
            assert normalise((await engine.transcribe(spoken(SENTENCE))).text) == normalise(SENTENCE)
        finally:
            engine.close()

    async def test_a_cancelled_pass_leaves_the_engine_working(self, whisper: WhisperTranscriber) -> None:
        long = asyncio.ensure_future(whisper.transcribe(hiss(300.0, 0.02)))
        await asyncio.sleep(0)
        long.cancel()
        async with asyncio.timeout(5):
            assert "Saturday" in (await whisper.transcribe(spoken(SENTENCE))).text

    async def test_the_caller_may_change_its_buffer_while_whisper_works(self, whisper: WhisperTranscriber) -> None:
        buffer = spoken(SENTENCE)
        pending = asyncio.ensure_future(whisper.transcribe(buffer))
        await asyncio.sleep(0)
        buffer[:] = 0.0
        assert "Saturday" in (await pending).text

    async def test_sound_that_is_not_mono_is_refused(self, whisper: WhisperTranscriber) -> None:
        with pytest.raises(EngineError, match="mono samples"):
            await whisper.transcribe(np.zeros((2, 16_000), np.float32))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin is missing") as caught:
        build_transcriber(Config(), tmp_path, threads=1)
    assert "appliance models fetch" in caught.value.remedy


@pytest.mark.models
@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", "config.json"])
def test_a_damaged_model_is_named(tmp_path: Path, name: str) -> None:
    for file in MODEL.iterdir():
        shutil.copy(file, tmp_path)
    damaged = tmp_path / name
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    with pytest.raises(ModelError, match="cannot load speech recognition") as caught:
        build_transcriber(Config(), tmp_path, threads=1)
    assert "appliance models verify" in caught.value.remedy


@pytest.mark.models
class TestCommand:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(f"device: cpu\nmodels: {{directory: {MODEL.parent}}}\n")
        return path

    @pytest.fixture
    def files(self, tmp_path: Path) -> list[str]:
        write_wav(tmp_path / "said.wav", spoken(SENTENCE), LISTENING_RATE)
        write_wav(tmp_path / "noise.wav", hiss(3.0, 0.02), LISTENING_RATE)
        (tmp_path / "damaged.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVE and then something else")
        (tmp_path / "empty.wav").touch()
        return [str(tmp_path / name) for name in ("damaged.wav", "said.wav", "noise.wav", "empty.wav", "missing.wav")]

    def test_each_file_is_an_object_and_a_damaged_one_does_not_stop_it(self, config: Path, files: list[str]) -> None:
        result = CliRunner().invoke(app, ["transcribe", "--json", "--config", str(config), *files])
        damaged, said, noise, empty, missing = map(json.loads, result.stdout.splitlines())
        assert result.exit_code != 0
        assert [entry["file"] for entry in (damaged, said, noise, empty, missing)] == files
        assert (said["language"], said["rejected"]) == ("en", None)
        assert normalise(said["text"]) == normalise(SENTENCE)
        assert 0.5 < said["confidence"] <= 1.0
        assert (noise["text"], noise["rejected"]) == ("", "no-speech")
        assert all(entry["error"]["code"] == "audio-file" for entry in (damaged, empty, missing))

    def test_people_read_lines(self, config: Path, files: list[str]) -> None:
        result = CliRunner().invoke(app, ["transcribe", "--config", str(config), *files[1:3]])
        assert result.exit_code == 0
        said, noise = result.stdout.splitlines()
        assert said.startswith(f"{files[1]}: What time")
        assert noise == f"{files[2]}: (no speech in it)"
        assert not result.stderr


@pytest.mark.models
@pytest.mark.parametrize(
    "recording",
    sorted((RECORDINGS / "noise").glob("*.flac")),
    ids=lambda path: path.stem,
)
async def test_recorded_noise_is_rejected(whisper: WhisperTranscriber, recording: Path) -> None:
    pcm = read_audio(recording)[: 6 * LISTENING_RATE]
    transcript = await whisper.transcribe(pcm)
    assert transcript.rejected is not None, transcript.text
