"""Settings of what the appliance knows about its site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from appliance.config.rules import broken_rule
from appliance.config.section import Section


def _whole_path(folder: Path | None) -> Path | None:
    """Return a folder unchanged, or raise when it starts at somebody's home, which a service does not have."""
    if folder is not None and str(folder).startswith("~"):
        message = f"knowledge.directory: write the whole path instead of {str(folder)!r}"
        raise broken_rule(message, "directory")
    return folder


class KnowledgeConfig(Section):
    """What the appliance knows about its site: a folder of texts, beside the facts of the section `site`."""

    directory: Annotated[Path | None, AfterValidator(_whole_path)] = None
    """Folder of Markdown files (.md) about the place; a relative path starts at the folder of config.yaml."""
    passages: Annotated[int, Field(ge=1, le=20)] = 3
    """How many passages that fit a question are given to the model. More answer more and take longer to read."""
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Words that mean the same at your place: a word to the list of words that people say instead."""
    check_claims: bool = True
    """Hold back a sentence with a time, price, number or name that none of the passages contains."""
    decline: str = "I'm sorry, I don't know that. My colleagues at the front desk can help you."
    """What is said when nothing is known about a question."""
