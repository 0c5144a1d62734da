"""Removes rows, and the files that belong to them, inside somebody's transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from appliance.retention.classes import Table
from appliance.retention.files import remove_files
from appliance.storage.db import Connection


def remove(
    connection: Connection, table: Table, condition: str, values: tuple[Any, ...], recordings: Path
) -> list[tuple[int, float]]:
    """Remove the rows `t` for which `condition` holds and return their ids and times.

    Files go before their rows, so that there is never a file that no row knows. Raises OSError when one cannot be
    deleted; then its row stays as well.
    """
    if table.name == "recordings":
        named = connection.execute(f"SELECT file FROM recordings AS t WHERE {condition}", values)  # noqa: S608
        remove_files(recordings, [row[0] for row in named])
    return connection.execute(table.removal(condition), values).fetchall()
