"""The settings of handover and storage: what is allowed, and what is said when something is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from appliance.config.handover import CommandConfig, EmailConfig, HandoverConfig, WebhookConfig
from appliance.config.storage import StorageConfig
from appliance.handover.channels import build_channels
from appliance.handover.command import CommandChannel
from appliance.handover.smtp import EmailChannel
from appliance.handover.webhook import WebhookChannel

WEBHOOK: dict[str, Any] = {"kind": "webhook", "name": "desk", "url": "https://crm.example/handover"}
EMAIL: dict[str, Any] = {
    "kind": "email",
    "name": "mail",
    "host": "mail.example",
    "sender": "joe@clinic.example",
    "recipients": ["desk@clinic.example"],
}
COMMAND: dict[str, Any] = {"kind": "command", "name": "lamp", "argv": ["/usr/local/bin/lamp", "on"]}


def problem(*channels: dict[str, Any], **settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        HandoverConfig.model_validate({"channels": list(channels)} | settings)
    return str(caught.value)


def test_each_kind_becomes_its_channel() -> None:
    config = HandoverConfig.model_validate({"channels": [WEBHOOK, EMAIL, COMMAND]})
    channels = build_channels(config, str)
    assert {name: type(channel) for name, channel in channels.items()} == {
        "desk": WebhookChannel,
        "mail": EmailChannel,
        "lamp": CommandChannel,
    }


def test_the_channel_is_the_named_else_the_default_else_the_first() -> None:
    config = HandoverConfig.model_validate({"channels": [WEBHOOK, EMAIL], "default_channel": "mail"})
    assert config.chosen("desk") == "desk"
    assert config.chosen("gone") == "mail"
    assert config.chosen() == "mail"
    assert HandoverConfig.model_validate({"channels": [WEBHOOK, EMAIL]}).chosen() == "desk"
    assert HandoverConfig().chosen("desk") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "http://crm.example/handover"}, "insecure: true"),
        ({"url": "http://127.0.0.1.evil.example/"}, "insecure: true"),
        ({"url": "ftp://crm.example"}, "begins with https://"),
        ({"url": "crm.example/handover"}, "begins with https://"),
        ({"url": "https:///handover"}, "begins with https://"),
        ({"url": "https://crm.example:99999/"}, "begins with https://"),
        ({"url": "https://crm.example/a b"}, "begins with https://"),
        ({"url": "https://joe:hunter2@crm.example/"}, "as a secret"),
        ({"headers": {"X-A": "one\r\nX-B: two"}}, "cannot be sent as a header"),
        ({"headers": {"X A": "one"}}, "cannot be sent as a header"),
        ({"name": "Front Desk"}, "is no name"),
        ({"timeout_s": 0}, "greater than 0"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_webhook_that_cannot_work_or_is_not_safe_is_refused(change: dict[str, Any], said: str) -> None:
    message = problem(WEBHOOK | change)
    assert said in message


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://127.0.0.1:8000/"},
        {"url": "http://[::1]:8000/"},
        {"url": "http://localhost/"},
        {"url": "http://crm.example/", "insecure": True},
    ],
)
def test_plain_http_stays_on_this_machine_unless_it_is_insisted_on(change: dict[str, Any]) -> None:
    assert HandoverConfig.model_validate({"channels": [WEBHOOK | change]}).chosen() == "desk"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tls": "none"}, "without TLS only a mail server on this machine"),
        ({"username": "joe"}, "go together"),
        ({"password_secret": "mail"}, "go together"),
        ({"sender": "joe"}, "no e-mail address"),
        ({"recipients": ["desk@clinic.example\r\nBcc: thief@evil.example"]}, "no e-mail address"),
        ({"recipients": ["desk@clinic.example, thief@evil.example"]}, "no e-mail address"),
        ({"recipients": []}, "at least 1"),
        ({"password_secret": "../etc/passwd", "username": "joe"}, "is no name"),
    ],
)
def test_an_email_channel_that_is_not_safe_is_refused(change: dict[str, Any], said: str) -> None:
    assert said in problem(EMAIL | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"argv": []}, "at least 1"),
        ({"argv": [""]}, "begins with a program"),
        ({"argv": "rm -rf /"}, "tuple"),
        ({"environment": {"A=B": "c"}}, "no name of an environment variable"),
    ],
)
def test_a_command_is_a_list_of_arguments(change: dict[str, Any], said: str) -> None:
    assert said in problem(COMMAND | change)


def test_names_differ_and_the_default_exists() -> None:
    assert "2 channels are called desk" in problem(WEBHOOK, EMAIL | {"name": "desk"})
    assert "there is no channel ward; there are desk, mail" in problem(WEBHOOK, EMAIL, default_channel="ward")
    assert "there are none" in problem(default_channel="ward")
    assert "kind" in problem({"kind": "pigeon", "name": "desk"})


def test_the_example_of_the_page_is_valid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "handover.md").read_text(encoding="utf-8")
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    config = HandoverConfig.model_validate(example["handover"])
    assert [channel.kind for channel in config.channels] == ["webhook", "email", "command"]
    assert config.chosen() == "crm"


def test_storage_has_a_place_and_a_file() -> None:
    assert StorageConfig().database == Path("state/appliance.db")
    with pytest.raises(ValidationError, match="write the whole path"):
        StorageConfig(directory=Path("~/state"))


def descriptions(section: type[BaseModel]) -> Iterator[tuple[str, str | None]]:
    for name, setting in section.model_fields.items():
        yield f"{section.__name__}.{name}", setting.description


@pytest.mark.parametrize("section", [StorageConfig, HandoverConfig, WebhookConfig, EmailConfig, CommandConfig])
def test_every_setting_is_described(section: type[BaseModel]) -> None:
    assert [name for name, description in descriptions(section) if not description] == []
