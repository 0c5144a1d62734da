"""Why a tool did not do what it was asked."""

from __future__ import annotations

from enum import StrEnum

from appliance.errors import ApplianceError


class Fault(StrEnum):
    """The code of a failure: what a log and a script know it by."""

    INVALID_ARGUMENT = "invalid-argument"
    """An argument is not what its parameter allows."""
    UNKNOWN_TOOL = "unknown-tool"
    """No tool has this name, or it is one that the appliance runs itself."""
    MISCONFIGURED = "misconfigured"
    """The declaration cannot work; `appliance tools check` says why."""
    MISSING_SECRET = "missing-secret"  # noqa: S105 - a code
    """A secret is not where it belongs."""
    SUSPENDED = "suspended"
    """It failed too often in a row and is left alone for a while."""
    UNREACHABLE = "unreachable"
    """The other side could not be reached; nothing was sent."""
    TIMEOUT = "timeout"
    """No answer came in time."""
    UNAUTHORISED = "unauthorised"
    """The other side does not accept the credentials."""
    NOT_FOUND = "not-found"
    """What was to be changed is not there."""
    CONFLICT = "conflict"
    """It contradicts what is there already, such as a slot that is taken."""
    REFUSED = "refused"
    """The other side understood and says no."""
    BUSY = "busy"
    """The other side asks to come back later."""
    FAILED = "failed"
    """It broke while it worked."""
    BAD_ANSWER = "bad-answer"
    """The answer is not what was declared: no JSON, too large, a redirect."""
    INTERNAL = "internal"
    """A mistake in the appliance itself."""


ANSWERED = frozenset({Fault.NOT_FOUND, Fault.CONFLICT, Fault.REFUSED})
"""Failures that are about this call: the other side works."""
NOT_TRIED = frozenset({Fault.INVALID_ARGUMENT, Fault.MISCONFIGURED, Fault.MISSING_SECRET})
"""Failures before the other side was asked: they say nothing about it."""


class ToolError(ApplianceError):
    """A tool failed.

    `fault` says why, `detail` says it in words without arguments or secrets, `retryable` whether the same call may
    succeed in a moment, `happened` whether something was changed (None: nobody knows).
    """

    code = "tool"
    exit_status = 9

    def __init__(
        self, fault: Fault, detail: str, *, retryable: bool = False, happened: bool | None = False, remedy: str = ""
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.fault = fault
        self.detail = detail
        self.retryable = retryable
        self.happened = happened
