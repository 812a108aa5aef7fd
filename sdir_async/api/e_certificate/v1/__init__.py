"""E-certificate, v1: its public names, loaded on use.

Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
"""

from typing import TYPE_CHECKING

from sdir_async._lazy import lazy_names

if TYPE_CHECKING:
    from .models.email_address import EmailAddress
    from .models.insurer import Insurer
    from .models.moment import Moment
    from .models.order import Order
    from .models.order_question import OrderQuestion
    from .models.order_receipt import OrderReceipt
    from .models.order_status import OrderStatus
    from .models.ordered_vessel import OrderedVessel
    from .models.owner import Owner
    from .models.owner_address import OwnerAddress
    from .models.owners import Owners
    from .operations import ECertificateV1
    from .records import (
        EmailAddressDict,
        InsurerDict,
        MomentDict,
        OrderDict,
        OrderedVesselDict,
        OrderQuestionDict,
        OwnerAddressDict,
        OwnerDict,
        OwnersDict,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "ECertificateV1": ".operations",
            "EmailAddress": ".models.email_address",
            "EmailAddressDict": ".records",
            "Insurer": ".models.insurer",
            "InsurerDict": ".records",
            "Moment": ".models.moment",
            "MomentDict": ".records",
            "Order": ".models.order",
            "OrderDict": ".records",
            "OrderQuestion": ".models.order_question",
            "OrderQuestionDict": ".records",
            "OrderReceipt": ".models.order_receipt",
            "OrderStatus": ".models.order_status",
            "OrderedVessel": ".models.ordered_vessel",
            "OrderedVesselDict": ".records",
            "Owner": ".models.owner",
            "OwnerAddress": ".models.owner_address",
            "OwnerAddressDict": ".records",
            "OwnerDict": ".records",
            "Owners": ".models.owners",
            "OwnersDict": ".records",
        },
    )

__all__ = [
    "ECertificateV1",
    "EmailAddress",
    "EmailAddressDict",
    "Insurer",
    "InsurerDict",
    "Moment",
    "MomentDict",
    "Order",
    "OrderDict",
    "OrderQuestion",
    "OrderQuestionDict",
    "OrderReceipt",
    "OrderStatus",
    "OrderedVessel",
    "OrderedVesselDict",
    "Owner",
    "OwnerAddress",
    "OwnerAddressDict",
    "OwnerDict",
    "Owners",
    "OwnersDict",
]
