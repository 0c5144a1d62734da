"""Slips of the hand in YAML that its parser does not notice, or blames on another line."""

# ruff: noqa: RUF001 - curly quotes are a part of this
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPENING = "“„‟«‹‘‚”’"
"""Quotes that word processors and telephones write; the last two open a text in Swedish and Finnish."""
_CLOSING = "“”»›‘’\"'"
_SURELY_OPENING = "“„‟«‹"
"""Those that are never an apostrophe."""
_BULLETS = "•–—·*‣◦"
_LONGEST_SUGGESTION = 60

_ITEM = r"^(?P<before> *(?:- +)*)"
_NO_SPACE = re.compile(_ITEM + r"(?P<key>[A-Za-z_][\w-]*)(?P<sign>:[\u00a0\u202f]?(?!//)|\s*=\s*)(?P<value>[^\s:].*)$")
_BARE_WORD = re.compile(_ITEM + r"(?P<key>[A-Za-z_][\w-]*)\s*$")
_SETTING = re.compile(_ITEM + r"(?P<key>[\w-]+): +(?P<value>\S.*)$")
_CURLY_VALUE = re.compile(_ITEM + rf"(?:[\w-]+: +)?(?P<value>[{_OPENING}].*?)\s*$")


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A place in the text, line and column from 1 on, and what is wrong there."""

    line: int
    column: int
    message: str


def curly_quotes(text: str) -> str:
    """Say what is wrong with a text without straight quotes that begins with a curly one; empty when nothing is."""
    opened, rest = text[:1], text[1:]
    closed = rest[-1:] in _CLOSING
    if not opened or opened not in _OPENING or not rest or opened in rest[:-1]:
        return ""
    if not closed and (opened not in _SURELY_OPENING or any(mark in rest for mark in _CLOSING)):
        return ""
    shown = f": {in_quotes(rest[:-1])}" if closed and len(rest) <= _LONGEST_SUGGESTION else ' (")'
    return f"curly quotes such as {opened} would be a part of the text; write straight ones{shown}"


def lacks_opening_quote(text: str) -> bool:
    """Tell whether a text without quotes ends with one; after a digit it stands for inches."""
    return text.count('"') == 1 and text.endswith('"') and not text[-2:-1].isdecimal()


def in_quotes(text: str) -> str:
    """Return a text as it is written with quotes in YAML."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def missing_space(written: str) -> str:
    """Return how `name:Joe` and `name = Joe` are meant, empty for other texts."""
    found = _NO_SPACE.match(written)
    return f"{found['key']}: {found['value']}" if found else ""


def swallowed_lines(lines: Sequence[str], first: int, last: int) -> Iterator[SyntaxFault]:
    """Find what was meant as a setting or a list item and went into the text that stands in these lines, from 1 on."""
    items = [number for number in range(first + 1, last + 1) if lines[number - 1].lstrip().startswith("- ")]
    if items:
        column = _indentation(lines[items[0] - 1]) + 1
        if lines[first - 1].lstrip().startswith("- "):
            message = "this item is indented deeper than the one above it; items of one list start in one column"
        else:
            message = f"a list begins here, and text stands before it in line {first}; write that as an item, too"
        yield SyntaxFault(items[0], column, message)
    for number in range(first + 1, last + 1):
        if number not in items and missing_space(lines[number - 1]):
            yield _no_space(number, lines[number - 1])


def is_left_open(lines: Sequence[str], first: int, column: int, last: int) -> bool:
    """Tell whether the quotation that opens at a line and column lacks its end, and so goes on until another one.

    The lines of a text are indented deeper than what it belongs to (https://yaml.org/spec/1.2.2/#742-flow-scalars).
    """
    head = re.match(_ITEM, lines[first - 1])
    before = head["before"] if head else ""
    base = len(before.rstrip()) - 1 if len(before) == column - 1 and "-" in before else len(before)
    return any(line.strip() and _indentation(line) <= base for line in lines[first:last])


def open_quote(lines: Sequence[str], first: int, column: int, last: int) -> SyntaxFault:
    """Say that a quotation, which opens at a line and column and ends in line `last`, has most likely lost its end."""
    line = lines[first - 1]
    message = f"the quotation mark that opens here is closed only in line {last}; close it where the text ends"
    curly = next((mark for mark in line[column:] if mark in "“”„‘’"), "")
    if curly:
        message += f" with a straight one ({line[column - 1]}), not with {curly}"
    elif line[column - 1 : column] == "'" and "'" in lines[last - 1]:
        message += ", and write '' for an apostrophe inside"
    return SyntaxFault(first, column, message)


