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
    from ..models.owners import Owners


T = TypeVar("T", bound="OrderedVessel")


@_attrs_define(repr=False)
class OrderedVessel(Model):
    """The ship that is insured."""

    name: str
    """ Its name. """
    imo: str
    """ Its IMO number. """
    call_sign: None | str | Unset = UNSET
    """ Its call sign. """
    home_port: None | str | Unset = UNSET
    """ Its home port. """
    gross_tonnage: None | str | Unset = UNSET
    """ Its gross tonnage, as text with one decimal after a point or a comma. """
    construction_number: None | str | Unset = UNSET
    """ Its number at the shipyard. """
    shipyard: None | str | Unset = UNSET
    """ Where it was built. """
    owners: Owners | Unset = UNSET
    """ Who owns the ship. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "Name": self.name,
                "Imo": self.imo,
            }
            if (call_sign := self.call_sign) is not UNSET:
                field_dict["CallSign"] = call_sign
            if (home_port := self.home_port) is not UNSET:
                field_dict["HomePort"] = home_port
            if (gross_tonnage := self.gross_tonnage) is not UNSET:
                field_dict["GrossTonnage"] = gross_tonnage
            if (construction_number := self.construction_number) is not UNSET:
                field_dict["ConstructionNumber"] = construction_number
            if (shipyard := self.shipyard) is not UNSET:
                field_dict["Shipyard"] = shipyard
            if not isinstance(owners := self.owners, Unset):
                field_dict["Owners"] = owners.to_dict()
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.owners import Owners  # noqa: PLC0415

            d = {**src_dict}
            _owners = _present__(d.pop("Owners", None))
            owners: Owners | Unset
            if isinstance(_owners, Unset):
                owners = UNSET
            else:
                owners = Owners.from_dict(_owners)
            _made__ = cls(
                name=d.pop("Name"),
                imo=d.pop("Imo"),
                call_sign=d.pop("CallSign", UNSET),
                home_port=d.pop("HomePort", UNSET),
                gross_tonnage=d.pop("GrossTonnage", UNSET),
                construction_number=d.pop("ConstructionNumber", UNSET),
                shipyard=d.pop("Shipyard", UNSET),
                owners=owners,
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
