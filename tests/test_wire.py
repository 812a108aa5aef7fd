"""What goes over the wire: addresses, headers, bodies, and never the key to another host."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx

import sdir_async
from sdir_async import Sdir, SubscriptionKey
from sdir_async.api.additional_competence import v1, v2

KEY = "1f2e3d4c5b6a79880123456789abcdef"
UID = UUID("e21a0166-909a-4c7d-9f7e-4cb89404c4f7")
SEED = "aps-additionalcompetence/additionalcompetence"
HOSTS = {
    "development": "https://sdir-d-apim-common.azure-api.net",
    "test": "https://sdir-t-apim-common.azure-api.net",
    "production": "https://api.sdir.no",
}
V1 = {
    "uid": str(UID),
    "person": {"id": "41814061033", "firstName": "Ola", "middleName": None},
    "organization": {"organisationNumber": "991825827"},
    "competence": {"completionDate": "2020-05-01", "competenceCode": "BS0", "new": {"a": 1}},
    "vessel": {"callsign": "LA8PV"},
}
V2 = {
    "uid": str(UID),
    "personalIdentityNumber": "41814061033",
    "organizationNumber": "991825827",
    "competenceCode": "BS0",
    "completedAt": "2025-03-24T18:32:25.1234567",
}


@pytest.mark.parametrize("environment", HOSTS)
@pytest.mark.parametrize(("version", "body"), [("v1", V1), ("v2", V2)])
async def test_the_addresses_of_both_versions(
    environment: Any, version: str, body: dict[str, Any], respx_mock: respx.MockRouter
) -> None:
    """Each version goes to the URL that Sdir published, in each environment."""
    url = f"{HOSTS[environment]}/{SEED}/{version}/additionalcompetence/{UID}"
    route = respx_mock.get(url).respond(json=body)
    async with Sdir(KEY, environment=environment) as sdir:
        saved = await sdir.additional_competence[version].get_additional_competence(UID)
    assert route.call_count == 1
    assert saved.uid == UID


async def test_base_url_keeps_the_path(respx_mock: respx.MockRouter) -> None:
    """Scheme, host and port are replaced, the path of the document stays."""
    url = f"http://127.0.0.1:8400/{SEED}/v1/additionalcompetence/{UID}"
    respx_mock.get(url).respond(json=V1)
    async with Sdir(KEY, base_url="http://127.0.0.1:8400") as sdir:
        saved = await sdir.additional_competence.v1.get_additional_competence(UID)
    assert saved.competence["new"] == {"a": 1}, "fields that appear without notice are kept"


async def test_every_request_carries_key_and_content_type(respx_mock: respx.MockRouter) -> None:
    """Requests without a body too: the description asks for it on each."""
    respx_mock.route().respond(json=[])
    async with Sdir(KEY) as sdir:
        competences = sdir.additional_competence.v1
        await competences.list_codes()
        await competences.create_additional_competences([])
        await competences.upload([b"{}"], check=False)
    assert respx_mock.calls.call_count == 3
    for call in respx_mock.calls:
        assert call.request.headers["Ocp-Apim-Subscription-Key"] == KEY
        assert call.request.headers["Content-Type"] == "application/json"
        assert call.request.headers["Accept"] == "application/json"


async def test_a_typed_record_goes_out_as_the_document_says(respx_mock: respx.MockRouter) -> None:
    """Names as on the wire, dates as dates, what is unset left out, null kept."""
    import datetime

    route = respx_mock.post(path__regex=".*").respond(201, json=V1)
    record = v1.AdditionalCompetence(
        person=v1.Person(id="41814061033", middle_name=None),
        organization=v1.Organization(organisation_number="991825827"),
        competence=v1.Competence(competence_code="BS0", completion_date=datetime.date(2020, 5, 1)),
        vessel=v1.Vessel(callsign="LA8PV"),
    )
    async with Sdir(KEY) as sdir:
        saved = await sdir.additional_competence.v1.create_additional_competence(record)
    assert isinstance(saved, v1.SavedAdditionalCompetence)
    import json

    assert json.loads(route.calls.last.request.content) == {
        "person": {"id": "41814061033", "middleName": None},
        "organization": {"organisationNumber": "991825827"},
        "competence": {"competenceCode": "BS0", "completionDate": "2020-05-01"},
        "vessel": {"callsign": "LA8PV"},
    }


async def test_a_moment_without_offset_and_with_seven_digits(respx_mock: respx.MockRouter) -> None:
    """ASP.NET may write moments that way."""
    respx_mock.get(path__regex=".*").respond(json=V2)
    async with Sdir(KEY) as sdir:
        saved = await sdir.additional_competence.v2.get_additional_competence(UID)
    assert isinstance(saved, v2.SavedAdditionalCompetence)
    assert saved.completed_at.isoformat() == "2025-03-24T18:32:25.123456"


async def test_a_redirect_is_an_error_and_the_key_stays_home(respx_mock: respx.MockRouter) -> None:
    """The key goes to the configured host only, also through a client that follows redirects."""
    elsewhere = respx_mock.route(host="elsewhere.example").respond(json=[])
    respx_mock.route(host="api.sdir.no").respond(
        307, headers={"Location": "https://elsewhere.example/"}
    )
    following = httpx.AsyncClient(follow_redirects=True)
    async with following, Sdir(KEY, environment="production", http_client=following) as sdir:
        with pytest.raises(sdir_async.ApiError, match="Redirects are not followed"):
            await sdir.course.v1.list_codes()
        with pytest.raises(sdir_async.ApiError, match="Redirects are not followed") as caught:
            await sdir.course.v1.upload([b"{}"], check=False)
    assert not elsewhere.called
    assert caught.value.report is not None
    assert caught.value.report.unsent == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_key_and_person_appear_nowhere(
    status: int, respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in errors and their tracebacks, not in logs of any library, not in reprs or pickles."""
    caplog.set_level(logging.DEBUG)
    person = "41814061033"
    problem = {"title": f"No {person}", "errors": {f"[0].{person}": [f"'{person}' is bad"]}}
    respx_mock.route().respond(status, json=problem)
    key = SubscriptionKey(KEY, KEY[::-1])
    retry = sdir_async.RetryPolicy(attempts=2, first_wait=0.001)
    async with Sdir(key, retry=retry) as sdir:
        with pytest.raises(sdir_async.SdirError) as caught:
            await sdir.course.v1.list_courses(person_id=person)
        shown = [
            repr(sdir),
            repr(key),
            repr(sdir.course.v1),
            caplog.text,
            repr(caught.value.__dict__),
        ]
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(sdir)
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(key)
    shown.append("".join(traceback.format_exception(caught.value)))
    shown.append(str(pickle.loads(pickle.dumps(caught.value))))
    for text in shown:
        assert KEY not in text
        assert KEY[::-1] not in text
        assert person not in text
    assert "GET " in caplog.text, "the request was logged"


