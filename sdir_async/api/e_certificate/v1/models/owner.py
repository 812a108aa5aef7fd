# Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__
from sdir_async.types import present as _present__

if TYPE_CHECKING:
    from ..models.owner_address import OwnerAddress


T = TypeVar("T", bound="Owner")


@_attrs_define(repr=False)
class Owner(Model):
    """An owner of the ship."""

    name: str
    """ The owner's name. """
    address: OwnerAddress | Unset = UNSET
    """ Where an owner is found. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "Name": self.name,
            }
            if not isinstance(address := self.address, Unset):
                field_dict["Address"] = address.to_dict()
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.owner_address import OwnerAddress  # noqa: PLC0415

            d = {**src_dict}
            _address = _present__(d.pop("Address", None))
            address: OwnerAddress | Unset
            if isinstance(_address, Unset):
                address = UNSET
            else:
                address = OwnerAddress.from_dict(_address)
            _made__ = cls(
                name=d.pop("Name"),
                address=address,
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
