"""Knows how batches of a file go to the database that holds their log, in as few round trips as can
be, and its own commit with the last.

Must never know whether that was done: whoever calls looks.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import Batch, headers_with_hash
from inventory_cli.storage.chain import canonical
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS
from inventory_cli.storage.snapshots import Line, Snapshot

# How many events, or lines, go in one message.
PART = 5_000
_APPEND = "SELECT inventory.append(%s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)"
_SAID = (
    f"SELECT 'event', {EVENT_COLUMNS} FROM events WHERE position BETWEEN ? AND ? ORDER BY position"
)
_SNAPSHOT = ", ".join(Snapshot._fields[2:])
_LINES = f"SELECT {', '.join(Line._fields)} FROM snapshot_lines WHERE snapshot = ? ORDER BY 1, 2"

# What `append` takes behind the ledger: the number of the batch; events, a snapshot, lines and the
# header, each as JSON, or None.
Call = Sequence[object]


def channel(identity: str) -> str:
    """Return what the database calls when a batch of a ledger was appended."""
    return f"ledger_{identity.replace('-', '')}"


def publish_part(server: Server, of: str, batch: int, texts: Sequence[str]) -> None:
    """Append events, by their canonical texts, to a batch without a header, in the transaction that
    holds the head row of the database. Raises psycopg.Error.
    """
    server.run_one(_APPEND, (of, batch, f"[{','.join(texts)}]", None, None, None))


def publish(ledger: Ledger, server: Server, after: int, sent: int = 0) -> None:
    """Append the batches of a file after number `after`, in the transaction that holds the head row
    of the database, and commit it. So many events of the first are there already. Raises
    ServerUnusable.
    """
    last = ledger.head().batch
    of = ledger.settings.identity
    statements: list[str] = []
    values: list[object] = []
    rows = 0
    with server.failures():
        for header, link in headers_with_hash(ledger, last, after):
            for size, call in _calls(ledger, header, link, sent):
                if statements and rows + size > PART:
                    server.run("; ".join(statements), values)
                    statements, values, rows = [], [], 0
                statements.append(_APPEND)
                values += (of, *call)
                rows += size
            sent = 0
        # NOTIFY behind the COMMIT, in a transaction of its own: it holds a lock of the whole server
        # until its transaction ends, and would let ledgers wait for each other.
        statements += ["COMMIT", "SELECT pg_notify(%s, %s)"]
        server.run("; ".join(statements), (*values, channel(of), str(last)))


def _calls(ledger: Ledger, header: Batch, link: bytes, sent: int) -> Iterator[tuple[int, Call]]:
    """Give the calls that append a batch behind the events that were sent, and how many rows are in
    each.
    """
    number = header.batch
    snapshot, parts, place = None, _parts_of_events(ledger, header.positions[sent:]), 0
    if header.lines_sha256 is not None:
        (row,) = ledger.connection.execute(
            f"SELECT snapshot, {_SNAPSHOT} FROM snapshots WHERE batch = ?", (number,)
        ).fetchall()
        snapshot, parts, place = canonical(row[1:]), _parts(ledger, _LINES, row[:1]), 1
    part = next(parts, None)
    while part is not None and (following := next(parts, None)) is not None:
        said: list[str | None] = [None, None]
        said[place] = canonical(part)
        yield len(part), (number, said[0], snapshot, said[1], None)
        part, snapshot = following, None
    closing = (*header[1:6], header.details, link.hex())
    said = [None, None]
    if part is not None:
        said[place] = canonical(part)
    yield len(part or ()) + 1, (number, said[0], snapshot, said[1], canonical(closing))


def _parts_of_events(ledger: Ledger, positions: range) -> Iterator[list[Any]]:
    return _parts(ledger, _SAID, (positions.start, positions.stop - 1)) if positions else iter(())


def _parts(ledger: Ledger, query: str, values: Sequence[object]) -> Iterator[list[Any]]:
    rows = ledger.connection.execute(query, values)
    while part := rows.fetchmany(PART):
        yield part
