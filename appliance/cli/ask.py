"""`appliance ask`: a question in writing, the answer in writing."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer

from appliance.app import EngineRoom
from appliance.cli.options import AsJson, ConfigFile, start_logging
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.dialogue.history import History
from appliance.prompt.preamble import moment, preamble

EXAMPLES = 'Examples: appliance ask "When do you open?" | appliance ask --json "Where can I park?"'


def ask(
    text: Annotated[str, typer.Argument(help="What a person might say.")],
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Answer TEXT as the assistant would, in writing."""
    config = load(config_file)
    start_logging(config)
    answer = asyncio.run(_ask(config, text, echo=not as_json))
    print(json.dumps({"user": text, "assistant": answer}, ensure_ascii=False) if as_json else "")


async def _ask(config: Config, text: str, *, echo: bool) -> str:
    room = EngineRoom(config)
    try:
        model = room.language_model()
        prompt = f"{moment(SystemClock().local_time(config.site.timezone))} {text}"
        answer = ""
        async for delta in model.reply(History(preamble(config)).asking(prompt)):
            answer += delta
            if echo:
                sys.stdout.write(delta)
                sys.stdout.flush()
    finally:
        room.close()
    return answer.strip()
