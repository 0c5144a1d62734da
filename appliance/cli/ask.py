"""`appliance ask`: a question in writing, the answer in writing."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer

from appliance.app.assisting import assisting
from appliance.app.engines import EngineRoom
from appliance.bus import Bus
from appliance.cli.options import AsJson, ConfigFile, start_logging
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.ops.records import TurnLog, TurnRecord, summarise
from appliance.prompt.preamble import moment, preamble

EXAMPLES = 'Examples: appliance ask "When do you open?" · appliance ask --json "Where can I park?"'


def ask(
    text: Annotated[str, typer.Argument(help="What a person might say.")],
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Answer TEXT as the assistant would, in writing; tools that only read are used, others ask for a yes first."""
    config = load(config_file)
    start_logging(config)
    record = asyncio.run(_ask(config, text, echo=not as_json))
    if as_json:
        answered = {"user": text, "assistant": record.assistant_text}
        acted = {"tools": record.tools, "handover": record.handover, "passages": record.passages}
        print(json.dumps({**answered, **acted}, ensure_ascii=False))
    else:
        print()


async def _ask(config: Config, text: str, *, echo: bool) -> TurnRecord:
    clock, bus, log = SystemClock(), Bus(), TurnLog()
    bus.subscribe(log)
    journal = Journal(bus, clock)
    journal.turn_id = 1
    room = await asyncio.to_thread(EngineRoom, config)
    answer = ""
    try:
        model = await asyncio.to_thread(room.language_model)
        async with assisting(config, room, model, clock, journal) as assistant:
            prompt = f"{moment(clock.local_time(config.site.timezone))} {text}"
            response = assistant.respond(text, History(preamble(config)).asking(prompt))
            response.commit()
            async for piece in response.pieces():
                answer += piece
                if echo:
                    sys.stdout.write(piece)
                    sys.stdout.flush()
    finally:
        room.close()
    record = summarise(1, log.of([1]))
    record.user_text, record.assistant_text = text, answer.strip()
    return record
