"""What a declaration teaches the choice of a task."""

from __future__ import annotations

from appliance.assistant.teaching import not_wanting, wanting
from appliance.config.tools import ToolConfig

TOOL = ToolConfig.model_validate(
    {
        "name": "book",
        "description": "Books.",
        "use_when": "A person wants a new appointment.",
        "not_when": "They want to cancel one, ask when theirs is, or are only impatient. Never at night.",
        "examples": ["Book me in."],
        "counter_examples": ["Book me a hotel."],
        "python": {"entry_point": "book"},
    }
)


def test_not_when_speaks_against_it_in_the_words_of_people() -> None:
    said = not_wanting(TOOL)
    assert said == ["Book me a hotel.", "I want to cancel one", "when mine is", "I am only impatient"]


def test_use_when_and_the_description_speak_for_it() -> None:
    assert wanting(TOOL) == ["Book me in.", "A person wants a new appointment.", "Books."]
