# Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

T = TypeVar("T", bound="Person")


@_attrs_define(repr=False)
class Person(Model):
    """The seafarer."""

    id: str
    """ The person's national identity number: a birth number or a D-number. """
    first_name: None | str | Unset = UNSET
    """ Given name. """
    middle_name: None | str | Unset = UNSET
    """ Middle name, where the person has one. """
    last_name: None | str | Unset = UNSET
    """ Family name. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    _personal = frozenset(["first_name", "id", "last_name", "middle_name"])

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "id": self.id,
            }
            if (first_name := self.first_name) is not UNSET:
                field_dict["firstName"] = first_name
            if (middle_name := self.middle_name) is not UNSET:
                field_dict["middleName"] = middle_name
            if (last_name := self.last_name) is not UNSET:
                field_dict["lastName"] = last_name
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
                id=d.pop("id"),
                first_name=d.pop("firstName", UNSET),
                middle_name=d.pop("middleName", UNSET),
                last_name=d.pop("lastName", UNSET),
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
