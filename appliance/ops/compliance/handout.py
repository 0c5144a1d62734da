"""Hands a person what is kept of them: a page to read, JSON for programs, and recordings as FLAC."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from appliance.errors import UsageError
from appliance.ops.compliance import plain
from appliance.ops.compliance.language import Words
from appliance.retention.dossier import FORMAT, Dossier
from appliance.storage.errors import explaining
from appliance.storage.files import sync_folder

DATA, PAGE, SOUND = "data.json", "index.html", "recordings"
_ONLY_OWNER, _FOLDER = 0o600, 0o700

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What stands above the data: who hands it out, when (ISO 8601), in whose zone times are shown."""

    site: str
    controller: str
    contact: str
    made_at: str
    timezone: str


def make_folder(folder: Path) -> None:
    """Make the folder, which only its owner may enter. Raises UsageError when something is in it, StorageError."""
    with explaining(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: this is there already", remedy="Name a new or an empty folder.")
        folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)


def write_handout(
    folder: Path, cover: Cover, dossier: Dossier, sounds: Mapping[str, bytes | None], words: Words
) -> list[str]:
    """Write the files into an empty folder and return their names; each can be read by its owner only.

    `sounds` has the FLAC of each recording by the name of its sealed file, None where it cannot be read any more.
    Raises StorageError.
    """
    names = {file: f"{SOUND}/{Path(file).stem}.flac" for file, flac in sounds.items() if flac is not None}
    sessions = [_with_sounds(session, names) for session in dossier.sessions]
    data = {"format": FORMAT, "site": cover.site, "controller": cover.controller, "contact": cover.contact}
    data |= {"made_at": cover.made_at, "sessions": sessions}
    contents = {names[file]: flac for file, flac in sounds.items() if flac is not None}
    contents[DATA] = (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    contents[PAGE] = page(cover, sessions, words).encode("utf-8", "replace")
    with explaining(folder):
        for name, content in contents.items():
            (folder / name).parent.mkdir(mode=_FOLDER, exist_ok=True)
            with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER), "wb") as file:  # noqa: PTH123
                file.write(content)
        sync_folder(folder)
    return sorted(contents)


def page(cover: Cover, sessions: Sequence[Mapping[str, Any]], words: Words) -> str:
    """Return a page that stands alone: no script, nothing is loaded, and what people said is text whatever it holds."""
    zone = ZoneInfo(cover.timezone)

    def local(moment: str | None) -> str:
        return "–" if moment is None else words.moment(datetime.fromisoformat(moment).astimezone(zone).isoformat())

    template = _TEMPLATES.get_template("handout.html")
    return template.render(cover=cover, sessions=sessions, words=words, local=local, plain=plain)


def _with_sounds(session: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    recordings = [recording | {"file": names.get(recording["file"])} for recording in session["recordings"]]
    return session | {"recordings": recordings}
