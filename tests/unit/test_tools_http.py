import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.tools.errors import Fault, ToolError
from appliance.tools.http import HttpTool
from appliance.tools.secrets import Secrets
from tests.unit.tool_fakes import NO_SECRETS, Service, declared, web_service

NUMBER: dict[str, Any] = {"number": {}}


@pytest.fixture
def service() -> Iterator[Service]:
    with web_service() as running:
        yield running


def tool_of(
    url: str, *, effect: str = "read", timeout_s: float = 5.0, secrets: Secrets = NO_SECRETS, **http: Any
) -> HttpTool:
    tool = declared(effect=effect, timeout_s=timeout_s, parameters=NUMBER, http={"url": url, **http})
    assert tool.http
    return HttpTool(tool, tool.http, secrets)


async def error_of(tool: HttpTool) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await tool.run({"number": "A1"}, "key-1")
    return caught.value


async def test_a_lookup_maps_the_answer(service: Service) -> None:
    service.answers({"order": {"state": "sent", "days": 2}})
    tool = tool_of(service.address + "/orders/{{ number }}", result={"state": "order.state", "days": "order.days"})
    result = await tool.run({"number": "A/1?x"}, "key-1")
    assert (result.data, result.empty) == ({"state": "sent", "days": 2}, False)
    assert [(asked.method, asked.path, asked.body) for asked in service.asked] == [("GET", "/orders/A%2F1%3Fx", None)]
    assert "Idempotency-Key" not in service.asked[0].headers


async def test_a_value_that_climbs_is_never_sent(service: Service) -> None:
    tool = tool_of(service.address + "/orders/{{ number }}")
    with pytest.raises(ToolError):
        await tool.run({"number": "../../admin"}, "key-1")
    assert service.asked == []


async def test_a_write_carries_its_key_its_secret_and_typed_fields(service: Service) -> None:
    service.answers({"id": 7}, status=201)
    tool = tool_of(
        service.address + "/bookings",
        effect="write",
        method="POST",
        secrets=Secrets({"APPLIANCE_SECRET_TOKEN": "s3cret"}),
        headers={"Authorization": "Bearer {{ secrets.token }}"},
        json_body={"order": "{{ number }}", "note": "by phone: {{ number }}"},
    )
    assert (await tool.run({"number": 5}, "key-1")).data == {"id": 7}
    asked = service.asked[0]
    assert asked.body == {"order": 5, "note": "by phone: 5"}
    assert asked.headers["Idempotency-Key"] == "key-1"
    assert asked.headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in str(tool.preview({"number": 5}, "key-1"))
    assert "Bearer •" in str(tool.preview({"number": 5}, "key-1"))


async def test_without_declared_fields_a_post_sends_what_was_said(service: Service) -> None:
    tool = tool_of(service.address, effect="write", method="POST")
    await tool.run({"number": "A1", "note": None}, "key-1")
    assert service.asked[0].body == {"number": "A1"}


@pytest.mark.parametrize("document", [{"orders": []}, [], {"orders": [], "total": 0}, {"name": None}, {}])
async def test_nothing_found(service: Service, document: Any) -> None:
    service.answers(document)
    assert (await tool_of(service.address).run({"number": "A1"}, "k")).empty


@pytest.mark.parametrize("document", [{"stock": 0}, {"open": False}, {"orders": [], "name": "Ann"}, [0]])
async def test_zero_and_no_are_answers(service: Service, document: Any) -> None:
    service.answers(document)
    assert not (await tool_of(service.address).run({"number": "A1"}, "k")).empty


async def test_a_list_has_rows_a_count_and_the_fields_of_its_first(service: Service) -> None:
    service.answers([{"day": "Monday"}, {"day": "Friday"}])
    data = (await tool_of(service.address).run({"number": "A1"}, "k")).data
    assert data == {"day": "Monday", "rows": [{"day": "Monday"}, {"day": "Friday"}], "count": 2}