async def test_the_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, respx_mock: respx.MockRouter
) -> None:
    """SDIR_API_KEY is read when the Sdir is made, and an argument goes before it."""
    monkeypatch.delenv("SDIR_API_KEY", raising=False)
    with pytest.raises(sdir_async.ConfigurationError, match="SDIR_API_KEY"):
        Sdir()
    monkeypatch.setenv("SDIR_API_KEY", "from-the-environment")
    route = respx_mock.route().respond(json=[])
    async with Sdir() as sdir:
        await sdir.course.v1.list_codes()
    assert route.calls.last.request.headers["Ocp-Apim-Subscription-Key"] == "from-the-environment"


async def test_a_refused_key_is_renewed_then_the_secondary_one_is_tried(
    respx_mock: respx.MockRouter,
) -> None:
    """401: the function is asked once more, the secondary key comes next, then it is an error."""
    route = respx_mock.route().respond(401)
    asked: list[int] = []

    async def fetch() -> SubscriptionKey:
        asked.append(len(asked))
        return SubscriptionKey(f"primary-{len(asked)}", "secondary")

    async with Sdir(fetch) as sdir:
        with pytest.raises(sdir_async.AuthenticationError):
            await sdir.course.v1.list_codes()
    sent = [call.request.headers["Ocp-Apim-Subscription-Key"] for call in route.calls]
    assert sent == ["primary-1", "primary-2", "secondary"]
    assert len(asked) == 2


async def test_an_answer_of_which_nothing_is_promised(respx_mock: respx.MockRouter) -> None:
    """Where the document names no JSON answer, plain text is as good as an empty body."""
    from sdir_async.base import nothing
    from sdir_async.document import Operation

    route = respx_mock.route().respond(200, text="OK")
    async with Sdir(KEY) as sdir:
        course = sdir.course.v1
        operation = Operation("touch", "POST", "/touch", "create")
        await course._call(operation, nothing)
    assert route.call_count == 1


async def test_an_answer_that_is_not_what_was_promised(respx_mock: respx.MockRouter) -> None:
    """A create was sent, so that its fate is unknown, and the error says what to ask."""
    respx_mock.route().respond(200, json={"surprise": 1})
    async with Sdir(KEY) as sdir:
        with pytest.raises(sdir_async.UnknownOutcome, match="listCourses"):
            await sdir.course.v1.create_courses([])
        with pytest.raises(sdir_async.ConnectionFailed, match="can't be understood"):
            await sdir.course.v1.list_codes()


async def test_an_answer_that_is_no_json_stays_out_of_the_error(
    respx_mock: respx.MockRouter,
) -> None:
    """Nor does what the parser raised come along, which holds all of it."""
    content = b'{"personId": 41814061033!}'
    respx_mock.route().respond(200, content=content, content_type="application/json")
    async with Sdir(KEY) as sdir:
        with pytest.raises(sdir_async.ConnectionFailed, match="can't be understood") as caught:
            await sdir.course.v1.list_codes()
    assert caught.value.__context__ is None


async def test_a_key_that_the_server_repeats(respx_mock: respx.MockRouter) -> None:
    """Whatever an answer holds, no error shows the key, nor the secondary one."""
    said = {"message": f"bad key {KEY}", "title": f"{KEY[::-1]}", "errors": {KEY: [KEY]}}
    respx_mock.route().respond(400, json=said)
    async with Sdir(SubscriptionKey(KEY, KEY[::-1])) as sdir:
        with pytest.raises(sdir_async.InvalidRequest) as caught:
            await sdir.course.v1.list_codes()
    shown = str(caught.value) + repr(caught.value.__dict__)
    assert KEY not in shown
    assert KEY[::-1] not in shown
