"""Knows how a file is connected to: that it is there, written durably, and waited for.

Must never know what is in the file.
"""

import os
import sqlite3
import time
from pathlib import Path

from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.failures import file_failures, primary_code

# SQLite's journal mode of a ledger.
DURABLE = "delete"
# How long an append waits for other writers before it gives up, in seconds.
BUSY_TIMEOUT = 30.0


def connect(path: Path, mode: str = "rw", any_thread: bool = False) -> sqlite3.Connection:
    """Connect to a file that exists; `mode` is SQLite's, `any_thread` lets others use it too."""
    with file_failures(path):
        if not path.exists():
            raise LedgerUnusable(
                f"there is no ledger at {path}",
                "make one with `inventory init`, or name another with --ledger FILE",
            )
        if path.is_dir():
            raise LedgerUnusable(
                f"{path} is a folder, not a ledger",
                f"name the ledger in it, like --ledger {path / 'inventory.db'}",
            )
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=not any_thread,
    )


def journal_mode(connection: sqlite3.Connection) -> str:
    """Return how SQLite undoes what is broken off: `delete` as a ledger is made, or else as another
    program has left it, such as `wal`.
    """
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def make_durable(connection: sqlite3.Connection, path: Path) -> None:
    """Set what the promise of durability rests on, and read it back: SQLite may decline."""
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA recursive_triggers = ON")
    try:
        connection.execute(f"PRAGMA journal_mode = {DURABLE}")
    except sqlite3.OperationalError as error:
        if primary_code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
    mode = journal_mode(connection)
    if mode == "wal":
        raise LedgerUnusable(
            f"{path} is in WAL mode: another program has set that, and has the file open",
            "close that program and try again; whatever records first sets it back",
        )
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != (DURABLE, 3):
        raise LedgerUnusable(
            f"SQLite would not write {path} durably: journal_mode {mode}, synchronous {level}",
            "keep the ledger on a disk of this machine, and try again",
        )
    # 4 MB: a large import is no faster with more, and takes several times what it is given.
    connection.execute("PRAGMA cache_size = -4096")


def begin_immediate(connection: sqlite3.Connection) -> None:
    """Take the write lock. SQLite's own waiting backs off, so a newcomer overtakes whoever has
    waited long; trying again after short random pauses gives every waiter the same chance.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            # Between 1 and 10 milliseconds; the `random` module costs more to import.
            time.sleep(0.001 + os.urandom(1)[0] * 0.009 / 255)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
