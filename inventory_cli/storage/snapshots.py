"""Knows how snapshots are stored and read, which close a period, from which a replay may begin.

Must never know whether one may be taken.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from inventory_cli.core.events import INTO_CLOSED, Stream, pack_details
from inventory_cli.core.periods import Closing
from inventory_cli.core.replay import State
from inventory_cli.storage.batches import Batch, Origin, close_batch, read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import PIECE, Base, pieces


class Snapshot(NamedTuple):
    """The header of a snapshot: the state at a position and an as-of date.

    Up to `whole_to` the log holds nothing that takes effect after that date. A snapshot that
    `closes` (1) ends a period. Both are None where schema version 1 took it.
    """

    snapshot: int
    batch: int
    name: str | None
    as_of: str
    position: int
    whole_to: int | None = None
    closes: int | None = None


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


def states_of(lines: Iterable[Line]) -> dict[Stream, State]:
    """Return the states that lines record."""
    return {(line.sku, line.location): State(*line[2:]) for line in lines}


def as_kept(states: Mapping[Stream, State]) -> dict[Stream, State]:
    """Return states with all that a line keeps: not when the last event took effect."""
    return {stream: state._replace(last_effective="") for stream, state in states.items()}


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


def digests_as_stored(ledger: Ledger, snapshots: Iterable[Snapshot]) -> Iterator[str | None]:
    """Give the digest of each snapshot with its lines as they are stored; None where SQLite does
    not write the text of a line as this program does.
    """
    from inventory_cli.storage.sql_text import text_of

    text = text_of(ledger.connection, "snapshot_lines", "line", Line._fields)
    for snapshot in snapshots:
        yield _digest_as_stored(ledger, snapshot, text)


def _digest_as_stored(ledger: Ledger, snapshot: Snapshot, text: str) -> str | None:
    from inventory_cli.storage.chain import begin_digest  # As in `base_of`.

    digest = begin_digest(snapshot)
    lines = f"FROM snapshot_lines WHERE snapshot = ?{{}} ORDER BY sku, location LIMIT {PIECE}"
    after, key = lines.format(""), list[Any]([snapshot.snapshot])
    while texts := [text for (text,) in ledger.connection.execute(f"SELECT {text} {after}", key)]:
        if None in texts:
            return None
        digest.update("\n".join([*texts, ""]).encode())
        if len(texts) < PIECE:
            break
        query = f"SELECT sku, location {after} OFFSET {PIECE - 1}"
        last = ledger.connection.execute(query, key).fetchone()
        after, key = lines.format(" AND (sku, location) > (?, ?)"), [snapshot.snapshot, *last]
    return digest.hexdigest()


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


# Reading a line of a snapshot and checking its digest takes as long as replaying so many events.
EVENTS_PER_LINE = 4


def nearest_base(
    ledger: Ledger,
    head: int,
    as_of: str,
    last_batch: int = 2**62,
    per_line: int = EVENTS_PER_LINE,
) -> Base:
    """Return the snapshot that saves a replay up to `head` and `as_of` the most, or an empty base.

    Only one that was recorded up to `last_batch`, that saves more than `per_line` events for each
    of its lines, and that has the digest in its batch header: an altered snapshot is as good as
    none.
    """
    usable = [
        snapshot
        for snapshot in read_snapshots(ledger)
        if snapshot.whole_to is not None
        and snapshot.position <= head
        and snapshot.as_of <= as_of
        and snapshot.batch <= last_batch
    ]
    for snapshot in sorted(usable, key=lambda snapshot: snapshot.whole_to or 0, reverse=True):
        (lines,) = ledger.connection.execute(
            "SELECT count(*) FROM snapshot_lines WHERE snapshot = ?", (snapshot.snapshot,)
        ).fetchone()
        saved = (snapshot.whole_to or 0) - per_line * lines
        if saved > 0 and (base := base_of(ledger, snapshot)):
            return base
    return Base()


def base_of(ledger: Ledger, snapshot: Snapshot) -> Base | None:
    """Return what a replay may begin with, or None where the snapshot has not its digest."""
    # Who only asks of one SKU need not wait for OpenSSL to be loaded.
    from inventory_cli.storage.chain import digest_lines

    header, lines = read_batch(ledger, snapshot.batch), read_lines(ledger, snapshot.snapshot)
    if header is None or header.lines_sha256 != digest_lines(snapshot, lines):
        return None
    return Base(states_of(lines), snapshot.as_of, snapshot.position, snapshot.whole_to or 0)


def read_closings(ledger: Ledger) -> list[Closing]:
    """Return the closed periods, sorted by date: those that a batch recorded."""
    rows = ledger.connection.execute(
        "SELECT name, as_of FROM snapshots JOIN batches USING (batch)"
        " WHERE closes = 1 AND lines_sha256 IS NOT NULL ORDER BY as_of"
    )
    return [Closing(*row) for row in rows.fetchall()]


def late_by_batch(ledger: Ledger) -> Counter[int]:
    """Return how many events each batch recorded into a period that had been closed before."""
    row = ledger.connection.execute("SELECT min(position) FROM snapshots WHERE closes = 1")
    (closed,) = row.fetchone()
    counts: Counter[int] = Counter()
    if closed is not None:
        marked = "instr(details, ?)", f'"{INTO_CLOSED}":'
        for rows in pieces(ledger, "position, batch", ledger.head().position, closed, *marked):
            counts.update(batch for _, batch in rows)
    return counts


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
    content: Content,
    recorded_at: str,
    closes: bool,
    details: Mapping[str, str] = {},
) -> Snapshot:
    """Record a snapshot as a batch of its own, under the lock that is held, and commit."""
    from inventory_cli.storage.chain import digest_lines  # As in `base_of`.

    head = ledger.head()
    (number,) = ledger.connection.execute(
        "SELECT coalesce(max(snapshot), 0) + 1 FROM snapshots"
    ).fetchone()
    position, lines, whole_to = content
    snapshot = Snapshot(number, head.batch + 1, name, as_of, position, whole_to, int(closes))
    insert_snapshot(ledger.connection, snapshot, lines)
    digest = digest_lines(snapshot, lines)
    packed = pack_details(details)
    header = Batch(snapshot.batch, recorded_at, *origin, None, None, digest, packed)
    close_batch(ledger, header, head.hash)
    return snapshot


def insert_snapshot(
    connection: sqlite3.Connection, snapshot: Snapshot, lines: Iterable[Line]
) -> None:
    """Write a snapshot and its lines, inside the open transaction and before its batch header."""
    connection.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)", snapshot)
    connection.executemany(
        "INSERT INTO snapshot_lines VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((snapshot.snapshot, *line) for line in lines),
    )
