# Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__
from sdir_async.types import items as _items__
from sdir_async.types import present as _present__

if TYPE_CHECKING:
    from ..models.owner import Owner


T = TypeVar("T", bound="Owners")


@_attrs_define(repr=False)
class Owners(Model):
    """Who owns the ship."""

    owner: list[Owner] | Unset = UNSET
    """ At most three. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {}
            if not isinstance(owner := self.owner, Unset):
                field_dict["Owner"] = [item.to_dict() for item in owner]
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.owner import Owner  # noqa: PLC0415

            d = {**src_dict}
            _owner = _items__(_present__(d.pop("Owner", None)))
            owner: list[Owner] | Unset = UNSET
            if _owner is not UNSET:
                owner = []
                for owner_item_data in _owner:
                    owner_item = Owner.from_dict(owner_item_data)

                    owner.append(owner_item)
            _made__ = cls(
                owner=owner,
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
