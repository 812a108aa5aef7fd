"""Additional competence, v1: its operations, and what the document says of its batches.

Generated from openapi/additional_competence/v1.yaml by `make generate`. Do not edit.
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

from .models.additional_competence import AdditionalCompetence
from .models.competence_code import CompetenceCode
from .models.saved_additional_competence import SavedAdditionalCompetence
from .models.service_information import ServiceInformation

if TYPE_CHECKING:
    from .records import (
        AdditionalCompetenceDict,
        SavedAdditionalCompetenceDict,
    )


def _parse_service_information(data: Any) -> ServiceInformation:
    answer = ServiceInformation.from_dict(data)
    return answer


def _parse_list_of_competence_code(data: Any) -> list[CompetenceCode]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = CompetenceCode.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_saved_additional_competence(data: Any) -> SavedAdditionalCompetence:
    answer = SavedAdditionalCompetence.from_dict(data)
    return answer


def _parse_list_of_saved_additional_competence(data: Any) -> list[SavedAdditionalCompetence]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = SavedAdditionalCompetence.from_dict(item_data)

        answer.append(item)
    return answer


_LIST_ADDITIONAL_COMPETENCES = Operation(
    "listAdditionalCompetences",
    "GET",
    "/additionalcompetence",
    "read",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_UPDATE_ADDITIONAL_COMPETENCE = Operation(
    "updateAdditionalCompetence",
    "PUT",
    "/additionalcompetence",
    "update",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_CREATE_ADDITIONAL_COMPETENCE = Operation(
    "createAdditionalCompetence",
    "POST",
    "/additionalcompetence",
    "create",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_UPDATE_ADDITIONAL_COMPETENCES = Operation(
    "updateAdditionalCompetences",
    "PUT",
    "/additionalcompetence/batch",
    "update",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_CREATE_ADDITIONAL_COMPETENCES = Operation(
    "createAdditionalCompetences",
    "POST",
    "/additionalcompetence/batch",
    "create",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_GET_ADDITIONAL_COMPETENCE = Operation(
    "getAdditionalCompetence",
    "GET",
    "/additionalcompetence/{uid}",
    "read",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)
_LIST_CODES = Operation(
    "listCodes", "GET", "/codes", "read", scopes=("sdir:seafarer.additionalcompetance.write",)
)
_GET_SERVICE_INFORMATION = Operation(
    "getServiceInformation",
    "GET",
    "/serviceinformation",
    "read",
    scopes=("sdir:seafarer.additionalcompetance.write",),
)


class AdditionalCompetenceV1(
    BatchOperations[
        AdditionalCompetence | SavedAdditionalCompetence,
        SavedAdditionalCompetence,
        Literal["create", "update"],
    ]
):
    """Additional competence, version v1.

    Extra qualifications of a seafarer, such as bridge watch or training for polar waters,
    reported by the shipowner, the master or the chief engineer. The record and the operations
    are documented by Sdir. Assumed are most paths, the filters of the list, the answers of
    codes and service information, the lengths, and which fields inside `person`,
    `organization`, `competence` and `vessel` can be left out.
    """

    _document = Document(
        api="additional_competence",
        version="v1",
        title="Additional competence",
        servers={
            "development": "https://sdir-d-apim-common.azure-api.net/aps-additionalcompetence/additionalcompetence/v1",
            "test": "https://sdir-t-apim-common.azure-api.net/aps-additionalcompetence/additionalcompetence/v1",
            "production": "https://api.sdir.no/aps-additionalcompetence/additionalcompetence/v1",
        },
    )
    _batches = {
        "create": Batch(
            _CREATE_ADDITIONAL_COMPETENCES,
            AdditionalCompetence,
            _parse_list_of_saved_additional_competence,
            identifier="uid",
            listing=Listing(
                _LIST_ADDITIONAL_COMPETENCES,
                filters={"personId": "person.id"},
                match=(
                    "person.id",
                    "organization.organisationNumber",
                    "competence.competenceCode",
                    "competence.periodStartDate",
                    "competence.periodStopDate",
                    "competence.completionDate",
                    "vessel.imoNumber",
                    "vessel.callsign",
                ),
                page="page",
                page_size=("pageSize", 500),
            ),
        ),
        "update": Batch(
            _UPDATE_ADDITIONAL_COMPETENCES,
            SavedAdditionalCompetence,
            _parse_list_of_saved_additional_competence,
            identifier="uid",
        ),
    }

    async def list_additional_competences(
        self,
        *,
        person_id: str | Unset = UNSET,
        page: int | Unset = UNSET,
        page_size: int | Unset = UNSET,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedAdditionalCompetence]:
        """List what was reported.

        Sdir documents the operation; its path is assumed, and so are its filters.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page: Which page of the list, counted from 1.
            page_size: How many records a page holds.
        """
        with _no_locals:
            return await self._call(
                _LIST_ADDITIONAL_COMPETENCES,
                _parse_list_of_saved_additional_competence,
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

    def iter_additional_competences(
        self,
        *,
        person_id: str | Unset = UNSET,
        page_size: int = 500,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[SavedAdditionalCompetence, None]:
        """Iterate over all that `list_additional_competences` lists.

        A page is asked for when the one before is used up; `deadline` holds for each.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page_size: How many records a page holds.

        Raises:
            PageRepeated: The server answers the same page again and again.
        """
        return _every(
            lambda _page: self.with_raw_response.list_additional_competences(
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

    async def update_additional_competence(
        self,
        body: SavedAdditionalCompetence | SavedAdditionalCompetenceDict,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SavedAdditionalCompetence:
        """Replace one reported additional competence."""
        with _no_locals:
            return await self._call(
                _UPDATE_ADDITIONAL_COMPETENCE,
                _parse_saved_additional_competence,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def create_additional_competence(
        self,
        body: AdditionalCompetence | AdditionalCompetenceDict,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SavedAdditionalCompetence:
        """Report one additional competence.

        Sdir documents the operation; its path is assumed.
        """
        with _no_locals:
            return await self._call(
                _CREATE_ADDITIONAL_COMPETENCE,
                _parse_saved_additional_competence,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def update_additional_competences(
        self,
        body: Sequence[SavedAdditionalCompetence | SavedAdditionalCompetenceDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedAdditionalCompetence]:
        """Replace many reported additional competences, all or none.

        If one record fails, none is changed. Sdir documents the operation; its path is assumed,
        as in the other APIs.
        """
        with _no_locals:
            return await self._call(
                _UPDATE_ADDITIONAL_COMPETENCES,
                _parse_list_of_saved_additional_competence,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def create_additional_competences(
        self,
        body: Sequence[AdditionalCompetence | AdditionalCompetenceDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedAdditionalCompetence]:
        """Report many additional competences, all or none.

        If one record fails, none is saved. Sdir documents the operation; its path is assumed,
        as in the other APIs.
        """
        with _no_locals:
            return await self._call(
                _CREATE_ADDITIONAL_COMPETENCES,
                _parse_list_of_saved_additional_competence,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def get_additional_competence(
        self,
        uid: UUID,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SavedAdditionalCompetence:
        """Get one reported additional competence.

        Args:
            uid: The identifier that Sdir gave the record when it was saved.
        """
        with _no_locals:
            return await self._call(
                _GET_ADDITIONAL_COMPETENCE,
                _parse_saved_additional_competence,
                path={
                    "uid": uid,
                },
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def list_codes(
        self,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[CompetenceCode]:
        """List the codes of additional competences.

        The list grows: read it from here rather than keeping a copy. Sdir documents the
        operation; its path is assumed, and so is the shape of its answer.
        """
        with _no_locals:
            return await self._call(
                _LIST_CODES,
                _parse_list_of_competence_code,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def get_service_information(
        self,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ServiceInformation:
        """Get information about the service.

        Sdir documents the operation; its path is assumed, and so is the shape of its answer.
        """
        with _no_locals:
            return await self._call(
                _GET_SERVICE_INFORMATION,
                _parse_service_information,
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

    _document = AdditionalCompetenceV1._document
    _batches = AdditionalCompetenceV1._batches

    list_additional_competences = _raw(AdditionalCompetenceV1.list_additional_competences)
    update_additional_competence = _raw(AdditionalCompetenceV1.update_additional_competence)
    create_additional_competence = _raw(AdditionalCompetenceV1.create_additional_competence)
    update_additional_competences = _raw(AdditionalCompetenceV1.update_additional_competences)
    create_additional_competences = _raw(AdditionalCompetenceV1.create_additional_competences)
    get_additional_competence = _raw(AdditionalCompetenceV1.get_additional_competence)
    list_codes = _raw(AdditionalCompetenceV1.list_codes)
    get_service_information = _raw(AdditionalCompetenceV1.get_service_information)


OPERATIONS = AdditionalCompetenceV1
