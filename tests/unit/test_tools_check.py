import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.config.problems import KeyPath, Place
from appliance.config.tools import FormConfig
from appliance.tools.check import Problem, check
from appliance.tools.secrets import Secrets
from tests.unit.tool_fakes import EXAMPLES, NO_SECRETS, declared

NUMBER: dict[str, Any] = {"number": {}}
PASSWORD = {"password_secret": "token"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("CREATE TABLE orders (number TEXT, state TEXT)")
    (tmp_path / "noise.db").write_bytes(b"no database at all" * 100)
    (tmp_path / "run.sh").touch(mode=0o755)
    return tmp_path


def form_of(**settings: Any) -> FormConfig:
    given = {"name": "damage", "description": "Takes a damage down.", "examples": EXAMPLES, "fields": {"what": {}}}
    return FormConfig.model_validate_json(json.dumps(given | settings))


def http(**settings: Any) -> dict[str, Any]:
    return {"parameters": NUMBER, "http": {"url": "https://h/{{ number }}", **settings}}


def sql(query: str, **settings: Any) -> dict[str, Any]:
    return {"parameters": NUMBER, "sql": {"database": "shop.db", "query": query, **settings}}


def values(query: str, **settings: Any) -> dict[str, Any]:
    source = {"database": "shop.db", "query": query, **settings}
    return {"parameters": {"item": {"values": source}}, "command": {"argv": ["echo", "{{ item }}"]}}


GOOD: list[dict[str, Any]] = [
    http(result={"state": "a.b"}, success_when="ok") | {"say": {"success": "{{ number }} {{ state }}"}},
    http(headers={"Authorization": "Bearer {{ secrets.token }} {{ number }}"}, json_body={"n": "{{ number }}"}),
    http() | {"say": {"success": "{{ anything }}", "confirm": "{{ number }}?"}},
    sql("SELECT state FROM orders WHERE number = :number") | {"say": {"success": "{{ state }}"}},
    sql("DELETE FROM orders WHERE number = :number") | {"effect": "write"},
    sql("SELECT 1", database="postgresql://user@h/shop", **PASSWORD),
    {"command": {"argv": ["./run.sh", "{{ number }}"]}, "parameters": NUMBER},
    {"command": {"argv": ["echo", "--n={{ number }}"]}, "parameters": NUMBER},
    {"builtin": "time", "examples": []},
    sql("WITH mine AS (SELECT * FROM orders) SELECT state FROM mine WHERE number = :number;"),
    sql("INSERT INTO orders (number) VALUES (:number) RETURNING number") | {"effect": "write"},
    sql("EXPLAIN SELECT state FROM orders WHERE number = :number"),
    values("SELECT DISTINCT state FROM orders ORDER BY state"),
    values("SELECT number FROM orders UNION SELECT state FROM orders;"),
    values("SELECT name FROM things", database="postgresql://user@h/shop", **PASSWORD),
    {"parameters": {"item": {"values": ["a", "b"]}}, "command": {"argv": ["echo"]}},
    http(url="http://localhost:8080/{{ number }}"),
    http(url="http://10.0.0.7/", insecure=True),
]


@pytest.mark.parametrize("settings", GOOD)
def test_declarations_without_problems(folder: Path, settings: dict[str, Any]) -> None:
    assert check([declared(**settings)], [form_of()], folder, Secrets({"APPLIANCE_SECRET_TOKEN": "x"})) == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    (http() | {"examples": ["one", "one", "two"]}, "examples", "there are 2"),
    (http(url="https://h/{{ numbr }}"), "http.url", "`numbr` is unknown here; there is number"),
    (http(url="https://h/{{ number"), "http.url", "the template is wrong"),
    (http(url="https://{{ number }}/"), "http.url", "written out"),
    (http(url="https://h/{{ secrets.token }}"), "http.url", "secrets can be used only in headers"),
    (http(url="http://10.0.0.7/"), "http.url", "`insecure: true`"),
    (http(url="http://127.0.0.1.example.org/"), "http.url", "`insecure: true`"),
    (http(json_body={"n": "{{ secrets.token }}"}), "http.json_body.n", "only in headers"),
    (http(headers={"X": "{{ secrets.token }}"}), "http.headers.X", "LoadCredential=token"),
    (http(headers={"X": "{{ other }}"}), "http.headers.X", "`other` is unknown"),
    (http(result={"state": "a["}), "http.result.state", "no JMESPath"),
    (http(success_when="=="), "http.success_when", "no JMESPath"),
    (http(result={"state": "a"}) | {"say": {"success": "{{ stat }}"}}, "say.success", "there is number, state"),
    (http(result={"state": "a"}) | {"say": {"confirm": "{{ state }}?"}}, "say.confirm", "`state` is unknown"),
    (http() | {"say": {"success": "{{ x"}}, "say.success", "the template is wrong"),
    (http() | {"say": {"failure": "{{ x }}"}}, "say.failure", "`x` is unknown"),
    (
        http() | {"parameters": {"number": {"pattern": "[0-9]+", "default": "x"}}},
        "parameters.number.default",
        "must fit the pattern",
    ),
    (http() | {"parameters": {"secrets": {}, "number": {}}}, "parameters.secrets", "take another one"),
    (sql("SELECT :numbr"), "sql.query", "`:numbr` is no parameter; there is number"),
    (sql("DELETE FROM orders"), "sql.query", "effect: write"),
    (sql("SELECT 1; SELECT 2"), "sql.query", "exactly one"),
    (sql("SELECT 1", database="other.db"), "sql.database", "there is no file"),
    (sql("SELECT 1", database="sqlite://"), "sql.database", "needs a file"),
    (sql("SELECT 1", database="postgresql://u@h/x", **PASSWORD), "sql.password_secret", "is missing"),
    (sql("SELECT state FROM order_s WHERE number = :number"), "sql.query", "no such table: order_s"),
    (sql("SELECT sate FROM orders"), "sql.query", "no such column: sate"),
    (sql("SELECT state FRM orders"), "sql.query", "the database says"),
    (sql("DELETE FROM ordrs") | {"effect": "write"}, "sql.query", "no such table: ordrs"),
    (sql("SELECT state FROM orders", database="noise.db"), "sql.query", "not a database"),
    (values("SELECT name FROM things"), "parameters.item.values.query", "no such table: things"),
    (values("SELECT name FROM orders"), "parameters.item.values.query", "no such column: name"),
    (values("SELECT state orders WHERE"), "parameters.item.values.query", "the database says"),
    (values("SELECT 1; SELECT 2"), "parameters.item.values.query", "exactly one"),
    (values("DELETE FROM orders RETURNING state"), "parameters.item.values.query", "let it only SELECT"),
    (values("SELECT state FROM orders WHERE number = :item"), "parameters.item.values.query", "`:item` stands for"),
    (values("SELECT 1", database="other.db"), "parameters.item.values.database", "there is no file"),
    (values("SELECT 1", database="sqlite://"), "parameters.item.values.database", "needs a file"),
    (
        values("SELECT 1", database="postgresql://u@h/x", **PASSWORD),
        "parameters.item.values.password_secret",
        "is missing",
    ),
    ({"command": {"argv": ["no-such-program"]}}, "command.argv", "there is no program no-such-program"),
    ({"command": {"argv": ["./other.sh"]}}, "command.argv", "there is no program ./other.sh"),
    ({"command": {"argv": ["{{ number }}"]}, "parameters": NUMBER}, "command.argv", "cannot come from an argument"),
    ({"command": {"argv": ["echo", "{{ number }}"]}}, "command.argv", "`number` is unknown here"),
    ({"python": {"entry_point": "no_such"}}, "python.entry_point", "no installed package"),
]


