"""What the real sentence model takes an account to be about, with the form of the shipped configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.gist import Gist
from appliance.assistant.jobs import jobs_of
from appliance.config.load import load
from appliance.engines.sentences import MiniLmEncoder

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def minilm() -> Iterator[MiniLmEncoder]:
    encoder = MiniLmEncoder(ROOT / "models/all-minilm-l6-v2")
    yield encoder
    encoder.close()


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("The washroom on the second floor is disgusting, there is blood on the floor", "cleanliness"),
        ("You took ninety dollars from my card for something I never had done", "billing"),
        ("The doctor didn't listen to me and gave me the wrong pills and I got a rash", "treatment"),
        ("The way the lady at the desk talked to my father, she was so impolite and laughed at him", "staff"),
        ("The parking barrier came down on my car and nobody cared about it", None),
        ("The coffee machine ate my money and there is no sign on it to say who to call", None),
        ("I would like to tell you about something that happened to me here", None),
        ("It wasn't the nurse, but I got somebody else's pills and the doctor laughed", None),
    ],
)
async def test_only_a_clear_account_is_taken_for_a_choice(
    minilm: MiniLmEncoder, said: str, category: str | None
) -> None:
    gist = await Gist.learn(minilm, jobs_of(load(ROOT / "config.yaml", {})).values())
    told = Slot(value=said, words=said, turn=1)
    pending = await gist.completed(Pending(task="complaint", slots={"what_happened": told}))
    slot = pending.slots.get("category")
    assert (slot.value if slot else None) == category
    assert slot is None or slot.words in said
    assert "urgency" not in pending.slots
