# Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from sdir_async.types import UNSET, Model, Unset
from sdir_async.types import hide as _hide__

T = TypeVar("T", bound="OrderStatus")


@_attrs_define(repr=False)
class OrderStatus(Model):
    """What became of an order. An order that failed is told with status 200 too: then `status` is `Error` and `errors`
    says why. So look at `status`; no exception is raised.

    """

    status: None | str | Unset = UNSET
    """ `Order not found`, `Processing`, `Certificate Issued` or `Error`. """
    errors: None | str | Unset = UNSET
    """ Why it failed. """
    utn: None | str | Unset = UNSET
    """ The unique tracking number of the certificate. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {}
            if (status := self.status) is not UNSET:
                field_dict["status"] = status
            if (errors := self.errors) is not UNSET:
                field_dict["errors"] = errors
            if (utn := self.utn) is not UNSET:
                field_dict["utn"] = utn
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
                status=d.pop("status", UNSET),
                errors=d.pop("errors", UNSET),
                utn=d.pop("utn", UNSET),
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
