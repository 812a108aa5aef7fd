"""The operations over HTTP, as our own documents and a foreign one have them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import orjson
import pytest

from sdir_async.openapi.reader import read_operations
from sdir_async.sandbox import Sandbox, SeenRequest

from ..ours import OURS
from .conftest import PERSON, connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from .conftest import Json

BASE = "/aps-additionalcompetence/additionalcompetence/v1"
PATH = f"{BASE}/additionalcompetence"
BATCH = f"{PATH}/batch"
FLAT = {
    "personalIdentityNumber": PERSON,
    "completedAt": "2025-03-24T18:32:25+00:00",
    "organizationNumber": "991825827",
    "courseCode": "HSCLC",
}
REPORT = {
    "person": {"id": "41810021827", "firstName": "Kari", "lastName": "Nordmann"},
    "organization": {"organizationNumber": "991825827"},
    "vessel": {"imoNumber": "9074729", "callSign": "LAUI"},
    "activity": {
        "occupationCode": {"code": "3142118"},
        "hours": 1200,
        "signOnDate": "2020-01-01",
        "signOffDate": "2020-04-01",
    },
}


async def test_a_batch_is_saved_and_answered_with_uids(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """201, the records in the order of the request, each with an identifier of its own."""
    records = [record(vessel__name=name) for name in "abc"]
    answer = await client.post(BATCH, json=records)
    saved = answer.json()
    assert answer.status_code == 201
    assert len({UUID(each["uid"]).version for each in saved}) == 1
    assert len({each["uid"] for each in saved}) == 3
    assert [{**each, "uid": None} for each in saved] == [{**each, "uid": None} for each in records]
    assert sandbox.records(PATH) == saved


async def test_what_was_left_out_is_answered_with_null(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Where the field may be null; deeper down, too, and in what is read back later."""
    sent = record()
    del sent["registratorName"], sent["competence"]["periodStopDate"], sent["vessel"]["callsign"]
    saved = (await client.post(PATH, json=sent)).json()
    uid = saved.pop("uid")
    assert saved == record(registratorName=None, vessel__callsign=None)
    assert (await client.get(f"{PATH}/{uid}")).json() == saved | {"uid": uid}


