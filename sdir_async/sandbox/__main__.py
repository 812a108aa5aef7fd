"""The command `sdir-sandbox`: a local Sdir until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sqlite3
import sys
from typing import TYPE_CHECKING

from .server import Sandbox

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(options))
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"sdir-sandbox: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sdir-sandbox", description="A local Sdir to develop and test against."
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument("--port", type=int, default=8400, help="0 takes a free one (%(default)s)")
    parser.add_argument("--store", metavar="FILE", help="keep the records in this file")
    parser.add_argument("--documents", metavar="DIR", help="serve the OpenAPI documents in here")
    parser.add_argument(
        "--key", action="append", help="a subscription key to let in; give it twice for two"
    )
    return parser


async def _serve(options: argparse.Namespace) -> None:
    sandbox = Sandbox(
        options.documents,
        store=options.store,
        host=options.host,
        port=options.port,
        keys=options.key,
    )
    async with sandbox:
        sys.stdout.write(_greeting(sandbox, options))
        sys.stdout.flush()
        await asyncio.Event().wait()


def _greeting(sandbox: Sandbox, options: argparse.Namespace) -> str:
    """Say what is served and how to get at it; a key that was given is not repeated."""
    key = "<the key you gave>" if options.key else sandbox.api_key
    reach = "this machine only" if options.host in _LOOPBACK else "open to the network"
    width = max(map(len, sandbox.served))
    lines = [
        f"Sdir sandbox at {sandbox.base_url} ({reach})",
        *(f"  {name:{width}}  {url}" for name, url in sandbox.served.items()),
        "",
        "Point a client at it:",
        f'  Sdir("{key}", base_url="{sandbox.base_url}")',
        "",
        f"Records are kept in {options.store or 'memory'}. Ctrl-C ends it.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
