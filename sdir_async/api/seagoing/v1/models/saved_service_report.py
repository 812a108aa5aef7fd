# Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

if TYPE_CHECKING:
    from ..models.activity import Activity
    from ..models.organization import Organization
    from ..models.person import Person
    from ..models.service_report_optional import ServiceReportOptional
    from ..models.vessel import Vessel


T = TypeVar("T", bound="SavedServiceReport")


@_attrs_define(repr=False)
class SavedServiceReport(Model):
    """A period of service that Sdir has saved.

    Example:
        {'uid': 'e21a0166-909a-4c7d-9f7e-4cb89404c4f7', 'person': {'id': '41810021827', 'firstName': 'Kari',
            'middleName': None, 'lastName': 'Nordmann'}, 'organization': {'organizationNumber': '991825827'}, 'vessel':
            {'imoNumber': '9074729', 'callSign': 'LAUI', 'name': 'Eksempel', 'id': '1123'}, 'activity': {'occupationCode':
            {'code': '3142118', 'description': 'Skipsfører'}, 'hours': 1200, 'signOnDate': '2020-01-01', 'signOffDate':
            '2020-04-01'}, 'optional': None}

    """

    person: Person
    """ The seafarer. """
    organization: Organization
    """ The organisation that reports, such as the shipowner. """
    vessel: Vessel
    """ The ship on which the seafarer served. """
    activity: Activity
    """ What the seafarer did on board, and when. """
    uid: UUID
    """ The identifier that Sdir gave the record when it was saved. """
    optional: None | ServiceReportOptional | Unset = UNSET
    """ Anything that Sdir and the sender have agreed on. Usually null. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            from ..models.service_report_optional import ServiceReportOptional  # noqa: PLC0415

            optional: dict[str, Any] | None | Unset
            if isinstance(self.optional, Unset):
                optional = UNSET
            elif isinstance(self.optional, ServiceReportOptional):
                optional = self.optional.to_dict()
            else:
                optional = self.optional

            field_dict: dict[str, Any] = {
                "person": self.person.to_dict(),
                "organization": self.organization.to_dict(),
                "vessel": self.vessel.to_dict(),
                "activity": self.activity.to_dict(),
                "uid": str(self.uid),
            }
            if optional is not UNSET:
                field_dict["optional"] = optional
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.activity import Activity  # noqa: PLC0415
            from ..models.organization import Organization  # noqa: PLC0415
            from ..models.person import Person  # noqa: PLC0415
            from ..models.service_report_optional import ServiceReportOptional  # noqa: PLC0415
            from ..models.vessel import Vessel  # noqa: PLC0415

            d = {**src_dict}

            def _parse_optional(data: object) -> None | ServiceReportOptional | Unset:
                if data is None:
                    return data
                if isinstance(data, Unset):
                    return data
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    optional_type_0 = ServiceReportOptional.from_dict(data)

                    return optional_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(None | ServiceReportOptional | Unset, data)

            optional = _parse_optional(d.pop("optional", UNSET))
            _made__ = cls(
                person=Person.from_dict(d.pop("person")),
                organization=Organization.from_dict(d.pop("organization")),
                vessel=Vessel.from_dict(d.pop("vessel")),
                activity=Activity.from_dict(d.pop("activity")),
                uid=UUID(d.pop("uid")),
                optional=optional,
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
