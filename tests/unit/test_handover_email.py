"""E-mail against a small mail server on this machine."""

from __future__ import annotations

import contextlib
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage

import pytest

from appliance.config.handover import EmailConfig, EmailTls
from appliance.handover.letter import letter, subject
from appliance.handover.message import DeliveryError, Handover, Urgency
from appliance.handover.smtp import EmailChannel, composed
from tests.unit.storage_fakes import handover


@dataclass
class MailServer:
    """What the server answers to a command, and what it got."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)


def _conversation(state: MailServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                self.converse()

        def converse(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                command = line.decode(errors="replace").strip()
                state.commands.append(command)
                self.answer(command)

        def answer(self, command: str) -> None:
            verb = command.split(" ", maxsplit=1)[0].upper()
            usual = {"EHLO": "250-hello\r\n250 AUTH PLAIN", "DATA": "354 go on", "AUTH": "235 welcome"}
            scripted = state.answers.get(command) or state.answers.get(verb)
            self.say(scripted or usual.get(verb, "250 ok"))
            if verb == "DATA" and not scripted:
                lines = []
                while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(line)
                state.mails.append(b"".join(lines))
                self.say(state.answers.get("BODY", "250 accepted"))

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Handler


@pytest.fixture
def server() -> Iterator[MailServer]:
    state = MailServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _conversation(state)) as tcp:
        state.port = tcp.server_address[1]
        thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        tcp.shutdown()
        thread.join()


LOGIN: dict[str, object] = {"username": "joe", "password_secret": "mail"}


def config(port: int = 25, **settings: object) -> EmailConfig:
    described: dict[str, object] = {
        "kind": "email",
        "name": "desk",
        "host": "127.0.0.1",
        "port": port,
        "tls": EmailTls.NONE,
        "sender": "joe@clinic.example",
        "recipients": ("desk@clinic.example", "night@clinic.example"),
        "timeout_s": 5,
    }
    return EmailConfig.model_validate(described | settings)


async def send(settings: EmailConfig, message: Handover | None = None) -> None:
    await EmailChannel(settings, {"mail": "s3cr3t"}.__getitem__).deliver(message or handover(), "key-1")


async def failure(settings: EmailConfig) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(settings)
    assert "s3cr3t" not in str(caught.value)
    return caught.value


def received(server: MailServer) -> EmailMessage:
    (raw,) = server.mails
    return email.message_from_bytes(raw, policy=email.policy.default)


async def test_the_message_arrives(server: MailServer) -> None:
    await send(config(server.port))
    mail = received(server)
    assert mail["From"] == "joe@clinic.example"
    assert mail["To"] == "desk@clinic.example, night@clinic.example"
    assert mail["Subject"] == "escalation – asked for a human"
    assert "Wants to cancel her appointment." in mail.get_content()
    assert 'Ada Byron (said: "my name is Ada Byron")' in mail.get_content()
    assert [command for command in server.commands if command.startswith("rcpt")] == [
        "rcpt TO:<desk@clinic.example>",
        "rcpt TO:<night@clinic.example>",
    ]


async def test_a_rude_goodbye_takes_nothing_back(server: MailServer) -> None:
    server.answers = {"QUIT": "421 not now"}
    await send(config(server.port))
    assert len(server.mails) == 1


def test_the_same_key_gives_the_same_message_id() -> None:
    first, again, other = (composed(handover(), key, config())["Message-ID"] for key in ("key-1", "key-1", "key-2"))
    assert first == again
    assert first != other
    assert first.endswith("@clinic.example>")


NASTY = "hello\r\nBcc: thief@evil.example\r\n\r\n.\r\nMAIL FROM:<x@y>\x00\u2028Subject: gone"


async def test_no_words_can_add_a_header_a_recipient_or_a_command(server: MailServer) -> None:
    message = handover(summary=NASTY, reason=NASTY)
    await send(config(server.port), replace(message, contact=NASTY, kind=NASTY[:30], tried=(NASTY,)))
    mail = received(server)
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject") or []) == 1
    assert "\n" not in mail["Subject"]
    assert not any("thief" in command or "x@y" in command for command in server.commands)
    assert "thief@evil.example" in mail.get_content()


def test_urgency_is_seen_first_and_the_subject_is_short() -> None:
    message = replace(handover(reason="word " * 100), urgency=Urgency.EMERGENCY)
    assert subject(message).startswith("EMERGENCY: escalation – word")
    assert len(subject(message)) <= 120


def test_the_letter_says_everything() -> None:
    text = letter(handover())
    for part in ("asked for a human", "902 555 0142", "Ada Byron", "asked for the date", "session s1, turns 1–4"):
        assert part in text


async def test_it_logs_in(server: MailServer) -> None:
    await send(config(server.port, **LOGIN))
    assert any(command.startswith("AUTH PLAIN") for command in server.commands)


async def test_without_the_password_nothing_is_sent(server: MailServer) -> None:
    error = await failure(config(server.port, **{**LOGIN, "password_secret": "lost"}))
    assert str(error) == "the secret lost is missing"
    assert server.commands == []


@pytest.mark.parametrize(
    ("command", "answer", "permanent"),
    [
        ("BODY", "554 spam", True),
        ("BODY", "552 too large", True),
        ("BODY", "451 try later", False),
        ("DATA", "451 try later", False),
        ("MAIL", "550 who are you", False),
        ("RCPT", "550 nobody here", False),
        ("RCPT", "450 greylisted", False),
        ("EHLO", "502 no", False),
        ("AUTH", "535 wrong password", False),
    ],
)
async def test_only_a_refused_message_is_permanent(
    server: MailServer, command: str, answer: str, permanent: bool
) -> None:
    server.answers = {command: answer} | ({"HELO": answer} if command == "EHLO" else {})
    error = await failure(config(server.port, **LOGIN))
    assert error.permanent is permanent
    assert answer.split(" ", 1)[1] not in str(error)


async def test_accepted_by_one_recipient_is_delivered(server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = {"rcpt TO:<desk@clinic.example>": "550 nobody here"}
    await send(config(server.port))
    assert len(server.mails) == 1
    assert "refused 1 of the recipients" in caplog.text


@pytest.mark.parametrize("tls", [EmailTls.STARTTLS, EmailTls.IMPLICIT])
async def test_a_server_without_tls_gets_nothing(server: MailServer, tls: EmailTls) -> None:
    server.answers = {"STARTTLS": "502 no"}
    error = await failure(config(server.port, tls=tls, **LOGIN))
    assert not error.permanent
    assert server.mails == []
    assert not any(command.startswith("AUTH") for command in server.commands)


async def test_nobody_listens() -> None:
    error = await failure(config(1))
    assert "cannot be reached" in str(error)
    assert not error.permanent
