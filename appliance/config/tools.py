"""What the assistant can do beside talking: tools and forms as an administrator declares them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from appliance.config.rules import NAME, broken_rule, one_of, regular_expression
from appliance.config.section import Section

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A name in lower case with underscores: it is also the name that the model and the log know."""
Value = str | int | float | bool
"""What an argument of a tool may be."""


class ParameterType(StrEnum):
    """The JSON type of an argument."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Format(StrEnum):
    """What a text is, and so how it is found in what people say."""

    DATE = "date"
    """A day, such as 2026-03-04."""
    TIME = "time"
    """A time of day, such as 15:30."""
    DATE_TIME = "date-time"
    """Both, such as 2026-03-04T15:30."""
    EMAIL = "email"
    PHONE = "phone"
    """A phone number, with the country's calling code where it is known: +14155550142."""
    NAME = "name"
    """A person's name."""
    CODE = "code"
    """Letters and digits that are spelled, such as an order number; give a `pattern`."""
    WORDS = "words"
    """A few of the person's words: the name of a product, a subject."""
    TEXT = "text"
    """Everything the person says about it, in their own words."""


class KnownValues(Section):
    """Where to look up what there is: a statement whose first column names one thing a row."""

    database: str
    """File of an SQLite database, relative to the configuration file, or the URL of another one (SQLAlchemy)."""
    password_secret: str = ""
    """Name of the secret that is the password of the URL."""
    query: str
    """One statement that only reads, without arguments. It is asked again every few minutes."""


class Parameter(Section):
    """An argument of a tool, or a field of a form. The names are those of JSON Schema where it has them."""

    type: ParameterType = ParameterType.STRING
    """string, integer, number or boolean."""
    format: Format | None = None
    """date, time, date-time, email, phone, name, code, words or text; for strings without `enum`. null means words."""
    enum: tuple[str, ...] = ()
    """The values there are."""
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """For values of `enum`, what else people call them."""
    sounds_like: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """For values of `enum`, what the recogniser writes for them; `appliance transcribe` shows it for a recording."""
    values: tuple[str, ...] | KnownValues = ()
    """For the format words: names of what there is, so that a misheard one is recognised. Others may be said, too."""
    pattern: Annotated[str | None, AfterValidator(regular_expression)] = None
    """A regular expression that the whole text must fit."""
    minimum: float | None = None
    """The least number."""
    maximum: float | None = None
    """The greatest number."""
    required: bool = True
    """Whether it is asked for when the person has not said it."""
    default: Value | None = None
    """Used when the person has not said it; it is never asked for."""
    description: str = ""
    """What it is, in a few words."""
    ask: str = ""
    """How to ask for it. Otherwise made from the name."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.enum and self.format is not None:
            raise broken_rule("a parameter has either `enum` or `format`, not both", "format")
        if self.type is not ParameterType.STRING and (self.enum or self.format or self.pattern):
            raise broken_rule("`enum`, `format` and `pattern` are for parameters of type string", "type")
        if self.values and (
            self.type is not ParameterType.STRING or self.enum or self.format not in (None, Format.WORDS)
        ):
            raise broken_rule("`values` are for texts of the format words; elsewhere use `enum`", "values")
        for field, names in (("synonyms", self.synonyms), ("sounds_like", self.sounds_like)):
            unknown = [value for value in names if value not in self.enum]
            if unknown:
                message = f"`{field}` names {unknown[0]!r}, which is not in `enum`; {one_of(self.enum, unknown[0])}"
                raise broken_rule(message, f"{field}.{unknown[0]}", field)
        return self


class Effect(StrEnum):
    """Whether a tool changes something outside the conversation."""

    READ = "read"
    WRITE = "write"


class ToolPhrases(Section):
    """What is said about a tool. `{{ name }}` stands for an argument or a field of the result (Jinja templates)."""

    running: str = "One moment, please."
    """Said once when it takes longer than 0.8 s."""
    confirm: str = ""
    """Read back before a write tool acts: ends as a question. Otherwise made from the description and arguments."""
    success: str = ""
    """Said when it has succeeded."""
    empty: str = "I'm sorry, I found nothing for that."
    """Said when nothing was found: no row, an empty list, or the answer 404."""
    failure: str = "I'm sorry, that did not work."
    """Said when it has failed; a human is offered after it."""


class HttpMethod(StrEnum):
    """What is done with an address."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class HttpAction(Section):
    """Ask a web service."""

    method: HttpMethod = HttpMethod.GET
    """GET, POST, PUT, PATCH or DELETE."""
    url: str
    """Address; `{{ name }}` stands for an argument and is escaped."""
    insecure: bool = False
    """Allow http:// to another machine, where everybody on the network can read it."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers; `{{ secrets.name }}` stands for a secret from a systemd credential or the environment."""
    json_body: dict[str, str] = Field(default_factory=dict)
    """Fields of the JSON that is sent; `{{ name }}` stands for an argument. Otherwise POST, PUT and PATCH send all."""
    result: dict[str, str] = Field(default_factory=dict)
    """Fields of the result, each a JMESPath in the answer. Otherwise the answer's own fields."""
    success_when: str = ""
    """A JMESPath that must be true in the answer of a call that has succeeded."""


