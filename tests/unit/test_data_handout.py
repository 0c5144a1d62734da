"""The page that a person gets: every phrase of it is used, in both languages, and what was said is only text."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from appliance.ops.compliance.handout import Cover, page
from appliance.ops.compliance.language import Language, Words, phrases

COVER = Cover(
    site="A <b> & Co",
    controller="A Ltd",
    contact="a@example.org",
    made_at="2026-03-02T10:05:00+00:00",
    timezone="America/Sao_Paulo",
)
AT = "2026-03-02T10:00:00+00:00"
HOSTILE = "<script>alert(1)</script>"


def session(**fields: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        name: []
        for name in ("consents", "turns", "tool_calls", "recordings", "metrics", "messages", "changes", "audit")
    }
    return {"session_id": "s1", "started_at": AT, "ended_at": None, "unfinished": None, **nothing, **fields}


def full() -> list[dict[str, Any]]:
    """Return sessions with everything that can be in one, hostile words wherever words can be."""
    call = {"at": AT, "tool": "book", "arguments": {"name": HOSTILE}, "evidence": {"name": HOSTILE}}
    change = {"tool": "book", "begun_at": AT, "finished_at": None, "result": {"name": HOSTILE}}
    message = {"kind": "intake", "channel": "desk", "created_at": AT, "changed_at": AT, "error": ""}
    consent = {"at": AT, "wording": HOSTILE, "heard": HOSTILE, "policy_version": HOSTILE}
    entry = {"seq": 1, "at": AT, "kind": "turn", "body": {"a": HOSTILE}, "hash": "00"}
    return [
        session(
            consents=[consent | {"decision": each} for each in ("notified", "given", "refused", "withdrawn")],
            turns=[{"at": AT, "user_text": HOSTILE, "heard_text": HOSTILE, "interrupted": True}],
            tool_calls=[call | {"outcome": each} for each in ("succeeded", "empty", "failed timeout", "refused role")],
            recordings=[
                {"at": AT, "seconds": 3.2, "file": "recordings/a.flac"},
                {"at": AT, "seconds": 3.2, "file": None},
            ],
            metrics=[{"at": AT, "record": {"stt": 120}}],
            messages=[
                message | {"state": each, "content": None if each == "delivered" else {"summary": HOSTILE}}
                for each in ("waiting", "sending", "delivered", "failed", "dropped")
            ],
            changes=[change | {"outcome": None}],
            unfinished={"turns": [HOSTILE]},
            audit=[entry | {"details": {"user": {"value": HOSTILE, "salt": "00"}}}],
        ),
        session(started_at=None),
    ]


@pytest.mark.parametrize("language", list(Language))
def test_every_phrase_of_the_page_is_used(language: Language) -> None:
    text = page(COVER, full(), Words(language))
    of_it = {
        key: words
        for key, words in phrases(language).items()
        if key.startswith(("handout.", "column.", "decision.", "outcome.", "state."))
    }
    parts = {key: [literal for literal, _, _, _ in Formatter().parse(words)] for key, words in of_it.items()}
    assert {key for key, literals in parts.items() if not all(literal in text for literal in literals)} == set()


def test_a_page_in_portuguese_has_no_english_in_it() -> None:
    text = page(COVER, full(), Words(Language.PORTUGUESE))
    assert '<html lang="pt-BR">' in text
    assert "02/03/2026 07:00" in text
    left = [
        each for key, each in phrases(Language.ENGLISH).items() if "." in key and len(each) > 6 and f">{each}<" in text
    ]
    assert left == []


@pytest.mark.parametrize("language", list(Language))
def test_what_was_said_is_only_text(language: Language) -> None:
    text = page(COVER, full(), Words(language))
    assert text.count("&lt;script&gt;") >= 20
    assert "<script" not in text
    assert "A &lt;b&gt; &amp; Co" in text
    assert text.count("<table>") == text.count("</table>") == 7
