"""Puts the assistant together from the configuration."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from appliance.assistant.acting import Actor
from appliance.assistant.answering import Answerer
from appliance.assistant.gist import Gist
from appliance.assistant.intents import Encoder, Intents
from appliance.assistant.jobs import jobs_of
from appliance.assistant.known import KnownThings
from appliance.assistant.planner import Planner
from appliance.assistant.responder import Assistant, Desk
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.journal import Journal
from appliance.egress.policy import Policy
from appliance.engines.ports import LanguageModel
from appliance.knowledge.reload import Site, SiteKnowledge
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from appliance.tools.executor import Executor, action_of


async def build_assistant(
    config: Config,
    folder: Path,
    model: LanguageModel,
    encoder: Encoder,
    database: Database,
    clock: Clock,
    journal: Journal,
) -> Assistant:
    """Build it; files of tools are named from `folder`. Raises KnowledgeError."""
    jobs = jobs_of(config)
    known = KnownThings(jobs, clock, folder)
    await known.refresh()
    site = Site(directory=config.knowledge.directory, facts=config.site.facts, synonyms=config.knowledge.synonyms)
    knowledge = await asyncio.to_thread(SiteKnowledge, site)
    background = [*config.site.facts, *(example.user for example in config.persona.examples)]
    intents = await Intents.learn(encoder, [job.task for job in jobs.values()], background)
    outbox = Outbox(database, clock)
    desk = Desk(
        config=config,
        clock=clock,
        journal=journal,
        jobs=jobs,
        planner=Planner(jobs, intents, config.handover, await Gist.learn(encoder, jobs.values())),
        answerer=Answerer(config, model, knowledge),
        known=known,
        actor=Actor(
            config,
            Executor(config.tools, clock, folder, build=partial(action_of, policy=Policy.of(config.network))),
            Receipts(database, clock),
            outbox,
            clock,
        ),
    )
    return Assistant(desk, outbox, knowledge)
