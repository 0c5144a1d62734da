"""The assistant is put together from a configuration alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.assistant.building import build_assistant
from appliance.bus import Bus
from appliance.config.models import Config
from appliance.dialogue.journal import Journal
from appliance.engines.ports import Message, Role
from appliance.knowledge.passage import KnowledgeError
from appliance.storage.db import Database
from tests.unit.assistant_fakes import ScriptedModel, WordEncoder
from tests.unit.assistant_site import STOCK, configured
from tests.unit.storage_fakes import HandClock

LOOKUP = {name: value for name, value in STOCK.items() if name != "python"} | {
    "say": {"success": "We have {{ amount }} of {{ product }}.", "empty": "We have no {{ product }}."},
    "sql": {"database": "shop.db", "query": "SELECT amount FROM stock WHERE product = :product"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE stock (product TEXT, amount INTEGER)")
        connection.execute("INSERT INTO stock VALUES ('aspirin', 5)")
        connection.commit()
    return tmp_path


async def answer(folder: Path, config: Config, text: str) -> str:
    database, clock = await Database.open(folder / "appliance.db"), HandClock()
    try:
        journal = Journal(Bus(), clock)
        assistant = await build_assistant(config, folder, ScriptedModel(), WordEncoder(), database, clock, journal)
        response = assistant.respond(text, [Message(Role.USER, text)])
        response.commit()
        return "".join([piece async for piece in response.pieces()]).strip()
    finally:
        await database.close()


async def test_a_question_is_looked_up_in_the_file_beside_the_configuration(folder: Path) -> None:
    assert await answer(folder, configured(tools=[LOOKUP]), "Do you have aspirin in stock?") == "We have 5 of aspirin."
    assert await answer(folder, configured(tools=[LOOKUP]), "Do you have soap in stock?") == "We have no soap."


async def test_a_tool_for_another_role_does_not_exist(folder: Path) -> None:
    config = configured(tools=[LOOKUP | {"roles": ["staff"]}], forms=[])
    assert await answer(folder, config, "Do you have aspirin in stock?") == ScriptedModel().answer


async def test_without_tools_and_forms_there_is_talk(folder: Path) -> None:
    assert await answer(folder, configured(tools=[], forms=[]), "Hello.") == ScriptedModel().answer


async def test_a_folder_of_knowledge_that_is_missing_is_reported(folder: Path) -> None:
    config = configured(knowledge={"directory": str(folder / "nothing")})
    with pytest.raises(KnowledgeError):
        await answer(folder, config, "Hello.")
