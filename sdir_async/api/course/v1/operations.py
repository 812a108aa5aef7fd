"""Course, v1: its operations, and what the document says of its batches.

Generated from openapi/course/v1.yaml by `make generate`. Do not edit.
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
from .models.course import Course
from .models.course_code import CourseCode
from .models.saved_course import SavedCourse

if TYPE_CHECKING:
    from .records import CourseDict


def _parse_list_of_course_code(data: Any) -> list[CourseCode]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = CourseCode.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_saved_course(data: Any) -> SavedCourse:
    answer = SavedCourse.from_dict(data)
    return answer


def _parse_list_of_check_finding(data: Any) -> list[CheckFinding]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = CheckFinding.from_dict(item_data)

        answer.append(item)
    return answer


def _parse_list_of_saved_course(data: Any) -> list[SavedCourse]:
    answer = []
    _answer = _items__(data)
    for item_data in _answer:
        item = SavedCourse.from_dict(item_data)

        answer.append(item)
    return answer


_LIST_COURSES = Operation(
    "listCourses", "GET", "/courses", "read", scopes=("sdir:seafarer.course.write",)
)
_CREATE_COURSES = Operation(
    "createCourses", "POST", "/courses/batch", "create", scopes=("sdir:seafarer.course.write",)
)
_VALIDATE_COURSES = Operation(
    "validateCourses",
    "POST",
    "/courses/prevalidate",
    "validate",
    scopes=("sdir:seafarer.course.write",),
)
_GET_COURSE = Operation(
    "getCourse", "GET", "/courses/{uid}", "read", scopes=("sdir:seafarer.course.write",)
)
_LIST_CODES = Operation(
    "listCodes", "GET", "/codes", "read", scopes=("sdir:seafarer.course.write",)
)
_SEARCH_CODES = Operation(
    "searchCodes", "GET", "/codes/search", "read", scopes=("sdir:seafarer.course.write",)
)


class CourseV1(BatchOperations[Course, SavedCourse, Literal["create", "validate"]]):
    """Course, version v1.

    Courses and education that a seafarer has passed, reported by the course centre or school
    that Sdir has approved for them. The record, the batch, the check and the search for codes
    were seen in public clients. Assumed are the paths of the other operations, the filters of
    the list, what the batch and the check answer, and the lengths.
    """

    _document = Document(
        api="course",
        version="v1",
        title="Course",
        servers={
            "development": "https://sdir-d-apim-common.azure-api.net/aps-course-external/v1",
            "test": "https://sdir-t-apim-common.azure-api.net/aps-course-external/v1",
            "production": "https://api.sdir.no/aps-course-external/v1",
        },
    )
    _batches = {
        "create": Batch(
            _CREATE_COURSES,
            Course,
            _parse_list_of_saved_course,
            identifier="uid",
            listing=Listing(
                _LIST_COURSES,
                filters={"personId": "personalIdentityNumber"},
                match=("personalIdentityNumber", "organizationNumber", "courseCode", "completedAt"),
                page="page",
                page_size=("pageSize", 500),
            ),
        ),
        "validate": Batch(
            _VALIDATE_COURSES,
            Course,
        ),
    }

    async def list_courses(
        self,
        *,
        person_id: str | Unset = UNSET,
        page: int | Unset = UNSET,
        page_size: int | Unset = UNSET,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedCourse]:
        """List what was reported.

        Sdir documents the operation; its path is assumed, and so are its filters.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page: Which page of the list, counted from 1.
            page_size: How many records a page holds.
        """
        with _no_locals:
            return await self._call(
                _LIST_COURSES,
                _parse_list_of_saved_course,
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

    def iter_courses(
        self,
        *,
        person_id: str | Unset = UNSET,
        page_size: int = 500,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[SavedCourse, None]:
        """Iterate over all that `list_courses` lists.

        A page is asked for when the one before is used up; `deadline` holds for each.

        Args:
            person_id: Only what was reported for the person with this national identity number.
            page_size: How many records a page holds.

        Raises:
            PageRepeated: The server answers the same page again and again.
        """
        return _every(
            lambda _page: self.with_raw_response.list_courses(
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

    async def create_courses(
        self,
        body: Sequence[Course | CourseDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[SavedCourse]:
        """Report many passed courses, all or none.

        If one record fails, none is saved. That the answer holds the saved records is assumed.
        """
        with _no_locals:
            return await self._call(
                _CREATE_COURSES,
                _parse_list_of_saved_course,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def validate_courses(
        self,
        body: Sequence[Course | CourseDict],
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[CheckFinding]:
        """Check many passed courses without saving them.

        Refuses what `createCourses` would refuse, and saves nothing. What it answers when it
        finds nothing wrong is assumed.
        """
        with _no_locals:
            return await self._call(
                _VALIDATE_COURSES,
                _parse_list_of_check_finding,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def get_course(
        self,
        uid: UUID,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SavedCourse:
        """Get one reported course.

        Sdir documents the operation; its path is assumed.

        Args:
            uid: The identifier that Sdir gave the record when it was saved.
        """
        with _no_locals:
            return await self._call(
                _GET_COURSE,
                _parse_saved_course,
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
    ) -> list[CourseCode]:
        """List the codes of courses and education.

        The list grows: read it from here rather than keeping a copy. Sdir documents the
        operation; its path is assumed.
        """
        with _no_locals:
            return await self._call(
                _LIST_CODES,
                _parse_list_of_course_code,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def search_codes(
        self,
        *,
        searchpattern: str,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[CourseCode]:
        """Search the codes of courses and education.

        Args:
            searchpattern: What to look for.
        """
        with _no_locals:
            return await self._call(
                _SEARCH_CODES,
                _parse_list_of_course_code,
                params={
                    "searchpattern": searchpattern,
                },
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

    _document = CourseV1._document
    _batches = CourseV1._batches

    list_courses = _raw(CourseV1.list_courses)
    create_courses = _raw(CourseV1.create_courses)
    validate_courses = _raw(CourseV1.validate_courses)
    get_course = _raw(CourseV1.get_course)
    list_codes = _raw(CourseV1.list_codes)
    search_codes = _raw(CourseV1.search_codes)


OPERATIONS = CourseV1
