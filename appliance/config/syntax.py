"""Broken YAML in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from appliance.config.slips import SyntaxFault, has_template, one_colon_too_many, open_quote, without_colon

_QUOTE_IT = "put the whole text in quotes"
QUOTE_TEMPLATES = "text with {{ }} in it must be put in quotes as a whole"
_COLON = "mapping values are not allowed here"
_NO_COLON = "could not find expected ':'"
_IN_BRACES = "expected ',' or '}'"
_TEXT_OUTSIDE = "expected <block end>, but found '<scalar>'"


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
    _Rule("", f"text cannot begin with `*`; {_QUOTE_IT}", context="while scanning an alias", at_context=True),
    _Rule("", f"text cannot begin with `&`; {_QUOTE_IT}", context="while scanning an anchor", at_context=True),
    _Rule("", f"text cannot begin with `!`; {_QUOTE_IT}", context="while scanning a tag", at_context=True),
    _Rule(
        _TEXT_OUTSIDE,
        "this text stands outside of the value before it; close the quotation at the end, write '' for an apostrophe "
        "inside single quotes, or check the indentation",
    ),
    _Rule(
        "expected <block end>",
        "this line is indented differently from the lines it belongs to; settings of one section start in one column",
    ),
    _Rule("found incompatible YAML document", "remove this line; it asks for another version of YAML"),
)


def syntax_faults(
    error: yaml.MarkedYAMLError, lines: Sequence[str], quotation: yaml.ScalarEvent | None
) -> list[SyntaxFault]:
    """Say in plain words what the YAML parser stumbled over, and where to correct it.

    `quotation` is the last text in quotes before that.
    """
    problem, mark = error.problem or "", error.problem_mark or error.context_mark
    line = mark.line + 1 if mark and mark.line < len(lines) else 0
    found: list[SyntaxFault] = []
    if line and mark and problem.startswith(_COLON):
        found = one_colon_too_many(lines, line, mark.column + 1)
    elif problem.startswith(_NO_COLON) and error.context_mark:
        slip = without_colon(lines, error.context_mark.line + 1)
        found = [] if slip is None else [slip]
    elif line and mark and problem.startswith(_IN_BRACES) and has_template(lines[line - 1]):
        found = [SyntaxFault(line, mark.column + 1, QUOTE_TEMPLATES)]
    elif problem == _TEXT_OUTSIDE and quotation is not None:
        begin, end = quotation.start_mark, quotation.end_mark
        if begin and end and begin.line < end.line == line - 1:
            found = [open_quote(lines, begin.line + 1, begin.column + 1, line)]
    return found or [_as_the_parser_says(error)]


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
