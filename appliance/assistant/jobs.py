"""Everything that can be done for a person, tools and forms alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.values import ValueFinder
from appliance.config.models import Config
from appliance.config.tools import Builtin, Effect, Format, FormConfig, Parameter, Task, ToolConfig
from appliance.understanding import Stance, stance

SHORTEST_STEM, LONGEST_STEM = 4, 6
"""Letters of a verb that all its forms share: "complaint" and "complaining"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A tool or a form, as the conversation sees it."""

    task: Task
    parameters: Mapping[str, Parameter]
    finder: ValueFinder
    needs_yes: bool
    """Whether the arguments are read back first."""
    confirm: str
    """Template of the read-back."""
    begin: str = ""
    """Said before the first question."""

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.task.name

    @property
    def tool(self) -> ToolConfig | None:
        """The tool, unless it is a form."""
        return self.task if isinstance(self.task, ToolConfig) else None

    @property
    def form(self) -> FormConfig | None:
        """The form, unless it is a tool."""
        return self.task if isinstance(self.task, FormConfig) else None

    @property
    def builtin(self) -> Builtin | None:
        """What of the appliance itself it is, if it is that."""
        return self.tool.builtin if self.tool else None

    def missing(self, pending: Pending) -> str | None:
        """Return the first argument that has to be asked for."""
        wanted = (name for name, parameter in self.parameters.items() if parameter.required)
        return next((name for name in wanted if name not in pending.slots), None)

    def defaults(self) -> dict[str, Slot]:
        """Return the arguments that need not be said."""
        given = {name: parameter.default for name, parameter in self.parameters.items()}
        return {name: Slot(value=value, words="", turn=0) for name, value in given.items() if value is not None}

    @property
    def acts(self) -> frozenset[str]:
        """How the verbs of its name begin: "book" of `book_appointment`."""
        words = self.name.split("_")
        return frozenset(word[:LONGEST_STEM] for word in words if len(word) >= SHORTEST_STEM)

    def accepts(self, said: str) -> bool:
        """Tell whether people who want it speak like this: only of what was, for instance, when they complain."""
        how = stance(said, self.acts)
        return how is Stance.OPEN or how in _stances(self.task.examples, self.acts)

    @property
    def open_parameter(self) -> str:
        """The argument that takes any words, or the first one: what a bare follow-up is about."""
        names = list(self.parameters)
        free = (name for name in names if self.parameters[name].format in (Format.WORDS, None))
        return next(free, names[0] if names else "")


@lru_cache(maxsize=64)
def _stances(examples: tuple[str, ...], acts: frozenset[str]) -> frozenset[Stance]:
    """Return how the examples of a task speak of it."""
    return frozenset(stance(example, acts) for example in examples)


def jobs_of(config: Config) -> dict[str, Job]:
    """Return the tools and forms that may be used here, by name."""
    tasks: list[Task] = [*config.tools, *config.forms]
    allowed = [task for task in tasks if not task.roles or config.site.role in task.roles]
    return {task.name: _job(task) for task in allowed}


def _job(task: Task) -> Job:
    if isinstance(task, FormConfig):
        finder = ValueFinder(task, task.fields, doubtful=True)
        return Job(
            task=task,
            parameters=task.fields,
            finder=finder,
            needs_yes=True,
            confirm=task.say.confirm,
            begin=task.say.begin,
        )
    assert isinstance(task, ToolConfig)  # noqa: S101 - there is no third kind
    writes = task.effect is Effect.WRITE
    finder = ValueFinder(task, task.parameters, doubtful=writes)
    return Job(task=task, parameters=task.parameters, finder=finder, needs_yes=writes, confirm=task.say.confirm)
