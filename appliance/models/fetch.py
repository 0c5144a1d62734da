"""Bring model files from the first source that has them to where the engines look for them.

A file is downloaded elsewhere on the same disk, checked for size and SHA-256, and only then renamed to its place; what
is in place is always complete. An interrupted fetch goes on where it stopped. Two fetches in one folder wait for each
other.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from appliance.errors import ModelError
from appliance.models.catalogue import Model, WheelFile
from appliance.models.progress import Progress, Silent
from appliance.models.sources.base import Request, Source, SourceError
from appliance.models.sources.huggingface import url_of
from appliance.models.space import disk_full, readable_size, require_space
from appliance.models.verify import FileState, Finding, sha256_of, unfit

DOWNLOADS_NAME: Final = ".downloads"
LOCK_NAME: Final = ".fetch.lock"
ATTEMPTS_PER_SOURCE: Final = 2  # the first may have gone on from a damaged beginning


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was brought, and where from."""

    model_id: str
    path: Path
    size: int
    source: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that no source could give, and why."""

    finding: Finding
    reasons: tuple[str, ...]


def ensure(
    models: Iterable[Model], directory: Path, sources: Sequence[Source], progress: Progress | None = None
) -> list[Fetched]:
    """Make sure that every file of `models` lies intact in `directory / <model id>`; return those that were fetched.

    Args:
        models: What is wanted.
        directory: Where the weights are kept; made if it is not there.
        sources: Asked in this order for each file that is missing or damaged.
        progress: Told what happens.

    Raises:
        ModelError: The disk is too small or cannot be written to, or files could not be had; then the message lists
            what to bring, with size and SHA-256, and where to put it. Everything else has been fetched by then.
    """
    progress = progress or Silent()
    wanted = tuple(dict.fromkeys(models))
    results: list[Fetched | Failure] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _lock(directory, progress):
            _require_room(wanted, directory)
            for model in wanted:
                results += _complete(model, directory, sources, progress)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(directory, "it is full") from error
        raise ModelError(
            f"{error.filename or directory}: {error.strerror or error}",
            remedy="Check the permissions of the folder and the disk.",
        ) from error
    if failures := [result for result in results if isinstance(result, Failure)]:
        raise _not_to_be_had(failures, directory)
    return [result for result in results if isinstance(result, Fetched)]


@contextmanager
def _lock(directory: Path, progress: Progress) -> Iterator[None]:
    """Hold the folder's lock, which the system releases even if the process is killed."""
    with (directory / LOCK_NAME).open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note(f"Another process is fetching models into {directory}; waiting for it.")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _require_room(models: Iterable[Model], directory: Path) -> None:
    requests = [_request(finding, directory, Silent()) for finding in unfit(models, directory)]
    needed = sum(max(0, request.file.size - request.have) for request in requests)
    require_space(directory, needed, ", ".join(dict.fromkeys(request.model.id for request in requests)))


def _request(finding: Finding, directory: Path, progress: Progress) -> Request:
    folder = directory / DOWNLOADS_NAME / finding.model.id
    return Request(finding.model, finding.file, folder, partial(progress.advanced, finding.model.id))


def _complete(model: Model, directory: Path, sources: Sequence[Source], progress: Progress) -> list[Fetched | Failure]:
    wrong = unfit([model], directory)
    if not wrong:
        return []
    progress.started(model.id, sum(finding.file.size for finding in wrong))
    complete = False
    try:
        results = [_bring(finding, directory, sources, progress) for finding in wrong]
        complete = not unfit([model], directory)
    finally:
        progress.finished(model.id, complete=complete)
    if complete:
        shutil.rmtree(directory / DOWNLOADS_NAME / model.id)
        _remove_if_empty(directory / DOWNLOADS_NAME)
    return results


def _bring(finding: Finding, directory: Path, sources: Sequence[Source], progress: Progress) -> Fetched | Failure:
    if finding.state is not FileState.MISSING:
        progress.note(f"{finding}; fetching it again.")
    request = _request(finding, directory, progress)
    request.part.parent.mkdir(parents=True, exist_ok=True)
    finding.path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources:
        if not source.offers(request.file):
            continue
        for _ in range(ATTEMPTS_PER_SOURCE):
            try:
                source.fetch(request)
            except SourceError as error:
                reasons.append(f"{source.name}: {error}")
                break
            if problem := _problem(request):
                reasons.append(f"{source.name}: {problem}")
                progress.note(f"{request.model.id}/{request.file.path} from {source.name} {problem}; trying again.")
                request.part.unlink()
            else:
                _put_in_place(request.part, finding.path)
                return Fetched(request.model.id, finding.path, request.file.size, source.name)
    return Failure(finding, tuple(dict.fromkeys(reasons)))


def _problem(request: Request) -> str:
    if request.have != request.file.size:
        return f"has {request.have} bytes instead of {request.file.size}"
    if sha256_of(request.part) != request.file.sha256:
        return "is damaged (wrong SHA-256)"
    return ""


def _put_in_place(part: Path, path: Path) -> None:
    """Rename `part` to `path` so that even a power failure leaves either the old file or the whole new one."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _not_to_be_had(failures: Sequence[Failure], directory: Path) -> ModelError:
    lines = [f"{len(failures)} model file(s) could not be fetched:"]
    for failure in failures:
        finding = failure.finding
        lines += [
            f"  {finding.model.id}/{finding.file.path}",
            f"    size    {finding.file.size} bytes ({readable_size(finding.file.size)})",
            f"    sha256  {finding.file.sha256}",
            f"    from    {_origin(finding)}",
            f"    put at  {finding.path.absolute()}",
            *(f"    tried   {reason}" for reason in failure.reasons),
        ]
    return ModelError(
        "\n".join(lines),
        remedy=f"Bring the files from a machine that reaches the Internet and put them where the list says, or set "
        f"models.mirror to a folder with the same layout as {directory.absolute()}; then run `appliance models fetch`.",
    )


def _origin(finding: Finding) -> str:
    if url := url_of(finding.file):
        return url
    parts = [part for source in finding.file.sources if isinstance(source, WheelFile) for part in source.parts[:1]]
    return " or ".join(f"{part.member} in the wheel {part.requirement}" for part in parts) or "your own copy"
