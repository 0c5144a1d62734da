"""Changing the configuration of a running appliance: checked first, applied between turns, or left as it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.config.models import Config
from appliance.errors import ApplianceError

log = logging.getLogger(__name__)

LIVE = frozenset(
    {
        "site",
        "persona",
        "phrases",
        "vad",
        "turn",
        "session",
        "knowledge",
        "handover",
        "consent",
        "tools",
        "forms",
        "log",
    }
)
"""Sections that are applied at once. The others belong to what is loaded or opened at start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs between the configuration in force and the one in the file."""

    config: Config
    """The new configuration as far as it can be applied at once."""
    live: tuple[str, ...]
    """Settings that can be applied at once, such as `persona.greeting`."""
    restart: tuple[str, ...]
    """Settings that need a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What became of a reload; with an error nothing has changed."""

    applied: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    error: str = ""
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"applied": self.applied, "restart": self.restart, "error": self.error, "remedy": self.remedy}


Reported = Callable[[str, Reloaded], None]
"""Is told who has reloaded, and what became of it."""


def compare(old: Config, new: Config) -> Change:
    """Tell what has changed, and what of it can be applied at once."""
    changed = tuple(_differences(old.model_dump(mode="json"), new.model_dump(mode="json")))
    fixed = {name: getattr(old, name) for name in Config.model_fields if name not in LIVE}
    return Change(
        config=new.model_copy(update=fixed),
        live=tuple(name for name in changed if name.split(".")[0] in LIVE),
        restart=tuple(name for name in changed if name.split(".")[0] not in LIVE),
    )


class Reloader:
    """Reloads the configuration, one reload at a time."""

    def __init__(
        self,
        config: Config,
        load: Callable[[], Config],
        apply: Callable[[Config], Awaitable[None]],
        report: Reported,
    ) -> None:
        self.config = config
        """The configuration in force."""
        self._load = load
        self._apply = apply
        self._report = report
        self._lock = asyncio.Lock()

    async def reload(self, who: str) -> Reloaded:
        """Read the file again and apply what can be applied; a mistake in it changes nothing."""
        async with self._lock:
            try:
                reloaded = await self._reload()
            except ApplianceError as error:
                reloaded = Reloaded(error=str(error), remedy=error.remedy)
        _log(reloaded)
        self._report(who, reloaded)
        return reloaded

    async def _reload(self) -> Reloaded:
        change = compare(self.config, await asyncio.to_thread(self._load))
        if change.live:
            await self._apply(change.config)
            self.config = change.config
        return Reloaded(applied=change.live, restart=change.restart)


def _log(reloaded: Reloaded) -> None:
    if reloaded.error:
        log.error("the configuration was not reloaded, the old one stays in force: %s", reloaded.error)
        return
    log.warning("the configuration was reloaded: %s", ", ".join(reloaded.applied) or "nothing to apply")
    if reloaded.restart:
        log.warning("a restart is needed for %s", ", ".join(reloaded.restart))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the names of the settings that differ; a list is one setting."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{above}{name}.")
        elif before != after:
            yield f"{above}{name}"
