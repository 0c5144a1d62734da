"""Mistakes in settings that have a `kind` are shown as well as all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config.load import load
from appliance.config.problems import InvalidConfigError


@pytest.mark.parametrize(
    ("channel", "key", "said"),
    [
        ("{kind: pigeon, name: desk}", "handover.channels[1].kind", "expected command, email or webhook, got 'pigeon'"),
        ("{kind: mail, name: desk}", "handover.channels[1].kind", "got 'mail'; did you mean email?"),
        ("{name: desk, url: 'https://a.b'}", "handover.channels[1]", "no `kind:` line; add it (command, email or"),
        ("desk", "handover.channels[1]", "got 'desk'"),
        ("{kind: webhook, name: desk}", "handover.channels[1]", "handover.channels[1] has no `url:` line"),
        ("{kind: webhook, name: desk, url: 'http://a.b'}", "handover.channels[1].url", "insecure: true"),
        (
            "{kind: webhook, name: desk, url: 'https://a.b', timeout: 1}",
            "handover.channels[1].timeout",
            "there is no setting handover.channels[1].timeout; did you mean handover.channels[1].timeout_s?",
        ),
        (
            "{kind: webhook, name: desk, url: 'https://a.b', timeout_s: soon}",
            "handover.channels[1].timeout_s",
            "handover.channels[1].timeout_s: expected a number above 0 and up to 300, got 'soon'",
        ),
        ("{kind: webhook, name: My Desk, url: 'https://a.b'}", "handover.channels[1].name", "'My Desk' is no name"),
    ],
)
def test_a_mistake_in_a_channel_is_shown_in_its_place(tmp_path: Path, channel: str, key: str, said: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"handover:\n  channels:\n    - {channel}\nnetwork:\n  allow: [a.b]\n")
    with pytest.raises(InvalidConfigError) as caught:
        load(file, {})
    (problem,) = [problem.as_dict() for problem in caught.value.problems]
    assert (problem["line"], problem["key"]) == (3, key)
    assert said in str(problem["message"])
