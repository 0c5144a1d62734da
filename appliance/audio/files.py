"""Recordings on disk: anything FFmpeg reads in, 16-bit WAV out."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler

from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.errors import AudioFileError

_FULL_SCALE = 32_767.0
_REMEDY = "Give a recording such as a WAV, FLAC, MP3, Ogg or M4A file."


def read_audio(path: Path | str, rate: int = LISTENING_RATE) -> Samples:
    """Read a recording of any rate, format and number of channels as mono at `rate` Hz, shape (n,).

    Raises AudioFileError when the file is missing, empty, damaged, not audio, or too short to hold a sample.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioFileError(f"{path}: there is no such file", remedy="Check the name and the folder.")
    if path.stat().st_size == 0:
        raise AudioFileError(f"{path}: the file is empty", remedy=_REMEDY)
    try:
        pcm = _decode(path, rate)
    except av.FFmpegError as error:
        raise AudioFileError(f"{path}: not a recording that can be read ({error.strerror})", remedy=_REMEDY) from error
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be read ({error.strerror})", remedy="Check the permissions.") from error
    if not len(pcm):
        raise AudioFileError(f"{path}: there is no sound in the file", remedy="Record it again.")
    return pcm


def write_wav(path: Path | str, pcm: Samples, rate: int) -> None:
    """Write mono PCM, shape (n,), as a 16-bit WAV. What exceeds full scale is clipped.

    Raises AudioFileError when the file cannot be written.
    """
    data = np.clip(np.round(pcm * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE).astype("<i2")
    try:
        with Path(path).open("wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate)
            wav.writeframes(data.tobytes())
    except OSError as error:
        raise AudioFileError(
            f"{path}: cannot be written ({error.strerror})", remedy="Choose another folder."
        ) from error


def _decode(path: Path, rate: int) -> Samples:
    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise AudioFileError(f"{path}: there is no sound in the file, only {_kinds(container)}", remedy=_REMEDY)
        resampler = AudioResampler(format="flt", layout="mono", rate=rate)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([np.zeros(0), *(frame.to_ndarray().reshape(-1) for frame in frames)]).astype(np.float32)


def _kinds(container: av.container.InputContainer) -> str:
    return ", ".join(sorted({stream.type for stream in container.streams})) or "no streams"
