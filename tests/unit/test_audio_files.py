"""Recordings of every kind are read, and what is none is refused in plain words."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from appliance.audio.files import read_audio, write_wav
from appliance.audio.levels import dbfs, noise_at_snr, voiced_span, window_levels
from appliance.audio.ports import Samples
from appliance.errors import AudioFileError


def tone(rate: int, seconds: float = 1.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def test_a_wav_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(16_000), 16_000)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), tone(16_000), atol=1e-4)


def test_what_exceeds_full_scale_is_clipped(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([2.0, -2.0], np.float32), 16_000)
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav"), [1.0, -1.0], atol=1e-4)


def test_8_khz_stereo_is_mixed_and_converted(tmp_path: Path) -> None:
    path = tmp_path / "phone.wav"
    left = tone(8_000)
    stereo = np.stack((left, np.zeros_like(left)), axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes((stereo * 32_767).astype("<i2").tobytes())
    pcm = read_audio(path)
    assert len(pcm) == pytest.approx(16_000, abs=50)
    best = np.max(np.correlate(pcm[100:-100], tone(16_000)[200:-200], "valid"))
    assert best > 0.4 * float(np.dot(tone(16_000)[200:-200], tone(16_000)[200:-200]))


@pytest.mark.parametrize(("name", "codec", "rate"), [("a.flac", "flac", 44_100), ("a.mp3", "mp3", 22_050)])
def test_other_formats(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray((tone(rate)[None, :] * 32_767).astype(np.int16), "s16", "mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or 0)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    pcm = read_audio(path, 24_000)
    assert len(pcm) / 24_000 == pytest.approx(1.0, abs=0.1)
    assert dbfs(pcm) == pytest.approx(-9.0, abs=1.0)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"nowhere\.wav: there is no such file"):
        read_audio(tmp_path / "nowhere.wav")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioFileError, match="the file is empty"):
        read_audio(tmp_path / "empty.wav")


def test_a_wav_without_samples(tmp_path: Path) -> None:
    write_wav(tmp_path / "none.wav", np.zeros(0, np.float32), 16_000)
    with pytest.raises(AudioFileError, match="there is no sound in the file"):
        read_audio(tmp_path / "none.wav")


def test_something_that_is_not_audio(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(AudioFileError, match="not a recording") as caught:
        read_audio(tmp_path / "letter.wav")
    assert "WAV" in caught.value.remedy


def test_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(AudioFileError, match="there is no sound in the file, only video"):
        read_audio(path)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "damaged.flac"
    path.write_bytes(b"fLaC" + os.urandom(3000))
    with pytest.raises(AudioFileError, match="damaged"):
        read_audio(path)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no such file"):
        read_audio(tmp_path)


def test_a_wav_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="cannot be written"):
        write_wav(tmp_path / "no" / "folder.wav", tone(16_000), 16_000)


def utterance(noise: float = 0.0) -> Samples:
    """0.5 s of quiet, 1 s of voice, 0.7 s of quiet."""
    voice = np.concatenate((np.zeros(8_000), tone(16_000), np.zeros(11_200))).astype(np.float32)
    return voice + np.float32(noise) * np.random.default_rng(0).standard_normal(len(voice), dtype=np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.0001, 0.01, 0.05])
def test_the_voiced_span_is_found_in_noise(noise: float) -> None:
    span = voiced_span(utterance(noise), 16_000)
    assert span is not None
    assert span[0] == pytest.approx(8_000, abs=160)
    assert span[1] == pytest.approx(24_000, abs=160)


def test_a_click_is_no_voice() -> None:
    pcm = utterance(0.0005)
    pcm[30_000:30_300] = 0.9
    span = voiced_span(pcm, 16_000)
    assert span is not None
    assert span[1] == pytest.approx(24_000, abs=160)


@pytest.mark.parametrize("pcm", [np.zeros(16_000, np.float32), np.zeros(0, np.float32), np.full(9, 0.5, np.float32)])
def test_nothing_voiced(pcm: Samples) -> None:
    assert voiced_span(pcm, 16_000) is None


def test_levels() -> None:
    assert dbfs(np.ones(10, np.float32)) == 0.0
    assert dbfs(np.zeros(10, np.float32)) == dbfs(np.zeros(0, np.float32)) == -120.0
    assert window_levels(np.ones(330, np.float32), 16_000).tolist() == [0.0, 0.0]


def test_noise_is_scaled_to_the_voice_and_not_to_the_pauses() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.2, 16_000).astype(np.float32)
    assert dbfs(noise_at_snr(noise, utterance(), 16_000, 10.0)) == pytest.approx(dbfs(tone(16_000)) - 10.0, abs=0.3)


def speech_folder() -> Path | None:
    """Where recordings of people are, if there are any here."""
    folder = Path(os.environ.get("APPLIANCE_SPEECH_DIR", Path(__file__).parents[3] / "shared" / "speech"))
    return folder if folder.is_dir() else None


FOLDER = speech_folder()


if FOLDER is not None:

    @pytest.mark.parametrize("path", sorted(FOLDER.glob("speech/*.flac"))[::20])
    def test_people_are_found_in_their_recordings(path: Path) -> None:
        pcm = read_audio(path)
        span = voiced_span(pcm, 16_000)
        assert span is not None
        assert 0 <= span[0] < span[1] < len(pcm)
        assert dbfs(pcm[span[0] : span[1] + 1]) >= dbfs(pcm) - 0.1
