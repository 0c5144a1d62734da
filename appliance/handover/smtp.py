"""Handover by e-mail."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import smtplib
import socket
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from appliance.config.handover import EmailConfig, EmailTls
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy
from appliance.egress.transport import connected
from appliance.handover.letter import letter, subject
from appliance.handover.message import DeliveryError, Handover
from appliance.handover.secrets import Secret, reveal

log = logging.getLogger(__name__)

_PERMANENT = 500
"""Replies from here on say that another attempt would fail as well (RFC 5321, section 4.2.1)."""


class EmailChannel:
    """Sends each message with a Message-ID made of its key, by which mail programs tell repetitions."""

    def __init__(self, config: EmailConfig, secret: Secret, policy: Policy = LOOPBACK_ONLY) -> None:
        self._policy = policy
        self._config = config
        self._secret = secret

    async def deliver(self, message: Handover, key: str) -> None:
        """Send the message; see `Channel`. Accepted by one recipient is delivered."""
        config = self._config
        password = reveal(config.password_secret, self._secret) if config.password_secret else ""
        mail = composed(message, key, config)
        try:
            refused = await asyncio.to_thread(_send, mail, config, password, self._policy)
        except smtplib.SMTPDataError as error:
            raise DeliveryError(
                f"the mail server refused the message ({error.smtp_code})", permanent=error.smtp_code >= _PERMANENT
            ) from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"the mail server answered {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise DeliveryError(f"the mail server refused all recipients {codes}") from error
        except smtplib.SMTPException as error:
            raise DeliveryError(f"the mail server does not do what is configured ({type(error).__name__})") from error
        except EgressRefusedError as error:  # it waits in the outbox until the configuration is changed
            raise DeliveryError(str(error)) from error
        except OSError as error:
            raise DeliveryError(f"the mail server cannot be reached: {error}") from error
        if refused:
            log.warning("%s: the mail server refused %d of the recipients", config.name, refused)


def composed(message: Handover, key: str, config: EmailConfig) -> EmailMessage:
    """Return the e-mail; whatever the message contains, it cannot add a header or a recipient."""
    mail = EmailMessage()
    mail["From"] = config.sender
    mail["To"] = ", ".join(config.recipients)
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(datetime.fromisoformat(message.created_at))
    mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{config.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    mail.set_content(letter(message))
    return mail


def _send(mail: EmailMessage, config: EmailConfig, password: str, policy: Policy) -> int:
    """Send an e-mail on a thread; return how many of several recipients were refused."""
    server = _connected(config, policy)
    try:
        if config.username:
            server.login(config.username, password)
        return len(server.send_message(mail, config.sender, list(config.recipients)))
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):  # a rude goodbye takes nothing back
            server.quit()
        server.close()


class _CheckedSmtp(smtplib.SMTP):
    """Connects only to addresses that the policy allows; TLS from the first byte with a `tls` context."""

    def __init__(self, config: EmailConfig, policy: Policy, tls: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._tls = tls
        own_name = socket.gethostname()  # else the resolver is asked, which may take long without a network
        super().__init__(config.host, config.port, own_name, timeout=config.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Override the place at which smtplib.SMTP_SSL, too, makes another socket."""
        plain = connected(host, port, timeout, self._policy)
        return plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=host)


def _connected(config: EmailConfig, policy: Policy) -> smtplib.SMTP:
    if config.tls is EmailTls.IMPLICIT:
        return _CheckedSmtp(config, policy, ssl.create_default_context())
    server = _CheckedSmtp(config, policy)
    if config.tls is EmailTls.STARTTLS:
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server
