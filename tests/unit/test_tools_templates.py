from pathlib import Path

import pytest

from appliance.tools.action import JSON
from appliance.tools.errors import Fault, ToolError
from appliance.tools.secrets import MASK, MaskedSecrets, Secrets
from appliance.tools.templates import has_fixed_origin, names_in, render, render_field, render_speech, render_url

ORDER = "https://shop.example/orders/{{ number }}"


def test_values_are_written_as_in_json() -> None:
    values = {"count": 2.0, "paid": True, "note": None, "price": 1.5}
    assert render("{{ count }} {{ paid }} [{{ note }}] {{ price }}", values) == "2 true [] 1.5"


def test_a_value_is_never_a_template() -> None:
    assert render("{{ name }}", {"name": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    "template",
    ["{{ unknown }}", "{{ name", "{{ ''.__class__.__mro__ }}", "{{ name + 1 }}", "{{ range(9) }}", "{{ 1 / 0 }}"],
)
def test_a_template_that_cannot_be_filled_in_is_an_error(template: str) -> None:
    with pytest.raises(ToolError) as caught:
        render(template, {"name": "Ann"})
    assert caught.value.fault is Fault.MISCONFIGURED


def test_speech_knows_arguments_and_result_and_reads_fields_with_names_of_methods() -> None:
    said = render_speech("{{ number }}:\n {{ order.items }}", {"number": "A1"}, {"order": {"items": "two boxes"}})
    assert said == "A1: two boxes"


def test_speech_can_go_through_rows() -> None:
    rows: dict[str, JSON] = {"rows": [{"day": "Monday"}, {"day": "Friday"}]}
    assert render_speech("{% for row in rows %}{{ row.day }}, {% endfor %}", {}, rows) == "Monday, Friday,"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("A 1", "A%201"),
        ("a/b", "a%2Fb"),
        ("a?x=1", "a%3Fx%3D1"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
        ("é", "%C3%A9"),
        ("...", "..."),
    ],
)
def test_a_value_stays_in_its_part_of_the_address(value: str, written: str) -> None:
    assert render_url(ORDER, {"number": value}) == f"https://shop.example/orders/{written}"


@pytest.mark.parametrize("value", ["..", ".", "../admin", "..\\admin", "a/../../b", "", None])
def test_a_value_that_leads_to_another_path_is_refused(value: str | None) -> None:
    with pytest.raises(ToolError) as caught:
        render_url(ORDER, {"number": value})
    assert caught.value.fault is Fault.INVALID_ARGUMENT


def test_values_in_the_query_may_be_empty_or_dots() -> None:
    assert render_url("http://h/find?q={{ q }}&r={{ r }}", {"q": "..", "r": ""}) == "http://h/find?q=..&r="


def test_a_slash_at_the_end_may_be_written_out() -> None:
    assert render_url("http://h/orders/{{ n }}/", {"n": 3}) == "http://h/orders/3/"


@pytest.mark.parametrize(
    "url",
    [
        "{{ host }}/x",
        "https://{{ host }}/x",
        "https://shop{{ host }}/x",
        "{{ scheme }}://h/x",
        "ftp://h/x",
        "file:///etc/passwd",
        "https://user:word@h/x",
        "https://",
        "https://[::1/x",
        "h/x",
    ],
)
def test_scheme_and_host_are_written_out(url: str) -> None:
    with pytest.raises(ToolError):
        render_url(url, {"host": "evil.example", "scheme": "http"})


@pytest.mark.parametrize("url", ["https://h", "http://h:80/x", "https://h.example?q={{ q }}", "http://[::1]:80/"])
def test_addresses_that_are_fine(url: str) -> None:
    assert has_fixed_origin(url)


def test_a_lone_argument_keeps_its_type_in_json() -> None:
    assert render_field("{{ guests }}", {"guests": 4}) == 4
    assert render_field("{{ guests }}", {"guests": None}) is None
    assert render_field("{{ guests }} people", {"guests": 4}) == "4 people"


def test_names_of_a_template() -> None:
    assert names_in("{{ a }} {% for row in rows %}{{ row.b }}{% endfor %} {{ secrets.c }}") == {"a", "rows", "secrets"}
    with pytest.raises(ToolError):
        names_in("{{ a")


def test_a_secret_comes_from_the_credentials_then_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "crm_token").write_text("from-file\n")
    environ = {
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "APPLIANCE_SECRET_CRM_TOKEN": "from-environment",
        "APPLIANCE_SECRET_OTHER": "other",
    }
    assert render("Bearer {{ secrets.crm_token }}", {"secrets": Secrets(environ)}) == "Bearer from-file"
    assert Secrets(environ)["other"] == "other"


def test_a_missing_secret_says_where_it_belongs() -> None:
    with pytest.raises(ToolError) as caught:
        render("{{ secrets.crm_token }}", {"secrets": Secrets({})})
    assert caught.value.fault is Fault.MISSING_SECRET
    assert "LoadCredential=crm_token" in caught.value.remedy
    assert "APPLIANCE_SECRET_CRM_TOKEN" in caught.value.remedy


@pytest.mark.parametrize("name", ["../passwd", "A", "", "a/b"])
def test_the_name_of_a_secret_is_no_path(name: str) -> None:
    with pytest.raises(ToolError):
        Secrets({"CREDENTIALS_DIRECTORY": "/etc"})[name]


def test_a_secret_of_several_lines_is_refused_without_showing_it() -> None:
    with pytest.raises(ToolError) as caught:
        Secrets({"APPLIANCE_SECRET_KEY": "hidden\nX-Evil: 1"})["key"]
    assert "hidden" not in str(caught.value)


def test_secrets_show_nothing_by_themselves() -> None:
    secrets = Secrets({"APPLIANCE_SECRET_KEY": "hidden"})
    assert render("{{ secrets }}{{ secrets | list }}", {"secrets": secrets}) == MASK + "[]"
    assert MaskedSecrets()["anything"] == MASK
