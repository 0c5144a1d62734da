"""Markdown into statements: list items, paragraphs and rows of tables, each with the headings above it.

It reads what people write in such files, line by line, not all of CommonMark.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.knowledge.passage import Problem

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(?P<level>#{1,6})(?:\s+(?P<text>.*?))?(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(?:(?P<first>=+)|-{2,})\s*$")
_RULE = re.compile(r" {0,3}(?:(?:\*\s*){3,}|(?:_\s*){3,}|(?:-\s*){3,})$")
_ITEM = re.compile(r"(?P<indent>\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)$")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:\s")
_QUOTE = re.compile(r"^ {0,3}(?:>\s?)+")
_SENTENCE_SIGNS = (".", "!", "?", "…", ":")

_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?"), ""),
    (re.compile(r"\[\^[^\]]+\]"), ""),
    (re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"<(?:mailto:)?((?:https?://)?[^\s<>@]+(?:@[^\s<>]+|\.[^\s<>]+))>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>"), " "),
    (re.compile(r"(\*\*\*|\*\*|\*|~~|`+)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)(___|__|_)(?=\S)(.+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
    (re.compile(r"\s+"), " "),
)
"""What is replaced within a line, in this order: images, footnotes, links, addresses, tags, emphasis, escapes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A paragraph, a list item or a row, in plain text."""

    headings: tuple[str, ...]
    text: str
    line: int


@dataclass(slots=True)
class Document:
    """What a file says, and what is wrong with how it says it."""

    name: str
    statements: list[Statement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def parse(text: str, name: str) -> Document:
    """Read the text of a Markdown file; `name` is what its problems call it."""
    document = Document(name)
    reader = _Reader(document)
    table: list[str] = []
    lines = [*_visible_lines(text, document), (0, "")]
    for (number, line), (_, following) in zip(lines, [*lines[1:], (0, "")], strict=True):
        if table and "|" in line:
            reader.row(table, line, number)
        elif "|" in line and _TABLE_RULE.fullmatch(following) and "-" in following:
            reader.flush()
            table = _cells(line)
        else:
            table = []
            reader.read(line, number)
    reader.end()
    return document


def plain(markdown: str) -> str:
    """Return a line without markup: links become their text, images nothing."""
    for pattern, replacement in _INLINE:
        markdown = pattern.sub(replacement, markdown)
    return html.unescape(markdown).strip()


class _Reader:
    """Collects the lines of a paragraph or item until it ends."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._headings: list[tuple[int, str]] = []
        self._headed_at: int | None = None
        self._lines: list[str] = []
        self._line = 0
        self._indent = -1
        self._leads: list[tuple[int, str]] = []
        self._lead_awaits = False

    def read(self, line: str, number: int) -> None:
        """Take a line that belongs to no table."""
        line = _QUOTE.sub("", line)
        underline = _UNDERLINE.match(line)
        if not line.strip():
            self.flush()
        elif heading := _HEADING.match(line):
            self.flush()
            self._open(len(heading["level"]), heading["text"] or "", number)
        elif underline and len(self._lines) == 1 and self._indent < 0:
            title, self._lines = self._lines[0], []
            self._open(1 if underline["first"] else 2, title, number - 1)
        elif _RULE.match(line):
            self.flush()
        elif item := _ITEM.match(line):
            self.flush()
            self._begin(item["text"], number, len(item["indent"].expandtabs(4)))
        elif self._lines:
            self._lines.append(line)
        else:
            indent = len(line) - len(line.lstrip())
            self._begin(line, number, indent if indent and self._leads else -1)

    def row(self, columns: list[str], line: str, number: int) -> None:
        """Take a row of a table as one sentence: `column: value, column: value`."""
        if _TABLE_RULE.fullmatch(line):
            return
        cells = _cells(line)
        named = zip([*columns, *[""] * len(cells)], cells, strict=False)
        text = ", ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
        self._add(self._led(text), number)

    def flush(self) -> None:
        """End the paragraph or item; one that ends with a colon leads what follows it."""
        text, self._lines = plain(" ".join(self._lines)), []
        if text.endswith(":"):
            self._leads.append((self._indent, text))
            self._lead_awaits = True
        elif text:
            self._add(self._led(text), self._line)

    def end(self) -> None:
        """End the file."""
        self.flush()
        self._leave_section()

    def _led(self, text: str) -> str:
        return " ".join([*(lead for _, lead in self._leads), text])

    def _begin(self, text: str, number: int, indent: int) -> None:
        to_paragraph = indent < 0 and self._lead_awaits
        self._leads = [lead for lead in self._leads if lead[0] < indent or to_paragraph]
        self._lines, self._line, self._indent = [text], number, indent

    def _open(self, level: int, text: str, number: int) -> None:
        title = plain(text)
        if self._headings and self._headings[-1][0] >= level:
            self._leave_section()
        self._headings = [heading for heading in self._headings if heading[0] < level]
        self._headed_at, self._indent = number, -1
        self._leads, self._lead_awaits = [], False
        if title:
            self._headings.append((level, title))
        else:
            self._report(number, "this heading has no words")

    def _leave_section(self) -> None:
        if self._headed_at is not None and self._headings:
            self._report(self._headed_at, f"there is nothing under the heading {self._headings[-1][1]!r}")
        self._headed_at = None

    def _add(self, text: str, number: int) -> None:
        if not any(map(str.isalnum, text)):
            return
        self._headed_at, self._lead_awaits = None, False
        ended = text if text.endswith(_SENTENCE_SIGNS) else f"{text}."
        headings = tuple(title for _, title in self._headings)
        self._document.statements.append(Statement(headings=headings, text=ended, line=number))

    def _report(self, number: int, message: str) -> None:
        self._document.problems.append(Problem(source=f"{self._document.name}:{number}", message=message))


def _cells(line: str) -> list[str]:
    cells = [plain(cell.replace("\\|", "|")) for cell in _CELL_BORDER.split(line.strip())]
    return cells[bool(not cells[0]) : len(cells) - bool(not cells[-1])]


def _visible_lines(text: str, document: Document) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines outside of front matter, comments, code and definitions of links."""
    lines = _without_comments(text, document).splitlines()
    fence, opened = "", 0
    for number, line in enumerate(lines, start=1):
        if number <= _front_matter(lines):
            continue
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not line.strip("`~ \t") else fence
        elif mark:
            fence, opened = mark[1], number
            yield number, ""
        elif not _DEFINITION.match(line):
            yield number, line
    if fence:
        message = "the code that begins here has no end, so the rest of the file is left out"
        document.problems.append(Problem(source=f"{document.name}:{opened}", message=message))


def _front_matter(lines: list[str]) -> int:
    """Return how many lines at the head are front matter: from `---` to the next `---` or `...`."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    return next((number for number, line in enumerate(lines[1:], start=2) if line.rstrip() in {"---", "..."}), 0)


def _without_comments(text: str, document: Document) -> str:
    """Take HTML comments out and leave their line breaks, so that line numbers stay."""
    text = re.sub(r"<!--.*?-->", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL)
    before, unended, rest = text.partition("<!--")
    if unended:
        message = "the comment that begins here has no end, so the rest of the file is left out"
        source = f"{document.name}:{before.count(chr(10)) + 1}"
        document.problems.append(Problem(source=source, message=message))
        return before + "\n" * rest.count("\n")
    return text
