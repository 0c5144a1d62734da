"""Reloading: what is wrong changes nothing, what needs a restart is named, the rest is applied."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.app.reloading import Reloaded, Reloader, compare
from appliance.config.load import load
from appliance.config.models import Config, PersonaConfig
from appliance.knowledge.passage import KnowledgeError


class Site:
    """A configuration file and an appliance that takes configurations over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("persona: {greeting: Hello.}")
        self.applied: list[Config] = []
        self.told: list[tuple[str, Reloaded]] = []
        self.refuses: Exception | None = None
        self.reloader = Reloader(self.read(), self.read, self.apply, lambda *told: self.told.append(told))

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    def read(self) -> Config:
        return load(self.path, {})

    async def apply(self, config: Config) -> None:
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise self.refuses
        self.applied.append(config)

    def reload(self) -> Reloaded:
        return asyncio.run(self.reloader.reload("anna"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "config.yaml")


def test_what_has_changed_is_applied_and_reported(site: Site) -> None:
    site.write("persona: {greeting: Good day.}\nturn: {clear_end_ms: 300}")
    reloaded = site.reload()
    assert reloaded == Reloaded(applied=("persona.greeting", "turn.clear_end_ms"))
    assert [config.persona.greeting for config in site.applied] == ["Good day."]
    assert site.reloader.config is site.applied[0]
    assert site.told == [("anna", reloaded)]


def test_what_needs_a_restart_is_named_and_stays_as_it_was(site: Site) -> None:
    site.write("persona: {greeting: Good day.}\ntts: {speed: 1.3}\nllm: {temperature: 0.5}")
    reloaded = site.reload()
    assert (reloaded.applied, reloaded.restart) == (("persona.greeting",), ("llm.temperature", "tts.speed"))
    assert site.reloader.config.tts.speed == 1.0
    assert site.reload().restart == ("llm.temperature", "tts.speed"), "it is named until it is done"


def test_a_mistake_is_told_with_its_place_and_nothing_changes(site: Site) -> None:
    site.write("persona:\n  greting: Good day.")
    reloaded = site.reload()
    assert "config.yaml:2:3" in reloaded.error
    assert "greeting" in reloaded.error
    assert not site.applied
    site.write("persona: {greeting: Good day.}")
    assert site.reload().applied == ("persona.greeting",)


def test_what_cannot_be_built_changes_nothing(site: Site) -> None:
    before = site.reloader.config
    site.write("persona: {greeting: Good day.}")
    site.refuses = KnowledgeError("there is no such folder", remedy="Make it.")
    assert site.reload() == Reloaded(error="there is no such folder", remedy="Make it.")
    assert site.reloader.config is before


def test_without_a_change_nothing_is_done(site: Site) -> None:
    assert site.reload() == Reloaded()
    assert not site.applied


def test_a_list_is_one_setting() -> None:
    examples = ({"user": "Hi.", "assistant": "Hello."},)
    new = Config(persona=PersonaConfig.model_validate({"examples": examples}))
    assert compare(Config(), new).live == ("persona.examples",)
