"""All contenders by name: what a round of each is, and what it needs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from attrs import frozen

from . import ours, peers

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Contender:
    """One way to do the work.

    Attributes:
        title: For people.
        open: Opens a client and yields what sends a number of records, or gets them.
        count: Records, or calls, in a round.
        needs: Modules without which it is skipped.
        uvloop: Whether it runs on uvloop.
    """

    title: str
    open: Callable[[dict[str, str], int], Any]
    count: int = 20_000
    needs: tuple[str, ...] = ()
    uvloop: bool = False

    def missing(self) -> list[str]:
        """Return what is not installed."""
        wanted = [*self.needs, *(["uvloop"] if self.uvloop else [])]
        return [name for name in wanted if find_spec(name.split(".")[0]) is None]


_AIOHTTP = ("aiohttp",)

CONTENDERS = {
    "floor": Contender("floor: bytes over sockets", peers.raw_bytes),
    "aiohttp bytes": Contender("aiohttp, bodies made before", peers.aiohttp_bytes, needs=_AIOHTTP),
    "aiohttp": Contender("aiohttp + orjson by hand", peers.aiohttp_orjson, needs=_AIOHTTP),
    "httpx": Contender("httpx + orjson by hand", peers.httpx_orjson),
    "stock": Contender("openapi-python-client", peers.stock, needs=("stock_client",)),
    "stock echo": Contender(
        "openapi-python-client, echoed", peers.stock_echo, needs=("stock_client",)
    ),
    "generator": Contender(
        "OpenAPI Generator, asyncio", peers.openapi_generator, 5_000, ("generated_client",)
    ),
    "stock single": Contender(
        "openapi-python-client, one a request", peers.stock_single, 400, ("stock_client",)
    ),
    "models": Contender("ours: models", ours.upload(ours.models)),
    "models echo fast": Contender(
        "ours [fast]: models, echoed",
        ours.upload(ours.models, way="echo", transport="fast"),
        needs=_AIOHTTP,
    ),
    "models check fast": Contender(
        "ours [fast]: models, check on",
        ours.upload(ours.models, check=True, transport="fast"),
        needs=_AIOHTTP,
    ),
    "models journal fast": Contender(
        "ours [fast]: models, journal",
        ours.upload(ours.models, journal=True, transport="fast"),
        needs=_AIOHTTP,
    ),
    "models echo": Contender("ours: models, echoed", ours.upload(ours.models, way="echo")),
    "models check": Contender("ours: models, check on", ours.upload(ours.models, check=True)),
    "models journal": Contender("ours: models, journal", ours.upload(ours.models, journal=True)),
    "models check journal": Contender(
        "ours: models, check on, journal", ours.upload(ours.models, check=True, journal=True)
    ),
    "models check journal fast": Contender(
        "ours [fast]: models, check on, journal",
        ours.upload(ours.models, check=True, journal=True, transport="fast"),
        needs=_AIOHTTP,
    ),
    "mappings": Contender("ours: mappings", ours.upload(ours.dicts)),
    "bytes": Contender("ours: bytes", ours.upload(ours.lines)),
    "stream": Contender("ours: mappings, a generator", ours.upload(ours.dicts, streamed=True)),
    "stream fast": Contender(
        "ours [fast]: mappings, a generator",
        ours.upload(ours.dicts, streamed=True, transport="fast"),
        needs=_AIOHTTP,
    ),
    "models fast": Contender(
        "ours [fast]: models", ours.upload(ours.models, transport="fast"), needs=_AIOHTTP
    ),
    "mappings fast": Contender(
        "ours [fast]: mappings", ours.upload(ours.dicts, transport="fast"), needs=_AIOHTTP
    ),
    "bytes fast": Contender(
        "ours [fast]: bytes", ours.upload(ours.lines, transport="fast"), needs=_AIOHTTP
    ),
    "mappings fast uvloop": Contender(
        "ours [fast], uvloop: mappings",
        ours.upload(ours.dicts, transport="fast"),
        needs=_AIOHTTP,
        uvloop=True,
    ),
    "get httpx": Contender("GET: httpx", peers.get_httpx, 600),
    "get": Contender("GET: ours", ours.gets(transport="httpx"), 600),
    "get httpx2": Contender("GET: ours [httpx2]", ours.gets(transport="httpx2"), 600, ("httpx2",)),
    "get httpx-aiohttp": Contender(
        "GET: httpx over httpx-aiohttp", peers.get_httpx_aiohttp, 1000, ("httpx_aiohttp",)
    ),
    "get pyreqwest": Contender(
        "GET: httpx over pyreqwest", peers.get_pyreqwest, 1000, ("pyreqwest",)
    ),
    "get fast": Contender("GET: ours [fast]", ours.gets(transport="fast"), 1000, _AIOHTTP),
    "get traced": Contender(
        "GET: ours [fast], traced",
        ours.gets(transport="fast", traced=True),
        1000,
        (*_AIOHTTP, "opentelemetry.sdk"),
    ),
    "get fast uvloop": Contender(
        "GET: ours [fast], uvloop", ours.gets(transport="fast"), 1000, _AIOHTTP, uvloop=True
    ),
    "get aiohttp": Contender("GET: aiohttp", peers.get_aiohttp, 1000, _AIOHTTP),
}
