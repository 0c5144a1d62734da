"""A llama.cpp context that remembers which tokens are in its KV cache and reads only what is new.

Low-level on purpose: the high-level class of llama-cpp-python can neither read ahead nor stop within a prefill.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

# OpenMP's spinning barriers would take the core that Whisper or Piper needs: on two cores with one of them busy,
# decode falls from 15.0 to 5.3 tokens/s with spinning, to 8.2 without. Read once, when the library loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import llama_cpp

from appliance.engines.kept import Kept, key_of
from appliance.engines.renewal import GRAPHICS_CARD, PROCESSOR
from appliance.engines.worker import CancelToken
from appliance.errors import EngineError

PREFILL_CHUNK_TOKENS = 256
"""Tokens per llama_decode during prefill; on a GPU, which has no abort callback, cancellation waits for one chunk."""

ABORTED = 2
"""What llama_decode returns when the abort callback said so."""


class LlamaContext:
    """Model and context of one sequence; used from one thread at a time.

    Raises EngineError when the file cannot be loaded.
    """

    def __init__(
        self, path: Path, *, context_tokens: int, decode_threads: int, prefill_threads: int, gpu_layers: int
    ) -> None:
        llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        model_params = llama_cpp.llama_model_default_params()
        model_params.n_gpu_layers = gpu_layers
        # Repacked weights stand in memory beside the mapped ones: 1900 MiB instead of 1300 for the default model, a
        # prompt read in 5.4 s instead of 3.5, for a tenth more tokens/s (measured on two AVX-512 cores).
        model_params.use_extra_bufts = False
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise EngineError(f"llama.cpp cannot load {path}", remedy="run: appliance models verify --full")
        self._token: CancelToken | None = None
        self._abort = llama_cpp.ggml_abort_callback(self._aborted)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = context_tokens
        params.n_batch = params.n_ubatch = PREFILL_CHUNK_TOKENS
        params.n_threads, params.n_threads_batch = decode_threads, prefill_threads
        params.abort_callback = self._abort
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        if not self._context:
            raise EngineError(
                f"no memory for a context of {context_tokens} tokens", remedy="lower llm.context_tokens in config.yaml"
            )
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._read: list[int] = []
        self._key = key_of("prompt", path, library=llama_cpp.__version__, context=context_tokens, layers=gpu_layers)
        self._where = GRAPHICS_CARD if gpu_layers else PROCESSOR
        self.context_tokens = int(llama_cpp.llama_n_ctx(self._context))

    def close(self) -> None:
        """Free context and model. May be called twice."""
        self.give_up()
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def give_up(self) -> None:
        """Free the context. The model stays until `close`: another thread may be using its vocabulary."""
        if self._context:
            llama_cpp.llama_free(self._context)
            self._context = None

    @property
    def chat_template(self) -> str:
        """The Jinja template in the model file. Raises EngineError when it has none."""
        template = llama_cpp.llama_model_chat_template(self._model, None)
        if not template:
            raise EngineError("the model file has no chat template", remedy="choose an instruct model for llm.model")
        return str(template.decode())

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of `text`; control tokens are recognised only when `special`."""
        data = text.encode()
        size = len(data) + 8
        buffer = (llama_cpp.llama_token * size)()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), buffer, size, False, special)
        return list(buffer[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token; they may be part of a UTF-8 character."""
        buffer = ctypes.create_string_buffer(256)
        count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(count, 0)]

    def ends_reply(self, token: int) -> bool:
        """Whether the model says with this token that it has finished."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def read(self, tokens: Sequence[int], cancel: CancelToken) -> bool:
        """Bring the KV cache to exactly `tokens`, reading only what it does not hold yet.

        Returns False when `cancel` stopped it half-way; what was read until then is kept.
        """
        if len(tokens) >= self.context_tokens:
            raise EngineError(f"{len(tokens)} tokens do not fit into a context of {self.context_tokens}")
        keep = min(_common_prefix(self._read, tokens), len(tokens) - 1)
        self._forget_from(keep)
        for start in range(len(self._read), len(tokens), PREFILL_CHUNK_TOKENS):
            if cancel.cancelled or not self._decode(tokens[start : start + PREFILL_CHUNK_TOKENS], cancel):
                return False
        return True

    def recall(self, tokens: Sequence[int], kept: Kept) -> bool:
        """Take over what was kept of reading exactly `tokens`, into an empty cache; False when there is nothing."""
        data = kept.get(self._key_of(tokens))
        if data is None or self._read:
            return False
        state = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        if llama_cpp.llama_state_seq_set_data(self._context, state, len(data), 0) != len(data):
            llama_cpp.llama_memory_clear(self._memory, True)
            return False
        self._read = list(tokens)
        return True

    def keep(self, kept: Kept) -> None:
        """Keep what is read now, for `recall`."""
        size = int(llama_cpp.llama_state_seq_get_size(self._context, 0))
        state = (ctypes.c_uint8 * size)()
        if llama_cpp.llama_state_seq_get_data(self._context, state, size, 0) == size:
            kept.put(self._key_of(self._read), bytes(state))

    def _key_of(self, tokens: Sequence[int]) -> str:
        return f"{self._key} {list(tokens)}"

    def append(self, token: int, cancel: CancelToken) -> bool:
        """Read one more token; False when `cancel` stopped it."""
        return self._decode([token], cancel)

    @property
    def tokens_read(self) -> int:
        """How many tokens the KV cache holds."""
        return len(self._read)

    def sampler(self, temperature: float) -> Sampler:
        """Return a sampler over the logits of the token that was read last."""
        return Sampler(self._context, temperature)

    def _decode(self, tokens: Sequence[int], cancel: CancelToken) -> bool:
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        self._token = cancel
        status = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(array, len(tokens)))
        self._token = None
        if status == 0:
            self._read.extend(tokens)
            return True
        kept = int(llama_cpp.llama_memory_seq_pos_max(self._memory, 0)) + 1
        self._read = [*self._read, *tokens][:kept]
        if status == ABORTED:
            return False
        raise EngineError(
            f"llama_decode failed on {self._where} with status {status}",
            remedy="If it stays: restart the appliance; with a graphics card, set device: cpu in config.yaml.",
        )

    def _forget_from(self, position: int) -> None:
        if position == len(self._read):
            return
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, position, -1):
            # Recurrent and sliding-window caches cannot go back: start again.
            llama_cpp.llama_memory_clear(self._memory, True)
            position = 0
        del self._read[position:]

    def _aborted(self, _: object) -> bool:
        return self._token is not None and self._token.cancelled


class Sampler:
    """Chooses the next token; greedy at temperature 0, else top-k 40, top-p 0.95 with a fixed seed."""

    def __init__(self, context: object, temperature: float) -> None:
        self._context = context
        self._chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        if temperature == 0:
            steps = [llama_cpp.llama_sampler_init_greedy()]
        else:
            steps = [
                llama_cpp.llama_sampler_init_top_k(40),
                llama_cpp.llama_sampler_init_top_p(0.95, 1),
                llama_cpp.llama_sampler_init_temp(temperature),
                llama_cpp.llama_sampler_init_dist(0),
            ]
        for step in steps:
            llama_cpp.llama_sampler_chain_add(self._chain, step)

    def next(self) -> int:
        """Return the next token."""
        return int(llama_cpp.llama_sampler_sample(self._chain, self._context, -1))

    def close(self) -> None:
        """Free the sampler."""
        llama_cpp.llama_sampler_free(self._chain)


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    for index, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return index
    return min(len(a), len(b))


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: object) -> None:
    """Keep llama.cpp from writing to the terminal."""
