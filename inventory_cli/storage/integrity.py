"""Knows what SQLite itself finds wrong with a file, found out on another core. Changes nothing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

from inventory_cli.storage.ledger_file import connect


@contextmanager
def integrity_check(path: Path) -> Iterator[Callable[[], list[str]]]:
    """Start SQLite's `integrity_check`; what is given waits for its end, and returns the faults.

    It has a connection of its own, and runs in C without Python's lock, so that other checks go on
    meanwhile. It is broken off when the context is left before its end. What is given raises
    DatabaseError where the file cannot be read.
    """
    found: list[list[str]] = []
    failed: list[sqlite3.Error] = []

    def check() -> None:
        try:
            found.append(_faults(connection))
        except sqlite3.Error as error:
            failed.append(error)

    def faults() -> list[str]:
        running.join()
        for error in failed:
            raise error
        return found[0]

    with closing(connect(path, "ro", any_thread=True)) as connection:
        running = Thread(target=check, name="integrity")
        running.start()
        try:
            yield faults
        finally:
            if running.is_alive():
                connection.interrupt()
            running.join()


def _faults(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("PRAGMA integrity_check").fetchall()
    return [] if rows == [("ok",)] else [str(text) for (text,) in rows]
