#!/usr/bin/env python3
"""What a bundle needs to know of the locked packages; run by scripts/bundle with the Python of its environment.

usage: wheels.py source-only UV_LOCK
       wheels.py requirements PYTHON_VERSION [NAME…] <EXPORTED
       wheels.py pack SITE_PACKAGES NAME FOLDER
"""

from __future__ import annotations

import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

MADE_BY_INSTALLING = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file can hold, so that the same content gives the same file."""


def source_only(lock: Path) -> list[str]:
    """Return the packages of the lock that are published as source alone; they have to be built here."""
    packages = tomllib.loads(lock.read_text("utf-8"))["package"]
    return [package["name"] for package in packages if "sdist" in package and not package.get("wheels")]


def requirements(exported: str, python: str, left_out: list[str]) -> Iterator[str]:
    """Yield the lines `name==version --hash=…` of `uv export` that count for a version of Python, here and on Linux."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    for line in exported.replace("\\\n", " ").splitlines():
        text, *hashes = line.partition("#")[0].split(" --hash=")
        if not text.strip():
            continue
        requirement = Requirement(text.strip())
        if canonicalize_name(requirement.name) in left_out:
            continue
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield " ".join(
                [f"{requirement.name}{requirement.specifier}", *(f"--hash={item.strip()}" for item in hashes)]
            )


def pack(site_packages: Path, name: str, folder: Path) -> Path:
    """Make a wheel of an installed package in `folder`, from the files that its RECORD names.

    Raises:
        SystemExit: The package is not there, or has files outside of site-packages, which a wheel keeps elsewhere.
    """
    found = [
        item for item in distributions(path=[str(site_packages)]) if canonicalize_name(item.metadata["Name"]) == name
    ]
    if not found:
        raise SystemExit(f"{name} is not installed in {site_packages}")
    files = sorted(file for file in found[0].files or () if file.name not in MADE_BY_INSTALLING)
    record = next(file for file in files if file.name == "RECORD")
    target = folder / f"{name.replace('-', '_')}-{found[0].version}-{_tag(found[0])}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:
        for file in files:
            if ".." in file.parts:
                raise SystemExit(f"{name} has a file outside of site-packages: {file}")
            content = site_packages.joinpath(file).read_bytes()
            if file == record:
                content = _without_what_installing_made(content)
            wheel.writestr(zipfile.ZipInfo(str(file), EPOCH), content, zipfile.ZIP_DEFLATED)
    return target


def _tag(distribution: Distribution) -> str:
    """Return the tags as the name of a wheel has them: those of each kind, with dots between."""
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag:").strip().split("-") for line in lines if line.startswith("Tag:")]
    return "-".join(".".join(dict.fromkeys(kind)) for kind in zip(*tags, strict=True))


def _without_what_installing_made(record: bytes) -> bytes:
    lines = record.decode().splitlines(keepends=True)
    return "".join(
        line for line in lines if Path(line.rsplit(",", 2)[0].strip('"')).name not in MADE_BY_INSTALLING
    ).encode()


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    match arguments:
        case ["source-only", lock]:
            print(*source_only(Path(lock)), sep="\n")  # noqa: T201 - the scripts read it
        case ["requirements", python, *left_out]:
            print(*requirements(sys.stdin.read(), python, left_out), sep="\n")  # noqa: T201
        case ["pack", site_packages, name, folder]:
            pack(Path(site_packages), name, Path(folder))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
