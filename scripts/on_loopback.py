"""Runs a command in a network namespace that has only loopback: nobody outside can reach it.

Spark's masters, workers and pages bind to other addresses by default. Needs `unshare`, and root or
user namespaces.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Final

_INSIDE: Final = "--inside"
_SIOCSIFFLAGS: Final = 0x8914
_UP: Final = 0x1
_LISTENS: Final = "0A"


def loopback_up() -> None:
    """Switch loopback on: in a new namespace it is off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP))


def is_alone() -> bool:
    """Say whether loopback is the only network interface."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def listening_elsewhere() -> list[str]:
    """Return the addresses, in the kernel's spelling, of listening sockets outside loopback."""
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == _LISTENS and not _is_loopback(local.split(":")[0]):
                found.append(local)
    return found


def _is_loopback(address: str) -> bool:
    """Say whether an address is 127.0.0.0/8, alone or mapped into IPv6, or ::1."""
    mapped = "0000000000000000FFFF0000"
    return address == "0" * 24 + "01000000" or address.removeprefix(mapped)[6:] == "7F"


def main(command: list[str]) -> None:
    """Become the command, inside."""
    if command[0] == _INSIDE:
        loopback_up()
        os.execvp(command[1], command[1:])
    user = [] if os.getuid() == 0 else ["--map-current-user", "--keep-caps"]
    os.execvp("unshare", ["unshare", "--net", *user, sys.executable, __file__, _INSIDE, *command])  # noqa: S607


if __name__ == "__main__":
    main(sys.argv[1:])
