"""Handover by HTTP: one POST of JSON to an address."""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus

import httpx

from appliance.config.handover import WebhookConfig
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy
from appliance.egress.transport import CheckedTransport
from appliance.handover.message import DeliveryError, Handover
from appliance.handover.secrets import Secret, revealed

KEY_HEADER = "Idempotency-Key"
"""https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"""

_ABOUT_THE_CHANNEL = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,  # the same key is being worked on
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Refusals (4xx) that another message would have met too, or that pass; every other one is about the message."""


class WebhookChannel:
    """Posts each message with its key in the header `Idempotency-Key`. Redirects are not followed."""

    def __init__(self, config: WebhookConfig, secret: Secret, policy: Policy = LOOPBACK_ONLY) -> None:
        self._policy = policy
        self._config = config
        self._secret = secret
        self._tls: ssl.SSLContext | None = None

    async def deliver(self, message: Handover, key: str) -> None:
        """Post the message; see `Channel`. Only the status of the answer is read."""
        headers = revealed(self._config.headers, self._secret) | {KEY_HEADER: key}
        if self._tls is None:
            self._tls = await asyncio.to_thread(_tls, self._config.url)
        try:
            async with (
                asyncio.timeout(self._config.timeout_s),
                httpx.AsyncClient(
                    transport=CheckedTransport(self._policy, self._tls),
                    trust_env=False,
                    follow_redirects=False,
                    timeout=None,  # noqa: S113 - the line above
                ) as client,
                client.stream("POST", self._config.url, json=message.as_dict(), headers=headers) as response,
            ):
                status, retry_after = response.status_code, response.headers.get("Retry-After", "")
        except EgressRefusedError as error:  # it waits in the outbox until the configuration is changed
            raise DeliveryError(str(error)) from error
        except TimeoutError as error:
            raise DeliveryError(f"no answer within {self._config.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise DeliveryError(f"cannot be reached: {error}") from error
        except httpx.HTTPError as error:  # its text may quote a header
            raise DeliveryError(f"the connection failed ({type(error).__name__})") from error
        _judge(status, retry_after)


def _tls(url: str) -> ssl.SSLContext:
    """Trust whom this machine trusts; without TLS the certificates need not be read, and nobody is trusted."""
    return ssl.create_default_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _judge(status: int, retry_after: str) -> None:
    if httpx.codes.is_success(status):
        return
    raise DeliveryError(
        f"the receiver answered {status}",
        permanent=httpx.codes.is_client_error(status) and status not in _ABOUT_THE_CHANNEL,
        retry_after_s=float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0,
    )
