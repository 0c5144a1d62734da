"""What the doctor says of a machine, on machines that are as bad as they are said to be."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.config.storage import StorageConfig
from appliance.ops.doctor import clock, cpu, disk, gpu, memory, timezone, versions
from appliance.ops.doctor.finding import State
from tests.unit.doctor_fakes import INTEL, context_of, machine_file, only, program, states
from tests.unit.storage_fakes import HandClock
from tests.unit.storage_site import noted

ZONES = "/usr/share/zoneinfo"


async def test_a_processor_without_avx2_fails_and_says_what_it_lacks(tmp_path: Path) -> None:
    machine_file(tmp_path, "proc/cpuinfo", "model name : Old\nflags : sse4_2 avx\n")
    assert "Old lacks AVX2, FMA, F16C" in only(await cpu.check(context_of(tmp_path)), State.FAIL).what


async def test_a_good_processor_is_told_with_what_it_has(tmp_path: Path) -> None:
    machine_file(tmp_path, "proc/cpuinfo", INTEL)
    found = await cpu.check(context_of(tmp_path))
    assert set(states(found)) == {State.OK}
    assert "AVX-512" in found[0].what
    assert "AMX" in found[1].what


async def test_more_threads_than_cores_and_a_slow_governor_are_told(tmp_path: Path) -> None:
    machine_file(tmp_path, "proc/cpuinfo", INTEL)
    machine_file(tmp_path, cpu.GOVERNOR, "powersave\n")
    found = await cpu.check(context_of(tmp_path, {"llm": {"threads": 250}}))
    warnings = [finding for finding in found if finding.state is State.WARN]
    assert ["cores" in finding.what for finding in warnings] == [True, False]
    assert "lowest clock rate" in warnings[1].what


async def test_memory_is_compared_with_the_weights_of_the_chosen_models(tmp_path: Path) -> None:
    small = (await memory.check(context_of(tmp_path)))[0].what
    large = (await memory.check(context_of(tmp_path, {"models": {"profile": "gpu-24gb"}})))[0].what
    needed = [int(what.rsplit("about ", 1)[1].split()[0]) for what in (small, large)]
    assert 2000 < needed[0] < 3000
    assert needed[1] > 10_000


async def test_a_card_that_is_wanted_and_not_there_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert states(await gpu.check(context_of(tmp_path))) == [State.OK]
    assert "there is none" in only(await gpu.check(context_of(tmp_path, {"device": "cuda"})), State.FAIL).what


async def test_a_driver_that_fails_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "nvidia-smi", "exit 9")
    assert "nvidia-smi" in only(await gpu.check(context_of(tmp_path)), State.FAIL).remedy
    assert states(await gpu.check(context_of(tmp_path, {"device": "cpu"}))) == [State.OK]


async def test_a_card_too_small_for_the_models_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "nvidia-smi", 'echo "Small card, 2048"')
    found = await gpu.check(context_of(tmp_path, {"models": {"profile": "gpu-24gb"}}))
    assert "of its 2048 MiB" in only(found, State.FAIL).what


async def test_too_little_room_is_told_by_how_much(tmp_path: Path) -> None:
    assert State.WARN not in states(await disk.check(context_of(tmp_path)))
    found = await disk.check(context_of(tmp_path, {"monitoring": {"min_free_mib": 1_000_000}}))
    assert next(finding for finding in found if finding.state is not State.OK).remedy.startswith("Make room: 1000000")


def test_a_disk_on_which_nothing_can_be_written_fails(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, resource, sys\n"
        "from appliance.ops.doctor import disk\n"
        "from tests.unit.doctor_fakes import context_of\n"
        "folder = pathlib.Path(sys.argv[1]); (folder / 'state').mkdir(mode=0o700)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "for found in asyncio.run(disk.check(context_of(folder))): print(found.state, found.what)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    failed = [line for line in done.stdout.splitlines() if line.startswith("fail")]
    assert len(failed) == 2
    assert f"storage.directory: nothing can be written to {tmp_path / 'state'}: File too large." in failed[0]


async def test_a_clock_of_1970_cannot_be(tmp_path: Path) -> None:
    hand = HandClock()
    hand.offset = timedelta(days=-365 * 40)
    assert "cannot be" in only(await clock.check(context_of(tmp_path, clock=hand)), State.FAIL).what


async def test_a_clock_behind_the_newest_record_is_not_believed(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    await noted(StorageConfig(directory=tmp_path / "state", encryption=context.config.storage.encryption), "a")
    assert State.FAIL not in states(await clock.check(context))
    await written_at(context.config.storage, context.clock.local_time("UTC").timestamp() + 90 * 86_400)
    assert "has not come yet" in only(await clock.check(context), State.FAIL).what


async def written_at(storage: StorageConfig, at: float) -> None:
    from appliance.storage.opening import open_database  # noqa: PLC0415 - beside its only use

    database = await open_database(storage, {})
    await database.write(
        lambda connection: connection.execute(
            "INSERT INTO turn_metrics (session_id, turn_id, at, record) VALUES ('s', 1, ?, '{}')", (at,)
        )
    )
    await database.close()


async def test_a_hardware_clock_that_is_off_is_told(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    now = round(context.clock.local_time("UTC").timestamp())
    machine_file(tmp_path, clock.RTC, f"{now - 3}")
    assert not [finding for finding in await clock.check(context) if "ardware" in finding.what]
    machine_file(tmp_path, clock.RTC, f"{now - 7200}")
    assert [f.what for f in await clock.check(context) if "ardware" in f.what] == [
        "The hardware clock is off by 7200 s."
    ]


async def test_another_time_zone_than_the_machine_is_told_but_another_name_of_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/localtime").symlink_to(f"{ZONES}/Europe/Berlin")
    away = context_of(tmp_path, {"site": {"timezone": "America/Sao_Paulo"}})
    assert "the machine is in Europe/Berlin" in only(await timezone.check(away), State.WARN).what
    for name in ("Europe/Berlin", "Europe/Copenhagen"):
        assert states(await timezone.check(context_of(tmp_path, {"site": {"timezone": name}}))) == [State.OK]


async def test_a_time_zone_that_the_machine_does_not_know_is_told(tmp_path: Path) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/localtime").symlink_to(f"{ZONES}/Mars/Base")
    assert "Mars/Base is unknown" in only(await timezone.check(context_of(tmp_path)), State.WARN).what


async def test_this_installation_has_what_the_lock_says(tmp_path: Path) -> None:
    assert State.FAIL not in states(await versions.check(context_of(tmp_path)))


def test_a_library_of_another_version_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    packages = (("numpy", "2.0"), ("numpy", "2.1"), ("piper_tts", "1.8.0"), ("appliance", "9"))
    lock.write_text("".join(f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in packages))
    there = {"numpy": "2.1", "piper-tts": "1.9.0", "appliance": "1", "unknown": "3"}
    assert versions.differing(there, lock) == ["piper-tts 1.9.0"]
