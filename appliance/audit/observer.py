"""Writes what happens in conversations into the audit trail: names in clear, what people say as salted hashes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from appliance.audit.trail import AuditTrail
from appliance.events import (
    AnyEvent,
    BargeIn,
    ConsentDecided,
    DeviceFound,
    DeviceLost,
    EngineFailed,
    HandedOver,
    SessionEnded,
    ToolConfirmed,
    ToolFinished,
    ToolProposed,
    ToolRefused,
    ToolStarted,
    TurnCommitted,
)

WITHDRAWN = "withdrawn"

Body = dict[str, Any]
Details = dict[str, str]


class AuditObserver:
    """Observes the bus.

    Of a session that `may_keep` refuses only hashes are written, whose salts are thrown away. A consent that is
    withdrawn erases what was kept of the session.
    """

    def __init__(
        self, trail: AuditTrail, may_keep: Callable[[str], bool] = lambda _: True, *, barge_ins: bool = False
    ) -> None:
        self._trail = trail
        self._may_keep = may_keep
        self._barge_ins = barge_ins
        self._session = ""

    def started(self, version: str, models: Mapping[str, str], config_sha256: str) -> None:
        """The appliance starts, with these models (a SHA-256 by name) and this configuration."""
        self._trail.record(
            "appliance.started", "", {"config_sha256": config_sha256, "models": dict(models), "version": version}
        )

    def stopped(self) -> None:
        """The appliance ends in an orderly way."""
        self._trail.record("appliance.stopped", "", {})

    def admin(self, kind: str, who: str, body: Mapping[str, Any]) -> None:
        """An administrator has done something, such as `config`, `purge`, `hold`; `who` is a name of the system."""
        self._trail.record(f"admin.{kind}", "", {**body, "who": who})

    def __call__(self, event: AnyEvent) -> None:
        """Record an event, if it is one that counts."""
        described = self._described(event)
        if described is None:
            return
        if event.session_id != self._session and not isinstance(event, DeviceLost | DeviceFound):
            self._session = event.session_id
            self._trail.record("session.started", event.session_id, {})
        kind, body, details = described
        self._trail.record(
            kind, event.session_id, {**body, "turn": event.turn_id}, details, keep=self._may_keep(event.session_id)
        )
        if isinstance(event, ConsentDecided) and event.decision == WITHDRAWN:
            self._trail.forget(event.session_id, "consent withdrawn")

    def _described(self, event: AnyEvent) -> tuple[str, Body, Details] | None:
        return _of_tools(event) or _of_the_person(event) or self._of_the_machine(event)

    def _of_the_machine(self, event: AnyEvent) -> tuple[str, Body, Details] | None:
        match event:
            case BargeIn() if self._barge_ins:
                return "barge-in", {}, {}
            case EngineFailed():
                return "engine.failed", {"code": event.code, "engine": event.engine}, {"detail": event.detail}
            case DeviceLost():
                return "device.lost", {"detail": event.detail, "direction": event.direction}, {}
            case DeviceFound():
                return "device.found", {"direction": event.direction}, {}
        return None


def _of_the_person(event: AnyEvent) -> tuple[str, Body, Details] | None:
    match event:
        case ConsentDecided():
            body = {
                "decision": event.decision,
                "how": event.how,
                "mode": event.mode,
                "policy_version": event.policy_version,
                "wording": event.wording,
            }
            return "consent", body, {"heard": event.heard}
        case TurnCommitted():
            return "turn", {"interrupted": event.interrupted}, {"heard": event.heard_text, "user": event.user_text}
        case HandedOver():
            return "handover", {"delivered": event.delivered, "handover": event.kind}, {"reason": event.reason}
        case SessionEnded():
            return "session.ended", {"reason": event.reason}, {}
    return None


def _of_tools(event: AnyEvent) -> tuple[str, Body, Details] | None:
    match event:
        case ToolProposed():
            return "tool.proposed", _call(event), _said(event)
        case ToolConfirmed():
            return "tool.confirmed", {"tool": event.tool}, {"words": event.words}
        case ToolRefused():
            return "tool.refused", {"reason": event.reason, "tool": event.tool}, {}
        case ToolStarted():
            return "tool.called", {**_call(event), "writes": event.writes}, _said(event)
        case ToolFinished():
            body = {
                "duration_ms": round(event.duration_s * 1000),
                "empty": event.empty,
                "error_code": event.error_code,
                "ok": event.ok,
                "tool": event.tool,
            }
            return "tool.finished", body, {"result": _text(event.result)} if event.result else {}
    return None


def _call(event: ToolProposed | ToolStarted) -> Body:
    return {"arguments": sorted(event.arguments), "tool": event.tool}


def _said(event: ToolProposed | ToolStarted) -> Details:
    """Return the values of the arguments and the words they were found in, as details."""
    values = {f"argument.{name}": _text(value) for name, value in event.arguments.items()}
    return values | {f"evidence.{name}": words for name, words in event.evidence.items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
