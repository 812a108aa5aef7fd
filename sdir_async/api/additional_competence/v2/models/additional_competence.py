# Generated from openapi/additional_competence/v2.yaml by `make generate`. Do not edit.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

T = TypeVar("T", bound="AdditionalCompetence")


@_attrs_define(repr=False)
class AdditionalCompetence(Model):
    """One additional competence of one seafarer, as it is reported.

    Example:
        {'personalIdentityNumber': '41814061033', 'organizationNumber': '991825827', 'competenceCode': 'BS0',
            'completedAt': '2020-05-01T00:00:00+00:00', 'periodStart': '2020-01-01', 'periodEnd': '2020-04-01',
            'vesselImoNumber': '9074729', 'registratorName': 'kari'}

    """

    personal_identity_number: str
    """ The seafarer's national identity number: a birth number or a D-number. """
    organization_number: str
    """ The number of the reporting organisation in the Norwegian register of legal entities. """
    competence_code: str
    """ Which competence: a code of `listCodes`. The list grows. """
    completed_at: datetime.datetime
    """ When the competence was completed, with the offset from UTC. """
    period_start: datetime.date | None | Unset = UNSET
    """ First day of the period in which the competence was earned. """
    period_end: datetime.date | None | Unset = UNSET
    """ Last day of that period. """
    vessel_imo_number: None | str | Unset = UNSET
    """ The IMO number of the ship on which the competence was earned. """
    registrator_name: None | str | Unset = UNSET
    """ Name of whoever registered the report. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _personal = frozenset(["personal_identity_number", "registrator_name"])

    def to_dict(self) -> dict[str, Any]:
        try:
            period_start: None | str | Unset
            if isinstance(self.period_start, Unset):
                period_start = UNSET
            elif isinstance(self.period_start, datetime.date):
                period_start = self.period_start.isoformat()
            else:
                period_start = self.period_start

            period_end: None | str | Unset
            if isinstance(self.period_end, Unset):
                period_end = UNSET
            elif isinstance(self.period_end, datetime.date):
                period_end = self.period_end.isoformat()
            else:
                period_end = self.period_end

            field_dict: dict[str, Any] = {
                "personalIdentityNumber": self.personal_identity_number,
                "organizationNumber": self.organization_number,
                "competenceCode": self.competence_code,
                "completedAt": self.completed_at.isoformat(),
            }
            if period_start is not UNSET:
                field_dict["periodStart"] = period_start
            if period_end is not UNSET:
                field_dict["periodEnd"] = period_end
            if (vessel_imo_number := self.vessel_imo_number) is not UNSET:
                field_dict["vesselImoNumber"] = vessel_imo_number
            if (registrator_name := self.registrator_name) is not UNSET:
                field_dict["registratorName"] = registrator_name
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

            def _parse_period_start(data: object) -> datetime.date | None | Unset:
                if data is None:
                    return data
                if isinstance(data, Unset):
                    return data
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    period_start_type_0 = datetime.date.fromisoformat(data)

                    return period_start_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(datetime.date | None | Unset, data)

            period_start = _parse_period_start(d.pop("periodStart", UNSET))

            def _parse_period_end(data: object) -> datetime.date | None | Unset:
                if data is None:
                    return data
                if isinstance(data, Unset):
                    return data
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    period_end_type_0 = datetime.date.fromisoformat(data)

                    return period_end_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(datetime.date | None | Unset, data)

            period_end = _parse_period_end(d.pop("periodEnd", UNSET))
            _made__ = cls(
                personal_identity_number=d.pop("personalIdentityNumber"),
                organization_number=d.pop("organizationNumber"),
                competence_code=d.pop("competenceCode"),
                completed_at=datetime.datetime.fromisoformat(d.pop("completedAt")),
                period_start=period_start,
                period_end=period_end,
                vessel_imo_number=d.pop("vesselImoNumber", UNSET),
                registrator_name=d.pop("registratorName", UNSET),
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
