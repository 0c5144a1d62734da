from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from piper import AudioChunk, SynthesisConfig
from piper.voice import PhonemeAlignment

from appliance.engines.alignment import aligned_ends, with_durations
from appliance.engines.piper import say
from appliance.speakable import speak_words

RATE = 1000
SILENT = {"^", "$"}
NODE = b'\n\x0e/Mul_output_0\x12\x0e/Ceil_output_0\x1a\x05/Ceil"\x04Ceil'


class Speller:
    """A voice whose phonemes are letters: vowels take 100 samples, others 50. It joins "on the"."""

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells

    def phonemize(self, text: str) -> list[list[str]]:
        return [list(text.lower().replace("on the", "onthe"))]

    def synthesize(self, text: str, syn_config: SynthesisConfig, include_alignments: bool) -> Iterable[AudioChunk]:
        assert include_alignments
        assert syn_config.volume == 0.5
        for sentence in text.split(". "):
            yield self._chunk(["^", *self.phonemize(sentence)[0], "$"])

    def _chunk(self, phonemes: Sequence[str]) -> AudioChunk:
        lengths = [100 if phoneme in "aeiou" else 50 for phoneme in phonemes]
        levels = [0.0 if phoneme in SILENT else 0.5 for phoneme in phonemes]
        told = [
            PhonemeAlignment(phoneme=phoneme, phoneme_ids=[1], num_samples=length)
            for phoneme, length in zip(phonemes, lengths, strict=True)
        ]
        return AudioChunk(
            sample_rate=RATE,
            sample_width=2,
            sample_channels=1,
            audio_float_array=np.repeat(levels, lengths).astype(np.float32),
            phonemes=list(phonemes),
            phoneme_ids=[1] * len(phonemes),
            phoneme_alignments=told if self._tells else None,
        )


def said(text: str, *, tells: bool = True) -> tuple[int, tuple[int, ...]]:
    sound, ends = say(Speller(tells=tells), speak_words(text), SynthesisConfig(volume=0.5))
    return len(sound), ends


def test_a_voice_that_tells_is_believed() -> None:
    length, ends = said("aaa bbb aaa")
    lead = 5  # of the silence before the first word
    assert ends == (lead + 300, lead + 500, lead + 850)
    assert length == lead + 850 + lead - 1


def test_words_that_are_joined_and_several_sentences() -> None:
    _, ends = said("it is on the left. bye")
    assert np.diff((0, *ends)).tolist() == [155, 50 + 150, 50 + 150, 200, 50 + 250, 50 + 50 + 200]


def test_a_voice_that_does_not_tell_shares_the_sound_by_phonemes() -> None:
    length, ends = said("aaa bbb aaa", tells=False)
    assert ends == tuple(round(length * share) for share in (1 / 3, 2 / 3, 1))


@pytest.mark.parametrize("tells", [True, False])
def test_symbols_end_with_the_word_before_them(tells: bool) -> None:
    _, ends = said("tea - milk", tells=tells)
    assert len(ends) == 3
    assert ends[0] == ends[1] < ends[2]


def test_nothing_to_say() -> None:
    assert said("- -") == (0, (0, 0))
    assert said("") == (0, ())


def test_weakened_words_are_placed_between_what_is_known() -> None:
    said_alone = [list("wi"), list("kæn"), list("goʊ")]
    spoken = [("w", 10), ("i", 10), (" ", 5), ("k", 10), ("ə", 10), ("n", 10), (" ", 5), ("g", 10), ("o", 20)]
    assert aligned_ends(said_alone, [*spoken, ("ʊ", 20), (".", 99)]) == (20, 55, 110)
    assert aligned_ends(said_alone, []) == ()
    assert aligned_ends([["x"]], [("y", 10)]) == ()


WORDS = st.lists(st.text("abc' ", max_size=6), max_size=8)
SAID = st.lists(st.tuples(st.sampled_from("abc' ,"), st.integers(0, 500)), max_size=40)


@given(WORDS, SAID)
def test_words_end_in_their_order_and_within_the_sound(words: list[str], spoken: list[tuple[str, int]]) -> None:
    ends = aligned_ends([list(word) for word in words], spoken)
    assert len(ends) in {0, len(words)}
    assert all(0 <= one <= other for one, other in pairwise((*ends, sum(samples for _, samples in spoken))))


def test_the_durations_become_an_output() -> None:
    model = b"head" + NODE + b"tail"
    assert with_durations(model) == model + b"\x3a\x12\x62\x10\x0a\x0e/Ceil_output_0"


@pytest.mark.parametrize(
    "model",
    [b"", b"no such node", NODE + NODE.replace(b"\x0e/Ceil_output_0", b"\x0f/Ceil_output_01"), NODE[20:]],
)
def test_a_model_without_them_stays_as_it_is(model: bytes) -> None:
    assert with_durations(model) == model
