"""What the parts of a conversation share."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.config.models import Config
from appliance.dialogue.context import Context
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.responding import Responder
from appliance.dialogue.speaker import Speaker
from appliance.dialogue.tasks import TaskSet
from appliance.dialogue.turn import Mouth
from appliance.engines.ports import LanguageModel
from appliance.prompt.preamble import preamble


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Where a conversation takes place."""

    config: Config
    speaker: Speaker
    responder: Responder
    history: History
    context: Context
    journal: Journal
    tasks: TaskSet


def open_floor(config: Config, model: LanguageModel, mouth: Mouth, journal: Journal, responder: Responder) -> Floor:
    """Build what the parts of a conversation share."""
    tasks = TaskSet()
    history = History(preamble(config))
    context = Context(model, history, tasks, journal)
    return Floor(
        config=config,
        speaker=Speaker(mouth, responder, history, context, journal, config.phrases.engine_error),
        responder=responder,
        history=history,
        context=context,
        journal=journal,
        tasks=tasks,
    )
