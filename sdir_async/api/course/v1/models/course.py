# Generated from openapi/course/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import Model
from sdir_async.types import hide as _hide__

T = TypeVar("T", bound="Course")


@_attrs_define(repr=False)
class Course(Model):
    """One course, or one education, that one person has passed.

    Example:
        {'personalIdentityNumber': '41814061033', 'completedAt': '2025-03-24T18:32:25+00:00', 'organizationNumber':
            '991825827', 'courseCode': 'HSCLC'}

    """

    personal_identity_number: str
    """ The participant's national identity number: a birth number or a D-number. """
    completed_at: datetime.datetime
    """ When the course was passed, with the offset from UTC. """
    organization_number: str
    """ The number of the course centre or school in the Norwegian register of legal entities. """
    course_code: str
    """ Which course: a code of `listCodes`. The list grows. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _personal = frozenset(["personal_identity_number"])

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "personalIdentityNumber": self.personal_identity_number,
                "completedAt": self.completed_at.isoformat(),
                "organizationNumber": self.organization_number,
                "courseCode": self.course_code,
            }
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            d = {**src_dict}
            _made__ = cls(
                personal_identity_number=d.pop("personalIdentityNumber"),
                completed_at=datetime.datetime.fromisoformat(d.pop("completedAt")),
                organization_number=d.pop("organizationNumber"),
                course_code=d.pop("courseCode"),
            )
            _made__.additional_properties = d
            return _made__
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
