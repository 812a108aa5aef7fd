"""What Azure API Management answers by itself, in front of the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

KEY_HEADER = "Ocp-Apim-Subscription-Key"

_MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
_INVALID = (
    "Access denied due to invalid subscription key. "
    "Make sure to provide a valid key for an active subscription."
)


class Gateway:
    """Lets in who brings one of its keys.

    Example:
        ```python
        gateway = Gateway(["primary", "secondary"])
        refusal = gateway.refuse(request, "/base")
        ```
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(keys)

    def refuse(self, request: Request, base: str) -> Response | None:
        """Return the answer to a request that may not pass, `None` to one that may."""
        key = request.headers.get(KEY_HEADER)
        if key in self._keys:
            return None
        realm = f"{request.url.scheme}://{request.url.netloc}{base}"
        challenge = f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'
        return _answer(401, _INVALID if key else _MISSING, {"WWW-Authenticate": challenge})


def not_found() -> Response:
    """Return the answer where no operation has this path and method."""
    return _answer(404, "Resource not found")


def _answer(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = f'{{ "statusCode": {status}, "message": "{message}" }}'
    return Response(body, status, headers, media_type="application/json")
