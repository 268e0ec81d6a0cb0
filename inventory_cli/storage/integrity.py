"""Knows what SQLite itself finds wrong with a file, and which cell is not of its column's type.

Must never change anything.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

from inventory_cli.storage import schema
from inventory_cli.storage.connection import connect


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


def wrong_cell(connection: sqlite3.Connection) -> str | None:
    """Return, in words, the first cell that is not of its column's type; None where all are.

    Tables keep their types by themselves, but a damaged byte or an altered schema does not ask
    them. Raises DatabaseError where a table cannot be read.
    """
    for table, columns in schema.columns().items():
        key = ", ".join(column.name for column in columns if column.is_key)
        for name, types, _ in columns:
            row = connection.execute(
                f"SELECT typeof({name}), {key} FROM {table}"
                f" WHERE typeof({name}) NOT IN ({', '.join('?' * len(types))}) LIMIT 1",
                types,
            ).fetchone()
            if row is not None:
                found, *place = row
                where = ", ".join(map(str, place))
                return f"{name} of {table} {where} is of type {found}, not {types[0]}"
    return None
