"""The command `sdir-sandbox`: a local Sdir that runs until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .limits import read_seconds

try:
    from .server import Sandbox
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("sdir_async"):
        raise
    sys.exit(f"sdir-sandbox: {missing.name} is missing: pip install 'sdir-async[sandbox]'")

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .token_server import TokenServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM, and return the exit status."""
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
        prog="sdir-sandbox", description="Run a local Sdir for development and tests."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8400, help="0 uses a free port (%(default)s)")
    parser.add_argument("--store", metavar="FILE", help="keep the records in this file")
    parser.add_argument(
        "--documents", metavar="FOLDER", help="serve this folder's OpenAPI documents"
    )
    parser.add_argument(
        "--key", action="append", help="a subscription key to accept; can be repeated"
    )
    _add_tokens(parser.add_argument_group("the Maskinporten token"))
    _add_gateway(parser.add_argument_group("the gateway"))
    database = parser.add_argument_group("the database")
    database.add_argument(
        "--sleep-after", metavar="TIME", help="sleep after this much idle time, such as 60s"
    )
    database.add_argument(
        "--wake", metavar="TIME", default="60s", help="how long waking takes (%(default)s)"
    )
    return parser


def _add_tokens(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--maskinporten",
        action="store_true",
        help="require a token too; create and register a key pair, and print the settings",
    )
    group.add_argument(
        "--token-life", metavar="TIME", default="120s", help="how long tokens live (%(default)s)"
    )


def _add_gateway(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--rate", help="the rate limit, such as 20/s; rejected calls count too")
    group.add_argument("--quota", help="the limit for a longer period, such as 1000/h")
    group.add_argument(
        "--circuit",
        metavar="RATE",
        help="such as 3/10s: after 3 failures in 10 s, refuse calls for 10 s",
    )
    group.add_argument(
        "--gateway-timeout",
        metavar="TIME",
        default="240s",
        help="how long to wait for an API (%(default)s)",
    )
    group.add_argument(
        "--body-limit",
        metavar="BYTES",
        type=int,
        default=30_000_000,
        help="the largest body to accept (%(default)s)",
    )


async def _serve(options: argparse.Namespace) -> None:
    ended = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # on Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    life = read_seconds(options.token_life)
    tokens = _token_server(life) if options.maskinporten else None
    sandbox = Sandbox(
        options.documents,
        store=options.store,
        host=options.host,
        port=options.port,
        keys=options.key,
        body_limit=options.body_limit,
        rate=options.rate,
        quota=options.quota,
        circuit=options.circuit,
        gateway_timeout=read_seconds(options.gateway_timeout),
        sleep_after=read_seconds(options.sleep_after) if options.sleep_after else None,
        wake=read_seconds(options.wake),
        maskinporten=tokens or False,
    )
    prefix = "sdir-sandbox-"
    keys = tempfile.TemporaryDirectory(prefix=prefix) if tokens else contextlib.nullcontext("")
    with keys as folder:
        async with sandbox:
            sys.stdout.write(_greeting(sandbox, options))
            if tokens:
                sys.stdout.write(_settings(tokens, Path(folder) / "key.pem"))
            place = options.store or "memory"
            sys.stdout.write(f"Records are kept in {place}. Press Ctrl-C to stop.\n")
            sys.stdout.flush()
            await ended.wait()


def _token_server(lifetime: float) -> TokenServer:
    try:
        from .token_server import TokenServer
    except ModuleNotFoundError as missing:
        needed = "pip install 'sdir-async[sandbox,maskinporten]'"
        raise ValueError(f"{missing.name} is missing: {needed}") from None
    return TokenServer(lifetime=lifetime)


def _settings(tokens: TokenServer, key_file: Path) -> str:
    """Write the key to a file that is removed when the sandbox ends; return how to use it."""
    settings = tokens.settings
    key_file.touch(mode=0o600)
    key_file.write_text(settings["key"])
    lines = [
        "Each call requires a Maskinporten token as well as the key. Use these settings:",
        f"  export SDIR_MASKINPORTEN_CLIENT_ID={settings['client_id']}",
        f"  export SDIR_MASKINPORTEN_KEY_FILE={key_file}",
        f"  export SDIR_MASKINPORTEN_KID={settings['kid']}",
        f"  export SDIR_MASKINPORTEN_ISSUER={settings['issuer']}",
        "",
    ]
    return "\n".join(lines) + "\n"


def _greeting(sandbox: Sandbox, options: argparse.Namespace) -> str:
    """Return what is served and how to reach it; a key that was given is not repeated."""
    key = "<the key you gave>" if options.key else sandbox.api_key
    reach = "this machine only" if options.host in _LOOPBACK else "open to the network"
    width = max(map(len, sandbox.served))
    lines = [
        f"Sdir sandbox at {sandbox.base_url} ({reach})",
        *(f"  {name:{width}}  {url}" for name, url in sandbox.served.items()),
        "",
        "Connect a client:",
        f'  Sdir("{key}", base_url="{sandbox.base_url}")',
        "",
        f"See the requests and turn faults on: {sandbox.base_url}/",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
