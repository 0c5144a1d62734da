"""Versions: Python and the libraries, against those the appliance was tested with."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from appliance import __version__
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "versions"
OLDEST, TOO_NEW = (3, 11), (3, 14)
PACKAGE = "appliance"
LOCK = "uv.lock"
SETUP = "Run scripts/setup, or scripts/install for the service: they install what the lock says."
_NAME = re.compile(r"[A-Za-z0-9._-]+")
SHOWN = 5


async def check(context: Context) -> list[Finding]:
    """Compare what is installed."""
    del context
    return [_python(), *await asyncio.to_thread(_libraries)]


def installed() -> dict[str, str]:
    """Return the installed packages and their versions, by normalised name."""
    return {_normal(found.name): found.version for found in importlib.metadata.distributions() if found.name}


def lock_file() -> Path | None:
    """Return the lock of this installation: beside its environment, or in the checkout; None where there is none."""
    places = (Path(sys.prefix).parent, Path(__file__).parents[3])
    return next((place / LOCK for place in places if (place / LOCK).is_file()), None)


def differing(there: Mapping[str, str], lock: Path) -> list[str]:
    """Return the packages that are there in another version than any that the lock has, such as `numpy 2.1`."""
    locked = defaultdict[str, set[str]](set)
    for package in tomllib.loads(lock.read_text(encoding="utf-8")).get("package", []):
        locked[_normal(package["name"])].add(package.get("version", ""))
    return [
        f"{name} {version}"
        for name, version in sorted(there.items())
        if name in locked and name != PACKAGE and version not in locked[name]
    ]


def _python() -> Finding:
    what = f"Appliance {__version__} with Python {platform.python_version()}."
    if OLDEST <= sys.version_info[:2] < TOO_NEW:
        return Finding.ok(NAME, what)
    return Finding.fail(NAME, what, "Install Python 3.11, 3.12 or 3.13, then run scripts/setup.")


def _libraries() -> list[Finding]:
    there = installed()
    missing = sorted(name for name in _required() if name not in there)
    if missing:
        return [Finding.fail(NAME, f"Libraries are missing: {', '.join(missing)}.", SETUP)]
    lock = lock_file()
    if lock is None:
        return [Finding.ok(NAME, f"{len(there)} libraries; there is no {LOCK} to compare them with.")]
    other = differing(there, lock)
    if other:
        more = f" and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        what = f"Not the tested versions ({LOCK}): {', '.join(other[:SHOWN])}{more}."
        return [Finding.warn(NAME, what, SETUP)]
    return [Finding.ok(NAME, f"{len(there)} libraries, in the versions of {LOCK}.")]


def _required() -> set[str]:
    wanted = importlib.metadata.requires(PACKAGE) or []
    names = (_NAME.match(line) for line in wanted if "extra ==" not in line)
    return {_normal(name.group()) for name in names if name}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
