"""What a check has found, in words for whoever looks after the appliance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from appliance.errors import ApplianceError

AS_ROOT = "Run this as the user of the service, or as root: sudo appliance doctor."


class State(StrEnum):
    """How bad it is, the better states first."""

    OK = "ok"
    WARN = "warn"
    """It works, and somebody should look after it."""
    FAIL = "fail"
    """It does not work, or not safely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found. `what` is a sentence; `remedy` says what to do, empty when there is nothing."""

    check: str
    state: State
    what: str
    remedy: str = ""

    @classmethod
    def ok(cls, check: str, what: str) -> Self:
        """Return that something is as it should be."""
        return cls(check=check, state=State.OK, what=what)

    @classmethod
    def warn(cls, check: str, what: str, remedy: str) -> Self:
        """Return that something should be looked after."""
        return cls(check=check, state=State.WARN, what=what, remedy=remedy)

    @classmethod
    def fail(cls, check: str, what: str, remedy: str) -> Self:
        """Return that something does not work."""
        return cls(check=check, state=State.FAIL, what=what, remedy=remedy)

    @classmethod
    def of_error(cls, check: str, error: Exception) -> Self:
        """Return an error as a failure with the remedy that it brings along."""
        what = str(error).strip() or type(error).__name__
        if isinstance(error, ApplianceError):
            return cls.fail(check, f"{what[:1].upper()}{what[1:]}", error.remedy)
        if isinstance(error, PermissionError):
            return cls.fail(check, f"{error.filename} may not be used by this user.", AS_ROOT)
        return cls.fail(check, f"{type(error).__name__}: {what}", "")
