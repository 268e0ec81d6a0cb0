"""Knows how a file and the database that holds its log are held against each other, batch by batch.

The rules are numbered in `audit.verify`.

Where they differ, the chain tells which side was altered: what does not give its own hash. Must
never write, nor believe either side.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.core.events import ENDED_BY, SHARED, STOPPED, unpack_details
from inventory_cli.shared.parts import SharedLog
from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import BATCH_COLUMNS, Batch, hash_of_batch, headers_with_hash
from inventory_cli.storage.carried_ids import CarriedId, read_carried
from inventory_cli.storage.chain import canonical, link_batch, link_event
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, stored_rows
from inventory_cli.storage.settings import Settings
from inventory_cli.storage.snapshots import Line, Snapshot, read_lines, read_snapshots

Row = Sequence[Any]
# How many differences of one sort are told.
MOST = 20
_SETTINGS = "ledger::text, created_at, decimals, timezone, negative, hash"
_CARRIED = ", ".join(CarriedId._fields).replace("ledger", "before")
_FILE, _DATABASE = "the file", "the database"


def compare(ledger: Ledger, server: Server) -> Checked:
    """Return what differs between a file and its database, up to the last batch of the file; a
    note where the database holds more, because a replica may be behind.
    """
    with ledger.reading():
        head = ledger.head()
    problems = [
        *_settings(ledger, server),
        *islice(_batches(ledger, server, head.batch), MOST),
        *islice(_events(ledger, server, head.position), MOST),
        *islice(_snapshots(ledger, server, head.batch), MOST),
        *_heads(ledger, server),
    ]
    query = "SELECT max(batch) FROM inventory.batches WHERE ledger = %s"
    ((last,),) = server.ask(query, (ledger.settings.identity,))
    more = (last or 0) - head.batch
    count = f"{more} {'batch' if more == 1 else 'batches'}"
    notes = [f"the database holds {count} more: `inventory sync`"] if more > 0 else []
    return Checked("shared", problems, notes)


def _settings(ledger: Ledger, server: Server) -> Iterator[Finding]:
    of = ledger.settings.identity
    query = f"SELECT {_SETTINGS} FROM inventory.ledgers WHERE ledger = %s"
    theirs = server.ask(query, (of,))
    mine = [(*ledger.settings, ledger.start())]
    yield from _differing("shared-settings", "settings", mine, theirs, Settings._fields, None)
    query = f"SELECT {_CARRIED} FROM inventory.carried_ids WHERE ledger = %s ORDER BY 1, 2, 3"
    if [tuple(one) for one in read_carried(ledger)] != server.ask(query, (of,)):
        yield Finding("shared-settings", "the ids that were carried differ")


def _batches(ledger: Ledger, server: Server, last: int) -> Iterator[Finding]:
    query = f"SELECT {BATCH_COLUMNS}, hash FROM inventory.batches WHERE ledger = %s"
    query += " AND batch <= %s ORDER BY batch"
    theirs = server.ask(query, (ledger.settings.identity, last))
    mine = ((*header, link) for header, link in headers_with_hash(ledger, last))

    def fits(row: Row) -> bool:
        before = _hash_of_event(ledger, row[7]) or hash_of_batch(ledger, row[0] - 1)
        return bool(link_batch(before or ledger.start(), row[:-1]) == row[-1])

    yield from _differing("shared-batch", "batch", mine, theirs, Batch._fields, fits)


def _events(ledger: Ledger, server: Server, last: int) -> Iterator[Finding]:
    theirs = SharedLog(server, ledger.settings.identity).stored_events(0, last)
    mine = (row for rows in stored_rows(ledger, last) for row in rows)
    fields = tuple(EVENT_COLUMNS.split(", "))

    def fits(row: Row) -> bool:
        position, batch = row[0], row[1]
        begins = "SELECT 1 FROM batches WHERE first_position = ? AND batch = ?"
        is_first = ledger.connection.execute(begins, (position, batch)).fetchone()
        if is_first:
            before = hash_of_batch(ledger, batch - 1)
        else:
            before = _hash_of_event(ledger, position - 1)
        return bool(link_event(before or ledger.start(), row[:-1]) == row[-1])

    yield from _differing("shared-event", "event", mine, theirs, fields, fits)


def _snapshots(ledger: Ledger, server: Server, last: int) -> Iterator[Finding]:
    of = ledger.settings.identity
    query = f"SELECT {', '.join(Snapshot._fields)} FROM inventory.snapshots WHERE ledger = %s"
    theirs = server.ask(f"{query} AND batch <= %s ORDER BY snapshot", (of, last))
    mine = read_snapshots(ledger)
    yield from _differing("shared-snapshot", "snapshot", mine, theirs, Snapshot._fields, None)
    query = f"SELECT {', '.join(Line._fields)} FROM inventory.snapshot_lines WHERE ledger = %s"
    for snapshot in mine:
        rows = server.ask(f"{query} AND snapshot = %s ORDER BY 1, 2", (of, snapshot.snapshot))
        if rows != [tuple(one) for one in read_lines(ledger, snapshot.snapshot)]:
            text = f"the lines of snapshot {snapshot.snapshot} differ"
            yield Finding("shared-snapshot", text)


def _heads(ledger: Ledger, server: Server) -> Iterator[Finding]:
    """Give in what the head row of the database is not what its own log says."""
    rows = server.ask(_HEADS, (ledger.settings.identity,))
    if not rows:
        yield Finding("shared-head", f"{_DATABASE} does not say where the ledger ends")
    for *values, details in rows:
        says, is_so = values[: len(_HEAD)], values[len(_HEAD) :]
        with_details = unpack_details(details)
        is_so.append(ENDED_BY in with_details or with_details.get(SHARED) == STOPPED)
        for field, found, expected in zip(_HEAD, says, is_so, strict=True):
            if found != expected:
                shown = [one.hex() if isinstance(one, bytes) else one for one in (expected, found)]
                text = f"the head in {_DATABASE} differs in its {field}: {shown[1]}, and its log "
                text += f"says {shown[0]}"
                yield Finding("shared-head", text, expected=shown[0], found=shown[1])
                break


_HEAD = ("batch", "position", "recorded_at", "snapshot", "hash", "ended")
_HEADS = f"""
    SELECT {", ".join(f"h.{field}" for field in _HEAD)}, b.batch,
        greatest(0, (SELECT max(last_position) FROM inventory.batches p WHERE p.ledger = h.ledger),
            (SELECT max(position) FROM inventory.events e WHERE e.ledger = h.ledger)),
        b.recorded_at,
        coalesce((SELECT max(snapshot) FROM inventory.snapshots s WHERE s.ledger = h.ledger), 0),
        b.hash, b.details
    FROM inventory.heads h LEFT JOIN LATERAL (
        SELECT * FROM inventory.batches b WHERE b.ledger = h.ledger ORDER BY batch DESC LIMIT 1
    ) b ON true WHERE h.ledger = %s
