"""Errors with a stable code, an exit status and a remedy in words.

Every error that a person or a script may see is an `ApplianceError`: what happened, where, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class ApplianceError(Exception):
    """An error the appliance explains: `str(error)` says what, `remedy` says what to do."""

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(ApplianceError):
    """A command was given something it cannot work with."""

    code = "usage"
    exit_status = 2


class ConfigError(ApplianceError):
    """The configuration is wrong; the message lists every problem with its place."""

    code = "config"
    exit_status = 3


class ModelError(ApplianceError):
    """A model file is missing, damaged, or could not be fetched."""

    code = "model"
    exit_status = 4


class AudioDeviceError(ApplianceError):
    """A microphone or loudspeaker is missing or refuses to work."""

    code = "audio-device"
    exit_status = 5


class AudioFileError(ApplianceError):
    """A recording is empty, damaged, or not audio."""

    code = "audio-file"
    exit_status = 6


class EngineError(ApplianceError):
    """A speech or language engine failed while it worked."""

    code = "engine"
    exit_status = 7
