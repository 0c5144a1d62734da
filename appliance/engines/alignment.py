"""When each word of a clause is said: the durations of its phonemes, as a Piper voice computes them.

A voice knows them but does not tell: they are the output of its only `Ceil` node, which is none of the outputs of the
model. Protobuf messages that stand one behind the other are merged when they are read, so that a few appended bytes
make an output of it, and neither the file on disk nor the rest of the model is touched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate

import numpy as np

_CEIL_NODE = re.compile(rb'\x12(.)([ -~]{1,100})(?:\x1a.[ -~]{1,100})?"\x04Ceil', re.DOTALL)
"""A node of an ONNX graph: field 2 is its output, 3 its name, 4 its operator."""
_MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME = b"\x3a", b"\x62", b"\x0a"
"""Tags of `ModelProto.graph`, `GraphProto.output` and `ValueInfoProto.name`, all of variable length."""


def with_durations(model: bytes) -> bytes:
    """Return the ONNX model of a Piper voice with the durations as its second output.

    It is returned as it is when it has none, or several nodes that could be meant.
    """
    names = {name for length, name in _CEIL_NODE.findall(model) if length[0] == len(name)}
    if len(names) != 1:
        return model
    return model + _field(_MODEL_GRAPH, _field(_GRAPH_OUTPUT, _field(_VALUE_NAME, names.pop())))


def aligned_ends(words: Sequence[Sequence[str]], said: Sequence[tuple[str, int]]) -> tuple[int, ...]:
    """Return for each word the sample at which it has been said.

    What was said differs from the words alone, because words are joined and weakened in a sentence. What both have in
    common is found, and what lies between is shared in proportion.

    Args:
        words: The phonemes of each word when it is said alone. A word without any ends with the one before it.
        said: The phonemes of the sentence, pauses included, with the samples of each.
    """
    expected = [phoneme for word in words for phoneme in word if phoneme.isalpha()]
    counts = accumulate(sum(map(str.isalpha, word)) for word in words)
    ends = list(accumulate(samples for _, samples in said))
    blocks = SequenceMatcher(None, expected, [phoneme for phoneme, _ in said], autojunk=False).get_matching_blocks()
    pairs = [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]
    if not pairs:
        return ()
    last = max(index for index, (phoneme, _) in enumerate(said) if phoneme.isalpha())
    known = [0.0, *(float(index + 1) for index, _ in pairs), float(len(expected))]
    times = [0.0, *(float(ends[index]) for _, index in pairs), float(ends[last])]
    return tuple(round(float(end)) for end in np.interp(list(counts), known, times))


def _field(tag: bytes, content: bytes) -> bytes:
    """Return a field of a protobuf message; `content` has less than 128 bytes, so that its length is one byte."""
    return tag + bytes([len(content)]) + content
