"""What is wrong with a configuration, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""A setting by the keys that lead to it, such as `("persona", "examples", 0, "user")`; list items count from 0."""

_QUOTED_BEFORE = 60
_QUOTED_AFTER = 80
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+(?=@)")


def masked(text: str) -> str:
    """Return the text with the user name and password of every address in it replaced by `***`."""
    return _CREDENTIALS.sub("***", text)


def dotted(path: KeyPath) -> str:
    """Return the path as people write it: `turn.clear_end_ms`, `persona.examples[1].user` (items count from 1)."""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file with line and column from 1 on, a file as a whole, or an environment variable."""

    source: str
    line: int | None = None
    column: int | None = None
    is_variable: bool = False

    def __str__(self) -> str:
        if self.is_variable:
            return f"environment variable {self.source}"
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: where, what, and the line of the file as it stands there."""

    place: Place
    message: str
    path: KeyPath = ()
    quote: str = ""

    def __str__(self) -> str:
        head = _printable(f"{self.place}: {masked(self.message)}")
        if not self.quote or self.place.line is None or self.place.column is None:
            return head
        before = masked(self.quote[: self.place.column - 1])[-_QUOTED_BEFORE:].expandtabs(1)
        after = masked(self.quote[self.place.column - 1 :])[:_QUOTED_AFTER].expandtabs(1)
        margin = f"{self.place.line:>6} | "
        return f"{head}\n{margin}{_printable(before + after.rstrip())}\n{' ' * len(margin + before)}^"

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the problem for `--json`; `file` or `variable` is null, depending on the place."""
        return {
            "file": None if self.place.is_variable else self.place.source,
            "variable": self.place.source if self.place.is_variable else None,
            "line": self.place.line,
            "column": self.place.column,
            "key": dotted(self.path) or None,
            "message": masked(self.message),
            "text": masked(self.quote) or None,
        }


class InvalidConfigError(ConfigError):
    """The configuration has problems; `problems` lists all of them in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_reading_order))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        listed = "\n".join(str(problem) for problem in self.problems)
        super().__init__(
            f"{count} in the configuration:\n{listed}",
            remedy="Correct what is listed, then look again with `appliance config check`.",
        )


def _printable(text: str) -> str:
    """Return the text with everything invisible written out, so that no file can play tricks on a terminal."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)


def _reading_order(problem: Problem) -> tuple[bool, str, int, int]:
    place = problem.place
    return place.is_variable, place.source, place.line or 0, place.column or 0
