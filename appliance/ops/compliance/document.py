"""A document of headings, texts, lists and tables, and its two forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import jinja2

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_BLANK = re.compile(r"\s+")
_HERE = Path(__file__).with_name("templates")


class Format(StrEnum):
    """What a document is written as."""

    HTML = "html"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; an urgent one stands out."""

    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as `header` has."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and what stands below it."""

    key: str
    title: str
    blocks: Sequence[Text | Items | Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole; `language` is a code such as `en` or `pt-BR`."""

    language: str
    title: str
    lead: str
    chapters: Sequence[Chapter]


def rendered(document: Document, form: Format) -> str:
    """Return a document as HTML that stands alone, or as Markdown. What it was given is text in both."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=jinja2.select_autoescape(["html"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = _plain
    environment.tests["text"] = lambda block: isinstance(block, Text)
    environment.tests["items"] = lambda block: isinstance(block, Items)
    return environment.get_template(f"statement.{form.value}").render(document=document) + "\n"


def _plain(text: str) -> str:
    """Return text in which nothing is a sign of Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", _BLANK.sub(" ", text)).strip()
