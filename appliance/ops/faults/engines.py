"""Faults of the engines: failures, hangs, a lost graphics card, no memory.

No graphics card is needed: its failures are injected where the engines meet their libraries, with the texts that those
raise.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from appliance.engines.renewal import GRAPHICS_CARD, PROCESSOR, Renewed, Way
from appliance.engines.worker import EngineThread
from appliance.errors import EngineError
from appliance.ops.faults.fault import Bench, Fault, Group, refused, require

LOOK_S = 0.1
CRASH = "import ctypes, faulthandler; faulthandler.enable(); ctypes.string_at(0)"
STARVE = """
import asyncio, resource, sys
from pathlib import Path
import psutil
from appliance.config.models import TtsConfig
from appliance.engines.piper import PiperSynthesiser
voice = PiperSynthesiser(Path(sys.argv[1]), TtsConfig(), output_rate=48_000, threads=1)
async def scene():
    await voice.synthesise("A word before.")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + 2**20, hard))
    failed = ""
    try:
        await voice.synthesise("it opens at eight in the morning and closes at six in the evening, " * 12)
    except Exception as error:
        failed = type(error).__name__
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    speech = await voice.synthesise("And a word after it.")
    print(failed, len(speech.pcm) > 1000)
asyncio.run(scene())
voice.close()
"""


@dataclass(slots=True)
class Library:
    """What an engine computes with: it raises what it is told to."""

    where: str
    error: Exception | None = None

    def work(self) -> str:
        """Compute."""
        if self.error is not None:
            raise self.error
        return self.where


@dataclass(slots=True)
class Engine:
    """An engine with the thread and the renewal of the real ones."""

    built: list[Library] = field(default_factory=list)
    thread: EngineThread = field(default_factory=lambda: EngineThread("stt", look_s=LOOK_S))
    parts: Renewed[Library] = field(init=False)

    def begin(self, *where: str) -> Engine:
        """Build the parts in the first of these places."""
        self.parts = Renewed("stt", [Way(where=each, build=partial(self._build, each)) for each in where])
        return self

    async def answer(self, work: Callable[[Library], str] = Library.work) -> str:
        """Do one piece of work."""
        return await self.thread.run(lambda _: self.parts.call(work))

    def fail(self, text: str) -> None:
        """Let the present parts fail from now on as ctranslate2 does."""
        error = EngineError(f"speech recognition failed: {text}", remedy="Restart the appliance.")
        error.__cause__ = RuntimeError(text)
        self.built[-1].error = error

    def _build(self, where: str) -> Library:
        self.built.append(Library(where))
        return self.built[-1]


async def raises(bench: Bench) -> str:
    """An engine raises again and again."""
    del bench
    engine = Engine().begin(PROCESSOR)
    engine.fail("mkl_malloc: failed to allocate memory")
    await refused(engine.answer(), kind=EngineError)
    require(await engine.answer() == PROCESSOR, "it was not built anew")
    engine.thread.close()
    return "the first failure is told; at the second it is built anew, and that turn is answered"


async def hangs(bench: Bench) -> str:
    """A call into the library never returns."""
    del bench
    engine, let_go = Engine().begin(PROCESSOR), threading.Event()

    def hang(library: Library) -> str:
        let_go.wait(60.0)
        return library.work()

    error = await refused(engine.answer(hang), "has not answered", kind=EngineError)
    require(await engine.answer() == PROCESSOR, "the next call is not answered")
    let_go.set()
    engine.thread.close()
    return f"{error}; the next call was answered"


async def card_without_memory(bench: Bench) -> str:
    """The graphics card has no memory left."""
    del bench
    return await _left("CUDA failed with error out of memory")


async def card_lost(bench: Bench) -> str:
    """The graphics card is gone."""
    del bench
    return await _left("CUDA failed with error all CUDA-capable devices are busy or unavailable")


async def _left(text: str) -> str:
    engine = Engine().begin(GRAPHICS_CARD, PROCESSOR)
    require(await engine.answer() == GRAPHICS_CARD, "it did not compute on the card")
    engine.fail(text)
    require(await engine.answer() == PROCESSOR, "the turn is not answered")
    engine.thread.close()
    require(text in engine.parts.fallen, engine.parts.fallen)
    return engine.parts.fallen


async def crash(bench: Bench) -> str:
    """A library of an engine crashes, and the process with it."""
    del bench
    done = await asyncio.to_thread(_run, CRASH)
    require(done.returncode == -11, done)  # noqa: PLR2004 - SIGSEGV
    require("Segmentation fault" in done.stderr and "File " in done.stderr, done.stderr)
    return "it ends by SIGSEGV, with the stacks of its threads; the unit starts it again (Restart=always)"


async def starved(bench: Bench) -> str:
    """The voice gets no memory for one call (RLIMIT_AS), in a process of its own."""
    from appliance.models.catalogue import Role, load_catalogue  # noqa: PLC0415 - only here
    from appliance.models.profiles import resolve  # noqa: PLC0415
    from appliance.models.verify import locate  # noqa: PLC0415

    model = resolve(bench.config, load_catalogue())[Role.TTS]
    done = await asyncio.to_thread(_run, STARVE, locate(model, bench.config.models.directory)[model.entry])
    words = done.stdout.split()
    require(not done.returncode and words[1:] == ["True"], done.stdout, done.stderr)
    require(words[0], "it did not fail: the limit was not felt")
    return f"{words[0]}, and the next clause was spoken"


def _run(code: str, *arguments: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - whatever has a text
    def no_core() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return subprocess.run(  # noqa: S603 - our own code; nothing else runs between fork and exec
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_core,
    )


SORRY = "`phrases.engine_error` once; the next turn is answered"

FAULTS: Sequence[Fault] = (
    Fault(
        name="engine-raises",
        group=Group.ENGINES,
        injected="an engine raises at every call",
        holds="after two failures in a row what it computes with is built anew, within that turn",
        heard=SORRY,
        seen="error in the log; the engine degraded, then ok",
        check=raises,
    ),
    Fault(
        name="engine-hangs",
        group=Group.ENGINES,
        injected="a call into the library of an engine never returns",
        holds="after 40 s its thread is left and another one goes on; a second hang is left to the watchdog",
        heard=SORRY,
        seen="error in the log; memory of the hung call is held until the next restart",
        check=hangs,
    ),
    Fault(
        name="gpu-out-of-memory",
        group=Group.ENGINES,
        injected="ctranslate2 raises `CUDA failed with error out of memory`",
        holds="the engine goes over to the processor within that turn, until the next start",
        heard="nothing but a slower answer",
        seen="error in the log; `gpu` degraded. Choose smaller models.",
        check=card_without_memory,
    ),
    Fault(
        name="gpu-lost",
        group=Group.ENGINES,
        injected="ctranslate2 raises `all CUDA-capable devices are busy or unavailable`",
        holds="the same; llama.cpp ends the process instead, and the next start leaves the card alone",
        heard="nothing but a slower answer; with llama.cpp a pause of a start",
        seen="error in the log; `gpu` degraded. Mend the driver and restart.",
        check=card_lost,
    ),
    Fault(
        name="library-crashes",
        group=Group.ENGINES,
        injected="a library reads memory that is not its own (SIGSEGV)",
        holds="the process ends with its stacks in the log, and systemd starts it again",
        heard="silence of a start; then the conversation goes on",
        seen="the stacks in the log; `systemctl status` counts the restarts",
        check=crash,
    ),
    Fault(
        name="voice-without-memory",
        group=Group.ENGINES,
        injected="the address space is limited (RLIMIT_AS) during one call of the voice",
        holds="the call fails with an error, and the next one works",
        heard=SORRY,
        seen="error in the log; `tts` degraded, then ok",
        check=starved,
    ),
)
