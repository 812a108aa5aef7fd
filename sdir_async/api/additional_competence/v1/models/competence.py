# Generated from openapi/additional_competence/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

T = TypeVar("T", bound="Competence")


@_attrs_define(repr=False)
class Competence(Model):
    """What the seafarer is now qualified for, and when that was earned."""

    completion_date: datetime.date
    """ The day on which the competence was completed. """
    competence_code: str
    """ Which competence: a code of `listCodes`. The list grows. """
    period_start_date: datetime.date | None | Unset = UNSET
    """ First day of the period in which the competence was earned. """
    period_stop_date: datetime.date | None | Unset = UNSET
    """ Last day of that period. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            period_start_date: None | str | Unset
            if isinstance(self.period_start_date, Unset):
                period_start_date = UNSET
            elif isinstance(self.period_start_date, datetime.date):
                period_start_date = self.period_start_date.isoformat()
            else:
                period_start_date = self.period_start_date

            period_stop_date: None | str | Unset
            if isinstance(self.period_stop_date, Unset):
                period_stop_date = UNSET
            elif isinstance(self.period_stop_date, datetime.date):
                period_stop_date = self.period_stop_date.isoformat()
            else:
                period_stop_date = self.period_stop_date

            field_dict: dict[str, Any] = {
                "completionDate": self.completion_date.isoformat(),
                "competenceCode": self.competence_code,
            }
            if period_start_date is not UNSET:
                field_dict["periodStartDate"] = period_start_date
            if period_stop_date is not UNSET:
                field_dict["periodStopDate"] = period_stop_date
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

            def _parse_period_start_date(data: object) -> datetime.date | None | Unset:
                if data is None:
                    return data
                if isinstance(data, Unset):
                    return data
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    period_start_date_type_0 = datetime.date.fromisoformat(data)

                    return period_start_date_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(datetime.date | None | Unset, data)

            period_start_date = _parse_period_start_date(d.pop("periodStartDate", UNSET))

            def _parse_period_stop_date(data: object) -> datetime.date | None | Unset:
                if data is None:
                    return data
                if isinstance(data, Unset):
                    return data
                try:
                    if not isinstance(data, str):
                        raise TypeError()
                    period_stop_date_type_0 = datetime.date.fromisoformat(data)

                    return period_stop_date_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                return cast(datetime.date | None | Unset, data)

            period_stop_date = _parse_period_stop_date(d.pop("periodStopDate", UNSET))
            _made__ = cls(
                completion_date=datetime.date.fromisoformat(d.pop("completionDate")),
                competence_code=d.pop("competenceCode"),
                period_start_date=period_start_date,
                period_stop_date=period_stop_date,
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