class SqlAction(Section):
    """Ask a database."""

    database: str
    """File of an SQLite database, relative to the configuration file, or the URL of another one (SQLAlchemy)."""
    password_secret: str = ""
    """Name of the secret that is the password of the URL."""
    query: str
    """One statement; `:name` stands for an argument. It may only read unless `effect` is write."""
    max_rows: Annotated[int, Field(ge=1, le=1000)] = 20
    """At most so many rows are taken."""


class CommandAction(Section):
    """Run a program on this machine. There is no shell."""

    argv: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments, each a template: `{{ name }}` stands for an argument of the tool."""


class PythonAction(Section):
    """Call a function of an installed Python package."""

    entry_point: str
    """Name of an entry point of the group `appliance.tools`; the function takes the arguments and returns a dict."""


class Builtin(StrEnum):
    """What the appliance brings itself."""

    ESCALATE = "escalate"
    """Hand over to people."""
    KNOWLEDGE = "knowledge"
    """Answer from what is known about the site."""
    TIME = "time"
    """Tell time and date."""


ACTIONS = ("http", "sql", "command", "python", "builtin")


class Task(Section):
    """What tools and forms have in common: how it is known that somebody wants them."""

    name: Name
    """Its name: lower case, with underscores."""
    description: str = Field(min_length=1)
    """What it does, in one sentence."""
    use_when: str = ""
    """When it is wanted, in one sentence."""
    not_when: str = ""
    """When it is not, although it may look like it."""
    examples: tuple[str, ...] = ()
    """What people say who want it; five or more different ones. They decide when it is chosen."""
    counter_examples: tuple[str, ...] = ()
    """What people say who want something else that sounds like it."""
    roles: tuple[str, ...] = ()
    """Which roles may use it (see `site.role`); none given: all."""


class ToolConfig(Task):
    """A tool."""

    effect: Effect = Effect.READ
    """read looks something up; write changes something, and needs a yes before it does."""
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    """Its arguments."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 5.0
    """Seconds after which one attempt is given up."""
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    """How often a failed attempt is repeated. A write is repeated only when it surely has not happened."""
    idempotency_key: tuple[Name, ...] = ()
    """Arguments that make two calls the same; the second is not made. Otherwise all arguments."""
    say: ToolPhrases = ToolPhrases()
    """What is said about it."""
    http: HttpAction | None = None
    """Ask a web service."""
    sql: SqlAction | None = None
    """Ask a database."""
    command: CommandAction | None = None
    """Run a program."""
    python: PythonAction | None = None
    """Call a Python function."""
    builtin: Builtin | None = Field(default=None, validate_default=True)
    """Change the examples and phrases of what the appliance brings itself."""

    @field_validator("builtin")
    @classmethod
    def _one_action(cls, builtin: Builtin | None, info: ValidationInfo) -> Builtin | None:
        if not {*ACTIONS[:-1], "name"} <= info.data.keys():  # what is wrong there has to be put right first
            return builtin
        given = [action for action in ACTIONS if (info.data | {"builtin": builtin})[action] is not None]
        if len(given) != 1:
            name, found = info.data["name"], " and ".join(given) or "none of them"
            raise broken_rule(f"tool {name}: give one of {', '.join(ACTIONS)}; there is {found}", "name", *given)
        return builtin

    @model_validator(mode="after")
    def _knows_its_key(self) -> Self:
        unknown = [name for name in self.idempotency_key if name not in self.parameters]
        if unknown:
            ending = one_of(self.parameters, unknown[0])
            message = f"tool {self.name}: `idempotency_key` names {unknown[0]!r}, which is no parameter; {ending}"
            raise broken_rule(message, "idempotency_key")
        return self


class FormPhrases(Section):
    """What is said about a form."""

    begin: str = ""
    """Said first, such as a word of sympathy."""
    confirm: str = ""
    """Read back before it is stored; `{{ name }}` stands for a field. Otherwise made from the fields."""
    success: str = "Thank you. I have written that down and passed it on."
    """Said when it is stored."""


class FormConfig(Task):
    """A form that is filled in by talking."""

    fields: dict[Name, Parameter] = Field(min_length=1)
    """What has to be known."""
    urgency_field: str = ""
    """The field that says how urgent it is, if there is one."""
    channel: str = ""
    """To whom it goes: a channel of `handover.channels`; otherwise the default one."""
    say: FormPhrases = FormPhrases()
    """What is said about it."""

    @model_validator(mode="after")
    def _knows_its_fields(self) -> Self:
        if self.urgency_field and self.urgency_field not in self.fields:
            message = f"form {self.name}: there is no field {self.urgency_field!r}"
            raise broken_rule(f"{message}; {one_of(self.fields, self.urgency_field)}", "urgency_field")
        return self


def named_once(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return tools or forms unchanged, or raise when two have the same name."""
    seen: set[str] = set()
    for number, task in enumerate(tasks):
        if task.name in seen:
            raise broken_rule(f"there are two with the name {task.name!r}; rename one", f"{number}.name")
        seen.add(task.name)
    return tasks


Tools = Annotated[tuple[ToolConfig, ...], AfterValidator(named_once)]
Forms = Annotated[tuple[FormConfig, ...], AfterValidator(named_once)]
