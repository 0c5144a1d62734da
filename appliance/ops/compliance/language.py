"""The languages of the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).with_name("phrases")


class Language(StrEnum):
    """A language of the report."""

    ENGLISH = "en"
    PORTUGUESE = "pt"


@cache
def phrases(language: Language) -> Mapping[str, str]:
    """Return the phrases of a language by their keys, the same in each language."""
    text = (_FOLDER / f"{language.value}.yaml").read_text(encoding="utf-8")
    read: Mapping[str, str] = yaml.safe_load(text)
    return read


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self._phrases = phrases(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a phrase with values in it."""
        return self._phrases[key].format(**values) if values else self._phrases[key]

    def has(self, key: str) -> bool:
        """Tell whether there is a phrase of this key."""
        return key in self._phrases

    def yes_or_no(self, value: bool) -> str:
        """Return a yes or a no."""
        return self("yes" if value else "no")

    def number(self, value: float) -> str:
        """Return a number without needless digits."""
        return f"{value:.10g}".replace(".", self("decimal"))

    def counted(self, key: str, value: float) -> str:
        """Return how many there are of something, in the singular where it is one."""
        return self(f"{key}.one") if value == 1 else self(key, count=self.number(value))

    def moment(self, iso: str) -> str:
        """Return a time as it is written in the language."""
        return datetime.fromisoformat(iso).strftime(self("moment"))
