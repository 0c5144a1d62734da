"""The site's files: whether they can be read."""

from __future__ import annotations

import asyncio

from appliance.knowledge.load import load_knowledge
from appliance.knowledge.passage import KnowledgeError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "knowledge"


async def check(context: Context) -> list[Finding]:
    """Read them all."""
    config = context.config
    try:
        known = await asyncio.to_thread(load_knowledge, config.knowledge.directory, config.site.facts)
    except KnowledgeError as error:
        return [Finding.of_error(NAME, error)]
    remedy = "Correct the file, then `appliance knowledge check`."
    wrong = [Finding.warn(NAME, f"{problem}.", remedy) for problem in known.problems]
    if not known.passages:
        remedy = "Write site.facts, or a folder of Markdown files and knowledge.directory."
        wrong.append(Finding.warn(NAME, "It knows nothing about its site.", remedy))
    return wrong or [Finding.ok(NAME, f"{len(known.passages)} passages.")]
