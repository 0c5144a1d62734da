"""Files that change while the appliance runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from appliance.errors import EngineError
from appliance.knowledge.passage import KnowledgeError
from appliance.knowledge.reload import POLL_S, Reloaded, ReloadFailed, Site, SiteKnowledge
from appliance.ops.gauges import Gauges
from appliance.ops.health import State
from appliance.ops.probes import KnowledgeProbe
from tests.unit.users import without_rights


class ScriptEndedError(Exception):
    """The script is at its end."""


class Script:
    """A clock without time: each sleep does the next thing of a list, at its end the watch ends."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self._steps:
            raise ScriptEndedError
        self._steps.pop(0)()


def nothing() -> None:
    """Change no file."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.md").write_text("The desk is open.")
    return tmp_path


class Watched:
    """Knowledge with all its reports."""

    def __init__(self, site: Site) -> None:
        self.reports: list[Reloaded | ReloadFailed] = []
        self.knowledge = SiteKnowledge(site, self.reports.append)

    async def through(self, *steps: Callable[[], object]) -> Script:
        script = Script(*steps)
        with pytest.raises(ScriptEndedError):
            await self.knowledge.watch(script)
        return script

    def problems(self) -> list[str]:
        return [str(problem) for problem in self.knowledge.problems]

    def knows(self, question: str) -> bool:
        return bool(self.knowledge.index.search(question, 1))


async def test_a_changed_file_is_used_once_it_rests(folder: Path) -> None:
    watched = Watched(Site(directory=folder))
    before = watched.knowledge.index
    script = await watched.through(nothing, lambda: (folder / "lift.md").write_text("The lift is new."), nothing)
    assert watched.reports == [Reloaded(passages=2, problems=())]
    assert watched.knows("lift")
    assert before.search("desk", 1)
    assert script.slept == [POLL_S] * 4


async def test_a_file_that_still_changes_is_waited_for(folder: Path) -> None:
    watched = Watched(Site(directory=folder))
    grow = [lambda n=n: (folder / "lift.md").write_text("The lift. " * n) for n in range(1, 5)]
    await watched.through(*grow)
    assert watched.reports == []


async def test_a_file_that_went_away_is_forgotten(folder: Path) -> None:
    (folder / "lift.md").write_text("The lift is new.")
    watched = Watched(Site(directory=folder))
    await watched.through((folder / "lift.md").unlink, nothing)
    assert not watched.knows("lift")
    assert watched.knows("desk")


@pytest.mark.parametrize("damage", ["emptied", "removed", "unreadable"])
async def test_the_old_index_stays_when_the_new_cannot_be_built(folder: Path, damage: str) -> None:
    file = folder / "desk.md"
    watched = Watched(Site(directory=folder, facts=["A fact."]))

    def break_it() -> None:
        if damage == "unreadable":
            file.write_bytes(b"\xff\xfe")
        else:
            file.unlink()
        if damage == "removed":
            folder.rmdir()

    await watched.through(break_it, nothing, nothing, nothing)
    (report,) = watched.reports
    assert isinstance(report, ReloadFailed)
    assert isinstance(report.error, KnowledgeError)
    assert str(folder) in str(report.error)
    assert watched.knows("desk")
    (problem,) = watched.knowledge.problems
    assert str(report.error).rstrip(".") in str(problem)


async def test_it_recovers_when_the_files_are_good_again(folder: Path) -> None:
    file = folder / "desk.md"
    watched = Watched(Site(directory=folder))
    await watched.through(file.unlink, nothing, lambda: file.write_text("The desk has moved."), nothing)
    assert [type(report) for report in watched.reports] == [ReloadFailed, Reloaded]
    assert watched.knows("moved")
    assert watched.knowledge.problems == ()


async def test_health_tells_of_files_that_cannot_be_used_until_they_can(folder: Path) -> None:
    watched = Watched(Site(directory=folder))
    look = KnowledgeProbe(lambda: watched.knowledge, Gauges(CollectorRegistry()))
    away = folder.with_name("away")
    await watched.through(lambda: folder.rename(away), nothing)
    found = await look()
    assert found.state is State.DEGRADED
    assert f"The folder of knowledge {folder} does not exist" in found.detail
    await watched.through(lambda: away.rename(folder), nothing)
    assert (await look()).state is State.OK


@pytest.fixture
def handed_over() -> Iterator[Path]:
    """A folder that belongs to a user without rights, as whom the test acts."""
    with tempfile.TemporaryDirectory() as name:
        desk, lift = Path(name, "desk.md"), Path(name, "lift.md")
        desk.write_text("The desk is open.")
        lift.write_text("The lift is new.")
        with without_rights(Path(name), desk, lift):
            yield Path(name)


async def test_what_may_not_be_read_any_more_is_told_until_it_may(handed_over: Path) -> None:
    folder, lift = handed_over, handed_over / "lift.md"
    watched = Watched(Site(directory=folder))
    await watched.through(lambda: lift.chmod(0), nothing)
    assert watched.problems() == ["lift.md: this file cannot be read: Permission denied"]
    assert watched.knows("desk")
    await watched.through(lambda: lift.chmod(0o644), nothing)
    assert watched.problems() == []
    assert watched.knows("lift")
    await watched.through(lambda: folder.chmod(0), nothing)
    assert "cannot be read: Permission denied" in watched.problems()[0]
    assert watched.knows("lift")
    await watched.through(lambda: folder.chmod(0o700), nothing)
    assert watched.problems() == []


async def test_problems_of_the_new_files_are_reported(folder: Path) -> None:
    watched = Watched(Site(directory=folder))
    await watched.through(lambda: (folder / "bad.md").write_bytes(b"\xff"), nothing)
    (report,) = watched.reports
    assert isinstance(report, Reloaded)
    assert [problem.source for problem in report.problems] == ["bad.md"]
    assert watched.knowledge.problems == report.problems


async def test_a_link_that_leads_nowhere_does_not_blind_it(folder: Path) -> None:
    (folder / "lost.md").symlink_to(folder / "nowhere")
    watched = Watched(Site(directory=folder))
    await watched.through(lambda: (folder / "lift.md").write_text("The lift is new."), nothing)
    assert watched.knows("lift")


class Failing:
    """An embedder that works once."""

    def __init__(self) -> None:
        self._left = 1

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self._left and len(texts) > 0:
            raise EngineError("out of memory")
        self._left -= 1
        return np.full((len(texts), 384), 384**-0.5, np.float32)


async def test_an_embedder_that_fails_leaves_the_old_index(folder: Path) -> None:
    watched = Watched(Site(directory=folder, embedder=Failing()))
    before = watched.knowledge.index
    await watched.through(lambda: (folder / "lift.md").write_text("The lift is new."), nothing)
    assert [type(report) for report in watched.reports] == [ReloadFailed]
    assert watched.knowledge.index is before


async def test_without_a_folder_there_is_nothing_to_watch() -> None:
    watched = Watched(Site(directory=None, facts=["The desk is open."]))
    await watched.knowledge.watch(Script())
    assert watched.knows("desk")


def test_a_missing_folder_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="does not exist"):
        Watched(Site(directory=tmp_path / "none"))
