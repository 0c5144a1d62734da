"""The example clinic: its database, its web service, and the tools of config.yaml that use them."""

from __future__ import annotations

import functools
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from jinja2 import Environment, StrictUndefined

from appliance.config.load import load
from appliance.config.tools import ToolConfig
from appliance.ops.bench.tool_cases import load_cases

ROOT = Path(__file__).parents[2]
CRM = ROOT / "scripts" / "clinic" / "crm"
TEMPLATES = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - it is spoken, not shown
BOOKING = {
    "department": "x-ray",
    "day": "2026-03-09",
    "start_time": "10:00",
    "name": "Ada King",
    "phone": "+19025550101",
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROOT / "scripts" / "clinic" / "clinic.sql").read_text(encoding="utf-8"))
    return path


@contextmanager
def crm(database: Path, *options: str, token: str = "") -> Iterator[httpx.Client]:
    command = [sys.executable, str(CRM), "--database", str(database), "--port", "0", *options]
    environment = {"CLINIC_CRM_TOKEN": token} if token else {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as service:
        assert service.stdout is not None
        address = service.stdout.readline().split()[-1]
        try:
            with httpx.Client(base_url=address, trust_env=False) as client:
                yield client
        finally:
            service.terminate()


@functools.cache
def tools() -> dict[str, ToolConfig]:
    return {tool.name: tool for tool in load(ROOT / "config.yaml", {}).tools}


def rows(database: Path, name: str, /, **arguments: str) -> list[dict[str, Any]]:
    action = tools()[name].sql
    assert action is not None
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(action.query, arguments)]


def success(name: str, /, **known: object) -> str:
    return TEMPLATES.from_string(tools()[name].say.success).render(known)


def test_a_patient_is_found_by_phone(database: Path) -> None:
    with crm(database) as client:
        found = client.get("/customers", params={"phone": "+19025550147"})
        assert client.get("/customers", params={"phone": "+10000000000"}).status_code == 404
        assert client.get("/customers").status_code == 404
    assert success("find_customer", **found.json()) == (
        "I found you, Anna Petrov. Your next appointment is on 2026-03-06."
    )


def test_orders_are_found_by_number(database: Path) -> None:
    with crm(database) as client:
        orders = [client.get(f"/orders/{number}").json() for number in ("4271", "3306", "1098")]
        assert client.get("/orders/4271%20OR%201=1").status_code == 404
    assert [success("order_status", **order) for order in orders] == [
        "Your reading glasses can be picked up at the pharmacy.",
        "Your order, hearing aid batteries, is on its way. We expect it on 2026-03-06.",
        "Your blood pressure monitor was already picked up.",
    ]


def test_the_same_booking_is_made_once_and_a_taken_time_refused(database: Path) -> None:
    with crm(database) as client:
        first = client.post("/appointments", json=BOOKING, headers={"Idempotency-Key": "1"})
        again = client.post("/appointments", json=BOOKING, headers={"Idempotency-Key": "1"})
        other = client.post("/appointments", json=BOOKING, headers={"Idempotency-Key": "2"})
    assert [reply.status_code for reply in (first, again, other)] == [201, 200, 409]
    assert first.json() == again.json()
    assert success("book_appointment", **BOOKING) == "You're booked: x-ray on 2026-03-09 at 10:00."


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"day": "2026-03-09"}', b"x" * 20_000])
def test_what_is_no_booking_is_refused(database: Path, body: bytes) -> None:
    with crm(database) as client:
        assert client.post("/appointments", content=body).status_code == 422


def test_a_token_is_asked_for_when_there_is_one(database: Path) -> None:
    with crm(database, token="seagull") as client:  # noqa: S106 - made up
        assert client.get("/orders/4271").status_code == 401
        assert client.get("/orders/4271", headers={"Authorization": "Bearer seagull"}).status_code == 200
        assert client.post("/appointments", json=BOOKING).status_code == 401


def test_it_can_be_out_of_order_or_slow(database: Path) -> None:
    with crm(database, "--fail") as client:
        assert client.get("/orders/4271").status_code == 503
    with crm(database, "--slow", "30") as client, pytest.raises(httpx.ReadTimeout):
        client.get("/orders/4271", timeout=0.1)


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, str(CRM), "--database", str(tmp_path / "clinic.db")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.endswith("clinic.db; run scripts/setup\n")


@pytest.mark.parametrize(
    ("said", "item"),
    [
        ("a box of Advil", "ibuprofen"),
        ("nasal sprays", "nasal spray"),
        ("band-aids", "sticking plasters"),
        ("Vitamin D", "vitamin D"),
        ("unicorns", None),
        ("ibuprofen' OR 1=1 --", "ibuprofen"),
        ("%", None),
    ],
)
def test_stock_is_found_by_what_people_call_it(database: Path, said: str, item: str | None) -> None:
    assert [row["item"] for row in rows(database, "check_stock", item=said)] == ([item] if item else [])


def test_stock_is_told(database: Path) -> None:
    told = [success("check_stock", **rows(database, "check_stock", item=item)[0]) for item in ("ibuprofen", "crutches")]
    assert told == ["Yes, we have 42 of ibuprofen, at $7.50 each.", "Sorry, crutches is sold out at the moment."]


def test_an_appointment_is_cancelled_once_and_only_of_this_name(database: Path) -> None:
    assert rows(database, "cancel_appointment", day="2026-03-06", name="%") == []
    cancelled = rows(database, "cancel_appointment", day="2026-03-06", name="anna petrov")
    assert success("cancel_appointment", day="2026-03-06", **cancelled[0]) == (
        "The family medicine appointment on 2026-03-06 at 09:15 is cancelled."
    )
    assert rows(database, "cancel_appointment", day="2026-03-06", name="anna petrov") == []


def test_the_dialogues_ask_for_times_that_are_free_unless_they_say_so(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        taken = set(connection.execute("SELECT department, day, start_time FROM appointments"))
    asked = [
        (case.id, tuple(call.arguments[name] for name in ("department", "day", "start_time")))
        for case in load_cases()
        for call in case.expect.calls
        if call.tool == "book_appointment"
    ]
    assert [name for name, slot in asked if slot in taken] == ["book-time-taken"]
