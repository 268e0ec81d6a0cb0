"""Knows how a snapshot is stored: a batch without events, a row, and a line for each stream."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

from inventory_cli.core.dates import show_cut, utc_text
from inventory_cli.errors import Refused
from inventory_cli.storage.append import close_batch
from inventory_cli.storage.chain import digest_lines
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import Batch, Origin
from inventory_cli.storage.periods import read_closings
from inventory_cli.storage.snapshots import Line, Snapshot, find_snapshot


class Content(NamedTuple):
    """What a snapshot holds: its lines at a position, and how far the log is whole."""

    position: int
    lines: list[Line]
    whole_to: int


def store_snapshot(
    ledger: Ledger,
    origin: Origin,
    name: str | None,
    as_of: str,
    content_at: Callable[[int], Content],
    clock: Clock,
    closes: bool,
) -> tuple[Snapshot, Content]:
    """Record a snapshot of the present head as a batch of its own, and return what it holds.

    `content_at` gives that for a position. It is asked before the lock is taken, so as not to keep
    others from recording meanwhile; for a snapshot that closes a period, under it, so that nothing
    enters the period between. Raises Refused when the name is taken, or the period closed already.
    """
    content = None if closes else content_at(ledger.head().position)
    with ledger.writing():
        if name is not None and find_snapshot(ledger, name):
            raise Refused(f"there is a snapshot {name!r} already", "choose another name")
        head = ledger.head()
        if closes:
            _refuse_closed(ledger, as_of)
        if content is None:
            content = content_at(head.position)
        (number,) = ledger.connection.execute(
            "SELECT coalesce(max(snapshot), 0) + 1 FROM snapshots"
        ).fetchone()
        position, lines, whole_to = content
        snapshot = Snapshot(number, head.batch + 1, name, as_of, position, whole_to, int(closes))
        insert_snapshot(ledger.connection, snapshot, lines)
        recorded_at = max(utc_text(clock()), head.recorded_at)
        digest = digest_lines(snapshot, lines)
        header = Batch(snapshot.batch, recorded_at, *origin, None, None, digest)
        close_batch(ledger, header, head.hash)
    return snapshot, content


def _refuse_closed(ledger: Ledger, as_of: str) -> None:
    closings = read_closings(ledger)
    if closings and as_of <= closings[-1].as_of:
        last = show_cut(closings[-1].as_of, ledger.zone)
        raise Refused(
            f"the period up to {last} is closed already ({closings[-1].name})",
            "a later date closes the next period",
        )


def insert_snapshot(
    connection: sqlite3.Connection, snapshot: Snapshot, lines: Iterable[Line]
) -> None:
    """Write a snapshot and its lines, inside the open transaction and before its batch header."""
    connection.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)", snapshot)
    connection.executemany(
        "INSERT INTO snapshot_lines VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((snapshot.snapshot, *line) for line in lines),
    )
