#!/usr/bin/env python3
"""Unpack a bundle and believe nothing in it: every file must be listed in SHA256SUMS, and that must be signed.

usage: unpack.py BUNDLE FOLDER [PUBLIC_KEY]

A bundle is a plain tar archive: SHA256SUMS and SHA256SUMS.sig first, so that the signature is checked before anything
else is unpacked, then the files, whose checksums are checked while they are written. Prints the folder it made.
Needs nothing but Python's standard library and, with a key, openssl. Exit status 4: the bundle is refused.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

REFUSED: Final = 4
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
LARGEST_LIST: Final = 8 << 20
"""Bytes; a list of checksums or a signature that is larger is no such thing."""
PIECE: Final = 1 << 20


class RefusedError(Exception):
    """The bundle is not what it should be."""


def unpack(bundle: Path, folder: Path, key: Path | None) -> Path:
    """Unpack `bundle` into `folder`, and return the one folder that is in it.

    Raises:
        RefusedError: It is cut short, damaged, tampered with, unsigned though a key is given, or no bundle at all.
    """
    try:
        with tarfile.open(bundle, "r|") as archive:
            return _unpack(archive, folder, key)
    except tarfile.TarError as error:
        raise RefusedError(f"it is cut short, damaged, or no bundle ({error})") from error


def _unpack(archive: tarfile.TarFile, folder: Path, key: Path | None) -> Path:
    members = iter(archive)
    top, listed = _signed_list(archive, members, folder, key)
    for member in members:
        name = _safe_name(member, top)
        if member.isdir():
            continue
        if name not in listed:
            raise RefusedError(f"{name} is not in its list of checksums")
        target = folder / top / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _write(_content(archive, member), target) != listed.pop(name):
            raise RefusedError(f"{name} has another checksum than its list says")
        target.chmod(0o755 if member.mode & 0o100 else 0o644)
    if listed:
        raise RefusedError(f"{len(listed)} files are missing, such as {min(listed)}")
    return folder / top


def _signed_list(
    archive: tarfile.TarFile, members: Iterator[tarfile.TarInfo], folder: Path, key: Path | None
) -> tuple[str, dict[str, str]]:
    """Read the list of checksums and its signature, the first files; return the top folder and {path: SHA-256}."""
    top = ""
    for expected in (SUMS, SIGNATURE):
        member = next(members, None)
        if member is None or not member.isfile() or PurePosixPath(member.name).name != expected:
            raise RefusedError(f"it does not begin with {SUMS} and {SIGNATURE}")
        top = top or PurePosixPath(member.name).parts[0]
        if _safe_name(member, top) != expected or member.size > LARGEST_LIST:
            raise RefusedError(f"it does not begin with {SUMS} and {SIGNATURE} in one folder")
        (folder / top).mkdir(exist_ok=True)
        _write(_content(archive, member), folder / top / expected)
    if key is not None:
        _verify(folder / top, key)
    lines = (folder / top / SUMS).read_text("utf-8", errors="replace").splitlines()
    return top, {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def _verify(folder: Path, key: Path) -> None:
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(key)]
    command += ["-sigfile", str(folder / SIGNATURE), "-in", str(folder / SUMS)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:  # noqa: S603 - a fixed argument list
        raise RefusedError(f"it is not signed by the key {key}")


def _safe_name(member: tarfile.TarInfo, top: str) -> str:
    """Return the path below the top folder. Links, devices, and ways out of it are refused."""
    parts = PurePosixPath(member.name).parts
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise RefusedError(f"{member.name!r} is neither a file nor a folder")
    if member.name.startswith("/") or ".." in parts or not parts or parts[0] != top:
        raise RefusedError(f"{member.name!r} lies outside of the bundle's folder")
    return "/".join(parts[1:])


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise RefusedError(f"{member.name!r} has no content")
    return stream


def _write(stream: IO[bytes], target: Path) -> str:
    """Write a new file and return its SHA-256."""
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while piece := stream.read(PIECE):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Unpack what the arguments say; what was unpacked of a refused bundle is removed."""
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    bundle, folder, *key = map(Path, arguments)
    try:
        print(unpack(bundle, folder, key[0] if key else None))  # noqa: T201
    except (RefusedError, OSError) as error:
        print(f"the bundle {bundle} is refused: {error}", file=sys.stderr)  # noqa: T201
        for left in folder.iterdir():
            shutil.rmtree(left)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
