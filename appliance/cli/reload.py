"""`appliance reload`: a changed configuration, checked first and taken over by the daemon."""

from __future__ import annotations

import json

import typer

from appliance.audit.admin import operator
from appliance.cli.options import AsJson, ConfigFile
from appliance.config.load import load
from appliance.errors import ConfigError
from appliance.ops.daemon import Daemon

EXAMPLES = "Examples: appliance reload · appliance reload --json · appliance config check && appliance reload"


def reload(config_file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let the running appliance take over its changed configuration, between two turns.

    A mistake in the file changes nothing. Exit status: 0 done, 3 the configuration is wrong, 14 no appliance runs.
    """
    told = Daemon.configured(load(config_file).monitoring).reload(operator())
    if as_json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    if told["error"]:
        raise ConfigError(f"nothing was changed: {told['error']}", remedy=str(told["remedy"]))
    if as_json:
        return
    for name in told["applied"]:
        print(f"applied: {name}")
    for name in told["restart"]:
        print(f"needs a restart: {name}")
    if not told["applied"] and not told["restart"]:
        print("nothing has changed")
    if told["restart"]:
        typer.echo("→ restart it: sudo systemctl restart appliance", err=True)
