"""A form's choice is concluded from an account only where it is clear, and with the words that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.gist import Gist
from appliance.assistant.jobs import jobs_of
from tests.unit.assistant_site import COMPLAINT, configured

MEANINGS = (
    ("building", "lift", "stairs", "ceiling", "elevator"),
    ("noise", "music", "shouting", "party", "loud"),
    ("staff", "waiter", "porter", "clerk"),
    ("today",),
)
KINDS = {"enum": ["building", "noise", "staff", "other"], "synonyms": {"building": ["elevator"], "noise": ["loud"]}}
HOW_SOON = {"enum": ["today", "later"], "synonyms": {"later": ["staff"]}}


class MeaningEncoder:
    """Implements `Encoder`: sentences with words of the same meaning lie close together."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = [[sum(word in text.lower() for word in words) for words in MEANINGS] for text in texts]
        vectors = np.array([[*row, 0.5] for row in counts], np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


async def completed(said: str, *, named: str = "", **fields: Any) -> Pending:
    form = COMPLAINT | {"fields": {"kind": KINDS, "what": {"format": "text"}, "urgency": HOW_SOON} | fields}
    gist = await Gist.learn(MeaningEncoder(), jobs_of(configured(forms=[form])).values())
    slots = {"what": Slot(value=said, words=said, turn=3)} if said else {}
    if named:
        slots["kind"] = Slot(value=named, words=named, turn=2)
    return await gist.completed(Pending(task="complaint", slots=slots, asked="kind", attempts=1))


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("The lift is stuck again and I am on the sixth floor", "building", "The lift is stuck again"),
        (
            "I cannot sleep, there is music until four in the morning.",
            "noise",
            "there is music until four in the morning",
        ),
        ("nobody sleeps here because people are shouting all night", "noise", "people are shouting all night"),
    ],
)
async def test_a_clear_account_fills_the_choice_with_its_words(said: str, kind: str, words: str) -> None:
    pending = await completed(said)
    assert pending.slots["kind"] == Slot(value=kind, words=words, turn=3)
    assert words in said
    assert (pending.asked, pending.attempts) == ("", 0)


@pytest.mark.parametrize(
    "said",
    [
        "somebody has taken my bicycle from the yard",
        "the lift is stuck and there is music all night",
        "the porter was shouting at me for an hour",
        "the lift broke",
        "it is not the elevator, it is what the porter said to me",
        "",
    ],
)
async def test_what_is_not_clear_is_left_to_be_asked(said: str) -> None:
    pending = await completed(said)
    assert "kind" not in pending.slots
    assert pending.asked == "kind"


async def test_a_choice_that_was_made_stays() -> None:
    pending = await completed("The lift is stuck again and I am late", named="staff")
    assert pending.slots["kind"].value == "staff"


async def test_how_soon_is_never_concluded() -> None:
    pending = await completed("The lift is stuck again, and the porter is there", urgency={"enum": ["lift", "party"]})
    assert "urgency" not in pending.slots


async def test_a_form_without_an_account_and_a_choice_of_one_are_left_alone() -> None:
    said = "The lift is stuck again and I am on the sixth floor"
    assert "kind" not in (await completed(said, what={"format": "words"})).slots
    assert "kind" not in (await completed(said, kind={"enum": ["building", "something else"]})).slots


async def test_a_task_without_choices_is_returned_as_it_is() -> None:
    gist = await Gist.learn(MeaningEncoder(), jobs_of(configured(forms=[])).values())
    pending = Pending(task="stock", slots={"product": Slot(value="aspirin", words="aspirin", turn=1)})
    assert await gist.completed(pending) is pending