def one_colon_too_many(lines: Sequence[str], line: int, column: int) -> list[SyntaxFault]:
    """Say what led to a colon in a place, line and column from 1 on, where YAML allows none."""
    here = lines[line - 1]
    above = _line_above(lines, line)
    curly = _CURLY_VALUE.match(here)
    message = curly_quotes(curly["value"]) if curly else ""
    if curly and message:
        return [SyntaxFault(line, curly.start("value") + 1, message)]
    run = list(_lines_without_space(lines, above))
    if run:
        return run
    before = lines[above - 1] if above else ""
    deeper = _indentation(here) > _indentation(before)
    bare = _BARE_WORD.match(before)
    if bare and deeper:
        return [SyntaxFault(above, bare.end("key") + 1, f"a colon is missing here; write `{bare['key']}:`")]
    setting = _SETTING.match(here)
    if setting and setting.start("value") < column:
        suggested = f"{setting['key']}: {in_quotes(setting['value'])}"
        shown = f": {suggested}" if len(suggested) <= _LONGEST_SUGGESTION else ""
        message = (
            f"there is a second colon in this line; if it belongs to the text, put the whole text in quotes{shown}"
        )
        return [SyntaxFault(line, column, message)]
    if deeper and _SETTING.match(before):
        return out_of_line(lines, line)
    return []


def no_setting(lines: Sequence[str], line: int) -> list[SyntaxFault]:
    """Say how a line is meant in which no setting is to be seen; nothing when that is not clear."""
    here, above = lines[line - 1], _line_above(lines, line)
    column = _indentation(here) + 1
    sign, rest = here.strip()[:1], here.strip()[1:2]
    if missing_space(here):
        return [_no_space(line, here)]
    if sign in _BULLETS and rest in {" ", "\t"}:
        return [SyntaxFault(line, column, f"an item of a list begins with `- `, not with `{sign} `")]
    if above and lines[above - 1].startswith(f"{' ' * (column - 1)}- "):
        message = "`- ` is missing before this item; if it goes on the text above, begin the line with two more spaces"
        return [SyntaxFault(line, column, message)]
    return []


def no_item(line: int, column: int, first: int) -> list[SyntaxFault]:
    """Say that something stands in the column of a list, which begins in line `first`, and is no item of it."""
    message = f"this is no item of the list that begins in line {first}; write `- ` before it, or no `- ` there"
    return [SyntaxFault(line, column, message)]


def out_of_line(lines: Sequence[str], line: int) -> list[SyntaxFault]:
    """Say that a line begins in a column in which nothing may begin."""
    above, column = _line_above(lines, line), _indentation(lines[line - 1])
    before = _indentation(lines[above - 1]) if above else column
    if before == column:
        return []
    what = f"this line begins with {_spaces(column)}, and line {above} with {before or 'none'}"
    message = f"{what}; settings of one section, and items of one list, start in one column"
    return [SyntaxFault(line, column + 1, message)]


def without_space_above(lines: Sequence[str], line: int) -> list[SyntaxFault]:
    """Return the lines right above one, from 1 on, that lack the space after their colon."""
    return list(_lines_without_space(lines, _line_above(lines, line)))


def has_template(line: str) -> bool:
    """Tell whether a line has `{{ … }}` in it, which YAML takes for a group when it is not in quotes."""
    return "{{" in line


def _lines_without_space(lines: Sequence[str], last: int) -> Iterator[SyntaxFault]:
    """Yield the lines up to `last`, one below the other, that lack the space after their colon."""
    first = last
    while first > 0 and missing_space(lines[first - 1]):
        first -= 1
    for number in range(first + 1, last + 1):
        yield _no_space(number, lines[number - 1])


def _no_space(number: int, line: str) -> SyntaxFault:
    found = _NO_SPACE.match(line)
    column = found.start("sign") + 1 if found else 1
    return SyntaxFault(number, column, f"write a colon and a space here: `{missing_space(line)}`")


def _line_above(lines: Sequence[str], line: int) -> int:
    """Return the number of the next line above that is neither empty nor a comment; 0 when there is none."""
    return next((number for number in range(line - 1, 0, -1) if _says_something(lines[number - 1])), 0)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count or 'no'} spaces"


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
