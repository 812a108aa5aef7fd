"""What can be sent, as JSON has it: `TypedDict`s for mappings that a type checker shall check.

Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
"""

from typing import NotRequired as _NotRequired
from typing import TypedDict as _TypedDict


class EmailAddressDict(_TypedDict):
    """`EmailAddress` as a mapping."""

    Address: str
    """ The e-mail address. """
    DisplayName: _NotRequired[str | None]
    """ The name to show. """


class InsurerDict(_TypedDict):
    """`Insurer` as a mapping."""

    NAME: str
    """ The insurer's name. """
    ADDRESS: _NotRequired[str | None]
    """ The insurer's address. """


class MomentDict(_TypedDict):
    """`Moment` as a mapping."""

    Date: str
    """ The date and time. """


class OrderDict(_TypedDict):
    """`Order` as a mapping."""

    Initiator: str
    """ Who orders. """
    CertificateType: str
    """ `CLC`: civil liability for oil pollution damage. `CLB`: for bunker oil pollution damage. """
    ValidFrom: "MomentDict"
    """ A point in time. """
    ValidTo: "MomentDict"
    """ A point in time. """
    Vessel: "OrderedVesselDict"
    """ The ship that is insured. """
    INSURER: "InsurerDict"
    """ Who insures the ship. The fields are in capitals. """
    CertificateId: _NotRequired[str | None]
    """ Which certificate to cancel; only for `Cancel`. """
    OperationType: _NotRequired[str]
    """ `Create` or `Cancel`. Without it: "Create". """
    TrialRun: _NotRequired[bool]
    """ Whether to try only, and issue nothing. Without it: false. """
    AwaitingVesselChanges: _NotRequired[bool]
    """ Whether to wait until changes of the ship are registered. Without it: false. """
    NotificationEmailAddresses: _NotRequired["list[EmailAddressDict]"]
    """ Who is told by e-mail. """


class OrderQuestionDict(_TypedDict):
    """`OrderQuestion` as a mapping."""

    orderId: str
    """ What the receipt calls it. """


class OrderedVesselDict(_TypedDict):
    """`OrderedVessel` as a mapping."""

    Name: str
    """ Its name. """
    Imo: str
    """ Its IMO number. """
    CallSign: _NotRequired[str | None]
    """ Its call sign. """
    HomePort: _NotRequired[str | None]
    """ Its home port. """
    GrossTonnage: _NotRequired[str | None]
    """ Its gross tonnage, as text with one decimal after a point or a comma. """
    ConstructionNumber: _NotRequired[str | None]
    """ Its number at the shipyard. """
    Shipyard: _NotRequired[str | None]
    """ Where it was built. """
    Owners: _NotRequired["OwnersDict"]
    """ Who owns the ship. """


class OwnerDict(_TypedDict):
    """`Owner` as a mapping."""

    Name: str
    """ The owner's name. """
    Address: _NotRequired["OwnerAddressDict"]
    """ Where an owner is found. """


class OwnerAddressDict(_TypedDict):
    """`OwnerAddress` as a mapping."""

    StreetAddress: _NotRequired[str | None]
    """ Street and number. """
    PostalCode: _NotRequired[str | None]
    """ The postal code. """
    City: _NotRequired[str | None]
    """ The city. """
    Country: _NotRequired[str | None]
    """ The country. """


class OwnersDict(_TypedDict):
    """`Owners` as a mapping."""

    Owner: _NotRequired["list[OwnerDict]"]
    """ At most three. """