async def test_names_of_fields_are_taken_in_any_case(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """And answered as the document has them."""
    sent = {name.upper(): value for name, value in record().items()}
    sent["PERSON"] = {"ID": PERSON, "FIRSTNAME": "Ola"}
    saved = (await client.post(PATH, json=sent)).json()
    person = {"id": PERSON, "firstName": "Ola", "middleName": None, "lastName": None}
    assert saved == record() | {"person": person, "uid": saved["uid"]}


@pytest.mark.parametrize(
    ("pattern", "found"), [("hsc", ["HSCLC"]), ("HSCLC", ["HSCLC"]), ("no such", []), ("%", [])]
)
async def test_a_search_looks_through_the_documents_list(
    client: httpx.AsyncClient, pattern: str, found: list[str]
) -> None:
    """In any case, and for the text as it is."""
    path = "/aps-course-external/v1/codes/search"
    answer = await client.get(path, params={"searchpattern": pattern})
    assert [each["code"] for each in answer.json()] == found


async def test_a_mark_of_the_byte_order_is_passed_over(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Programs on Windows write one, and .NET skips it."""
    body = b"\xef\xbb\xbf" + orjson.dumps(record())
    answer = await client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201


async def test_one_bad_record_keeps_the_whole_batch_out(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """The answer is problem details that name the item."""
    bad = record()
    del bad["competence"]["completionDate"]
    answer = await client.post(BATCH, json=[record(), record(), record(), bad])
    problem = answer.json()
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", problem.pop("traceId"))
    assert problem == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": {"[3].Competence.CompletionDate": ["The CompletionDate field is required."]},
    }
    assert sandbox.records(PATH) == []


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("person__id", "41814061034", "[1].Person.Id"),
        ("organization__organisationNumber", "991825828", "[1].Organization.OrganisationNumber"),
        ("competence__completionDate", "2020-02-30", "$[1].competence.completionDate"),
        ("person__id", 41814061033, "$[1].person.id"),
        ("vessel", None, "[1].Vessel"),
    ],
)
async def test_each_kind_of_bad_record_is_named(
    client: httpx.AsyncClient, record: Callable[..., Json], field: str, value: object, key: str
) -> None:
    """Check digits, dates, types and missing parts."""
    answer = await client.post(BATCH, json=[record(), record(**{field: value})])
    assert answer.status_code == 400
    assert next(iter(answer.json()["errors"])) == key


async def test_a_ship_may_break_its_check_digit(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Some real hulls do."""
    answer = await client.post(BATCH, json=[record(vessel__imoNumber="9074728")])
    assert answer.status_code == 201


async def test_one_record_is_created_read_and_updated(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Each answer holds the record as it is saved then."""
    created = await client.post(PATH, json=record())
    assert created.status_code == 201
    one = f"{PATH}/{created.json()['uid']}"
    assert (await client.get(one)).json() == created.json()
    updated = await client.put(PATH, json=created.json() | {"registratorName": "ola"})
    assert updated.status_code == 200
    assert (await client.get(one)).json() == updated.json()
    assert (await client.get(one.upper().replace(PATH.upper(), PATH))).json() == updated.json()
    assert [each["registratorName"] for each in sandbox.records(PATH)] == ["ola"]


async def test_an_identifier_that_the_client_made_up_is_replaced(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Identifiers are the server's to give."""
    sent = record() | {"uid": str(uuid4())}
    assert (await client.post(PATH, json=sent)).json()["uid"] != sent["uid"]


async def test_an_unknown_record_is_not_found(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """By the API, which answers with problem details, unlike the gateway."""
    uid = str(uuid4())
    for answer in (
        await client.get(f"{PATH}/{uid}"),
        await client.put(PATH, json=record() | {"uid": uid}),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["title"] == "Not Found"


async def test_an_identifier_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    """Before anything is looked up."""
    answer = await client.get(f"{PATH}/one")
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"uid": ["The value 'one' is not valid."]}


async def test_a_batch_of_updates_is_all_or_nothing(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """An unknown record is named, and the known one stays as it was."""
    (saved,) = (await client.post(BATCH, json=[record()])).json()
    changed = saved | {"registratorName": "ola"}
    answer = await client.put(BATCH, json=[changed, changed | {"uid": str(uuid4())}])
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"[1].Uid": ["The field Uid names no saved record."]}
    assert sandbox.records(PATH) == [saved]
    answer = await client.put(BATCH, json=[changed])
    assert answer.status_code == 200
    assert sandbox.records(PATH) == answer.json() == [changed]


async def test_an_update_needs_the_identifier(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Of each record in a batch."""
    answer = await client.put(BATCH, json=[record()])
    assert answer.json()["errors"] == {"[0].Uid": ["The Uid field is required."]}


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("/aps-course-external/v1/courses", FLAT),
        ("/aps-seagoing/seagoing/v1/servicereport", REPORT),
    ],
)
async def test_a_check_saves_nothing(
    sandbox: Sandbox, client: httpx.AsyncClient, path: str, good: Json
) -> None:
    """It answers an empty list, or what a create would answer to a bad record."""
    answer = await client.post(f"{path}/prevalidate", json=[good])
    assert (answer.status_code, answer.json()) == (200, [])
    answer = await client.post(f"{path}/prevalidate", json=[good, {}])
    assert answer.status_code == 400
    assert sandbox.records(path) == []


async def test_versions_store_apart(
    sandbox: Sandbox, client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Each document has collections of its own, whatever their names."""
    await client.post(BATCH, json=[record()])
    second = PATH.replace("/v1/", "/v2/")
    assert (await client.get(second)).json() == []
    assert len((await client.get(PATH)).json()) == 1


@pytest.mark.parametrize("path", [PATH, "/aps-course-external/v1/courses"])
async def test_a_list_is_filtered_by_the_person(
    client: httpx.AsyncClient, record: Callable[..., Json], path: str
) -> None:
    """The document maps the parameter to the field, also to one deeper down."""
    other = "41810021827"
    records: list[Json] = [record(), record(person__id=other)]
    if "course" in path:
        records = [FLAT, FLAT | {"personalIdentityNumber": other}]
    saved = (await client.post(f"{path}/batch", json=records)).json()
    assert (await client.get(path)).json() == saved
    assert (await client.get(path, params={"personId": other})).json() == saved[1:]
    assert (await client.get(path, params={"personId": "15869000016"})).json() == []


async def test_a_list_comes_in_pages(
    client: httpx.AsyncClient, record: Callable[..., Json]
) -> None:
    """Counted from 1; without a size the largest is taken."""
    await client.post(BATCH, json=[record(vessel__name=str(number)) for number in range(501)])

    async def names(**query: int) -> list[str]:
        answer = await client.get(PATH, params={**query})
        return [each["vessel"]["name"] for each in answer.json()]

    assert await names(page=1, pageSize=2) == ["0", "1"]
    assert await names(page=3, pageSize=2) == ["4", "5"]
    assert await names(page=251, pageSize=2) == ["500"]
    assert await names(page=252, pageSize=2) == []
    assert len(await names()) == 500
    assert await names(page=2) == ["500"]


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"page": "0"}, "page"),
        ({"pageSize": "501"}, "pageSize"),
        ({"page": "first"}, "page"),
        ({"personId": "12"}, "personId"),
    ],
)
async def test_a_query_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, query: dict[str, str], key: str
) -> None:
    """Under the parameter's own name."""
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [key]


async def test_operations_without_records_answer_the_documents_example(
    client: httpx.AsyncClient,
) -> None:
    """Such as the codes that can be reported."""
    codes = (await client.get(f"{BASE}/codes")).json()
    assert "BS0" in [code["code"] for code in codes]
    found = await client.get("/aps-course-external/v1/codes/search", params={"searchpattern": "H"})
    assert found.json()[0]["code"] == "HSCLC"
    assert (await client.get(f"{BASE}/serviceinformation")).status_code == 200


