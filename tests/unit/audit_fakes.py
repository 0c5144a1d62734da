"""What the tests of the audit trail share: a trail on a real file, written by hand of a clock that is moved by hand."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.audit import ledger
from appliance.audit.chain import Record
from appliance.audit.keys import Signer
from appliance.audit.trail import AuditTrail, Cadence
from appliance.audit.verify import Verdict, verify_database
from appliance.storage.db import Connection, Database
from tests.unit.storage_fakes import HandClock

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"k" * 32), "a test")
SCRIPT = Path(__file__).parents[2] / "scripts" / "verify-audit"
TRUSTED = {SIGNER.key_id: SIGNER.public}


@asynccontextmanager
async def database_in(folder: Path) -> AsyncIterator[Database]:
    database = await Database.open(folder / "appliance.db")
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def trail_in(
    folder: Path, clock: HandClock, signer: Signer | None = SIGNER, every: int = 10, **cadence: Any
) -> AsyncIterator[tuple[AuditTrail, Database]]:
    async with database_in(folder) as database:
        trail = AuditTrail(database, clock, None, signer, Cadence(checkpoint_every_records=every, **cadence))
        try:
            yield trail, database
        finally:
            await trail.close()


async def verdict_of(folder: Path, trusted: dict[str, bytes] | None = None, **how: Any) -> Verdict:
    async with database_in(folder) as database:
        return await verify_database(database, TRUSTED if trusted is None else trusted, **how)


async def records_of(database: Database) -> list[Record]:
    return await database.read(lambda connection: ledger.page(connection, 0, limit=1000))


async def meddle(folder: Path, *statements: str) -> None:
    """Change the database behind the trail's back."""

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    async with database_in(folder) as database:
        await database.write(work)


def standalone_verifier() -> ModuleType:
    """Load scripts/verify-audit, which has no ending, as a module."""
    loader = importlib.machinery.SourceFileLoader("verify_audit", str(SCRIPT))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
