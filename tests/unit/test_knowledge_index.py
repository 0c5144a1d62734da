"""Finding passages by words and by meaning."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.knowledge.index import KnowledgeIndex
from appliance.knowledge.load import load_knowledge
from appliance.knowledge.passage import KnowledgeError, Passage
from appliance.knowledge.query import MAX_TERMS, Vocabulary, sound

FIXTURES = Path(__file__).parents[1] / "fixtures" / "knowledge"
CLINIC = KnowledgeIndex(load_knowledge(FIXTURES).passages)


def passages(*texts: str) -> list[Passage]:
    return [Passage(id=f"facts:{n}", title="", text=text, source=f"facts:{n}") for n, text in enumerate(texts)]


def found(index: KnowledgeIndex, question: str, limit: int = 3) -> list[str]:
    return [hit.passage.text for hit in index.search(question, limit)]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("How much does parking cost?", "parking.md:7"),
        ("What time do you close on Saturday?", "visiting.md:15"),
        ("can I charge my electric car", "parking.md:15"),
        ("Where do I get an X-ray?", "services.md:9"),
        ("xray", "services.md:9"),
        ("who is doctor petal", "services.md:15"),
        ("how do I find fisiotherapy", "services.md:10"),
        ("farmacy", "services.md:28"),
        ("physio", "services.md:10"),
        ("do you have a carpark", "parking.md:3"),
        ("which bus do I take, bus seven?", "visiting.md:30"),
        ("can my kids come", "visiting.md:25"),
        ("what is the wi-fi password", "services.md:29"),
        ("where can I lock my bicycle", "parking.md:16"),
    ],
)
def test_a_question_finds_its_passage(question: str, source: str) -> None:
    assert source in [hit.passage.source for hit in CLINIC.search(question, 2)]


@pytest.mark.parametrize("question", ["How high is Mount Everest?", "tell me a joke", "what about it", "", "?!", "MRI"])
def test_a_question_about_something_else_finds_nothing(question: str) -> None:
    assert CLINIC.search(question, 3) == []


@pytest.mark.parametrize(
    "question", ['"', "parking AND NOT (", "title:parking*", "NEAR(a b)", "'; DROP TABLE passages; --"]
)
def test_what_is_said_is_never_a_query_language(question: str) -> None:
    CLINIC.search(question, 3)
    assert CLINIC.search("parking", 1)


@given(st.text(max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    assert all(0 <= hit.score <= 1 for hit in CLINIC.search(text, 3))


def test_a_hit_says_what_it_covers() -> None:
    index = KnowledgeIndex(passages("The lift is next to the desk.", "Dogs wait outside."))
    (hit,) = index.search("Is there an elevator for my parrot?", 3)
    assert (set(hit.covered), set(hit.missing), hit.similarity) == ({"elevator"}, {"parrot"}, None)
    assert 0 < hit.score < 1
    (whole,) = index.search("elevator", 3)
    assert whole.score == 1


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    index = KnowledgeIndex(passages("clinic one", "clinic two", "clinic three", "pharmacy"))
    scores = {hit.passage.text: hit.score for hit in index.search("clinic pharmacy", 4)}
    assert scores["pharmacy"] > scores["clinic one"]


def test_a_title_counts_more_than_the_text() -> None:
    texts = [
        Passage(id="a", title="Desk", text="Ask about parking here.", source="a"),
        Passage(id="b", title="Parking", text="Ask about the desk here.", source="b"),
    ]
    assert KnowledgeIndex(texts).search("parking", 1)[0].passage.id == "b"


def test_synonyms_of_the_site_work_both_ways() -> None:
    index = KnowledgeIndex(
        passages("Theatre two is on the left."), synonyms={"theatre": ["operating room", "OR suite"]}
    )
    assert found(index, "where is the operating room")
    assert found(index, "theatre")
    assert not found(KnowledgeIndex(passages("Theatre two.")), "operating room")


def test_two_synonyms_of_one_word_do_not_stand_for_each_other() -> None:
    index = KnowledgeIndex(passages("Patel is here."), synonyms={"surgeon": ["Patel", "Jones"]})
    assert found(index, "surgeon")
    assert not found(index, "Jones")


def test_a_word_that_is_known_is_not_respelt() -> None:
    index = KnowledgeIndex(passages("Petal Street", "Doctor Patel"))
    assert found(index, "petal") == ["Petal Street"]


def test_short_words_are_not_respelt() -> None:
    assert not found(KnowledgeIndex(passages("The height is two metres, guests wait.")), "high gust")


@pytest.mark.parametrize(
    ("one", "other"), [("petal", "patel"), ("fisiotherapy", "physiotherapy"), ("toylet", "toilet")]
)
def test_words_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("chest", "guest"), ("smith", "patel")])
def test_words_that_do_not(one: str, other: str) -> None:
    assert sound(one) != sound(other)


def test_terms_are_few_and_different() -> None:
    vocabulary = Vocabulary({})
    assert [term.word for term in vocabulary.terms("The pharmacy's pharmacy, please")] == ["pharmacy"]
    assert len(vocabulary.terms(" ".join(f"word{n}" for n in range(100)))) == MAX_TERMS


def test_no_passages_find_nothing() -> None:
    assert KnowledgeIndex([]).search("parking", 3) == []


class Topics:
    """Embeds by topic: sentences about cars are near each other, whatever their words."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(384, np.float32)
        vector[0 if any(word in text.lower() for word in ("car", "vehicle", "tesla")) else 1] = 1
        return vector


