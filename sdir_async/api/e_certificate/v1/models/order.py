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
    from ..models.email_address import EmailAddress
    from ..models.insurer import Insurer
    from ..models.moment import Moment
    from ..models.ordered_vessel import OrderedVessel


T = TypeVar("T", bound="Order")


@_attrs_define(repr=False)
class Order(Model):
    """An order for a ship's insurance certificate."""

    initiator: str
    """ Who orders. """
    certificate_type: str
    """ `CLC`: civil liability for oil pollution damage. `CLB`: for bunker oil pollution damage. """
    valid_from: Moment
    """ A point in time. """
    valid_to: Moment
    """ A point in time. """
    vessel: OrderedVessel
    """ The ship that is insured. """
    insurer: Insurer
    """ Who insures the ship. The fields are in capitals. """
    certificate_id: None | str | Unset = UNSET
    """ Which certificate to cancel; only for `Cancel`. """
    operation_type: str | Unset = UNSET
    """ `Create` or `Cancel`. Without it: "Create". """
    trial_run: bool | Unset = UNSET
    """ Whether to try only, and issue nothing. Without it: false. """
    awaiting_vessel_changes: bool | Unset = UNSET
    """ Whether to wait until changes of the ship are registered. Without it: false. """
    notification_email_addresses: list[EmailAddress] | Unset = UNSET
    """ Who is told by e-mail. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        try:
            field_dict: dict[str, Any] = {
                "Initiator": self.initiator,
                "CertificateType": self.certificate_type,
                "ValidFrom": self.valid_from.to_dict(),
                "ValidTo": self.valid_to.to_dict(),
                "Vessel": self.vessel.to_dict(),
                "INSURER": self.insurer.to_dict(),
            }
            if (certificate_id := self.certificate_id) is not UNSET:
                field_dict["CertificateId"] = certificate_id
            if (operation_type := self.operation_type) is not UNSET:
                field_dict["OperationType"] = operation_type
            if (trial_run := self.trial_run) is not UNSET:
                field_dict["TrialRun"] = trial_run
            if (awaiting_vessel_changes := self.awaiting_vessel_changes) is not UNSET:
                field_dict["AwaitingVesselChanges"] = awaiting_vessel_changes
            if not isinstance(
                notification_email_addresses := self.notification_email_addresses, Unset
            ):
                field_dict["NotificationEmailAddresses"] = [
                    item.to_dict() for item in notification_email_addresses
                ]
            if self.additional_properties:
                field_dict = {**self.additional_properties, **field_dict}
            return field_dict
        except BaseException as _error__:
            _hide__(_error__)
            raise

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        try:
            from ..models.email_address import EmailAddress  # noqa: PLC0415
            from ..models.insurer import Insurer  # noqa: PLC0415
            from ..models.moment import Moment  # noqa: PLC0415
            from ..models.ordered_vessel import OrderedVessel  # noqa: PLC0415

            d = {**src_dict}
            _notification_email_addresses = _items__(
                _present__(d.pop("NotificationEmailAddresses", None))
            )
            notification_email_addresses: list[EmailAddress] | Unset = UNSET
            if _notification_email_addresses is not UNSET:
                notification_email_addresses = []
                for notification_email_addresses_item_data in _notification_email_addresses:
                    notification_email_addresses_item = EmailAddress.from_dict(
                        notification_email_addresses_item_data
                    )

                    notification_email_addresses.append(notification_email_addresses_item)
            _made__ = cls(
                initiator=d.pop("Initiator"),
                certificate_type=d.pop("CertificateType"),
                valid_from=Moment.from_dict(d.pop("ValidFrom")),
                valid_to=Moment.from_dict(d.pop("ValidTo")),
                vessel=OrderedVessel.from_dict(d.pop("Vessel")),
                insurer=Insurer.from_dict(d.pop("INSURER")),
                certificate_id=d.pop("CertificateId", UNSET),
                operation_type=d.pop("OperationType", UNSET),
                trial_run=d.pop("TrialRun", UNSET),
                awaiting_vessel_changes=d.pop("AwaitingVesselChanges", UNSET),
                notification_email_addresses=notification_email_addresses,
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
