"""The audit trail: its chain, its signatures, its key."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from appliance.audit import ledger
from appliance.audit.chain import MICROSECONDS
from appliance.audit.errors import AuditError
from appliance.audit.keys import Signer, find_signer, key_id
from appliance.audit.verify import Verdict, Verifier
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.database import reading
from appliance.ops.doctor.finding import Finding
from appliance.storage.db import Connection
from appliance.storage.driver import Error

NAME = "audit"
FINDINGS_TOLD = 5
LATE = 3
"""So many times the time between two checkpoints, and nobody signs any more."""


async def check(context: Context) -> list[Finding]:
    """Verify the whole trail; where the database cannot be read, another check says so."""
    return await asyncio.to_thread(_check, context)


def _check(context: Context) -> list[Finding]:
    if not context.config.audit.enabled:
        return []
    try:
        signer = find_signer(context.config.audit.key_path(context.config.storage.directory), context.environ)
    except AuditError as error:
        return [Finding.of_error(NAME, error)]
    with suppress(Error), reading(context) as connection:
        if connection is None:
            return [Finding.ok(NAME, "There is no trail that could be read yet.")]
        connection.execute("BEGIN")  # one state of it, while the daemon writes on
        verdict = _verdict(connection, signer, 2 * context.config.audit.checkpoint_every_records)
        return [*_judged(verdict), *_signed(connection, signer, context, verdict)]
    return []


def _verdict(connection: Connection, signer: Signer | None, longest_tail: int) -> Verdict:
    trusted = {} if signer is None else {signer.key_id: signer.public}
    verifier = Verifier(ledger.checkpoints(connection), trusted, longest_tail=longest_tail)
    after = 0
    while records := ledger.page(connection, after):
        for record in records:
            verifier.check(record)
        after = records[-1].seq
    return verifier.finish()


def _judged(verdict: Verdict) -> list[Finding]:
    if verdict.intact:
        return [Finding.ok(NAME, f"{verdict.records} records, intact, signed up to record {verdict.signed_upto}.")]
    remedy = (
        "Keep the database as it is, put a copy away, and see `appliance audit verify`: somebody may have changed it."
    )
    told = [
        Finding.fail(NAME, f"Records {finding.first} to {finding.last}: {finding.what} [{finding.fault}].", remedy)
        for finding in verdict.findings[:FINDINGS_TOLD]
    ]
    if len(verdict.findings) > FINDINGS_TOLD:
        told.append(Finding.fail(NAME, f"There are {len(verdict.findings)} faults in all.", remedy))
    return told


def _signed(connection: Connection, signer: Signer | None, context: Context, verdict: Verdict) -> list[Finding]:
    in_force = ledger.key_in_force(connection)
    if in_force is not None and (signer is None or signer.public != in_force):
        have = "no key can be read here" if signer is None else f"here is the key {signer.key_id}"
        what = f"The trail is signed by the key {key_id(in_force)}, and {have}."
        return [
            Finding.warn(NAME, what, "Give the credential audit_key; if it is lost: `appliance audit key new --lost`.")
        ]
    checkpoints = ledger.checkpoints(connection)
    if not (checkpoints and verdict.unsigned and context.running):
        return []
    age_s = context.clock.local_time("UTC").timestamp() - checkpoints[-1].at / MICROSECONDS
    if age_s > LATE * context.config.audit.checkpoint_every_s:
        what = f"{verdict.unsigned} records are not signed; the last checkpoint is {age_s / 60:.0f} min old."
        return [Finding.warn(NAME, what, "See the log for why nothing signs: journalctl -u appliance.")]
    return []