async def test_404_is_nothing_for_a_lookup_and_an_error_for_a_change(service: Service) -> None:
    service.status = 404
    assert (await tool_of(service.address).run({"number": "A1"}, "k")).empty
    error = await error_of(tool_of(service.address, effect="write", method="DELETE"))
    assert (error.fault, error.happened, error.retryable) == (Fault.NOT_FOUND, False, False)


@pytest.mark.parametrize(
    ("status", "fault", "retryable", "happened"),
    [
        (302, Fault.BAD_ANSWER, False, None),
        (400, Fault.REFUSED, False, False),
        (401, Fault.UNAUTHORISED, False, False),
        (409, Fault.CONFLICT, False, False),
        (429, Fault.BUSY, True, False),
        (499, Fault.REFUSED, False, False),
        (500, Fault.FAILED, True, None),
        (503, Fault.FAILED, True, None),
    ],
)
async def test_statuses_of_a_write(
    service: Service, status: int, fault: Fault, retryable: bool, happened: bool | None
) -> None:
    service.status = status
    service.headers = {"Location": service.address + "/elsewhere"}
    error = await error_of(tool_of(service.address + "/x", effect="write", method="POST"))
    assert (error.fault, error.retryable, error.happened) == (fault, retryable, happened)
    assert len(service.asked) == 1  # a redirect is not followed


async def test_a_lookup_that_failed_changed_nothing(service: Service) -> None:
    service.status = 500
    assert (await error_of(tool_of(service.address))).happened is False


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"\xff"])
async def test_an_answer_that_is_not_json(service: Service, body: bytes) -> None:
    service.body = body
    error = await error_of(tool_of(service.address, effect="write", method="POST"))
    assert (error.fault, error.happened, error.retryable) == (Fault.BAD_ANSWER, None, False)


async def test_a_huge_answer_is_not_read(service: Service) -> None:
    service.body = b" " * (3 << 20)
    assert (await error_of(tool_of(service.address))).fault is Fault.BAD_ANSWER


async def test_a_packed_answer_is_refused(service: Service) -> None:
    service.body, service.headers = gzip.compress(b"{}"), {"Content-Encoding": "gzip"}
    assert (await error_of(tool_of(service.address))).fault is Fault.BAD_ANSWER


async def test_nobody_listens() -> None:
    with web_service() as service:
        address = service.address
    error = await error_of(tool_of(address, effect="write", method="POST"))
    assert (error.fault, error.happened, error.retryable) == (Fault.UNREACHABLE, False, True)


async def test_a_write_without_an_answer_in_time_is_in_doubt(service: Service) -> None:
    service.slow = True
    error = await error_of(tool_of(service.address, effect="write", method="POST", timeout_s=0.1))
    assert (error.fault, error.happened, error.retryable) == (Fault.TIMEOUT, None, True)


async def test_a_connection_that_breaks_is_in_doubt(service: Service) -> None:
    service.slow = True
    service.released.set()
    error = await error_of(tool_of(service.address, effect="write", method="POST"))
    assert (error.fault, error.happened) == (Fault.FAILED, None)


async def test_success_is_what_the_declaration_says(service: Service) -> None:
    service.answers({"status": "full"})
    tool = tool_of(service.address, effect="write", method="POST", success_when="status == 'booked'")
    error = await error_of(tool)
    assert (error.fault, error.happened) == (Fault.REFUSED, False)
    service.answers({"status": "booked"})
    assert (await tool.run({"number": "A1"}, "k")).data == {"status": "booked"}


async def test_a_path_that_does_not_fit(service: Service) -> None:
    service.answers({"orders": None})
    assert (await error_of(tool_of(service.address, result={"n": "length(orders)"}))).fault is Fault.BAD_ANSWER


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é"])
async def test_a_header_is_one_line_of_ascii(service: Service, value: str) -> None:
    tool = tool_of(service.address, headers={"X-Number": "{{ number }}"})
    with pytest.raises(ToolError) as caught:
        await tool.run({"number": value}, "k")
    assert caught.value.fault is Fault.INVALID_ARGUMENT
    assert service.asked == []
