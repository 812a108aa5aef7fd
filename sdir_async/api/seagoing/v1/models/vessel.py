# Generated from openapi/seagoing/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .....types import UNSET, Model, Unset

T = TypeVar("T", bound="Vessel")


@_attrs_define(repr=False)
class Vessel(Model):
    """The ship on which the seafarer served."""

    imo_number: None | str | Unset = UNSET
    """ The ship's IMO number. Smaller ships have none; the call sign identifies those. """
    call_sign: None | str | Unset = UNSET
    """ The ship's radio call sign. """
    name: None | str | Unset = UNSET
    """ The ship's name. """
    id: None | str | Unset = UNSET
    """ Another identifier of the ship; Sdir has not published which. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        imo_number: None | str | Unset
        if isinstance(self.imo_number, Unset):
            imo_number = UNSET
        else:
            imo_number = self.imo_number

        call_sign: None | str | Unset
        if isinstance(self.call_sign, Unset):
            call_sign = UNSET
        else:
            call_sign = self.call_sign

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if imo_number is not UNSET:
            field_dict["imoNumber"] = imo_number
        if call_sign is not UNSET:
            field_dict["callSign"] = call_sign
        if name is not UNSET:
            field_dict["name"] = name
        if id is not UNSET:
            field_dict["id"] = id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_imo_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        imo_number = _parse_imo_number(d.pop("imoNumber", UNSET))

        def _parse_call_sign(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        call_sign = _parse_call_sign(d.pop("callSign", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        _made = cls(
            imo_number=imo_number,
            call_sign=call_sign,
            name=name,
            id=id,
        )

        _made.additional_properties = d
        return _made

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
