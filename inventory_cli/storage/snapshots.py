"""Knows how a snapshot is stored: a batch without events, a row, and a line for each stream."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from inventory_cli.core.dates import utc_text
from inventory_cli.core.replay import State, Stream
from inventory_cli.errors import Refused
from inventory_cli.storage.append import Origin, close_batch
from inventory_cli.storage.chain import digest_lines
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import Batch


class Snapshot(NamedTuple):
    """The header of a snapshot: the state at a position and an as-of date."""

    snapshot: int
    batch: int
    name: str | None
    as_of: str
    position: int


class Line(NamedTuple):
    """What a snapshot says of one stream. The moments are UTC text, or days as opened with."""

    sku: str
    location: str
    on_hand: int
    last_incoming: str | None
    last_outgoing: str | None
    last_counted: str | None


_SNAPSHOT_COLUMNS = ", ".join(Snapshot._fields)
_LINE_COLUMNS = ", ".join(Line._fields)


def lines_of(states: Mapping[Stream, State]) -> list[Line]:
    """Return the lines that record these states, sorted by SKU and location."""
    return [
        Line(
            *stream,
            state.on_hand,
            state.last_incoming,
            state.last_outgoing,
            state.last_counted,
        )
        for stream, state in sorted(states.items())
    ]


def store_snapshot(
    ledger: Ledger,
    origin: Origin,
    name: str | None,
    as_of: str,
    position: int,
    lines: list[Line],
    clock: Clock,
) -> Snapshot:
    """Record a snapshot as a batch of its own. Raises Refused when the name is taken."""
    with ledger.writing():
        taken = name is not None and find_snapshot(ledger, name)
        if taken:
            raise Refused(f"there is a snapshot {name!r} already", "choose another name")
        head = ledger.head()
        (number,) = ledger.connection.execute(
            "SELECT coalesce(max(snapshot), 0) + 1 FROM snapshots"
        ).fetchone()
        snapshot = Snapshot(number, head.batch + 1, name, as_of, position)
        insert_snapshot(ledger.connection, snapshot, lines)
        recorded_at = max(utc_text(clock()), head.recorded_at)
        digest = digest_lines(snapshot, lines)
        header = Batch(snapshot.batch, recorded_at, *origin, None, None, digest)
        close_batch(ledger, header, head.hash)
    return snapshot


def insert_snapshot(
    connection: sqlite3.Connection, snapshot: Snapshot, lines: Iterable[Line]
) -> None:
    """Write a snapshot and its lines, inside the open transaction and before its batch header."""
    connection.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)", snapshot)
    connection.executemany(
        "INSERT INTO snapshot_lines VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((snapshot.snapshot, *line) for line in lines),
    )


def read_snapshots(ledger: Ledger) -> list[Snapshot]:
    """Return the headers of all snapshots, in order."""
    rows = ledger.connection.execute(
        f"SELECT {_SNAPSHOT_COLUMNS} FROM snapshots ORDER BY snapshot"
    ).fetchall()
    return [Snapshot(*row) for row in rows]


def find_snapshot(ledger: Ledger, key: str) -> Snapshot | None:
    """Return the snapshot of a name, or else of a number, or None."""
    snapshots = read_snapshots(ledger)
    named = (snapshot for snapshot in snapshots if snapshot.name == key)
    numbered = (snapshot for snapshot in snapshots if str(snapshot.snapshot) == key)
    return next(named, None) or next(numbered, None)


def read_lines(ledger: Ledger, snapshot: int) -> list[Line]:
    """Return the lines of a snapshot, sorted by SKU and location."""
    rows = ledger.connection.execute(
        f"SELECT {_LINE_COLUMNS} FROM snapshot_lines WHERE snapshot = ? ORDER BY sku, location",
        (snapshot,),
    ).fetchall()
    return [Line(*row) for row in rows]


def snapshot_batches(ledger: Ledger, last: int) -> list[int]:
    """Return the numbers of the batches that recorded a snapshot, up to batch `last`."""
    rows = ledger.connection.execute(
        "SELECT batch FROM batches WHERE lines_sha256 IS NOT NULL AND batch <= ? ORDER BY batch",
        (last,),
    ).fetchall()
    return [batch for (batch,) in rows]


def orphaned_lines(ledger: Ledger) -> list[int]:
    """Return the numbers under which lines are stored without a snapshot."""
    rows = ledger.connection.execute(
        "SELECT DISTINCT snapshot FROM snapshot_lines"
        " WHERE snapshot NOT IN (SELECT snapshot FROM snapshots) ORDER BY snapshot"
    ).fetchall()
    return [snapshot for (snapshot,) in rows]