def test_meaning_finds_what_no_word_does_and_words_win_together_with_it() -> None:
    index = KnowledgeIndex(passages("Dogs wait outside.", "A car goes behind.", "Vehicles: 2 m."), embedder=Topics())
    hits = index.search("my vehicle", 3)
    assert [hit.passage.text for hit in hits] == ["Vehicles: 2 m.", "A car goes behind."]
    assert [hit.similarity for hit in hits] == [1.0, 1.0]
    assert (hits[1].score, set(hits[1].missing)) == (0.0, {"vehicle"})
    (only,) = index.search("tesla", 1)
    assert only.covered == frozenset()


def test_ranks_are_fused_by_their_reciprocals() -> None:
    class Fixed:
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            near = {"pharmacy hours": 0.5, "hours": 0.9, "nothing near": 0.7}
            vectors = np.zeros((len(texts), 384), np.float32)
            for row, text in zip(vectors, texts, strict=True):
                row[0] = near.get(text, 1.0)
            return vectors

    index = KnowledgeIndex(passages("pharmacy hours", "hours", "nothing near"), embedder=Fixed())
    # Ranks by words 1, 2, none and by meaning 3, 1, 2: sums of 1/61 + 1/63, 1/62 + 1/61, 1/62.
    assert found(index, "pharmacy hours please") == ["hours", "pharmacy hours", "nothing near"]


def test_embeddings_of_unchanged_texts_are_taken_over() -> None:
    embedder = Topics()
    old = KnowledgeIndex(passages("Dogs.", "Cars."), embedder=embedder)
    new = KnowledgeIndex(passages("Cars.", "Cats."), embedder=embedder, known=old)
    assert embedder.embedded == ["Dogs.", "Cars.", "Cats."]
    assert found(new, "vehicle") == ["Cars."]
    assert new.search("vehicle", 1)[0].similarity == 1.0


def test_an_index_in_a_file_is_replaced_while_the_old_is_still_read(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    old = KnowledgeIndex(passages("Old parking.", "Old desk."), file=file)
    new = KnowledgeIndex(passages("New desk."), file=file)
    assert (found(old, "parking"), found(new, "desk")) == (["Old parking."], ["New desk."])
    assert [path.name for path in tmp_path.iterdir()] == ["index.db"]
    old.close()
    new.close()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="cannot be written") as error:
        KnowledgeIndex(passages("Text."), file=tmp_path / "none" / "index.db")
    assert error.value.remedy


def test_a_closed_index_searches_no_more() -> None:
    index = KnowledgeIndex(passages("Text."))
    index.close()
    index.close()
    with pytest.raises(sqlite3.ProgrammingError):
        index.search("text", 1)
