"""What there is, for parameters whose values a database knows: read at the start, and again now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.assistant.jobs import Job
from appliance.clock import Clock
from appliance.config.tools import KnownValues, SqlAction, ToolConfig
from appliance.tools.errors import ToolError
from appliance.tools.secrets import Secrets
from appliance.tools.sql import SqlTool

log = logging.getLogger(__name__)

REFRESH_S = 300.0
MOST = 1000
"""Values of one parameter; the others are not known."""
TIMEOUT_S = 5.0


class KnownThings:
    """Tells the finders of the jobs what there is. A database that cannot be read leaves what was known."""

    def __init__(self, jobs: Mapping[str, Job], clock: Clock, folder: Path) -> None:
        self._jobs = jobs
        self._clock = clock
        self._sources = list(_sources(jobs, folder))
        self._read_at: float | None = None

    async def refresh(self) -> None:
        """Read everything again, unless that was done a short while ago."""
        now = self._clock.now()
        if self._sources and (self._read_at is None or now - self._read_at >= REFRESH_S):
            self._read_at = now
            await asyncio.gather(*(self._read(*source) for source in self._sources))

    async def _read(self, job: str, parameter: str, source: SqlTool) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                result = await source.run({}, "")
        except (ToolError, TimeoutError) as error:
            log.warning("%s: the values of %s cannot be read: %s", job, parameter, error)
            return
        rows = result.data.get("rows")
        first = (
            [next(iter(row.values()), None) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        )
        self._jobs[job].finder.learn(parameter, [str(value) for value in first if value])


def _sources(jobs: Mapping[str, Job], folder: Path) -> Iterator[tuple[str, str, SqlTool]]:
    for job in jobs.values():
        for name, parameter in job.parameters.items():
            if isinstance(parameter.values, KnownValues):
                given = parameter.values
                action = SqlAction(
                    database=given.database, password_secret=given.password_secret, query=given.query, max_rows=MOST
                )
                tool = ToolConfig(name=job.name, description=f"Lists the values of {name}.", sql=action)
                yield job.name, name, SqlTool(tool, action, folder, Secrets())
