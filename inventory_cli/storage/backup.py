"""Knows how a ledger is copied, as it is at one moment, while others write to it.

Must never know what is in it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.connection import make_durable
from inventory_cli.storage.failures import (
    file_failures,
    primary_code,
    sqlite_failures,
    unusable,
)
from inventory_cli.storage.ledger_file import Head, Ledger, open_ledger
from inventory_cli.storage.new_file import new_file

# Pages that are copied at a time, about 4 MB: Ctrl-C is heard between two steps.
STEP = 1_000
_NOTHING = "; no backup was made"
_READING_FAILED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
}


def back_up(
    ledger: Ledger, path: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> Head:
    """Copy a ledger to a new file, and return the head of both.

    The file appears under its name only when it is whole, on the disk, and was opened as a ledger
    with the head that the original had. `progress` is told how many pages are copied, of how many.
    Raises NotFree when there is a file of that name already.
    """
    with new_file(path, "name a file that does not exist yet") as unfinished:
        with file_failures(path):
            _create(unfinished, ledger.path)
        head = _copy(ledger, unfinished, path, progress)
        with open_ledger(unfinished, audit=True, outdated=True) as copy:
            if (found := copy.head()) != head:
                raise LedgerUnusable(
                    f"the copy of {ledger.path} ends at {found.anchor}, not at {head.anchor}"
                    f"{_NOTHING}",
                    "check the disk",
                )
    return head


def _create(unfinished: Path, original: Path) -> None:
    """Create an empty file that nobody may read who may not read the original."""
    permissions = original.stat().st_mode & 0o777 | 0o600
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, permissions))


def _copy(
    ledger: Ledger, unfinished: Path, path: Path, progress: Callable[[int, int], None]
) -> Head:
    """Copy all pages under one shared lock, and return the head that the ledger had then.

    A copy in several locks would begin anew whenever somebody writes between them, and so might
    never end. Under one, others wait with their commits, for as long as copying takes.
    """

    def advance(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            # Python would try again for ever, and hold up the writers of the ledger.
            raise LedgerUnusable(f"{path} is locked by another process{_NOTHING}", "try again")
        progress(total - remaining, total)

    with closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
        # A copy that was not finished is thrown away, so it needs neither a journal nor the disk:
        # it is brought there as a whole, when others need not wait any more.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        with sqlite_failures(ledger.path), ledger.reading():
            head = ledger.head()
            try:
                ledger.connection.backup(copy, pages=STEP, progress=advance)
            except sqlite3.Error as error:
                reading = {primary_code(error), error.sqlite_errorcode} & _READING_FAILED
                raise unusable(ledger.path if reading else path, error, _NOTHING) from error
        # A ledger that somebody switched to WAL says so in its first page.
        make_durable(copy, path)
    return head
