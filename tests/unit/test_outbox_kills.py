"""The outbox of a process that is killed at any moment, on a real disk and a real network."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from random import Random

import pytest
import typer
from typer.testing import CliRunner

from appliance.cli.bench.outbox import outbox
from appliance.clock import SystemClock
from appliance.ops.bench.outbox import OutboxFigures, Receiver, measure_outbox, outbox_table

SOUND = OutboxFigures(
    kills=1,
    committed=2,
    accepted=2,
    requests=3,
    refused=1,
    repeated=0,
    lost=0,
    accepted_twice=0,
    out_of_order=0,
    problems=[],
    seconds=1.0,
)


async def test_nothing_is_lost_doubled_or_damaged_by_a_dozen_kills(tmp_path: Path) -> None:
    figures = await measure_outbox(tmp_path, 12, Random(5), SystemClock())  # noqa: S311
    assert figures.sound, figures
    assert figures.accepted >= figures.committed > 0


def test_the_command_prints_figures_for_scripts(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(outbox)
    result = CliRunner().invoke(app, ["--kills", "1", "--directory", str(tmp_path), "--json"])
    figures = json.loads(result.stdout)
    assert (figures["kills"], figures["sound"], result.exit_code) == (1, True, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault", [{"lost": 1}, {"accepted_twice": 1}, {"out_of_order": 1}, {"problems": ["torn page"]}]
)
def test_every_fault_counts(fault: dict[str, object]) -> None:
    figures = OutboxFigures(**{field: getattr(SOUND, field) for field in SOUND.__slots__} | fault)
    assert SOUND.sound
    assert not figures.sound
    assert outbox_table(figures).row_count == 11


def test_the_receiver_tells_repetitions_from_doubles() -> None:
    receiver = Receiver(AlwaysHalf())
    for key, number in (("a", 1), ("a", 1), ("b", 1)):
        assert receiver.receive("desk", key, number) is HTTPStatus.OK
    assert receiver.acted["desk"] == [1, 1]
    assert receiver.repeated == 1


class AlwaysHalf(Random):
    def random(self) -> float:
        return 0.5
