"""Notices that the site changed its files, and swaps the index for a new one when that can be built."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from appliance.errors import ApplianceError
from appliance.knowledge.index import Embedder, KnowledgeIndex
from appliance.knowledge.load import load_knowledge, markdown_files
from appliance.knowledge.passage import KnowledgeError, Problem

log = logging.getLogger(__name__)

POLL_S = 5.0
"""Seconds between two looks at the folder; a change counts once it looks the same twice, so that copying is over."""

Signature = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size, and time of change in nanoseconds of each file; rights that change count, too."""


class Sleeper(Protocol):
    """The part of a clock that is needed to wait."""

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for `seconds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the site's knowledge comes from."""

    directory: Path | None
    facts: Sequence[str] = ()
    synonyms: Mapping[str, Iterable[str]] = field(default_factory=dict)
    embedder: Embedder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """The files changed, and their new content is in use."""

    passages: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadFailed:
    """The files changed in a way that cannot be used; what was known before is still in use."""

    error: ApplianceError


class SiteKnowledge:
    """The index in use. `index` changes only between two calls of the event loop, so no search sees half of it.

    `problems` has what could not be used of the files, also when none of their changes could.
    """

    def __init__(self, site: Site, report: Callable[[Reloaded | ReloadFailed], None] | None = None) -> None:
        """Build the first index; `report` hears of every later change.

        Raises:
            KnowledgeError: There is no such folder, or it cannot be read.
            ApplianceError: The embedder failed.
        """
        self._site = site
        self._report = report
        self._signature = _signature(site.directory)
        self.index, self.problems = _built(site, None)

    async def watch(self, clock: Sleeper, poll_s: float = POLL_S) -> None:
        """Look for changes until cancelled. Files are read and indexed in a thread of their own."""
        if self._site.directory is None:
            return
        seen = self._signature
        while True:
            await clock.sleep(poll_s)
            signature = await asyncio.to_thread(_signature, self._site.directory)
            if signature == seen and signature != self._signature:
                self._signature = signature
                await self._reload()
            seen = signature

    async def _reload(self) -> None:
        try:
            index, problems = await asyncio.to_thread(_built, self._site, self.index)
        except ApplianceError as error:
            log.warning("the changed knowledge cannot be used, the old stays in use: %s", error)
            message = f"its change cannot be used, and what was known before stays in use. {error}"
            self.problems = (Problem(source="knowledge.directory", message=message.rstrip(".")),)
            self._tell(ReloadFailed(error=error))
            return
        self.index, self.problems = index, problems
        log.info("the knowledge changed: %d passages, %d problems", len(index.passages), len(problems))
        for problem in problems:
            log.warning("the knowledge has a problem: %s", problem)
        self._tell(Reloaded(passages=len(index.passages), problems=problems))

    def _tell(self, report: Reloaded | ReloadFailed) -> None:
        if self._report is not None:
            self._report(report)


def _built(site: Site, known: KnowledgeIndex | None) -> tuple[KnowledgeIndex, tuple[Problem, ...]]:
    """Read and index everything; a folder that held passages and is empty now is taken for a mistake."""
    knowledge = load_knowledge(site.directory, site.facts)
    held_more_than_facts = known is not None and any(not _is_fact(each.source) for each in known.passages)
    if held_more_than_facts and all(_is_fact(each.source) for each in knowledge.passages):
        reason = f": {knowledge.problems[0]}" if knowledge.problems else ""
        raise KnowledgeError(
            f"The folder of knowledge {site.directory} holds no passage any more{reason}.",
            remedy="Put the files back, or restart the appliance to do without them.",
        )
    index = KnowledgeIndex(knowledge.passages, synonyms=site.synonyms, embedder=site.embedder, known=known)
    return index, knowledge.problems


def _is_fact(source: str) -> bool:
    return source.startswith("facts:")


def _signature(directory: Path | None) -> Signature:
    """Return what changes when a file does; empty when the folder is gone."""
    if directory is None:
        return ()
    try:
        return tuple(_entry(path) for path in markdown_files(directory))
    except OSError:
        return ()


def _entry(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (str(path), 0, 0, 0)
    return (str(path), found.st_ino, found.st_size, found.st_ctime_ns)
