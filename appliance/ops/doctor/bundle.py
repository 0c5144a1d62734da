"""What support needs to see of an appliance, in one archive: no words of people, no secrets, no keys.

Three nets, one behind the other: settings that can hold a secret or name people are left out, personal data is redacted
in every text, and at last every secret and key that can be read here, and every text that was left out, is looked for
and replaced.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.errors import UsageError
from appliance.ops.doctor import inside
from appliance.ops.doctor.config import NAME as CONFIG
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.masking import Mask
from appliance.ops.doctor.runner import Check, Examined, as_json, examine
from appliance.ops.doctor.told import places_of_problems, told_settings
from appliance.ops.doctor.versions import installed

MANIFEST = "READ-ME.txt"
_ABOUT = """\
A support bundle of a voice appliance.

Personal data is replaced by placeholders such as [PHONE_1], and secrets by ***. So is what the site wrote for people:
facts, phrases, example sentences, lists of words; "*** (12)" are twelve of them. What people said, recordings, keys and
the database are not in it. Nobody can promise that a program finds every name: look through it before you pass it on.

"""


def default_name(clock: Clock) -> str:
    """Return a name for the archive, by the time."""
    return f"appliance-support-{clock.local_time('UTC'):%Y%m%d-%H%M%S}.tar.gz"


async def contents(context: Context, checks: Sequence[Check]) -> dict[str, str]:
    """Return the files of the archive by their names, masked; what cannot be had is left out or says why."""
    mask = Mask(context)
    examined = [_without_quotes(each, context) async for each in examine(checks, context)]
    found: dict[str, str] = {
        "doctor.json": _json(mask.data(as_json(examined))),
        "config.json": _json(mask.data(told_settings(context))),
        "versions.json": _json(installed()),
        "machine.json": _json(mask.data(inside.machine(context))),
    }
    if context.status is not None:
        found["status.json"] = _json(mask.data(context.status))
    for name, text in (await inside.of_the_service(context)).items():
        found[name] = mask.text(text)
    for name, told in (await asyncio.to_thread(inside.of_the_daemon, context)).items():
        found[name] = mask.exact(told)
    listed = "".join(f"{name}: {len(text)} characters\n" for name, text in found.items())
    return {MANIFEST: _ABOUT + listed, **found}


def _without_quotes(examined: Examined, context: Context) -> Examined:
    """Return what was found without the lines of a broken configuration that the check of it quotes."""
    if examined.check.name != CONFIG or context.config_error is None:
        return examined
    told = places_of_problems(context.config_error)
    return replace(examined, findings=tuple(Finding.fail(CONFIG, what, "Correct it.") for what in told))


def bundle(path: Path, members: Mapping[str, str], clock: Clock) -> None:
    """Write the archive, readable by its owner only. Raises UsageError, also when the file is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, text in members.items():
                content = text.encode("utf-8", "replace")
                entry = tarfile.TarInfo(f"appliance-support/{name}")
                entry.size, entry.mode = len(content), 0o600
                entry.mtime = int(clock.local_time("UTC").timestamp())
                archive.addfile(entry, io.BytesIO(content))
    except OSError as error:
        remedy = "Name a new file in a folder that may be written and has room."
        raise UsageError(f"{path}: {error.strerror}", remedy=remedy) from error


def _json(value: Any) -> str:  # noqa: ANN401 - plain data
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
