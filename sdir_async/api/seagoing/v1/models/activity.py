# Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import Model
from sdir_async.types import hide as _hide__

if TYPE_CHECKING:
    from ..models.occupation_code import OccupationCode


T = TypeVar("T", bound="Activity")


@_attrs_define(repr=False)
class Activity(Model):
    """What the seafarer did on board, and when."""

    occupation_code: OccupationCode
    """ An occupation on board, by its code in STYRK, the Norwegian classification of occupations. """
    hours: int
    """ Hours served in the period. """
    sign_on_date: datetime.date
    """ The day on which the seafarer signed on. """
    sign_off_date: datetime.date
    """ The day on which the seafarer signed off. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "occupationCode": self.occupation_code.to_dict(),
                "hours": self.hours,
                "signOnDate": self.sign_on_date.isoformat(),
                "signOffDate": self.sign_off_date.isoformat(),
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
            from ..models.occupation_code import OccupationCode  # noqa: PLC0415

            d = {**src_dict}
            _made__ = cls(
                occupation_code=OccupationCode.from_dict(d.pop("occupationCode")),
                hours=d.pop("hours"),
                sign_on_date=datetime.date.fromisoformat(d.pop("signOnDate")),
                sign_off_date=datetime.date.fromisoformat(d.pop("signOffDate")),
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
