"""Sound is kept only where that is allowed, sealed before it touches the disk, and found again as it was."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from appliance.config.consent import ConsentMode
from appliance.retention.recordings import CHUNK_BYTES, MOST_WAITING, Pcm, encoded
from appliance.storage.db import Database
from appliance.storage.errors import StorageError
from appliance.storage.records import Recording, of_session
from appliance.storage.sealed import Sealer, reseal_folder
from tests.unit.retention_fakes import Kit, Talk, noise
from tests.unit.storage_fakes import START, HandClock


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    database = await Database.open(tmp_path / "appliance.db")
    yield Kit.build(database, HandClock(), ConsentMode.ASK)
    await database.close()


def decoded(flac: bytes) -> Pcm:
    with av.open(io.BytesIO(flac), "r") as container:
        assert (container.format.name, container.streams.audio[0].rate) == ("flac", 16_000)
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.int16)


async def recordings_of(kit: Kit, session_id: str) -> list[Recording]:
    read = await kit.database.read(lambda connection: of_session(connection, Recording, session_id))
    return list(read.values())


def files(kit: Kit) -> list[Path]:
    folder = kit.database.path.parent / "recordings"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_flac_gives_back_every_sample() -> None:
    pcm = noise(12_345)
    assert np.array_equal(decoded(encoded(pcm)), pcm)


async def test_what_was_heard_after_a_yes_is_found_again_as_it_was(kit: Kit) -> None:
    talk = Talk(kit.archive)
    kit.hear("s1", 3)
    talk.decide("given")
    kit.hear("s1", 31)
    talk.end()
    await kit.archive.flush()
    kept = await recordings_of(kit, "s1")
    assert [recording.seconds for recording in kept] == [30, 1]
    assert kept[0].at == START.timestamp() - 30
    sound = [decoded(await kit.recordings.read(recording)) for recording in kept]
    assert np.array_equal(np.concatenate(sound), np.tile(noise(1600), 310))


async def test_the_end_of_a_conversation_that_is_cut_off_by_a_stop_is_kept_too(kit: Kit) -> None:
    Talk(kit.archive).decide("given")
    await kit.archive.flush()
    kit.hear("s1", 4)
    kit.recordings.finish()
    await kit.archive.flush()
    assert [recording.seconds for recording in await recordings_of(kit, "s1")] == [4]


@pytest.mark.parametrize("decision", ["", "refused", "withdrawn"])
async def test_without_a_yes_no_sound_is_kept(kit: Kit, decision: str) -> None:
    talk = Talk(kit.archive)
    kit.hear("s1", 1)
    if decision:
        talk.decide(decision)
    kit.hear("s1", 40)
    talk.end()
    await kit.archive.flush()
    assert (await recordings_of(kit, "s1"), files(kit)) == ([], [])


async def test_nothing_of_the_sound_is_on_disk_in_clear(kit: Kit) -> None:
    kit.recordings.begin("s1")
    tone = (8000 * np.sin(np.arange(480_000) / 9)).astype(np.int16)
    kit.recordings.add("s1", tone)
    await kit.archive.flush()
    (file,) = files(kit)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    everything = b"".join(path.read_bytes() for path in file.parent.parent.rglob("*") if path.is_file())
    flac = encoded(tone)  # its first 8 kB are room for tags: zeros
    assert b"fLaC" not in everything
    assert all(flac[at : at + 16] not in everything for at in range(10_000, len(flac) - 16, 997))
    assert tone[:16].tobytes() not in everything


async def test_another_key_does_not_change_what_was_recorded(kit: Kit) -> None:
    kit.recordings.begin("s1")
    kit.hear("s1", 30)
    await kit.archive.flush()
    (recording,) = await recordings_of(kit, "s1")
    old, new = Sealer(bytes(range(32))), Sealer(bytes(range(1, 33)))
    assert reseal_folder(files(kit)[0].parent, old, new) == 1
    with pytest.raises(StorageError, match="another key"):
        await kit.recordings.read(recording)
    reseal_folder(files(kit)[0].parent, new, old)
    assert len(decoded(await kit.recordings.read(recording))) == 480_000


async def test_a_changed_or_missing_file_is_told(kit: Kit) -> None:
    kit.recordings.begin("s1")
    kit.hear("s1", 30)
    await kit.archive.flush()
    (recording,) = await recordings_of(kit, "s1")
    (file,) = files(kit)
    sealed = bytearray(file.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    file.write_bytes(sealed)
    with pytest.raises(StorageError, match="changed"):
        await kit.recordings.read(recording)
    file.unlink()
    with pytest.raises(StorageError, match="No such file"):
        await kit.recordings.read(recording)


async def test_memory_is_bounded_while_the_disk_refuses_and_it_recovers(kit: Kit) -> None:
    folder = kit.database.path.parent / "recordings"
    folder.write_bytes(b"in the way")
    kit.recordings.begin("s1")
    chunk = np.zeros(CHUNK_BYTES // 2, np.int16)
    for _ in range(MOST_WAITING + 3):
        kit.recordings.add("s1", chunk)
    clock = kit.writer._clock
    assert isinstance(clock, HandClock)
    await clock.all_asleep(1)
    assert kit.recordings.lost_s == 90
    assert await recordings_of(kit, "s1") == []
    folder.unlink()
    clock.advance(10)
    await kit.archive.flush()
    assert len(await recordings_of(kit, "s1")) == len(files(kit)) == MOST_WAITING


async def test_files_that_no_row_knows_are_swept_away(kit: Kit) -> None:
    kit.recordings.begin("s1")
    kit.hear("s1", 30)
    await kit.archive.flush()
    (known,) = files(kit)
    for name in ("0123.sealed", "0123.sealed.x.partial"):
        (known.parent / name).write_bytes(b"left behind by a crash")
    assert await kit.recordings.sweep() == 2
    assert files(kit) == [known]
