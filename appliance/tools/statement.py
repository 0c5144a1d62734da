"""What can be told of an SQL statement without a database."""

from __future__ import annotations

import re

from sqlalchemy import text

_ASIDE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""Literals, quoted names and comments: words in them are no keywords."""
_READING = frozenset({"SELECT", "WITH", "VALUES", "SHOW", "EXPLAIN"})
_WRITING = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE\s+INTO|INTO|DROP|ALTER|CREATE|TRUNCATE|ATTACH)\b", re.IGNORECASE
)
"""Where a statement begins with WITH or EXPLAIN, or selects into a table, its other keywords tell."""


def bare(query: str) -> str:
    """Return a statement without literals, comments and the semicolon at its end."""
    return _ASIDE.sub(" ", query).strip().rstrip(";").rstrip()


def is_single(query: str) -> bool:
    """Tell whether there is exactly one statement."""
    statement = bare(query)
    return bool(statement) and ";" not in statement


def only_reads(query: str) -> bool:
    """Tell whether a statement reads, by its keywords."""
    statement = bare(query)
    first = re.match(r"\(*\s*([a-z]+)", statement, re.IGNORECASE)
    return first is not None and first.group(1).upper() in _READING and not _WRITING.search(statement)


def names_bound(query: str) -> set[str]:
    """Return the names of the arguments (`:name`) that a statement takes."""
    return set(text(query).compile().params)
