"""E-certificate, v1: its operations, and what the document says of its batches.

Generated from openapi/e_certificate/v1.yaml by `make generate`. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property as _cached
from typing import TYPE_CHECKING, Any

from sdir_async.base import Operations, Timeout
from sdir_async.document import Document, Operation
from sdir_async.frames import no_locals as _no_locals
from sdir_async.raw import RawOperations as _RawOperations
from sdir_async.raw import raw as _raw
from sdir_async.retries import RetryPolicy
from sdir_async.types import UNSET, Unset

from .models.order import Order
from .models.order_question import OrderQuestion
from .models.order_receipt import OrderReceipt
from .models.order_status import OrderStatus

if TYPE_CHECKING:
    from .records import (
        OrderDict,
        OrderQuestionDict,
    )


def _parse_order_status(data: Any) -> OrderStatus:
    answer = OrderStatus.from_dict(data)
    return answer


def _parse_order_receipt(data: Any) -> OrderReceipt:
    answer = OrderReceipt.from_dict(data)
    return answer


_ORDER_CERTIFICATE = Operation(
    "orderCertificate", "POST", "/api/order", "create", scopes=("sdir:vessel.ecertificate.write",)
)
_GET_ORDER_STATUS = Operation(
    "getOrderStatus", "POST", "/api/status", "read", scopes=("sdir:vessel.ecertificate.write",)
)


class ECertificateV1(Operations):
    """E-certificate, version v1.

    Orders of a ship's insurance certificate (CLC or CLB) by its insurer. The fields and the
    two operations are documented by Sdir. Assumed are the version in the URL, which fields
    can be left out, and the lengths. Unlike the other APIs it writes `PascalCase`, has no
    batch, asks with a `POST`, and tells of an error with status 200 and a text: see
    `OrderStatus`.
    """

    _document = Document(
        api="e_certificate",
        version="v1",
        title="E-certificate",
        servers={
            "development": "https://sdir-d-apim-common.azure-api.net/los-ecertificate-external/v1",
            "test": "https://sdir-t-apim-common.azure-api.net/los-ecertificate-external/v1",
            "production": "https://api.sdir.no/los-ecertificate-external/v1",
        },
    )

    async def order_certificate(
        self,
        body: Order | OrderDict,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OrderReceipt:
        """Order a certificate, or cancel one.

        Only says that the order was accepted. Whether a certificate comes of it,
        `getOrderStatus` knows. With `TrialRun` nothing is issued.
        """
        with _no_locals:
            return await self._call(
                _ORDER_CERTIFICATE,
                _parse_order_receipt,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    async def get_order_status(
        self,
        body: OrderQuestion | OrderQuestionDict,
        *,
        timeout: Timeout | Unset = UNSET,
        deadline: float | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OrderStatus:
        """Ask what became of an order.

        Changes nothing, although it is a `POST`.
        """
        with _no_locals:
            return await self._call(
                _GET_ORDER_STATUS,
                _parse_order_status,
                body=body,
                timeout=timeout,
                deadline=deadline,
                retry=retry,
                more_headers=headers,
            )

    @_cached
    def with_raw_response(self) -> _Raw:
        """The same operations; each returns the answer itself, a `RawResponse`."""
        return _Raw(self._session)


class _Raw(_RawOperations):
    """`with_raw_response`: status, headers, request id, attempts and bytes beside the value."""

    _document = ECertificateV1._document
    _batches = ECertificateV1._batches

    order_certificate = _raw(ECertificateV1.order_certificate)
    get_order_status = _raw(ECertificateV1.get_order_status)


OPERATIONS = ECertificateV1
