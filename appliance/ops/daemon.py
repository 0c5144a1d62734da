"""Asks the appliance that runs on this machine how it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from appliance.config.monitoring import MonitoringConfig
from appliance.errors import ApplianceError, UsageError
from appliance.ops.loopback import HOST
from appliance.ops.web import token

TIMEOUT_S = 5.0
RELOAD_TIMEOUT_S = 120.0
"""It is applied as soon as nobody speaks."""


class NotRunningError(ApplianceError):
    """No appliance answers on the port of the configuration."""

    code = "not-running"
    exit_status = 14


class Daemon:
    """The appliance that answers on a port of this machine."""

    def __init__(self, port: int) -> None:
        self._base = f"http://{HOST}:{port}"
        token_ = token()
        self._headers = {"Authorization": f"Bearer {token_}"} if token_ else {}

    @classmethod
    def configured(cls, settings: MonitoringConfig) -> Daemon:
        """Return the one of a configuration. Raises UsageError when its port is turned off."""
        port = settings.http_port
        if port is None:
            raise UsageError(
                "the appliance cannot be asked: monitoring.http_port is null",
                remedy="Set monitoring.http_port to a free port and start the appliance again.",
            )
        return cls(port)

    def get(self, path: str, **query: int) -> Mapping[str, Any]:
        """Return the JSON that it answers.

        Raises:
            NotRunningError: Nothing listens on the port.
            ApplianceError: What listens there refuses, is too slow, or is another program.
        """
        return self._ask("GET", path, query, TIMEOUT_S)

    def reload(self, who: str) -> Mapping[str, Any]:
        """Have the configuration loaded anew; return what became of it. Raises as `get` does."""
        return self._ask("POST", "/reload", {"who": who}, RELOAD_TIMEOUT_S)

    def _ask(self, method: str, path: str, query: Mapping[str, int | str], timeout_s: float) -> Mapping[str, Any]:
        try:
            with httpx.Client(trust_env=False, timeout=timeout_s, headers=self._headers) as client:
                answer = client.request(method, self._base + path, params=query)
                if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:  # which says what is wrong
                    answer.raise_for_status()
                told = answer.json()
        except httpx.ConnectError as error:
            raise NotRunningError(
                f"the appliance is not running: nothing answers at {self._base}",
                remedy="Start it: systemctl start appliance, or appliance run.",
            ) from error
        except httpx.TimeoutException as error:
            raise ApplianceError(
                f"the appliance does not answer within {timeout_s:.0f} s",
                remedy="Look at its log: journalctl -u appliance. Restart it if it stands still.",
            ) from error
        except httpx.HTTPStatusError as error:
            raise _refused(error.response.status_code, self._base) from error
        except (httpx.HTTPError, ValueError) as error:
            raise _another_program(self._base) from error
        if not isinstance(told, dict):
            raise _another_program(self._base)
        return told


def _refused(status: int, base: str) -> ApplianceError:
    if status == httpx.codes.UNAUTHORIZED:
        return ApplianceError(
            "the appliance wants a token",
            remedy="Set APPLIANCE_SECRET_MONITORING_TOKEN to the secret monitoring_token of the service.",
        )
    return _another_program(base)


def _another_program(base: str) -> ApplianceError:
    return ApplianceError(
        f"what answers at {base} is not this appliance",
        remedy="Choose another monitoring.http_port, or stop the program that has it.",
    )