async def test_every_operation_of_our_documents_is_served(sandbox: Sandbox) -> None:
    """Whatever it then says about an empty request."""
    async with connect(sandbox) as client:
        for operation in read_operations(OURS):
            path = operation.path.replace("{uid}", str(uuid4()))
            answer = await client.request(operation.method, path)
            assert answer.headers["content-type"] != "application/json", path
            assert answer.status_code in (200, 400, 404, 415), path


@pytest.mark.parametrize(
    "path", [f"/{BASE}/codes", "//", f"{BASE}/codes/", f"{BASE.upper()}/codes"]
)
async def test_a_path_that_is_almost_right_is_unknown_to_the_gateway(
    sandbox: Sandbox, client: httpx.AsyncClient, path: str
) -> None:
    """Such as one with a slash too many, which is easily written."""
    answer = await client.get(f"{sandbox.base_url}{path}")
    assert answer.status_code == 404
    assert answer.text == '{ "statusCode": 404, "message": "Resource not found" }'


async def test_a_document_of_another_origin_needs_no_code(
    toy: Json, folder: Callable[[Json], Path]
) -> None:
    """A path that ends in /batch is enough to create and to list."""
    async with Sandbox(folder(toy)) as sandbox, connect(sandbox) as client:
        boats = [{"name": "Anna", "harbour": "Bergen"}, {"name": "Berit", "harbour": "Oslo"}]
        answer = await client.post("/marina/v7/boats/batch", json=boats)
        assert answer.status_code == 201
        saved = answer.json()
        assert saved == boats  # no field that the document doesn't know
        assert (await client.get("/marina/v7/boats")).json() == saved
        assert (await client.get("/marina/v7/boats", params={"harbour": "Oslo"})).json() == saved[
            1:
        ]
        assert sandbox.records("boats") == saved
        answer = await client.post("/marina/v7/boats/batch", json=[{"name": "x" * 21}])
        assert list(answer.json()["errors"]) == ["[0].Name"]


async def test_identifiers_are_counted_where_the_document_says_integer(
    toy: Json, folder: Callable[[Json], Path]
) -> None:
    """And their parameter may have a name that is no identifier of Python."""
    schema = {"type": "integer", "format": "int32"}
    boat = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Boat"}}}}
    toy["paths"]["/boats/{boat-id}"] = {
        "parameters": [{"name": "boat-id", "in": "path", "required": True, "schema": schema}],
        "get": {},
        "put": {"requestBody": boat},
    }
    async with Sandbox(folder(toy)) as sandbox, connect(sandbox) as client:
        await client.post("/marina/v7/boats/batch", json=[{"name": "Anna"}, {"name": "Berit"}])
        assert (await client.get("/marina/v7/boats/2")).json() == {"name": "Berit", "boat-id": 2}
        answer = await client.put("/marina/v7/boats/1", json={"name": "Carla"})
        assert answer.json() == {"name": "Carla", "boat-id": 1}
        assert (await client.put("/marina/v7/boats/3", json={"name": "x"})).status_code == 404
        assert (await client.get("/marina/v7/boats/first")).status_code == 400


async def test_an_answer_without_content_stays_without(
    toy: Json, folder: Callable[[Json], Path]
) -> None:
    """Where the document promises 204 there is no body, whatever was saved."""
    toy["paths"]["/boats/batch"]["post"]["responses"] = {"204": {"description": ""}}
    async with Sandbox(folder(toy)) as sandbox, connect(sandbox) as client:
        answer = await client.post("/marina/v7/boats/batch", json=[{"name": "Anna"}])
        assert (answer.status_code, answer.content) == (204, b"")
        assert len(sandbox.records("boats")) == 1


async def test_a_fault_of_the_sandbox_itself_is_an_empty_500(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As an unhandled error in ASP.NET; the log shows what happened, but no person."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError(PERSON)

    monkeypatch.setattr("sdir_async.sandbox.store.Store.find", fail)
    async with connect(sandbox) as client:
        answer = await client.get(PATH, params={"personId": PERSON})
    assert (answer.status_code, answer.content) == (500, b"")
    assert sandbox.requests == [SeenRequest("GET", PATH, 500)]
    (error,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "in fail" in error.getMessage()
    assert PERSON not in error.getMessage()


async def test_a_client_that_hangs_up_saves_nothing(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that never ends is no request, and no error of ours."""
    address = sandbox.base_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(address[0], int(address[1]))
    head = f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    key = f"Ocp-Apim-Subscription-Key: {sandbox.api_key}\r\nContent-Length: 100\r\n\r\n"
    writer.write((head + key + "[").encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with connect(sandbox) as client, asyncio.timeout(60):
        while SeenRequest("POST", BATCH, 499) not in sandbox.requests:
            await client.get("/")
    assert sandbox.records(PATH) == []
    assert "ERROR" not in caplog.text
