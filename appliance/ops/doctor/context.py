"""What the checks are given: the configuration as far as it can be read, the machine, and the daemon if it runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from appliance.clock import Clock
from appliance.config.load import find, load_with_places
from appliance.config.models import Config
from appliance.config.problems import InvalidConfigError
from appliance.errors import ApplianceError, ConfigError, UsageError
from appliance.ops.daemon import Daemon, NotRunningError
from appliance.storage.errors import StorageError
from appliance.storage.lock import daemon_runs
from appliance.tools.secrets import FOLDER_VARIABLE

ROOT = Path("/")
CREDENTIALS = ("etc/appliance/credentials", "run/credentials/appliance.service")
"""Where the secrets of the service are, for whoever may read them; the first in which there is something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the checks look at."""

    config: Config
    """As it is; where it is broken, with the defaults of the sections that are."""
    file: Path | None
    config_error: ConfigError | None = None
    environ: Mapping[str, str]
    """Of this process, with the secrets of the service where they can be read."""
    clock: Clock
    status: Mapping[str, Any] | None = None
    """What the daemon answers to /status; None when nothing answers."""
    status_error: ApplianceError | None = None
    """Why it does not, except that it is not running."""
    running: bool = False
    """Whether the daemon runs, also when it cannot be asked."""
    online: bool = False
    """Whether hosts that the configuration names may be tried."""
    root: Path = ROOT
    """The folder below which /proc, /sys, /etc and /run are."""

    def read(self, path: str) -> str:
        """Return a file of the machine such as `proc/cpuinfo`, stripped; empty when it is not there."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""


async def prepare(
    file: Path | None,
    clock: Clock,
    *,
    environ: Mapping[str, str] = os.environ,
    online: bool = False,
    root: Path = ROOT,
) -> Context:
    """Read the configuration, broken or not, and ask the daemon how it is. Raises nothing that a check could tell."""
    config, found, error = await asyncio.to_thread(_read_config, file, environ)
    status, status_error = await asyncio.to_thread(_ask, config)
    running = status is not None or await asyncio.to_thread(_holds_database, config)
    return Context(
        config=config,
        file=found,
        config_error=error,
        environ=_with_credentials(environ, root),
        clock=clock,
        status=status,
        status_error=status_error,
        running=running,
        online=online,
        root=root,
    )


def _read_config(file: Path | None, environ: Mapping[str, str]) -> tuple[Config, Path | None, ConfigError | None]:
    try:
        loaded = load_with_places(file, environ)
    except InvalidConfigError as error:
        found = find(file, environ)
        return _sound_part(found, error), found, error
    except ConfigError as error:
        return Config(), None, error
    return loaded.config, loaded.file, None


def _sound_part(file: Path, error: InvalidConfigError) -> Config:
    """Return the settings in which nothing is wrong; the others, or all where the file is no YAML, have defaults."""
    config = Config()
    for depth in (2, 1):  # without the wrong settings, else without their sections
        wrong = {tuple(map(str, problem.path[:depth])) for problem in error.problems if problem.path}
        try:
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
            config = Config.model_validate_json(json.dumps(_without(data, wrong)), strict=True)
            break
        except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError, RecursionError):
            continue
    return _anchored(config, file.absolute().parent)


def _without(data: Mapping[str, Any], wrong: Collection[tuple[str, ...]]) -> dict[str, Any]:
    """Return a copy without the settings at these paths, and without what is empty."""
    sections = {key: value for key, value in data.items() if (key,) not in wrong and value is not None}
    for section, *rest in wrong:
        if rest and isinstance(sections.get(section), dict):
            sections[section] = {key: value for key, value in sections[section].items() if key != rest[0]}
    return sections


def _anchored(config: Config, folder: Path) -> Config:
    """Let the folders start at the one of the file; what tools name is not looked for in a broken configuration."""
    changes: dict[str, Any] = {
        "models": config.models.model_copy(update={"directory": folder / config.models.directory}),
        "storage": config.storage.model_copy(update={"directory": folder / config.storage.directory}),
        "tools": (),
    }
    if config.knowledge.directory is not None:
        directory = folder / config.knowledge.directory
        changes["knowledge"] = config.knowledge.model_copy(update={"directory": directory})
    return config.model_copy(update=changes)


def _ask(config: Config) -> tuple[Mapping[str, Any] | None, ApplianceError | None]:
    try:
        return Daemon.configured(config.monitoring).get("/status"), None
    except (NotRunningError, UsageError):
        return None, None
    except ApplianceError as error:
        return None, error


def _holds_database(config: Config) -> bool:
    try:
        return daemon_runs(config.storage.database)
    except (StorageError, OSError):
        return False


def _with_credentials(environ: Mapping[str, str], root: Path) -> Mapping[str, str]:
    """Return the environment as the service has it, as far as its secrets can be read from here."""
    if environ.get(FOLDER_VARIABLE):
        return environ
    for place in CREDENTIALS:
        folder = root / place
        try:
            if any(folder.iterdir()):
                return {**environ, FOLDER_VARIABLE: str(folder)}
        except OSError:
            continue
    return environ
