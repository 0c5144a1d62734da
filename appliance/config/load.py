"""Finding, reading and checking the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from appliance.config import schema
from appliance.config.explain import Explainer, in_words
from appliance.config.models import Config
from appliance.config.overlay import lay_over
from appliance.config.places import MAX_BYTES, Document, parse
from appliance.config.problems import InvalidConfigError, KeyPath, Place, Problem
from appliance.config.tools import ToolConfig
from appliance.errors import ConfigError

FILE_VARIABLE = "APPLIANCE_CONFIG"
"""Environment variable that names the configuration file."""
SEARCHED = (Path("config.yaml"), Path("/etc/appliance/config.yaml"))
"""Where the configuration is looked for when nobody names it."""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration, its file, and the place of every setting that was given."""

    config: Config
    file: Path
    places: Mapping[KeyPath, Place]


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Load the configuration from `path`, `$APPLIANCE_CONFIG`, `./config.yaml` or `/etc/appliance/config.yaml`.

    Settings of the environment (`APPLIANCE__SECTION__KEY`) win over the file. Relative folders start at the file's.

    Raises:
        ConfigError: No file was found; or, as InvalidConfigError, with a list of everything that is wrong.
    """
    return load_with_places(path, environ).config


def load_with_places(path: Path | None = None, environ: Mapping[str, str] | None = None) -> LoadedConfig:
    """Load as `load` does, and keep where each setting was given. Raises the same errors."""
    environ = os.environ if environ is None else environ
    file = find(path, environ)
    document = parse(_read(file), str(file))
    if not document.problems and not any(line.strip() for line in document.lines):
        document.problems.append(Problem(Place(str(file)), "the file is empty"))
    config = None if document.problems and document.data is None else _validate(document, environ)
    if config is None or document.problems:
        raise InvalidConfigError(document.problems)
    return LoadedConfig(_anchored(config, file.absolute().parent), file, document.values)


def find(path: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the configuration file to use; a file that was named need not exist.

    Raises:
        ConfigError: None was named and none is in the usual places.
    """
    if path is not None:
        return path
    if environ.get(FILE_VARIABLE):
        return Path(environ[FILE_VARIABLE])
    for candidate in SEARCHED:
        if _may_be_there(candidate):
            return candidate
    places = " or ".join(str(candidate.absolute()) for candidate in SEARCHED)
    raise ConfigError(
        f"There is no configuration: neither {FILE_VARIABLE} is set nor is there {places}.",
        remedy="Copy the config.yaml that comes with the appliance to one of these places, or name a file.",
    )


def _may_be_there(candidate: Path) -> bool:
    """Tell whether a file exists; one in a folder that may not be entered counts, so that reading it says why not."""
    try:
        return candidate.exists()
    except PermissionError:
        return True


def _read(file: Path) -> bytes:
    """Read a little more than is allowed, so that a huge file or an endless device is refused and not swallowed."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = "there is no such file"
    except IsADirectoryError:
        message = "this is a folder; name the configuration file in it"
    except PermissionError:
        message = "this file may not be read by the user who runs the appliance; check its owner and permissions"
    except (OSError, ValueError) as error:
        message = f"this file cannot be read: {error}"
    raise InvalidConfigError([Problem(Place(str(file)), message)])


def _validate(document: Document, environ: Mapping[str, str]) -> Config | None:
    """Check a document with the environment over it; what is wrong is added to its problems."""
    if document.data is None:
        document.data = {}
    if not isinstance(document.data, dict):
        message = f"expected sections such as `site:` and `persona:`, got {in_words(document.data)}"
        document.report(1, 1, message)
        return None
    document.data = _open_empty_sections(document.data, schema.config_schema())
    lay_over(document, environ)
    try:
        return Config.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        explainer = Explainer(document)
        document.problems.extend(list(explainer.problems(error.errors(include_url=False))))
        document.problems.extend(list(explainer.unlisted_hosts()))
        return None


def _open_empty_sections(data: dict[str, Any], described: schema.Schema) -> dict[str, Any]:
    """Read a section without settings (all of them commented out) as a section that keeps its defaults."""
    opened = dict(data)
    for key, part in described.get("properties", {}).items():
        inner = schema.resolved(part)
        if key in opened and schema.is_section(inner) and (opened[key] is None or isinstance(opened[key], dict)):
            opened[key] = _open_empty_sections(opened[key] or {}, inner)
    return opened


def _anchored(config: Config, folder: Path) -> Config:
    """Let relative paths start at the folder of the configuration file."""
    models = config.models
    changes: dict[str, Any] = {"directory": folder / models.directory}
    if models.mirror is not None and "://" not in models.mirror:
        changes["mirror"] = str(folder / models.mirror)
    anchored: dict[str, Any] = {"models": models.model_copy(update=changes)}
    anchored["storage"] = config.storage.model_copy(update={"directory": folder / config.storage.directory})
    if config.knowledge.directory is not None:
        changed = {"directory": folder / config.knowledge.directory}
        anchored["knowledge"] = config.knowledge.model_copy(update=changed)
    anchored["tools"] = tuple(_anchored_tool(tool, folder) for tool in config.tools)
    wake_word_model = config.attention.wake_word_model
    if wake_word_model is not None:
        anchored["attention"] = config.attention.model_copy(update={"wake_word_model": folder / wake_word_model})
    return config.model_copy(update=anchored)


def _anchored_tool(tool: ToolConfig, folder: Path) -> ToolConfig:
    """Let the database and the program of a tool start at the folder of the configuration file."""
    changes: dict[str, Any] = {}
    if tool.sql is not None and "://" not in tool.sql.database:
        changes["sql"] = tool.sql.model_copy(update={"database": str(folder / tool.sql.database)})
    if tool.command is not None and "/" in tool.command.argv[0]:
        argv = (str(folder / tool.command.argv[0]), *tool.command.argv[1:])
        changes["command"] = tool.command.model_copy(update={"argv": argv})
    return tool.model_copy(update=changes)
