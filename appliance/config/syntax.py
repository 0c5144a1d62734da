"""Broken YAML in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from appliance.config.slips import (
    SyntaxFault,
    has_template,
    no_item,
    no_setting,
    one_colon_too_many,
    open_quote,
    out_of_line,
    without_space_above,
)

_QUOTE_IT = "put the whole text in quotes"
_AFTER_A_SIGN = f"after > or | a text begins in the next line; otherwise {_QUOTE_IT}"
QUOTE_TEMPLATES = "text with {{ }} in it must be put in quotes as a whole"
_COLON = "mapping values are not allowed here"
_NO_COLON = "could not find expected ':'"
_IN_BRACES = "expected ',' or '}'"
_BLOCK_END = "expected <block end>"
_TEXT_OUTSIDE = f"{_BLOCK_END}, but found '<scalar>'"
_ALIAS = "while scanning an alias"
_IN_LIST = "while parsing a block collection"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Plain words for what the YAML parser says."""

    problem: str
    message: str
    context: str = ""
    at_context: bool = False


_RULES = (
    _Rule(
        "found unexpected end of stream",
        "the quotation mark that opens here is never closed",
        context="while scanning a quoted scalar",
        at_context=True,
    ),
    _Rule("expected ',' or ']'", "the list that opens here with [ is not closed with ]", at_context=True),
    _Rule(_IN_BRACES, "the group that opens here with { is not closed with }", at_context=True),
    _Rule(
        "found unknown escape character",
        "inside double quotes a \\ has a special meaning; use single quotes around text that has a \\ in it",
    ),
    _Rule(
        _COLON,
        "there is a colon too many here, or the line above is indented differently; "
        f"if the colon belongs to the text, {_QUOTE_IT}",
    ),
    _Rule("sequence entries are not allowed here", "a list item (-) must begin on a line of its own"),
    _Rule(_NO_COLON, "this line has no colon; a setting is written `name: value`", at_context=True),
    _Rule("", f"text cannot begin with `*`; {_QUOTE_IT}", context=_ALIAS, at_context=True),
    _Rule("", f"text cannot begin with `&`; {_QUOTE_IT}", context="while scanning an anchor", at_context=True),
    _Rule("", f"text cannot begin with `!`; {_QUOTE_IT}", context="while scanning a tag", at_context=True),
    _Rule(
        _TEXT_OUTSIDE,
        "this text stands outside of the value before it; close the quotation at the end, write '' for an apostrophe "
        "inside single quotes, or check the indentation",
    ),
    _Rule(
        _BLOCK_END,
        "this line is indented differently from the lines it belongs to; settings of one section start in one column",
    ),
    _Rule(
        "expected '<document start>'",
        "this line begins further left than the first setting; sections begin at the edge",
    ),
    _Rule("expected a comment or a line break", _AFTER_A_SIGN),
    _Rule("expected chomping", _AFTER_A_SIGN),
    _Rule(
        "expected the node content", f"a value is missing before this, or it closes nothing; if it is text, {_QUOTE_IT}"
    ),
    _Rule("found incompatible YAML document", "remove this line; it asks for another version of YAML"),
)


def syntax_faults(
    error: yaml.MarkedYAMLError, lines: Sequence[str], quotation: yaml.ScalarEvent | None
) -> list[SyntaxFault]:
    """Say in plain words what the YAML parser stumbled over, and where to correct it.

    `quotation` is the last text in quotes before that.
    """
    return _slips(error, lines, quotation) or [_as_the_parser_says(error)]


def _slips(error: yaml.MarkedYAMLError, lines: Sequence[str], quotation: yaml.ScalarEvent | None) -> list[SyntaxFault]:
    """Return the slips of the hand that led to the error; none when it is another thing."""
    problem, context, mark = error.problem or "", error.context or "", error.problem_mark
    begun = error.context_mark
    if mark is None or not lines:
        return []
    line, column = min(mark.line + 1, len(lines)), mark.column + 1
    found: list[SyntaxFault] = []
    if problem.startswith(_COLON):
        found = one_colon_too_many(lines, line, column)
    elif begun and (problem.startswith(_NO_COLON) or context == _ALIAS):
        found = no_setting(lines, begun.line + 1)
    elif problem.startswith(_IN_BRACES) and has_template(lines[line - 1]):
        found = [SyntaxFault(line, column, QUOTE_TEMPLATES)]
    elif problem == _TEXT_OUTSIDE:
        found = _quotation_before(quotation, lines, line)
    elif begun and problem.startswith(_BLOCK_END):
        is_list = context == _IN_LIST and begun.column == mark.column
        found = no_item(line, column, begun.line + 1) if is_list else out_of_line(lines, line)
        found = without_space_above(lines, line) or found
    return found


def _quotation_before(quotation: yaml.ScalarEvent | None, lines: Sequence[str], line: int) -> list[SyntaxFault]:
    """Say that the last quotation goes over several lines up to this one, from 1 on: most likely it lost its end."""
    begin, end = (quotation.start_mark, quotation.end_mark) if quotation else (None, None)
    if begin is None or end is None or not begin.line < end.line == line - 1:
        return []
    return [open_quote(lines, begin.line + 1, begin.column + 1, line)]


def _as_the_parser_says(error: yaml.MarkedYAMLError) -> SyntaxFault:
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    message = _character(problem) or f"this is not valid YAML: {problem}"
    for rule in _RULES:
        if problem.startswith(rule.problem) and (not rule.context or context.startswith(rule.context)):
            message = rule.message
            mark = error.context_mark if rule.at_context and error.context_mark else mark
            break
    if mark is None:
        return SyntaxFault(1, 1, message)
    return SyntaxFault(mark.line + 1, mark.column + 1, message)


def _character(problem: str) -> str:
    """Plain words for a text that begins with a character that YAML keeps for itself, such as @, % or a backtick."""
    before, middle, _ = problem.partition(" that cannot start any token")
    if not middle:
        return ""
    character = before.removeprefix("found character ").strip("'\"")
    if character == "\\t":
        return "there is a tab here; write a space"
    return f"text cannot begin with `{character}`; {_QUOTE_IT}"


def indentation_faults(lines: list[str]) -> list[SyntaxFault]:
    """Find every line that is indented with something that only looks like spaces."""
    faults = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        indentation = line[: len(line) - len(line.lstrip())]
        stranger = indentation.lstrip(" ")[:1]
        if stranger:
            name = "a tab" if stranger == "\t" else f"an unusual space (U+{ord(stranger):04X})"
            faults.append(
                SyntaxFault(number, indentation.index(stranger) + 1, f"this line is indented with {name}; use spaces")
            )
    return faults
