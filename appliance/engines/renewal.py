"""What an engine computes with, built anew when it goes on failing, and on the processor when the graphics card fails.

The libraries fail in three ways. ctranslate2, onnxruntime and numpy raise: RuntimeError with the text of CUDA, cuBLAS
or cuDNN, or MemoryError. llama.cpp returns a status: -2 without memory, less than that when the computation failed. And
the CUDA part of llama.cpp ends the process (GGML_ABORT) when the card is lost: then the service is started again, and
the card is left alone because it cannot be opened.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from appliance.config.models import Device
from appliance.errors import ApplianceError, EngineError, ModelError

P = TypeVar("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

FAILED_AFTER = 2
"""So many failures in a row are no accident of one sound or one prompt."""

GRAPHICS_CARD, PROCESSOR = "the graphics card", "the processor"

_OF_THE_CARD = re.compile(r"\bcuda|cublas|cudnn|\bggml_cuda|\bhip\b|\brocm|\bvulkan|graphics card", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Generic[P]):
    """A way to build the parts: where they compute, and how they are made."""

    where: str
    build: Callable[[], P]


def ways(card: Way[P] | None, processor: Way[P], device: Device) -> list[Way[P]]:
    """Return the ways to try, in order: not the processor where the configuration insists on the card."""
    if card is None:
        return [processor]
    return [card] if device is Device.CUDA else [card, processor]


def _leave(_: object) -> None:
    """Free nothing: the garbage collector does."""


class Renewed(Generic[P]):
    """Parts of an engine, used on its thread alone.

    After `FAILED_AFTER` failures in a row they are freed and built anew; after a single one that comes from the
    graphics card, in the next way there is. What a thread that hangs has in its hands is left to it.
    """

    def __init__(self, name: str, ways: Sequence[Way[P]], free: Callable[[P], None] = _leave) -> None:
        """Build the parts in the first way that works. Raises what the last way raises, ModelError at once."""
        self.name = name
        self.fallen = ""
        """Why they do not compute where they should, in words; empty while they do."""
        self._ways = list(ways)
        self._free = free
        self._failures = 0
        self._hands: object | None = None
        """Whoever uses the parts at the moment."""
        self._parts: P | None = self._build()

    @property
    def parts(self) -> P:
        """The parts of the moment, to look at. Raises EngineError when they could not be built anew."""
        return self._ready()

    def call(self, work: Callable[[P], R]) -> R:
        """Return what `work` makes of the parts; if it fails and they are renewed, it is done once more."""
        try:
            with self.used() as parts:
                return work(parts)
        except Exception:
            if self._parts is not None:
                raise
        with self.used() as parts:
            return work(parts)

    @contextmanager
    def used(self) -> Iterator[P]:
        """Yield the parts, and take note of whether they fail. Raises EngineError when they cannot be built anew."""
        parts = self._ready()
        hands = self._hands = object()
        try:
            yield parts
        except Exception as error:
            if self._hands is hands:
                self._failed(error)
            raise
        else:
            if self._hands is hands:
                self._failures = 0
        finally:
            if self._hands is hands:
                self._hands = None

    def close(self) -> None:
        """Free the parts, unless a thread that hangs has them."""
        parts, self._parts = self._parts, None
        if parts is not None and self._hands is None:
            self._free(parts)

    def _ready(self) -> P:
        if self._hands is not None:
            self._parts = self._hands = None
            log.warning("%s: what it computes with hangs and is left; it is built anew", self.name)
        if self._parts is None:
            self._parts = self._build()
        return self._parts

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        lost = len(self._ways) > 1 and comes_from_the_card(error)
        if not lost and self._failures < FAILED_AFTER:
            return
        log.error("%s failed %d times in a row and is built anew: %s", self.name, self._failures, error, extra=_CODE)
        self._failures = 0
        if lost:
            self._fall(error)
        parts, self._parts = self._parts, None
        if parts is not None:
            self._free(parts)

    def _fall(self, error: Exception) -> None:
        left = self._ways.pop(0)
        self.fallen = f"{self.name} computes on {self._ways[0].where}: {left.where} failed ({error})"
        log.error("%s; it stays so until the next start", self.fallen, extra=_CODE)

    def _build(self) -> P:
        while True:
            try:
                return self._ways[0].build()
            except ModelError:
                raise
            except ApplianceError as error:
                if len(self._ways) == 1:
                    raise
                self._fall(error)
            except (MemoryError, RuntimeError, OSError) as error:
                if len(self._ways) == 1:
                    raise EngineError(
                        f"{self.name} cannot be built: {error}", remedy="Make room in memory and restart the appliance."
                    ) from error
                self._fall(error)


_CODE = {"error_code": EngineError.code}


def comes_from_the_card(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, is one of the graphics card or its libraries."""
    while error is not None:
        if _OF_THE_CARD.search(str(error)):
            return True
        error = error.__cause__
    return False
