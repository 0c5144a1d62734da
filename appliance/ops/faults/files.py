"""Faults of files that people look after: the configuration, the knowledge of the site, the models."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from appliance.config.load import load
from appliance.config.models import Config
from appliance.errors import ConfigError, ModelError
from appliance.knowledge.reload import ReloadFailed, Site, SiteKnowledge
from appliance.models.catalogue import Model, Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.models.verify import locate
from appliance.ops.faults.fault import Bench, Fault, Group, refused, require

GARBAGE = b"\x7fELF\x02\x01\x01\x00 persona: [unclosed"
POLL_S = 0.05


async def configuration_garbage(bench: Bench) -> str:
    """The configuration is replaced by garbage, then by a wrong one."""
    path = bench.folder / "config.yaml"
    path.write_bytes(GARBAGE)
    error = await refused(_loaded(path), kind=ConfigError)
    path.write_text("persona:\n  greting: Hello\n", encoding="utf-8")
    await refused(_loaded(path), "greting", ":2:3", kind=ConfigError)
    path.unlink()
    await refused(_loaded(path), kind=ConfigError)
    return str(error)


async def _loaded(path: Path) -> Config:
    return await asyncio.to_thread(partial(load, path))


async def knowledge_removed(bench: Bench) -> str:
    """The folder of knowledge is removed, and comes back."""
    folder, away = bench.folder / "knowledge", bench.folder / "away"
    folder.mkdir()
    (folder / "hours.md").write_text("# Hours\n\nThe museum opens at ten.\n", encoding="utf-8")
    heard: list[object] = []
    knowledge = SiteKnowledge(Site(directory=folder), heard.append)
    watching = asyncio.ensure_future(knowledge.watch(bench.clock, POLL_S))
    try:
        folder.rename(away)
        await _until(bench, lambda: any(isinstance(each, ReloadFailed) for each in heard))
        require(knowledge.index.search("When does the museum open?", 1), "it forgot what it knew")
        require(knowledge.problems, "it does not tell that the folder is gone")
        (away / "hours.md").write_text("# Hours\n\nThe museum opens at eleven.\n", encoding="utf-8")
        away.rename(folder)
        await _until(bench, lambda: any("eleven" in passage.text for passage in knowledge.index.passages))
        require(not knowledge.problems, "it goes on telling that the folder is gone")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return "the old knowledge stays in use; the files are read again when they are back"


async def _until(bench: Bench, holds: object, within_s: float = 5.0) -> None:
    deadline = bench.clock.now() + within_s
    while not holds():  # type: ignore[operator]
        require(bench.clock.now() < deadline, "nothing for", within_s, "s")
        await bench.clock.sleep(POLL_S)


def _models(bench: Bench) -> tuple[Model, Path]:
    """Return a model and a folder of models in which it can be damaged."""
    model = resolve(bench.config, load_catalogue())[Role.TURN]
    folder = bench.folder / "models"
    shutil.copytree(bench.config.models.directory / model.id, folder / model.id)
    return model, folder


async def model_missing(bench: Bench) -> str:
    """A file of a model is not there at the start."""
    model, folder = _models(bench)
    (folder / model.id / model.files[0].path).unlink()
    return str(await refused(asyncio.to_thread(locate, model, folder), "is missing", kind=ModelError))


async def model_truncated(bench: Bench) -> str:
    """A file of a model was cut off before the start."""
    model, folder = _models(bench)
    path = folder / model.id / model.files[0].path
    os.truncate(path, path.stat().st_size // 2)
    return str(await refused(asyncio.to_thread(locate, model, folder), "bytes instead of", kind=ModelError))


async def model_damaged(bench: Bench) -> str:
    """Some bytes of a model are others, at the same size."""
    model, folder = _models(bench)
    path = folder / model.id / model.files[0].path
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(64))
    return str(await refused(asyncio.to_thread(locate, model, folder), "is damaged", kind=ModelError))


SILENT = "nothing: the service does not start"
FETCH = "exit status 4, the file, and `appliance models fetch`"

FAULTS: Sequence[Fault] = (
    Fault(
        name="configuration-garbage",
        group=Group.FILES,
        injected="config.yaml is replaced by bytes, by one with a mistake, and removed",
        holds="it is refused with the place; on a reload the old one stays in force",
        heard="on a reload nothing; at a start: the service does not start",
        seen="exit status 3 at a start (not tried again), an error in the log on a reload",
        check=configuration_garbage,
    ),
    Fault(
        name="knowledge-removed",
        group=Group.FILES,
        injected="the folder of knowledge is removed while it runs",
        holds="what was known stays in use; when the files are back they are read",
        heard="nothing",
        seen="warning in the log; `knowledge` is degraded in `appliance status`, then ok",
        check=knowledge_removed,
    ),
    Fault(
        name="model-missing",
        group=Group.FILES,
        injected="a file of a model is removed before the start",
        holds="the start is refused with the name of the file",
        heard=SILENT,
        seen=FETCH,
        check=model_missing,
    ),
    Fault(
        name="model-truncated",
        group=Group.FILES,
        injected="a file of a model is cut off before the start",
        holds="the start is refused with the name of the file",
        heard=SILENT,
        seen=FETCH,
        check=model_truncated,
    ),
    Fault(
        name="model-damaged",
        group=Group.FILES,
        injected="bytes of a model change, not its size",
        holds="the start is refused with the name of the file",
        heard=SILENT,
        seen=FETCH,
        check=model_damaged,
    ),
)