"""


def _differing(
    rule: str,
    name: str,
    mine: Iterator[Row] | Sequence[Row],
    theirs: Iterator[Row] | Sequence[Row],
    fields: Sequence[str],
    fits: Callable[[Row], bool] | None,
) -> Iterator[Finding]:
    """Give where two lists of rows differ, each sorted by its first value; `fits` tells whether a
    row gives its own hash.
    """
    ours, others = iter(mine), iter(theirs)
    own, other = next(ours, None), next(others, None)
    while own is not None or other is not None:
        if other is None or (own is not None and own[0] < other[0]):
            yield _missing(rule, name, own, _DATABASE)
            own = next(ours, None)
        elif own is None or other[0] < own[0]:
            yield _missing(rule, name, other, _FILE)
            other = next(others, None)
        else:
            if tuple(own) != tuple(other):
                yield _changed(rule, name, own, other, fields, fits)
            own, other = next(ours, None), next(others, None)


def _missing(rule: str, name: str, row: Row | None, where: str) -> Finding:
    assert row is not None
    position = row[0] if name == "event" else None
    return Finding(rule, f"{where} lacks {name} {row[0]}", position=position)


def _changed(
    rule: str,
    name: str,
    own: Row,
    other: Row,
    fields: Sequence[str],
    fits: Callable[[Row], bool] | None,
) -> Finding:
    pairs = zip((*fields, "hash"), own, other, strict=True)
    field, ours, theirs = next(pair for pair in pairs if pair[1] != pair[2])
    shown = [one.hex() if isinstance(one, bytes) else one for one in (ours, theirs)]
    text = f"{name} {own[0]} differs in its {field}: {canonical(shown[:1])[1:-1]} in {_FILE}, "
    text += f"{canonical(shown[1:])[1:-1]} in {_DATABASE}"
    altered: list[str] = []
    if fits is not None:
        altered = [side for side, row in ((_FILE, own), (_DATABASE, other)) if not fits(row)]
        text += f"; altered in {' and in '.join(altered)}" if altered else ""
    position = own[0] if name == "event" else None
    # Where only the file was altered, the database says what follows from the log.
    if altered == [_FILE]:
        shown.reverse()
    return Finding(rule, text, position=position, expected=shown[0], found=shown[1])


def _hash_of_event(ledger: Ledger, position: int | None) -> bytes | None:
    query = "SELECT hash FROM events WHERE position = ?"
    row = ledger.connection.execute(query, (position,)).fetchone()
    return row[0] if row else None
