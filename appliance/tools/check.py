"""What is wrong with declared tools and forms, as far as it can be found without calling anything."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jmespath
from jmespath.exceptions import JMESPathError

from appliance.config.problems import KeyPath, Place
from appliance.config.tools import (
    CommandAction,
    FormConfig,
    HttpAction,
    KnownValues,
    Parameter,
    SqlAction,
    Task,
    ToolConfig,
)
from appliance.tools.arguments import checked
from appliance.tools.check_sql import check_statement, check_values
from appliance.tools.errors import ToolError
from appliance.tools.python import find
from appliance.tools.secrets import Secrets
from appliance.tools.templates import has_fixed_origin, names_in

EXAMPLES = 3
"""The fewest from which it can be told what people mean."""
SECRETS = "secrets"
"""The name under which headers see the secrets."""

_SECRET_NAME = re.compile(rf"\b{SECRETS}\.([A-Za-z0-9_]+)")

_LOOPBACK = re.compile(r"http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(?=[:/?]|$)")

Found = Iterator[tuple[str, str]]
"""Field and message of each problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a tool or form, and the field where it stands."""

    tool: str
    field: str
    message: str
    path: KeyPath = ()
    """The field by the keys that lead to it in the configuration."""

    def __str__(self) -> str:
        return f"{self.tool}: {self.field}: {self.message}"

    def place(self, places: Mapping[KeyPath, Place]) -> Place | None:
        """Return where the field stands, or what it is missing from."""
        shorter = (self.path[:length] for length in range(len(self.path), 0, -1))
        return next((places[path] for path in shorter if path in places), None)


def check(
    tools: Sequence[ToolConfig],
    forms: Sequence[FormConfig],
    folder: Path,
    secrets: Mapping[str, str] | None = None,
) -> list[Problem]:
    """Return everything that is wrong with tools and forms; relative files start at `folder`."""
    secrets = Secrets() if secrets is None else secrets
    found = [
        problem for at, tool in enumerate(tools) for problem in _at("tools", at, tool, _tool(tool, folder, secrets))
    ]
    return found + [
        problem for at, form in enumerate(forms) for problem in _at("forms", at, form, _form(form, folder, secrets))
    ]


def _at(section: str, number: int, task: Task, found: Found) -> Iterator[Problem]:
    for field, message in found:
        yield Problem(task.name, field, message, (section, number, *field.split(".")))


def _tool(tool: ToolConfig, folder: Path, secrets: Mapping[str, str]) -> Found:
    if tool.builtin is None:
        yield from _examples(tool.examples)
    yield from _parameters("parameters", tool.parameters, folder, secrets)
    if tool.http:
        yield from _http(tool.http, set(tool.parameters), secrets)
    if tool.sql:
        yield from _sql(tool.sql, tool, folder, secrets)
    if tool.command:
        yield from _command(tool.command, set(tool.parameters), folder)
    if tool.python:
        yield from _reported("python.entry_point", partial(find, tool.python.entry_point))
    yield from _tool_phrases(tool)


def _form(form: FormConfig, folder: Path, secrets: Mapping[str, str]) -> Found:
    yield from _examples(form.examples)
    yield from _parameters("fields", form.fields, folder, secrets)
    yield from _template("say.begin", form.say.begin, ())
    yield from _template("say.confirm", form.say.confirm, form.fields)
    yield from _template("say.success", form.say.success, form.fields)


def _examples(examples: Sequence[str]) -> Found:
    if len(set(examples)) < EXAMPLES:
        yield "examples", f"give at least {EXAMPLES} different ones, better more; there are {len(set(examples))}"


def _parameters(place: str, parameters: Mapping[str, Parameter], folder: Path, secrets: Mapping[str, str]) -> Found:
    for name, parameter in parameters.items():
        if name == SECRETS:
            yield f"{place}.{name}", "this name stands for the secrets; take another one"
        if parameter.default is not None:
            yield from _reported(f"{place}.{name}.default", partial(checked, {name: parameter}, {}))
        if isinstance(parameter.values, KnownValues):
            yield from _values(f"{place}.{name}.values", parameter.values, folder, secrets)


def _tool_phrases(tool: ToolConfig) -> Found:
    """Say which phrases use unknown names. What a result has is known only where `http.result` lists it."""
    say, parameters = tool.say, set(tool.parameters)
    for field in ("running", "confirm", "empty", "failure"):
        yield from _template(f"say.{field}", getattr(say, field), parameters)
    if tool.http and tool.http.result:
        yield from _template("say.success", say.success, parameters | set(tool.http.result))
    else:
        yield from _template("say.success", say.success, None)


def _http(action: HttpAction, parameters: set[str], secrets: Mapping[str, str]) -> Found:
    if not has_fixed_origin(action.url):
        yield "http.url", "it must begin with https:// or http:// and a host that is written out"
    elif action.url.startswith("http://") and not (action.insecure or _LOOPBACK.match(action.url)):
        yield "http.url", "everybody on the network can read http://; use https://, or write `insecure: true`"
    yield from _template("http.url", action.url, parameters)
    for name, text in action.json_body.items():
        yield from _template(f"http.json_body.{name}", text, parameters)
    for name, text in action.headers.items():
        yield from _template(f"http.headers.{name}", text, parameters | {SECRETS})
        for wanted in _SECRET_NAME.findall(text):
            yield from _secret(f"http.headers.{name}", wanted, secrets)
    paths = {f"http.result.{name}": path for name, path in action.result.items()}
    if action.success_when:
        paths["http.success_when"] = action.success_when
    for field, path in paths.items():
        try:
            jmespath.compile(path)
        except JMESPathError:
            yield field, f"this is no JMESPath: {path}"


def _sql(action: SqlAction, tool: ToolConfig, folder: Path, secrets: Mapping[str, str]) -> Found:
    for field, message in check_statement(action, tool.effect, tool.parameters, folder):
        yield f"sql.{field}", message
    if action.password_secret:
        yield from _secret("sql.password_secret", action.password_secret, secrets)


def _values(place: str, source: KnownValues, folder: Path, secrets: Mapping[str, str]) -> Found:
    for field, message in check_values(source, folder):
        yield f"{place}.{field}", message
    if source.password_secret:
        yield from _secret(f"{place}.password_secret", source.password_secret, secrets)


def _command(action: CommandAction, parameters: set[str], folder: Path) -> Found:
    program, *rest = action.argv
    if "{" in program:
        yield "command.argv", "the program itself cannot come from an argument"
    elif shutil.which(str(folder / program) if "/" in program else program) is None:
        yield "command.argv", f"there is no program {program}"
    for text in rest:
        yield from _template("command.argv", text, parameters)


def _template(field: str, template: str, known: Collection[str] | None) -> Found:
    """Say what a template uses that is not known; None: nobody can tell what is."""
    try:
        names = names_in(template)
    except ToolError as error:
        yield field, error.detail
        return
    for name in sorted(names - set(known)) if known is not None else ():
        if name == SECRETS:
            yield field, "secrets can be used only in headers"
        else:
            yield field, f"`{name}` is unknown here{_those_there_are(known or ())}"


def _those_there_are(known: Iterable[str]) -> str:
    names = ", ".join(sorted(set(known) - {SECRETS}))
    return f"; there is {names}" if names else ""


def _secret(field: str, name: str, secrets: Mapping[str, str]) -> Found:
    try:
        secrets[name]
    except ToolError as error:
        yield field, f"{error.detail}. {error.remedy}".strip()


def _reported(field: str, attempt: Callable[[], object]) -> Found:
    try:
        attempt()
    except ToolError as error:
        yield field, error.detail
