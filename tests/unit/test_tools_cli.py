import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.tools import app
from appliance.errors import UsageError
from appliance.tools.errors import ToolError

CONFIG = """
tools:
  - name: order_status
    description: Looks up an order.
    examples: [where is my parcel, has my order left, track my order]
    parameters:
      number: {pattern: "[A-Z][0-9]+"}
    say: {success: "Order {{ number }} is {{ state }}."}
    sql:
      database: shop.db
      query: SELECT state FROM orders WHERE number = :number
  - name: cancel_order
    description: Cancels an order.
    effect: write
    examples: [cancel my order, I do not want it any more, stop the delivery]
    parameters: {number: {}}
    say: {success: "{{ unknown }}"}
    sql:
      database: shop.db
      query: UPDATE orders SET state = 'cancelled' WHERE number = :number
  - name: ring
    description: Rings the bell.
    examples: [ring the bell, call somebody, ding dong]
    command: {argv: ["false"]}
  - name: crm
    description: Asks the CRM.
    examples: [am I a customer, do you know me, is my name in there]
    http:
      url: http://127.0.0.1:1/x
      headers: {Authorization: "Bearer {{ secrets.crm_token }}"}
  - name: clock
    description: Tells the time.
    examples: [how late is it, what is the time, tell me the time]
    builtin: time
forms:
  - name: damage
    description: Takes a damage down.
    examples: [something is broken, there is a leak, the door does not close]
    fields: {what: {}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (number TEXT, state TEXT)")
        connection.execute("INSERT INTO orders VALUES ('A1', 'open')")
    connection.close()
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def call(config: Path, name: str, *options: str, **arguments: Any) -> Result:
    return run(config, "call", name, "--args", json.dumps(arguments), *options)


def state_of(config: Path) -> str:
    connection = sqlite3.connect(config.parent / "shop.db")
    (state,) = connection.execute("SELECT state FROM orders").fetchone()
    connection.close()
    return str(state)


@pytest.mark.parametrize("command", ["list", "check", "call"])
def test_help_has_an_example(command: str) -> None:
    assert f"appliance tools {command}" in CliRunner().invoke(app, [command, "--help"]).stdout


def test_list(config: Path) -> None:
    shown = run(config, "list").stdout
    assert all(name in shown for name in ("order_status", "cancel_order", "ring", "crm", "damage"))


def test_list_for_scripts_has_schemas(config: Path) -> None:
    listed = json.loads(run(config, "list", "--json").stdout)
    first = listed["tools"][0]
    assert (first["name"], first["kind"], first["effect"]) == ("order_status", "sql", "read")
    assert first["parameters"]["required"] == ["number"]
    assert listed["forms"] == [{"name": "damage", "description": "Takes a damage down."}]


def test_check_names_tool_and_field(config: Path) -> None:
    result = run(config, "check")
    assert result.exit_code == 3
    assert "crm: http.headers.Authorization: the secret crm_token is missing" in result.stdout
    problems = json.loads(run(config, "check", "--json").stdout)["problems"]
    assert [(problem["tool"], problem["field"]) for problem in problems] == [("crm", "http.headers.Authorization")]


def test_check_says_where_in_the_file_a_problem_stands(config: Path) -> None:
    broken = CONFIG.replace("FROM orders WHERE", "FROM order_s WHERE").replace(
        "{what: {}}", '{what: {values: {database: shop.db, query: "SELECT name FROM orders"}}}'
    )
    config.write_text(broken)
    problems = json.loads(run(config, "check", "--json").stdout)["problems"]
    for tool, words in (("order_status", "order_s"), ("crm", "crm_token"), ("damage", "SELECT name")):
        (problem,) = (problem for problem in problems if problem["tool"] == tool)
        assert problem["file"] == str(config)
        assert words in broken.splitlines()[problem["line"] - 1]
        assert f"{config}:{problem['line']}:{problem['column']}: {tool}: " in run(config, "check").stdout


def test_check_of_sound_declarations(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_CRM_TOKEN", "s3cret")
    result = run(config, "check")
    assert (result.exit_code, result.stdout) == (0, "5 tools, 1 forms, 0 problems\n")


def test_call_shows_the_result_and_what_is_said(config: Path) -> None:
    result = call(config, "order_status", number="A1")
    assert result.exit_code == 0
    assert "says: Order A1 is open." in result.stdout


def test_call_for_scripts(config: Path) -> None:
    answer = json.loads(call(config, "order_status", "--json", number="A9").stdout)
    assert (answer["ok"], answer["empty"], answer["says"]) == (True, True, "I'm sorry, I found nothing for that.")


def test_a_dry_run_sends_nothing_and_masks_secrets(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_CRM_TOKEN", "s3cret")
    result = call(config, "crm", "--dry-run")
    assert json.loads(result.stdout)["headers"]["Authorization"] == "Bearer ••••••"
    assert "s3cret" not in result.output
    assert call(config, "cancel_order", "--dry-run", number="A1").exit_code == 0
    assert state_of(config) == "open"


def test_a_write_needs_a_yes(config: Path) -> None:
    result = call(config, "cancel_order", number="A1")
    assert isinstance(result.exception, UsageError)
    assert state_of(config) == "open"


def test_a_write_with_a_yes_whose_phrase_is_wrong(config: Path) -> None:
    result = call(config, "cancel_order", "--yes", number="A1")
    assert state_of(config) == "cancelled"
    assert result.exit_code == 9
    assert "'unknown' is undefined" in result.stderr


def test_a_tool_that_fails(config: Path) -> None:
    result = call(config, "ring")
    assert result.exit_code == 9
    assert "error: ring failed [failed]: false ended with status 1 (1 attempt, " in result.stderr
    answer = json.loads(call(config, "ring", "--json").stdout)
    assert (answer["ok"], answer["error_code"], answer["happened"]) == (False, "failed", False)


def test_a_missing_secret_says_where_it_belongs(config: Path) -> None:
    result = call(config, "crm")
    assert result.exit_code == 9
    assert "APPLIANCE_SECRET_CRM_TOKEN" in result.stderr


def test_a_failure_is_told_once(config: Path) -> None:
    argv = [sys.executable, "-m", "appliance", "tools", "call", "ring", "--config", str(config)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 9
    assert done.stdout == "says: I'm sorry, that did not work.\n"
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_call_that_cannot_be_made(config: Path) -> None:
    result = call(config, "order_status", number="lower")
    assert isinstance(result.exception, ToolError)
    assert result.exception.exit_status == 9


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("order_statsu", "there is no tool 'order_statsu'", "Did you mean order_status?"),
        ("order", "there is no tool 'order'", "`appliance tools list` shows all."),
        ("damage", "damage is a form", "appliance run"),
        ("clock", "is run by the appliance itself", 'appliance ask "how late is it"'),
    ],
)
def test_a_name_that_is_no_tool_to_call(config: Path, name: str, said: str, remedy: str) -> None:
    error = call(config, name).exception
    assert isinstance(error, UsageError)
    assert said in str(error)
    assert remedy in error.remedy


@pytest.mark.parametrize("text", ["{", "[]", "A1"])
def test_arguments_are_a_json_object(config: Path, text: str) -> None:
    assert isinstance(run(config, "call", "order_status", "--args", text).exception, UsageError)
