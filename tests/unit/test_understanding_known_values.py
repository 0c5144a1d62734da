"""What there is, named or misheard."""

from __future__ import annotations

import pytest

from appliance.understanding import find_known, sounds_like

THINGS = ("tylenol", "band-aid", "ibuprofen", "sun cream", "vitamin d", "cough medicine")


@pytest.mark.parametrize(
    ("said", "value"), [("tie the nole", "tylenol"), ("band ates", "band-aid"), ("eye bew profen", "ibuprofen")]
)
def test_a_misheard_thing_is_recognised_and_doubtful(said: str, value: str) -> None:
    found = sounds_like(said, 0, THINGS)
    assert found is not None
    assert (found.value, found.words, found.certain) == (value, said, False)


@pytest.mark.parametrize("said", ["hand cream", "vitamin c", "cold medicine", "zinc tablets", "a toilet", "", "it"])
def test_another_thing_is_not_taken_for_one(said: str) -> None:
    assert sounds_like(said, 0, THINGS) is None


def test_a_corrected_thing_is_not_named() -> None:
    assert [each.value for each in find_known("Tylenol, no, sorry, ibuprofen", THINGS)] == ["ibuprofen"]
