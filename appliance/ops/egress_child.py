"""The process that `appliance network watch` watches: the `appliance` command behind the guard, which keeps a log.

`python -m appliance.ops.egress_child LOG NETWORK ARGUMENT…`: LOG gets a line of JSON for each attempt, NETWORK is the
section `network` as JSON, and the arguments are those of the command.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

from appliance.config.network import NetworkConfig
from appliance.egress.guard import Attempt, Guard
from appliance.egress.policy import Policy


def main() -> None:
    """Install the guard and become the command."""
    _, log, network, *arguments = sys.argv
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(attempt: Attempt) -> None:
        verdict = attempt.verdict
        entry = {"event": attempt.event, "peer": attempt.peer, "allowed": verdict.allowed, "reason": verdict.reason}
        os.write(descriptor, f"{json.dumps(entry)}\n".encode())

    Guard(Policy.of(NetworkConfig.model_validate_json(network)), note).install()
    sys.argv = ["appliance", *arguments]
    runpy.run_module("appliance", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