@pytest.mark.parametrize(("settings", "field", "message"), BAD)
def test_what_is_wrong_is_found(folder: Path, settings: dict[str, Any], field: str, message: str) -> None:
    problems = check([declared(**settings)], [], folder, NO_SECRETS)
    assert [(problem.tool, problem.field) for problem in problems] == [("order_status", field)]
    assert message in problems[0].message


def test_forms_are_checked_too(folder: Path) -> None:
    say = {"begin": "{{ what }}", "confirm": "{{ wat }}?", "success": "{{ what }}"}
    problems = check([], [form_of(examples=[], say=say)], folder, NO_SECRETS)
    assert [problem.field for problem in problems] == ["examples", "say.begin", "say.confirm"]


def test_the_values_of_a_field_are_checked_too(folder: Path) -> None:
    field = {"values": {"database": "shop.db", "query": "SELECT thing FROM orders"}}
    problems = check([], [form_of(fields={"what": field})], folder, NO_SECRETS)
    assert [(each.field, each.message) for each in problems] == [
        ("fields.what.values.query", "the database says: no such column: thing")
    ]


def test_a_statement_is_not_run(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "shop.db", isolation_level=None)) as database:
        database.execute("INSERT INTO orders VALUES ('A1', 'open')")
        assert check([declared(**sql("DELETE FROM orders"), effect="write")], [], folder, NO_SECRETS) == []
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_a_database_that_somebody_else_holds_is_no_problem(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "shop.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert check([declared(**values("SELECT state FROM orders"))], [], folder, NO_SECRETS) == []


def test_a_problem_stands_at_its_field_or_at_what_lacks_it() -> None:
    tool, query = Place("c.yaml", 2, 5), Place("c.yaml", 9, 14)
    places: dict[KeyPath, Place] = {("tools", 0): tool, ("tools", 0, "sql", "query"): query}
    there = Problem("a", "sql.query", "wrong", ("tools", 0, "sql", "query"))
    missing = Problem("a", "examples", "give three", ("tools", 0, "examples"))
    elsewhere = Problem("b", "examples", "give three", ("tools", 1, "examples"))
    assert [each.place(places) for each in (there, missing, elsewhere)] == [query, tool, None]


def test_a_problem_says_where_it_is() -> None:
    assert str(Problem("order_status", "sql.query", "wrong")) == "order_status: sql.query: wrong"
