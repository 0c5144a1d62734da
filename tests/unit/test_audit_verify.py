"""Tampering is found and located, by the appliance and by the script that stands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.audit.chain import Record, canonical, record_hash
from appliance.audit.errors import AuditError
from appliance.audit.export import checkpoint_fields, export, lines, read_checkpoints
from appliance.audit.keys import Signer
from appliance.audit.verify import Fault, Verdict, Verifier, verify_records
from appliance.clock import SystemClock
from appliance.ops.bench.audit import (
    AuditFigures,
    KillFigures,
    audit_table,
    honest_trail,
    measure_kills,
    measure_tampering,
    measure_writing,
)
from appliance.ops.bench.tampering import KINDS, Evidence, rechain, truncate
from tests.unit.audit_fakes import SCRIPT, SIGNER, meddle, standalone_verifier, trail_in, verdict_of
from tests.unit.storage_fakes import HandClock

TAIL = 40


@pytest.fixture
async def honest(tmp_path: Path) -> tuple[Evidence, Signer]:
    return await honest_trail(tmp_path, HandClock(), 60)


def judge(evidence: Evidence, key: Signer, known: bool = False, whole: Evidence | None = None) -> Verdict:
    seen = () if whole is None or not known else whole.checkpoints[-1:]
    trusted = {key.key_id: key.public}
    return verify_records(Verifier(evidence.checkpoints, trusted, known=seen, longest_tail=TAIL), evidence.records)


def written(path: Path, evidence: Evidence, *, details: bool = True) -> Path:
    pending = list(reversed(evidence.checkpoints))
    body = list(lines(evidence.records, pending, details=details))
    rest = [json.dumps({"checkpoint": checkpoint_fields(one)}) + "\n" for one in reversed(pending)]
    path.write_text(json.dumps({"format": 1, "details": details}) + "\n" + "".join(body + rest))
    return path


def run_script(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


async def test_two_thousand_tamperings_are_detected_and_located(honest: tuple[Evidence, Signer]) -> None:
    found = measure_tampering(*honest, 2000, Random(11))  # noqa: S311
    assert found.keys() == KINDS.keys()
    assert {kind: (one.detected, one.located) for kind, one in found.items()} == dict.fromkeys(KINDS, (250, 250))


async def test_the_script_that_stands_alone_comes_to_the_same_verdicts(
    honest: tuple[Evidence, Signer], tmp_path: Path
) -> None:
    whole, key = honest
    script, random = standalone_verifier(), Random(12)  # noqa: S311
    for number in range(160):
        tampering = list(KINDS.values())[number % len(KINDS)](whole, random)
        known = whole.checkpoints[-1:] if tampering.needs_known else ()
        expected = verify_records(
            Verifier(tampering.evidence.checkpoints, {key.key_id: key.public}, known=known, longest_tail=TAIL),
            tampering.evidence.records,
        )
        path = written(tmp_path / "trail.jsonl", tampering.evidence)
        seen = [script.checkpoint_of(checkpoint_fields(one)) for one in known]
        trail, signed = script.verify(path, {key.key_id: key.public}, seen, TAIL)
        places = sorted({(first, last) for first, last, _ in trail.findings})
        assert places == sorted({(one.first, one.last) for one in expected.findings}), (number, trail.findings)
        assert signed == expected.signed_upto


async def test_an_honest_trail_is_intact_for_both(honest: tuple[Evidence, Signer], tmp_path: Path) -> None:
    whole, key = honest
    assert judge(whole, key).intact
    (tmp_path / "public.key").write_text(key.public.hex() + "\n")
    earlier = written(tmp_path / "earlier.jsonl", whole)
    for details in (True, False):
        path = written(tmp_path / "trail.jsonl", whole, details=details)
        result = run_script(path, tmp_path / "public.key", "--known", earlier)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.endswith("intact\n")


async def test_what_only_a_kept_checkpoint_can_prove(honest: tuple[Evidence, Signer], tmp_path: Path) -> None:
    whole, key = honest
    end = next(one.seq for one in whole.checkpoints if one.seq > 20)
    earlier = Evidence(
        records=whole.records[:end], checkpoints=tuple(one for one in whole.checkpoints if one.seq <= end)
    )
    forgotten = [one for one in judge(earlier, key).findings if one.fault is not Fault.DETAIL_GONE]
    assert forgotten == []
    assert Fault.TRUNCATED in {one.fault for one in judge(earlier, key, known=True, whole=whole).findings}
    (tmp_path / "public.key").write_text(key.public.hex())
    kept, cut = written(tmp_path / "kept.jsonl", whole), written(tmp_path / "cut.jsonl", earlier, details=False)
    assert run_script(cut, tmp_path / "public.key").returncode == 0
    result = run_script(cut, tmp_path / "public.key", "--known", kept)
    assert (result.returncode, "the end was cut off" in result.stdout) == (1, True)


async def test_the_script_names_the_record(honest: tuple[Evidence, Signer], tmp_path: Path) -> None:
    whole, key = honest
    (tmp_path / "public.key").write_text(key.public.hex())
    records = list(whole.records)
    records[16] = replace(records[16], body=canonical({"turn": 4000}))
    result = run_script(written(tmp_path / "t.jsonl", replace(whole, records=tuple(records))), tmp_path / "public.key")
    assert result.returncode == 1
    assert "record 17: the record does not fit its hash" in result.stdout
    assert result.stdout.endswith("TAMPERED WITH\n")


@pytest.mark.parametrize(
    ("trail", "key", "why"),
    [
        ("", "00" * 32, "no export"),
        ('{"format":2}\n', "00" * 32, "no export"),
        ('{"format":1,"details":true}\n', "00" * 32, "no records"),
        ('{"format":1}\n', "not a key", "no Ed25519 public key"),
        ("\xff", "00" * 32, "no export"),
    ],
)
def test_the_script_says_what_it_cannot_use(tmp_path: Path, trail: str, key: str, why: str) -> None:
    (tmp_path / "trail.jsonl").write_text(trail)
    (tmp_path / "public.key").write_text(key)
    result = run_script(tmp_path / "trail.jsonl", tmp_path / "public.key")
    assert result.returncode == 2
    assert why in result.stderr or (not trail and "no records" in result.stderr)


def test_the_script_wants_its_files(tmp_path: Path) -> None:
    assert run_script().returncode == 2
    assert run_script("--nonsense", "a", "b").returncode == 2
    assert run_script(tmp_path / "none", tmp_path / "none").returncode == 2
    assert "usage" in run_script("--help").stdout


def test_the_script_knows_the_signatures_of_rfc_8032() -> None:
    """Section 7.1, tests 1 to 3."""
    script = standalone_verifier()
    for public, message, signature in RFC_8032:
        raw, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
        assert script.is_signed(raw, text, signed)
        assert not script.is_signed(raw, text + b"\0", signed)
        for index in (0, 31, 32, 63):
            assert not script.is_signed(raw, text, signed[:index] + bytes([signed[index] ^ 1]) + signed[index + 1 :])
    assert not script.is_signed(
        raw, text, signed[:32] + (int.from_bytes(signed[32:], "little") + script.L).to_bytes(32, "little")
    )


def test_both_agree_on_signatures_of_many_keys() -> None:
    script, random = standalone_verifier(), Random(4)  # noqa: S311
    for _ in range(20):
        private = Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
        message = random.randbytes(random.randrange(100))
        assert script.is_signed(private.public_key().public_bytes_raw(), message, private.sign(message))


@pytest.mark.parametrize(
    "body",
    ['{"a":1,"a":1}', '{"b":1,"a":2}', '{"a": 1}', "{", '{"a":1.5}', "[" * 100_000, '{"a":NaN}'],
)
def test_a_body_that_is_not_canonical_is_found_even_when_it_is_chained(body: str) -> None:
    record = Record(seq=1, at=1, kind="turn", session_id="s1", body="{}", hash=b"")
    record = replace(record, body=body, hash=record_hash(bytes(32), record))
    verdict = verify_records(Verifier((), {}), [record])
    assert [one.fault for one in verdict.findings] == [Fault.ALTERED]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("audit.key", {"key": 5, "previous": None}),
        ("audit.key", {"key": "", "previous": ""}),
        ("audit.key", []),
        ("audit.pruned", {"upto": [], "hash": 1, "key": "00"}),
        ("audit.erased", {"seqs": [[1, 1 << 52], "x"]}),
        ("audit.erased", {"seqs": [[-5, 1 << 52]]}),
        ("turn", {"$details": 5}),
        ("turn", {"$details": {"a": {}}}),
        ("turn", "text"),
    ],
)
def test_records_that_are_well_chained_nonsense_are_survived(kind: str, body: object) -> None:
    record = Record(seq=1, at=1, kind=kind, session_id="", body=canonical(body), hash=b"")
    record = replace(record, hash=record_hash(bytes(32), record))
    assert verify_records(Verifier((), {SIGNER.key_id: SIGNER.public}), [record]).findings


async def test_faults_of_the_database_itself_are_found(tmp_path: Path) -> None:
    async with trail_in(tmp_path, HandClock()) as (trail, _):
        for number in range(30):
            trail.record("turn", "s1", {"n": number}, {"words": f"words {number}"})
    await meddle(
        tmp_path,
        "UPDATE audit SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 5",
        "UPDATE audit SET at = at + 1 WHERE seq = 8",
        "UPDATE audit_details SET value = 'other words' WHERE seq = 12",
        "DELETE FROM audit_details WHERE seq = 14",
        "UPDATE audit_details SET name = 'other' WHERE seq = 16",
    )
    found = [(one.first, one.last, one.fault) for one in (await verdict_of(tmp_path)).findings]
    assert found == [
        (5, 5, Fault.ALTERED),
        (8, 8, Fault.ALTERED),
        (12, 12, Fault.DETAIL),
        (14, 14, Fault.DETAIL_GONE),
        (16, 16, Fault.DETAIL),
        (16, 16, Fault.DETAIL_GONE),
    ]


async def test_a_trail_without_any_signature_is_a_forged_one(tmp_path: Path) -> None:
    async with trail_in(tmp_path, HandClock()) as (trail, _):
        trail.record("turn", "s1", {})
    await meddle(tmp_path, "DELETE FROM audit_checkpoints")
    (finding,) = (await verdict_of(tmp_path)).findings
    assert (finding.first, finding.last, finding.fault) == (1, 2, Fault.UNSIGNED)
    await meddle(tmp_path, "DELETE FROM audit")
    assert (await verdict_of(tmp_path, {})).records == 0


async def test_a_retired_key_signs_nothing_any_more(honest: tuple[Evidence, Signer]) -> None:
    whole, old = honest
    last = whole.records[-1]
    forged = old.sign(last.seq, last.at, last.hash)
    evidence = replace(whole, checkpoints=(*whole.checkpoints[:-1], forged))
    assert Fault.RETIRED_KEY in {one.fault for one in judge(evidence, old).findings}


async def test_an_export_is_for_its_owner_and_its_checkpoints_can_be_read(tmp_path: Path) -> None:
    async with trail_in(tmp_path, HandClock()) as (trail, database):
        for number in range(30):
            trail.record("turn", "s1", {"n": number}, {"words": f"words {number}"})
        await trail.sign()
        path = tmp_path / "trail.jsonl"
        with path.open("w", encoding="utf-8") as file:
            assert await export(database, file, details=False) == 31
    assert "words 1" not in path.read_text()
    assert [one.seq for one in read_checkpoints(path)] == [31]
    for text in ("", '{"checkpoint":5}\n', "\xff"):
        path.write_text(text)
        with pytest.raises(AuditError) as caught:
            read_checkpoints(path)
        assert caught.value.remedy


async def test_nothing_is_lost_by_fifteen_kills(tmp_path: Path) -> None:
    figures = await measure_kills(tmp_path, 15, Random(5), SystemClock())  # noqa: S311
    assert (figures.lost, figures.problems) == (0, [])
    assert figures.records >= figures.committed > 0


async def test_the_figures_tell_what_is_wrong(honest: tuple[Evidence, Signer], tmp_path: Path) -> None:
    (tmp_path / "writing").mkdir()
    figures = AuditFigures(
        tampering=measure_tampering(*honest, 8, Random(1)),  # noqa: S311
        writing=await measure_writing(tmp_path / "writing", SystemClock(), 4),
        kills=KillFigures(kills=1, committed=2, records=2, lost=0, problems=[]),
        seconds=1.0,
    )
    assert figures.sound
    assert audit_table(figures).row_count > len(KINDS)
    assert not replace(figures, kills=replace(figures.kills, lost=1)).sound
    missed = {kind: replace(one, located=0) for kind, one in figures.tampering.items()}
    assert not replace(figures, tampering=missed).sound


def test_the_bench_would_notice_a_verifier_that_believes_everything(honest: tuple[Evidence, Signer]) -> None:
    whole, key = honest
    random = Random(3)  # noqa: S311
    for kind in (truncate, rechain):
        tampering = next(one for one in (kind(whole, random) for _ in range(50)) if one.needs_known)
        assert judge(tampering.evidence, key, known=True, whole=whole).findings


RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
