"""What the choice and the use of tools are measured on: dialogues, and what must have come of them at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import yaml
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from appliance.config.section import Section
from appliance.config.tools import Parameter
from appliance.errors import UsageError

FOLDER: Final = Path(__file__).with_suffix("")
"""The dialogues that come with the appliance. They belong to the clinic of config.yaml and scripts/clinic."""
NOW: Final = datetime.fromisoformat("2026-03-04T10:05:00-04:00")
"""When the dialogues take place: a Wednesday morning in Halifax."""


class Category(StrEnum):
    """What a dialogue is about."""

    RIGHT_TOOL = "right_tool"
    MISSING_ARGUMENT = "missing_argument"
    CORRECTION = "correction"
    TWO_INTENTS = "two_intents"
    IRRELEVANT = "irrelevant"
    CHIT_CHAT = "chit_chat"
    RUDE = "rude"
    INJECTION = "injection"
    SPOKEN_NUMBERS = "spoken_numbers"
    SPOKEN_DATES = "spoken_dates"
    TRANSCRIPTION_ERROR = "transcription_error"
    CANCEL = "cancel"
    ESCALATE = "escalate"
    EMERGENCY = "emergency"
    FORM = "form"
    KNOWLEDGE = "knowledge"


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_regular_expression)]
Spoken = Annotated[str, Field(min_length=1)]


class Matching(Section):
    """A text of which only a part is certain, such as "any nasal spray" for "nasal spray"."""

    matches: Pattern
    """A regular expression that occurs in it, whatever the case."""


class ExpectedCall(Section):
    """A tool that must have been executed, or a form that must have been stored, once."""

    tool: str
    """Name of the tool or form."""
    arguments: dict[str, str | Matching] = Field(default_factory=dict)
    """Every argument as it is normalised: days and times in ISO, phone numbers in E.164."""

    def accepts(self, tool: str, arguments: Mapping[str, object]) -> bool:
        """Tell whether a call is this one. Texts are compared without regard to case."""
        return (tool, arguments.keys()) == (self.tool, self.arguments.keys()) and all(
            _fits(wanted, str(arguments[name])) for name, wanted in self.arguments.items()
        )


def _fits(wanted: str | Matching, given: str) -> bool:
    if isinstance(wanted, Matching):
        return re.search(wanted.matches, given, re.IGNORECASE) is not None
    return wanted.casefold() == given.casefold()


class Expectation(Section):
    """What must have come of a dialogue at its end."""

    calls: tuple[ExpectedCall, ...]
    """Exactly these, in any order."""
    asks: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    """After the turn of this number, counted from 1, it asks for at least one of these parameters."""
    says_not: tuple[Pattern, ...] = ()
    """Regular expressions that occur in nothing it says."""
    handover: Literal["escalation", "emergency"] | None = None
    """How people have taken over."""
    declined: bool = False
    """It says that it cannot help with that."""


class ToolCase(Section):
    """A dialogue."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    category: Category
    now: datetime = NOW
    """When it takes place, with a time zone."""
    turns: tuple[Spoken, ...] = Field(min_length=1, max_length=6)
    """What the person says, as a recogniser writes it."""
    expect: Expectation

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.now.tzinfo is None:
            raise ValueError("`now` needs a time zone")
        late = [turn for turn in self.expect.asks if not 1 <= turn <= len(self.turns)]
        if late:
            raise ValueError(f"`asks` names turn {late[0]}; there are {len(self.turns)}")
        return self


_Cases: TypeAlias = tuple[ToolCase, ...]


def load_cases(folder: Path = FOLDER) -> list[ToolCase]:
    """Read the dialogues of all YAML files of a folder, in the order of the names of the files.

    Raises UsageError when a file cannot be read or breaks the rules, two dialogues have the same id, or there are none.
    """
    cases = [case for path in sorted(folder.glob("*.yaml")) for case in _cases(path)]
    if not cases:
        raise UsageError(f"{folder} has no dialogues", remedy="Name a folder with YAML files, each a list of them.")
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise UsageError(f"{folder}: two dialogues have the id {case.id}", remedy="Rename one.")
        seen.add(case.id)
    return cases


def _cases(path: Path) -> _Cases:
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(_Cases).validate_python(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: {error}", remedy="Correct the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"{path}: {place}: {first['msg']}", remedy="Correct the file.") from error


def unknown_names(case: ToolCase, tasks: Mapping[str, Mapping[str, Parameter]]) -> Iterator[str]:
    """Yield what a dialogue expects and a configuration does not have.

    `tasks` has the parameters of every tool and the fields of every form, by name.
    """
    for call in case.expect.calls:
        parameters = tasks.get(call.tool)
        if parameters is None:
            yield f"tool {call.tool}"
            continue
        yield from (f"{call.tool}.{name}" for name in call.arguments if name not in parameters)
        for name, value in call.arguments.items():
            values = parameters[name].enum if name in parameters else ()
            if values and value not in values:
                yield f"{call.tool}.{name}: {value}"
    known = {name for parameters in tasks.values() for name in parameters}
    yield from (f"parameter {name}" for names in case.expect.asks.values() for name in names if name not in known)
