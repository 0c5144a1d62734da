"""Records what the microphone hears, where that is allowed: as FLAC, sealed in memory, never on disk in clear."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import secrets
from functools import partial
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt

from appliance.clock import Clock
from appliance.retention.files import files_in, remove_files
from appliance.retention.writer import Job, Writer
from appliance.storage.db import Connection, Database
from appliance.storage.errors import StorageError, explaining
from appliance.storage.files import write_whole
from appliance.storage.records import Recording, add

log = logging.getLogger(__name__)

SUFFIX = ".sealed"
RATE = 16_000
BYTES_PER_S = 2 * RATE
CHUNK_BYTES = 30 * BYTES_PER_S
"""Half a minute in one file. As much is lost when the power fails; 960 kB in memory, 300 to 500 kB as a file."""
MOST_WAITING = 20
"""Chunks in memory while the disk is slow or full, 19 MB; what comes after that is lost and counted."""

Pcm = npt.NDArray[np.int16]


class Seal(Protocol):
    """Encrypts and authenticates; `open` raises StorageError for what was not sealed with this key and name."""

    def seal(self, data: bytes, name: str) -> bytes:
        """Encrypt under the name of the file."""

    def open(self, data: bytes, name: str) -> bytes:
        """Decrypt."""


class Recordings:
    """Takes sound by session. A session has to be begun, else its sound is dropped where it comes in."""

    def __init__(self, database: Database, writer: Writer, seal: Seal, folder: Path, clock: Clock) -> None:
        self._database = database
        self._writer = writer
        self._seal = seal
        self._folder = folder
        self._clock = clock
        self._chunks: dict[str, bytearray] = {}
        self._waiting = 0
        self.lost_s = 0.0
        """Seconds of sound that were allowed and could not be kept."""

    def begin(self, session_id: str) -> None:
        """Keep the sound of a session from now on; the person was told or has agreed."""
        self._chunks.setdefault(session_id, bytearray())

    def add(self, session_id: str, pcm: Pcm) -> None:
        """Take sound, shape (n,), 16 kHz mono. Called on the event loop; it costs a copy."""
        chunk = self._chunks.get(session_id)
        if chunk is None:
            return
        chunk += pcm.astype("<i2", copy=False).tobytes()
        if len(chunk) >= CHUNK_BYTES:
            self._chunks[session_id] = bytearray()
            self._keep(session_id, chunk)

    def end(self, session_id: str) -> None:
        """Write what is left of a session, and take no more of it."""
        self._keep(session_id, self._chunks.pop(session_id, bytearray()))

    def finish(self) -> None:
        """Write what is left of every session: the appliance stops."""
        for session_id in [*self._chunks]:
            self.end(session_id)

    def discard(self, session_id: str) -> None:
        """Forget the sound of a session that is not on disk yet, and take no more of it."""
        self._chunks.pop(session_id, None)

    async def read(self, recording: Recording) -> bytes:
        """Return a recording as FLAC. Raises StorageError when its file is missing or was changed."""
        flac = await asyncio.to_thread(self._opened, self._folder / recording.file)
        if hashlib.sha256(flac).hexdigest() != recording.sha256:
            raise StorageError(
                f"{self._folder / recording.file}: this is another recording than the one that was made",
                remedy="Put it back from a backup.",
            )
        return flac

    async def sweep(self) -> int:
        """Delete files that no row knows, which a crash can leave behind; call it at the start. Raises StorageError."""
        known = await self._database.read(_known)
        strangers = [name for name in await asyncio.to_thread(files_in, self._folder) if name not in known]
        with explaining(self._folder):
            return await asyncio.to_thread(remove_files, self._folder, strangers)

    def _keep(self, session_id: str, chunk: bytearray) -> None:
        if not chunk:
            return
        seconds = len(chunk) / BYTES_PER_S
        if self._waiting >= MOST_WAITING:
            if not self.lost_s:
                log.error("recordings are being lost: the disk is too slow or full")
            self.lost_s += seconds
            return
        self._waiting += 1
        at = self._clock.local_time("UTC").timestamp() - seconds
        work = partial(self._write, session_id, at, np.frombuffer(chunk, dtype="<i2"))
        self._writer.put(Job(session_id=session_id, work=work, may_be_lost=True, gone=self._one_less))

    async def _write(self, session_id: str, at: float, pcm: Pcm) -> None:
        """Note the file before it is written, so that there is never one that a purge does not know."""
        flac = await asyncio.to_thread(encoded, pcm)
        recording = Recording(
            session_id=session_id,
            at=at,
            file=secrets.token_hex(12) + SUFFIX,
            seconds=len(pcm) / RATE,
            sha256=hashlib.sha256(flac).hexdigest(),
        )
        await self._database.write(partial(_note, recording))
        try:
            with explaining(self._folder):
                await asyncio.to_thread(self._write_sealed, recording.file, flac)
        except StorageError:
            await self._database.write(partial(_strike, recording.file))
            raise

    def _write_sealed(self, name: str, flac: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / name, self._seal.seal(flac, name))

    def _opened(self, path: Path) -> bytes:
        with explaining(path):
            return self._seal.open(path.read_bytes(), path.name)

    def _one_less(self) -> None:
        self._waiting -= 1


def encoded(pcm: Pcm) -> bytes:
    """Return sound, shape (n,), 16 kHz mono, as a FLAC file."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()


def _note(recording: Recording, connection: Connection) -> None:
    add(connection, recording)


def _strike(file: str, connection: Connection) -> None:
    connection.execute("DELETE FROM recordings WHERE file = ?", (file,))


def _known(connection: Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT file FROM recordings")}
