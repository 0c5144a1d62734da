"""When and how the assistant hands over to people, as configured."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from appliance.config.rules import broken_rule
from appliance.config.section import Section

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _mail_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise broken_rule(f"{address!r} is no e-mail address such as desk@example.org")
    return address


def _plain_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise broken_rule(f"{name!r} is no name; it has lower-case letters, digits and underscores, such as front_desk")
    return name


ChannelName = Annotated[str, AfterValidator(_plain_name)]
SecretName = Annotated[str, AfterValidator(lambda name: name and _plain_name(name))]
"""Empty for none."""
MailAddress = Annotated[str, AfterValidator(_mail_address)]


class WebhookConfig(Section):
    """Handover by an HTTP POST of JSON."""

    kind: Literal["webhook"]
    """`webhook`."""
    name: ChannelName
    """What the channel is called here."""
    url: str
    """Address, https://… or http:// on this machine."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers; `{{ secrets.name }}` stands for a secret from a systemd credential or the environment."""
    insecure: bool = False
    """Allow http:// to another machine, where everybody on the network can read it."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds an attempt may take."""

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in {"http", "https"} or not self.url.isprintable() or " " in self.url:
            raise broken_rule(
                f"channel {self.name}: expected an address that begins with https://, got {self.url!r}", "url"
            )
        if parts.username is not None:
            raise broken_rule(
                f"channel {self.name}: put the password into `headers`, as a secret, not into the url", "url"
            )
        if parts.scheme == "http" and not (self.insecure or _is_loopback(host)):
            raise broken_rule(
                f"channel {self.name}: http:// to {host} can be read by everybody on the network; use https://, or "
                "write `insecure: true`",
                "url",
            )
        for header, value in self.headers.items():
            if not _HEADER.fullmatch(header) or not value.isprintable() or not value.isascii():
                raise broken_rule(f"channel {self.name}: {header!r} cannot be sent as a header", "headers")
        return self


class EmailTls(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class EmailConfig(Section):
    """Handover by e-mail."""

    kind: Literal["email"]
    """`email`."""
    name: ChannelName
    """What the channel is called here."""
    host: str = Field(min_length=1)
    """The mail server."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    """Its port: usually 587 for `starttls`, 465 for `implicit`, 25 on this machine."""
    tls: EmailTls = EmailTls.STARTTLS
    """`starttls`, `implicit`, or `none`, which is for a mail server on this machine only."""
    username: str = ""
    """Who logs in; empty for nobody."""
    password_secret: SecretName = ""
    """Name of the secret that is the password."""
    sender: MailAddress
    """The address that it comes from."""
    recipients: tuple[MailAddress, ...] = Field(min_length=1)
    """The addresses that it goes to."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0
    """Seconds the server may take for each step."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls is EmailTls.NONE and not _is_loopback(self.host):
            raise broken_rule(f"channel {self.name}: without TLS only a mail server on this machine is allowed", "tls")
        if bool(self.username) != bool(self.password_secret):
            raise broken_rule(f"channel {self.name}: `username` and `password_secret` go together", "username")
        return self


class CommandConfig(Section):
    """Handover by a program that reads JSON."""

    kind: Literal["command"]
    """`command`."""
    name: ChannelName
    """What the channel is called here."""
    argv: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments, one an item; no shell."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Environment variables for it; `{{ secrets.name }}` stands for a secret."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds after which it is killed, with what it has started."""

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        if not self.argv[0] or any("\0" in text for text in (*self.argv, *self.environment.values())):
            raise broken_rule(f"channel {self.name}: `argv` begins with a program", "argv")
        for variable in self.environment:
            if not _VARIABLE.fullmatch(variable):
                raise broken_rule(
                    f"channel {self.name}: {variable!r} is no name of an environment variable", "environment"
                )
        return self


ChannelConfig = Annotated[WebhookConfig | EmailConfig | CommandConfig, Field(discriminator="kind")]


class HandoverConfig(Section):
    """When and how people take over."""

    channels: tuple[ChannelConfig, ...] = ()
    """Ways to people, each with a `kind`: webhook, email or command. See docs/handover.md."""
    default_channel: str | None = Field(default=None, validate_default=True)
    """The channel that is used when nothing else is said; null for the first."""
    emergency_words: tuple[str, ...] = (
        "emergency",
        "heart attack",
        "stroke",
        "can't breathe",
        "cannot breathe",
        "not breathing",
        "chest pain",
        "unconscious",
        "bleeding",
        "overdose",
        "suicide",
        "kill myself",
        "fire",
        "call an ambulance",
        "call the police",
        "call 911",
        "call 112",
        "call 999",
    )
    """Words that mean an emergency: people are told at once, whatever else was going on."""
    ask_words: tuple[str, ...] = (
        "a human",
        "a human being",
        "a real human",
        "a person",
        "a real person",
        "an actual person",
        "a live person",
        "another person",
        "somebody else",
        "someone else",
        "somebody real",
        "someone real",
        "somebody who",
        "someone who",
        "a colleague",
        "your colleague",
        "your colleagues",
        "an employee",
        "the receptionist",
        "a receptionist",
        "a member of staff",
        "a staff member",
        "the manager",
        "a manager",
        "your manager",
        "a supervisor",
        "your supervisor",
        "the supervisor",
        "your boss",
        "whoever is in charge",
        "the person in charge",
        "an operator",
        "the operator",
        "speak to somebody",
        "speak to someone",
        "speak with somebody",
        "speak with someone",
        "talk to somebody",
        "talk to someone",
        "talk with somebody",
        "talk with someone",
    )
    """Words by which a person asks for a human."""
    emergency_phrase: str = "This sounds like an emergency. Please tell the nearest member of staff now, or call 911."
    """Said at once in an emergency. Put in the number of your country and the place where help is."""
    handed_over_phrase: str = "I have passed this on to my colleagues. They will take care of it."
    """Said when it has reached them: what happens next."""
    handover_waits_phrase: str = (
        "I can't reach my colleagues at the moment. I have written it down and they will get it as soon as possible."
    )
    """Said when the channel is down: it is kept and will be delivered."""
    no_channel_phrase: str = "I can't pass this on from here. Please ask one of my colleagues."
    """Said when there is no channel."""

    @field_validator("channels")
    @classmethod
    def _names_differ(cls, channels: tuple[ChannelConfig, ...]) -> tuple[ChannelConfig, ...]:
        for name, count in Counter(channel.name for channel in channels).items():
            if count > 1:
                raise broken_rule(f"handover.channels: {count} channels are called {name}", "channels")
        return channels

    @field_validator("default_channel")
    @classmethod
    def _default_exists(cls, default_channel: str | None, info: ValidationInfo) -> str | None:
        channels = info.data.get("channels")
        names = [channel.name for channel in channels or ()]
        if channels is None or default_channel is None or default_channel in names:
            return default_channel
        known = f"there are {', '.join(names)}" if names else "there are none"
        raise broken_rule(
            f"handover.default_channel: there is no channel {default_channel}; {known}", "default_channel"
        )

    def chosen(self, name: str = "") -> str | None:
        """Return the channel of this name, else the default, else the first; None when there is none at all."""
        names = [channel.name for channel in self.channels]
        if name in names:
            return name
        return self.default_channel or next(iter(names), None)
