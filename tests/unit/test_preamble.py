from __future__ import annotations

from datetime import datetime

from appliance.config.models import Config, Example, PersonaConfig, SiteConfig
from appliance.engines.ports import Role
from appliance.prompt.preamble import moment, preamble

CONFIG = Config(
    site=SiteConfig(name="Harbour Clinic", facts=("We open at eight.",)),
    persona=PersonaConfig(name="Joe", examples=(Example(user="Are you open?", assistant="Yes, until six."),)),
)


def test_the_head_holds_persona_and_facts_and_no_clock() -> None:
    system = preamble(CONFIG)[0]
    assert system.role is Role.SYSTEM
    assert "You are Joe, the voice assistant of Harbour Clinic." in system.text
    assert "- We open at eight." in system.text
    assert preamble(CONFIG) == preamble(CONFIG), "it would be read again each time"


def test_examples_are_turns_with_a_time_of_their_own() -> None:
    _, asked, answered = preamble(CONFIG)
    assert (asked.role, answered.role) == (Role.USER, Role.ASSISTANT)
    assert asked.text.endswith("] Are you open?")
    assert answered.text == "Yes, until six."


def test_a_moment_reads_as_people_say_it() -> None:
    assert moment(datetime(2026, 3, 2, 9, 5)) == "[Monday, March 2, 2026, 9:05 AM]"  # noqa: DTZ001
    assert moment(datetime(2026, 3, 2, 0, 30)) == "[Monday, March 2, 2026, 12:30 AM]"  # noqa: DTZ001
