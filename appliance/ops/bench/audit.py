"""The audit trail in figures: whether tampering is found, what writing costs, and what kill -9 leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from rich.table import Table

from appliance.audit import ledger
from appliance.audit.chain import Checkpoint
from appliance.audit.keys import Signer, make_key_file
from appliance.audit.opening import change_key
from appliance.audit.trail import AuditTrail, Cadence
from appliance.audit.verify import Verifier, verify_database, verify_records
from appliance.clock import Clock
from appliance.config.audit import KEY_FILE
from appliance.ops.bench import audit_child
from appliance.ops.bench.audit_child import CADENCE, DATABASE, KIND
from appliance.ops.bench.lives import Lives
from appliance.ops.bench.tampering import KINDS, Evidence
from appliance.storage.db import Connection, Database

EVERY = 20
"""Records between two checkpoints of the trail that is tampered with."""
LONGEST_LIFE_S = 0.12
"""As in the bench of the outbox: some lives end while the database is opened, most while something is written."""
LIVES_PER_TRAIL = 20
BATCH = 20
TRAIL = 200
WRITES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Of so many tamperings of a kind; `located` when a finding covers where it begins."""

    tried: int
    detected: int
    located: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingFigures:
    """Microseconds of `record`, and milliseconds from the record to the disk, alone and with 19 others."""

    record_us_p50: float
    record_us_p99: float
    commit_one_ms_p50: float
    commit_one_ms_p99: float
    commit_batch_ms_p50: float
    commit_batch_ms_p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KillFigures:
    """What came of killing; `lost` and `problems` have to be nothing."""

    kills: int
    committed: int
    records: int
    lost: int
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """All together."""

    tampering: Mapping[str, Found]
    writing: WritingFigures
    kills: KillFigures
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether every tampering was detected and located, and nothing was lost."""
        found = all(one.tried == one.detected == one.located for one in self.tampering.values())
        return found and not self.kills.lost and not self.kills.problems


async def measure_audit(
    directory: Path, tamperings: int, kills: int, random: Random, clock: Clock, progress: Callable[[float], None]
) -> AuditFigures:
    """Measure everything in a folder that is empty."""
    began = clock.now()
    folders = [directory / name for name in ("honest", "writing", "kills")]
    for folder in folders:
        folder.mkdir()
    whole, key = await honest_trail(folders[0], clock, TRAIL)
    return AuditFigures(
        tampering=measure_tampering(whole, key, tamperings, random, progress),
        writing=await measure_writing(folders[1], clock, WRITES),
        kills=await measure_kills(folders[2], kills, random, clock, progress),
        seconds=clock.now() - began,
    )


async def honest_trail(directory: Path, clock: Clock, size: int) -> tuple[Evidence, Signer]:
    """Write a trail with a change of keys and erased details; return it and its first key."""
    database = await Database.open(directory / DATABASE)
    try:
        first = make_key_file(directory / KEY_FILE)
        await _fill(AuditTrail(database, clock, None, first, Cadence(checkpoint_every_records=EVERY)), size // 2)
        second = await change_key(database, clock, first, directory / "second.key")
        trail = AuditTrail(database, clock, None, second, Cadence(checkpoint_every_records=EVERY))
        await trail.erase_details(reason="bench", session_id="session-1")
        await _fill(trail, size // 2)
        records = await database.read(partial(ledger.page, after=0, limit=2 * size))
        return Evidence(records=tuple(records), checkpoints=tuple(await database.read(ledger.checkpoints))), first
    finally:
        await database.close()


async def _fill(trail: AuditTrail, count: int) -> None:
    for number in range(count):
        trail.record("turn", f"session-{number % 5}", {"turn": number}, _words(number))
        if number % (EVERY // 2) == 0:
            await trail.flush()
    await trail.close()


def measure_tampering(
    whole: Evidence, key: Signer, count: int, random: Random, progress: Callable[[float], None] = lambda _: None
) -> dict[str, Found]:
    """Tamper `count` times, each time in one way; the auditor has the public key and, where needed, a checkpoint."""
    tried, detected, located = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, int](int)
    kinds = list(KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        tampering = KINDS[kind](whole, random)
        known = whole.checkpoints[-1:] if tampering.needs_known else ()
        findings = _verdict(tampering.evidence, key, known)
        tried[kind] += 1
        detected[kind] += bool(findings)
        located[kind] += any(first <= tampering.last and tampering.first <= last for first, last in findings)
        progress(1)
    return {kind: Found(tried=tried[kind], detected=detected[kind], located=located[kind]) for kind in tried}


def _verdict(evidence: Evidence, key: Signer, known: tuple[Checkpoint, ...]) -> list[tuple[int, int]]:
    verifier = Verifier(evidence.checkpoints, {key.key_id: key.public}, known=known, longest_tail=2 * EVERY)
    return [(finding.first, finding.last) for finding in verify_records(verifier, evidence.records).findings]


async def measure_writing(directory: Path, clock: Clock, count: int) -> WritingFigures:
    """Measure what it costs to record a turn, and how long it takes to the disk."""
    database = await Database.open(directory / DATABASE)
    trail = AuditTrail(database, clock, None, make_key_file(directory / KEY_FILE))
    costs: list[float] = []
    alone: list[float] = []
    together: list[float] = []
    try:
        for number in range(count):
            for _ in range(1 if number % 2 else BATCH):
                began = clock.now()
                trail.record("turn", f"session-{number % 5}", {"interrupted": False, "turn": number}, _words(number))
                costs.append((clock.now() - began) * 1e6)
            began = clock.now()
            await trail.flush()
            (alone if number % 2 else together).append((clock.now() - began) * 1e3)
        await trail.close()
    finally:
        await database.close()
    return WritingFigures(
        record_us_p50=_quantile(costs, 0.5),
        record_us_p99=_quantile(costs, 0.99),
        commit_one_ms_p50=_quantile(alone, 0.5),
        commit_one_ms_p99=_quantile(alone, 0.99),
        commit_batch_ms_p50=_quantile(together, 0.5),
        commit_batch_ms_p99=_quantile(together, 0.99),
    )


async def measure_kills(
    directory: Path, kills: int, random: Random, clock: Clock, progress: Callable[[float], None] = lambda _: None
) -> KillFigures:
    """Kill a process `kills` times while it writes; after each time open the database and verify the whole chain."""
    committed = records = lost = 0
    problems: list[str] = []
    async with Lives.begin(audit_child.__name__) as lives:
        for number in range(kills):
            if number % LIVES_PER_TRAIL == 0:
                folder = directory / f"trail-{number}"
                folder.mkdir()
                signer = make_key_file(folder / KEY_FILE)
                committed += len(lives.committed)
                lives.committed.clear()
                found = set[int]()
            first = max(found | lives.committed, default=-1) + 1
            await lives.live_and_die(clock, random.uniform(0.0, LONGEST_LIFE_S), str(folder), first)
            found, wrong = await _inspected(folder / DATABASE, signer)
            lost += len(lives.committed - found)
            problems += [f"life {number}: {problem}" for problem in wrong]
            records += len(found) - first if len(found) > first else 0
            progress(1)
    return KillFigures(
        kills=kills, committed=committed + len(lives.committed), records=records, lost=lost, problems=problems
    )


async def _inspected(path: Path, signer: Signer) -> tuple[set[int], list[str]]:
    """Return the numbers that were recorded, and what is wrong with the file or the chain."""
    database = await Database.open(path)
    try:
        problems = await database.problems()
        trusted = {signer.key_id: signer.public}
        verdict = await verify_database(database, trusted, longest_tail=2 * CADENCE.checkpoint_every_records)
        numbers = await database.read(_numbers)
    finally:
        await database.close()
    if verdict.records:  # a life may end before its first record
        problems += [f"{one.first}-{one.last}: {one.what}" for one in verdict.findings]
    return set(numbers), problems + [f"{n} was written twice" for n in sorted(set(numbers)) if numbers.count(n) > 1]


def _numbers(connection: Connection) -> list[int]:
    rows = connection.execute("SELECT body ->> '$.n' FROM audit WHERE kind = ?", (KIND,))
    return [number for (number,) in rows]


def audit_table(figures: AuditFigures) -> Table:
    """Return the figures as a table."""
    table = Table(title="the audit trail", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for kind, found in figures.tampering.items():
        table.add_row(f"{kind}: tried, detected, located", f"{found.tried}, {found.detected}, {found.located}")
    table.add_section()
    writing = figures.writing
    table.add_row("recording, p50 / p99", f"{writing.record_us_p50:.0f} / {writing.record_us_p99:.0f} µs")
    table.add_row("one to disk, p50 / p99", f"{writing.commit_one_ms_p50:.1f} / {writing.commit_one_ms_p99:.1f} ms")
    batch = f"{writing.commit_batch_ms_p50:.1f} / {writing.commit_batch_ms_p99:.1f} ms"
    table.add_row(f"{BATCH} to disk, p50 / p99", batch)
    table.add_section()
    kills = figures.kills
    table.add_row("times killed (SIGKILL)", str(kills.kills))
    table.add_row("records known to be committed", str(kills.committed))
    table.add_row("records found", str(kills.records))
    table.add_row("lost", str(kills.lost))
    table.add_row("problems of chain and database", "; ".join(kills.problems[:5]) or "none")
    table.add_row("seconds", f"{figures.seconds:.0f}")
    return table


def _words(number: int) -> dict[str, str]:
    return {"user": f"I would like to see somebody about number {number}.", "heard": f"Number {number}, of course."}


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
