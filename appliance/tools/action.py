"""What every kind of tool is to the executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.config.tools import Effect, Value

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
"""Plain data."""
Arguments = Mapping[str, Value | None]
"""A value for every parameter of the tool; None for an optional one that was not said."""

MAX_BYTES = 1 << 20
"""Of an answer; a larger one is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came back: its fields, and whether that is nothing (no row, an empty list, not found)."""

    data: dict[str, JSON]
    empty: bool = False


class Action(Protocol):
    """One tool that can be run."""

    async def run(self, arguments: Arguments, key: str) -> Result:
        """Do it once. `key` is the same whenever the same call is repeated.

        Raises:
            ToolError: It failed.
        """

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        """Return what `run` would send, with the secrets masked. Raises ToolError as `run` does."""


def unknown_if_writing(effect: Effect) -> bool | None:
    """Return whether a call happened of which nothing is known but that it was sent."""
    return None if effect is Effect.WRITE else False


def from_rows(rows: Sequence[JSON]) -> dict[str, JSON]:
    """Return the fields of a list: the columns of its first row, `rows`, and `count`."""
    first = rows[0] if rows else None
    columns = first if isinstance(first, dict) else {}
    return {**columns, "rows": list(rows), "count": len(rows)}


def says_nothing(data: Mapping[str, JSON]) -> bool:
    """Tell whether the fields of a result mean that nothing was found.

    With lists among them, these are all empty and nothing else is there; zero alone is an answer.
    """
    values = list(data.values())
    if any(isinstance(value, list) for value in values):
        return not any(values)
    return all(value is None or value in ("", {}) for value in values)
