"""Seagoing service, v1: its operations, and what the document says of its batches.

Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cached_property as _cached
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sdir_async.base import BatchOperations, Timeout
from sdir_async.document import Batch, Document, Listing, Operation
from sdir_async.frames import no_locals as _no_locals
from sdir_async.pages import every as _every
from sdir_async.raw import RawOperations as _RawOperations
from sdir_async.raw import raw as _raw
from sdir_async.retries import RetryPolicy
from sdir_async.types import UNSET, Unset
from sdir_async.types import items as _items__

from .models.check_finding import CheckFinding
from .models.occupation_code import OccupationCode
from .models.occupation_mapping import OccupationMapping
from .models.saved_service_report import SavedServiceReport
from .models.service_report import ServiceReport

if TYPE_CHECKING:
    from .records import (
        ServiceReportDict,
    )


def _parse_list_of_occupation_mapping(data: Any) -> list[OccupationMapping]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = OccupationMapping.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_list_of_occupation_code(data: Any) -> list[OccupationCode]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = OccupationCode.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_saved_service_report(data: Any) -> SavedServiceReport:
    answer = SavedServiceReport.from_dict(data)
    return answer


def _parse_list_of_check_finding(data: Any) -> list[CheckFinding]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = CheckFinding.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_list_of_saved_service_report(data: Any) -> list[SavedServiceReport]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = SavedServiceReport.from_dict(item_data)

        answer.append(item)
    return answer


_LIST_SERVICE_REPORTS = Operation(
    "listServiceReports",
    "GET",
    "/servicereport",
    "read",
    scopes=("sdir:seafarer.seagoingservice.write",),
)
_CREATE_SERVICE_REPORTS = Operation(
    "createServiceReports",
    "POST",
    "/servicereport/batch",
    "create",
    scopes=("sdir:seafarer.seagoingservice.write",),
)
_VALIDATE_SERVICE_REPORTS = Operation(
    "validateServiceReports",
    "POST",
    "/servicereport/prevalidate",
    "validate",
    scopes=("sdir:seafarer.seagoingservice.write",),
)
_GET_SERVICE_REPORT = Operation(
    "getServiceReport",
    "GET",
    "/servicereport/{uid}",
    "read",
    scopes=("sdir:seafarer.seagoingservice.write",),
)
_LIST_OCCUPATION_CODES = Operation(
    "listOccupationCodes",
    "GET",
    "/occupation/reference",
    "read",
    scopes=("sdir:seafarer.seagoingservice.write",),
)
_LIST_OCCUPATION_MAPPINGS = Operation(
    "listOccupationMappings",
    "GET",
    "/occupation/mapping",
    "read",
    scopes=("sdir:seafarer.seagoingservice.write",),
)


class SeagoingV1(BatchOperations[ServiceReport, SavedServiceReport, Literal["create", "validate"]]):
    """Seagoing service, version v1.

    Periods in which a seafarer was signed on a ship, reported by the shipowner, the master or
    the chief engineer. The record, the batch, the check and the list of occupations were seen
    in a public client. Assumed are the paths of the other operations, the filters of the
    list, what the batch, the check and the occupation mappings answer, the lengths, and which
    fields can be left out.
    """

    _document = Document(
        api="seagoing",
        version="v1",
        title="Seagoing service",
        servers={
            "development": "https://sdir-d-apim-common.azure-api.net/aps-seagoing/seagoing/v1",
            "test": "https://sdir-t-apim-common.azure-api.net/aps-seagoing/seagoing/v1",
            "production": "https://api.sdir.no/aps-seagoing/seagoing/v1",
        },
    )
    _batches = {
        "create": Batch(
            _CREATE_SERVICE_REPORTS,
            ServiceReport,
            _parse_list_of_saved_service_report,
            identifier="uid",
            listing=Listing(
                _LIST_SERVICE_REPORTS,
                filters={"personId": "person.id"},
                match=(
                    "person.id",
                    "organization.organizationNumber",
                    "vessel.imoNumber",
                    "vessel.callSign",
                    "activity.occupationCode.code",
                    "activity.hours",
                    "activity.signOnDate",
                    "activity.signOffDate",
                ),
                page="page",
                page_size=("pageSize", 500),
            ),
        ),
        "validate": Batch(
            _VALIDATE_SERVICE_REPORTS,
            ServiceReport,
        ),
    }

    async def list_service_reports(
        self,
        *,
        person_id: str | Unset = UNSET,
        page: int | Unset = UNSET,
        page_size: int | Unset = UNSET,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedServiceReport]:
        """List what was reported.

        Sdir documents the operation; its path is assumed, and so are its filters.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page: Which page of the list, counted from 1.
            page_size: How many records a page holds.
        """
        with _no_locals:
            return await self._call(
                _LIST_SERVICE_REPORTS,
                _parse_list_of_saved_service_report,
                params={
                    "personId": person_id,
                    "page": page,
                    "pageSize": page_size,
                },
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    def iter_service_reports(
        self,
        *,
        person_id: str | Unset = UNSET,
        page_size: int = 500,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[SavedServiceReport, None]:
        """Iterate over all that `list_service_reports` lists.

        A page is asked for when the one before is used up; `deadline` holds for each.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page_size: How many records a page holds.

        Raises:
            PageRepeated: The server answers the same page again and again.
        """
        return _every(
            lambda _page: self.with_raw_response.list_service_reports(
                person_id=person_id,
                page=_page,
                page_size=page_size,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                headers=headers,
            ),
            page_size,
        )

    async def create_service_reports(
        self,
        body: Sequence[ServiceReport | ServiceReportDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedServiceReport]:
        """Report many periods of service, all or none.

        If one record fails, none is saved. That the answer holds the saved records is assumed.
        """
        with _no_locals:
            return await self._call(
                _CREATE_SERVICE_REPORTS,
                _parse_list_of_saved_service_report,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def validate_service_reports(
        self,
        body: Sequence[ServiceReport | ServiceReportDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[CheckFinding]:
        """Check many periods of service without saving them.

        Refuses what `createServiceReports` would refuse, and saves nothing. What it answers
        when it finds nothing wrong is assumed.
        """
        with _no_locals:
            return await self._call(
                _VALIDATE_SERVICE_REPORTS,
                _parse_list_of_check_finding,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def get_service_report(
        self,
        uid: UUID,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SavedServiceReport:
        """Get one reported period of service.

        Sdir documents the operation; its path is assumed.

        Args:
            uid: The identifier that Sdir gave the record when it was saved.
        """
        with _no_locals:
            return await self._call(
                _GET_SERVICE_REPORT,
                _parse_saved_service_report,
                path={
                    "uid": uid,
                },
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def list_occupation_codes(
        self,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[OccupationCode]:
        """List the occupations that service can be reported in.

        The list grows: read it from here rather than keeping a copy.
        """
        with _no_locals:
            return await self._call(
                _LIST_OCCUPATION_CODES,
                _parse_list_of_occupation_code,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def list_occupation_mappings(
        self,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[OccupationMapping]:
        """List which accepted occupation other occupations are reported as.

        For a seafarer whose occupation is not among those of `listOccupationCodes`. Sdir
        documents the operation; its path is assumed, and so is the shape of its answer.
        """
        with _no_locals:
            return await self._call(
                _LIST_OCCUPATION_MAPPINGS,
                _parse_list_of_occupation_mapping,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    @_cached
    def with_raw_response(self) -> _Raw:
        """The same operations; each returns the answer itself, a `RawResponse`."""
        return _Raw(self._session)


class _Raw(_RawOperations):
    """`with_raw_response`: status, headers, request id, attempts and bytes beside the value."""

    _document = SeagoingV1._document
    _batches = SeagoingV1._batches

    list_service_reports = _raw(SeagoingV1.list_service_reports)
    create_service_reports = _raw(SeagoingV1.create_service_reports)
    validate_service_reports = _raw(SeagoingV1.validate_service_reports)
    get_service_report = _raw(SeagoingV1.get_service_report)
    list_occupation_codes = _raw(SeagoingV1.list_occupation_codes)
    list_occupation_mappings = _raw(SeagoingV1.list_occupation_mappings)


OPERATIONS = SeagoingV1
