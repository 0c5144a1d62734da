"""Tools that ask a web service: one request, JSON in and out, no redirects."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx
import jmespath
from jmespath.exceptions import JMESPathError

from appliance.config.tools import Effect, HttpAction, HttpMethod, ToolConfig
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy
from appliance.egress.transport import CheckedTransport
from appliance.tools.action import JSON, MAX_BYTES, Arguments, Result, from_rows, says_nothing, unknown_if_writing
from appliance.tools.errors import Fault, ToolError
from appliance.tools.secrets import MASK, MaskedSecrets
from appliance.tools.templates import render, render_field, render_url

KEY_HEADER = "Idempotency-Key"
"""https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"""
CONNECT_SHARE = 0.5
"""Of a tool's time a connection may take, so that "not reached" is told apart from "no answer"."""

_WITH_BODY = frozenset({HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH})
_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: Fault.UNAUTHORISED,
    HTTPStatus.FORBIDDEN: Fault.UNAUTHORISED,
    HTTPStatus.NOT_FOUND: Fault.NOT_FOUND,
    HTTPStatus.GONE: Fault.NOT_FOUND,
    HTTPStatus.CONFLICT: Fault.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS: Fault.BUSY,
}
"""Every other 4xx is REFUSED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: dict[str, JSON] | None


class HttpTool:
    """Implements `Action`."""

    def __init__(
        self, tool: ToolConfig, action: HttpAction, secrets: Mapping[str, str], policy: Policy = LOOPBACK_ONLY
    ) -> None:
        self._policy = policy
        self._tool = tool
        self._action = action
        self._secrets = secrets
        self._tls: ssl.SSLContext | None = None

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        """Return the request; see `Action`."""
        request = self._request(arguments, key, MaskedSecrets())
        shown: dict[str, JSON] = {"method": request.method, "url": request.url, "headers": dict(request.headers)}
        return shown | ({} if request.body is None else {"json": request.body})

    async def run(self, arguments: Arguments, key: str) -> Result:
        """Send the request once; see `Action`."""
        request = await asyncio.to_thread(self._request, arguments, key, self._secrets)  # secrets are files
        if self._tls is None:  # it reads the certificates of the system
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        status, content = await self._answer(request, self._tls)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and self._tool.effect is Effect.READ:
            return Result(data={}, empty=True)
        self._judge(status)
        answer = self._parsed(content)
        self._see_success(answer)
        data = self._fields(answer)
        return Result(data=data, empty=self._tool.effect is Effect.READ and says_nothing(data))

    def _request(self, arguments: Arguments, key: str, secrets: Mapping[str, str]) -> Request:
        action = self._action
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers |= {name: render(text, {**arguments, "secrets": secrets}) for name, text in action.headers.items()}
        if self._tool.effect is Effect.WRITE:
            headers[KEY_HEADER] = key
        for name, value in headers.items():
            visible = value.replace(MASK, "")
            if not (visible.isascii() and visible.isprintable()):
                raise ToolError(Fault.INVALID_ARGUMENT, f"the header {name} would have more than visible ASCII in it")
        return Request(
            method=action.method, url=render_url(action.url, arguments), headers=headers, body=self._body(arguments)
        )

    def _body(self, arguments: Arguments) -> dict[str, JSON] | None:
        """Return the declared fields, or for methods that carry one all arguments; what was not said is left out."""
        declared = self._action.json_body
        if not declared and self._action.method not in _WITH_BODY:
            return None
        fields: dict[str, JSON] = {name: render_field(text, arguments) for name, text in declared.items()}
        return {name: value for name, value in (fields if declared else arguments).items() if value is not None}

    async def _answer(self, request: Request, tls: ssl.SSLContext) -> tuple[int, bytes]:
        timeout = httpx.Timeout(self._tool.timeout_s, connect=self._tool.timeout_s * CONNECT_SHARE)
        try:
            async with (
                httpx.AsyncClient(
                    transport=CheckedTransport(self._policy, tls),
                    trust_env=False,
                    follow_redirects=False,
                    timeout=timeout,
                ) as client,
                client.stream(request.method, request.url, json=request.body, headers=request.headers) as response,
            ):
                return response.status_code, await self._content(response)
        except EgressRefusedError as error:
            raise ToolError(Fault.MISCONFIGURED, str(error), remedy=error.remedy) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ToolError(Fault.UNREACHABLE, "the service cannot be reached", retryable=True) from error
        except httpx.TimeoutException as error:
            raise self._in_doubt(Fault.TIMEOUT, "the service did not answer in time") from error
        except httpx.InvalidURL as error:
            raise ToolError(Fault.MISCONFIGURED, f"the address cannot be used: {error}") from error
        except httpx.HTTPError as error:  # the text may quote a header
            raise self._in_doubt(Fault.FAILED, f"the connection failed ({type(error).__name__})") from error

    async def _content(self, response: httpx.Response) -> bytes:
        """Return the body as it came; a packed one, which could unpack to any size, was not asked for."""
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MAX_BYTES:
                raise self._bad_answer(f"the answer is larger than {MAX_BYTES >> 20} MiB")
        return bytes(content)

    def _judge(self, status: int) -> None:
        """Raise ToolError unless the status says that it succeeded."""
        if httpx.codes.is_success(status):
            return
        said = f"the service answered {status}"
        if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY} or httpx.codes.is_server_error(status):
            raise self._in_doubt(Fault.FAILED, said)
        if not httpx.codes.is_client_error(status):
            raise ToolError(Fault.BAD_ANSWER, said, happened=unknown_if_writing(self._tool.effect))
        fault = _REFUSALS.get(HTTPStatus(status) if status in set(HTTPStatus) else HTTPStatus.BAD_REQUEST)
        raise ToolError(fault or Fault.REFUSED, said, retryable=fault is Fault.BUSY)

    def _parsed(self, content: bytes) -> JSON:
        if not content.strip():
            return {}
        try:
            parsed: JSON = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._bad_answer("the answer is not JSON") from error
        return parsed

    def _see_success(self, answer: JSON) -> None:
        """Raise ToolError unless the answer says that it succeeded, where the declaration knows how."""
        condition = self._action.success_when
        if condition and not _is_true(self._search(condition, answer)):
            raise ToolError(Fault.REFUSED, "the answer of the service says that it has not succeeded")

    def _fields(self, answer: JSON) -> dict[str, JSON]:
        if self._action.result:
            return {name: self._search(path, answer) for name, path in self._action.result.items()}
        if isinstance(answer, dict):
            return answer
        return from_rows(answer) if isinstance(answer, list) else {"value": answer}

    def _search(self, path: str, answer: JSON) -> JSON:
        try:
            found: JSON = jmespath.search(path, answer)
        except JMESPathError as error:
            raise self._bad_answer(f"the path {path} does not fit the answer") from error
        return found

    def _in_doubt(self, fault: Fault, detail: str) -> ToolError:
        return ToolError(fault, detail, retryable=True, happened=unknown_if_writing(self._tool.effect))

    def _bad_answer(self, detail: str) -> ToolError:
        """Return the error for an answer that cannot be read; what it answers may well have happened."""
        return ToolError(Fault.BAD_ANSWER, detail, happened=unknown_if_writing(self._tool.effect))


def _is_true(value: JSON) -> bool:
    """Tell whether a value is true as JMESPath has it: everything but null, false and what is empty."""
    return not (value is None or value is False or value in ("", [], {}))
