"""Downloads one document, whole or not at all."""

from __future__ import annotations

import time
from urllib.parse import urljoin, urlsplit

import httpx

from sdir_async.wire import KEY_HEADER

LARGEST = 50_000_000
_REDIRECTS = 5


class DownloadFailed(Exception):
    """No document was downloaded; the message says why, and holds no key."""


class NotPublished(DownloadFailed):
    """Nothing is at the address: an API without operations is not published."""


def download(url: str, key: str | None, *, seconds: float) -> bytes:
    """Return what is at an address.

    Args:
        url: Where to ask; redirects are followed.
        key: The subscription key. It is sent to the address's own host, and to no other.
        seconds: How long the whole download may take.

    Raises:
        DownloadFailed: There was no good answer, or not all of it, in time.
    """
    until = time.monotonic() + seconds
    try:
        with httpx.Client(timeout=min(10.0, seconds)) as client:
            return _follow(client, url, key, until)
    except httpx.TimeoutException as error:
        raise DownloadFailed("it took too long to answer") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadFailed(f"the connection failed: {error}") from error


def _follow(client: httpx.Client, url: str, key: str | None, until: float) -> bytes:
    origin = _origin(url)
    for _ in range(_REDIRECTS):
        headers = {KEY_HEADER: key} if key and _origin(url) == origin else {}
        with client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if not response.has_redirect_location:
                return _content(response, until)
            target = urljoin(url, response.headers["location"])
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise DownloadFailed("it redirects from https to http")
        url = target
    raise DownloadFailed(f"it redirects more than {_REDIRECTS} times")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _content(response: httpx.Response, until: float) -> bytes:
    if response.status_code in (401, 403):
        raise DownloadFailed(f"status {response.status_code}: it needs a key; name one by key_from")
    if response.status_code == 404:
        raise NotPublished("not published (404)")
    if response.status_code != 200:
        raise DownloadFailed(f"status {response.status_code}")
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if time.monotonic() > until:
            raise DownloadFailed("it took too long to arrive")
        if len(content) > LARGEST:
            raise DownloadFailed(f"it is larger than {LARGEST:,} bytes")
    return bytes(content)
