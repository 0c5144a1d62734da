"""A short piece of what the site wrote about itself, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.errors import ConfigError


class KnowledgeError(ConfigError):
    """The site's knowledge cannot be read; like a wrong setting, it is put right by who runs the site."""

    code = "knowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A statement that can be given to the model as it stands."""

    id: str
    """Unique among all passages: the source, with a part number when one line gave several."""
    title: str
    """The headings above it, from the outermost to the innermost; empty for a fact of the configuration."""
    text: str
    """One line of plain text, at most about `MAX_WORDS` words."""
    source: str
    """`file.md:line`, lines from 1; `facts:3` for the third line of `site.facts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that the site should put right; what is not concerned by it works."""

    source: str
    """The file, or `file.md:line`."""
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"
