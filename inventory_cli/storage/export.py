"""Knows the exchange form of a whole log: JSON Lines, in the order of the chain.

One object a line, with one key that says what it is:

    {"ledger": {…}}                 the settings, first
    {"carried_ids": [[…], …]}       the ids taken over from the ledgers before, if any; several such
                                    lines where there are many
    {"event": {…}}                  every event, and then …
    {"batch": {…}}                  … the header that closes its batch
    {"snapshot": {…}, "lines": […]} before the header of its batch
    {"head": "POSITION:HASH"}       last, so that a file cut short is noticed

Hashes are hexadecimal. Must never know how it is read back.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, get_args, get_type_hints

from inventory_cli.core.events import Event
from inventory_cli.errors import damaged
from inventory_cli.storage.batches import headers_with_hash
from inventory_cli.storage.carried_ids import CarriedId, read_carried
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import pieces, stored_rows
from inventory_cli.storage.snapshots import read_lines, read_snapshots

# 2: a snapshot has `whole_to` and `closes`. 3: a batch has `details`, and there are carried ids.
FORMAT = 3
READABLE = (1, 2, 3)


def export_text(ledger: Ledger) -> Iterator[str]:
    """Give the whole log up to the present head as text: some lines at a time, with their ends."""
    head = ledger.head()
    settings = {"format": FORMAT, **ledger.settings._asdict(), "hash": ledger.start().hex()}
    yield _line({"ledger": settings})
    for carried in parts_of(read_carried(ledger)):
        yield _line({"carried_ids": carried})
    snapshots = {snapshot.batch: snapshot for snapshot in read_snapshots(ledger)}
    events = chain.from_iterable(event_lines(ledger, head.position))
    for header, link in headers_with_hash(ledger, head.batch):
        yield from _claimed(events, header.positions)
        if snapshot := snapshots.get(header.batch):
            lines = read_lines(ledger, snapshot.snapshot)
            yield _line({"snapshot": snapshot._asdict(), "lines": lines})
        named = {**header._asdict(), "hash": link.hex()}
        # Behind the hash, and only where there are any: so older readers know all the others.
        details = named.pop("details")
        yield _line({"batch": named if details is None else {**named, "details": details}})
    yield _line({"head": head.anchor})


# How many carried ids stand on a line.
_IDS_ON_A_LINE = 10_000


def parts_of(carried: Iterable[CarriedId]) -> Iterator[list[CarriedId]]:
    """Give carried ids as they stand on the lines of an export."""
    iterator = iter(carried)
    while part := list(islice(iterator, _IDS_ON_A_LINE)):
        yield part


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


# How many lines are written at a time.
_LINES = 1_000
# A position, and the line of the event that stands there.
EventLine = tuple[int, str]


def _claimed(events: Iterator[EventLine], positions: range) -> Iterator[str]:
    """Give the lines of the events that a batch claims, which are the next ones."""
    while positions:
        wanted, positions = positions[:_LINES], positions[_LINES:]
        lines = list(islice(events, len(wanted)))
        if [position for position, _ in lines] != list(wanted):
            there = {position for position, _ in lines}
            missing = next(position for position in wanted if position not in there)
            raise damaged(f"event {missing} is missing")
        yield "".join([line for _, line in lines])


def event_lines(ledger: Ledger, head: int) -> Iterator[list[EventLine]]:
    """Give the events up to a head as lines, with their positions, piece by piece.

    SQLite writes them, in a third of the time. But it refuses a blob and rounds a real number: an
    event with a cell of another type than its column's is written here, as far as it can be.
    """
    for rows in pieces(ledger, f"position, {_SQL_LINE}", head):
        yield [row if row[1] else (row[0], written_here(ledger, row[0])) for row in rows]


def written_here(ledger: Ledger, position: int) -> str:
    """Return the line of one event as Python's `json` writes it."""
    ((*fields, link),) = next(stored_rows(ledger, position, position - 1))
    return _line({"event": {**dict(zip(Event._fields, fields, strict=True)), "hash": link.hex()}})


_SQL_TYPES = {str: "text", int: "integer"}


def _as_declared(column: str, hint: Any) -> str:
    """Return the SQL condition that a cell is of the type that an event has there."""
    kind, *nothing = get_args(hint) or (hint,)
    of_type = f"typeof({column}) = '{_SQL_TYPES[kind]}'"
    return f"({column} IS NULL OR {of_type})" if nothing else of_type


_TYPES_FIT = " AND ".join(
    [_as_declared(*field) for field in get_type_hints(Event).items()] + ["typeof(hash) = 'blob'"]
)
_NAMED = ", ".join(f"'{name}', {name}" for name in Event._fields)
_SQL_LINE = (
    f"CASE WHEN {_TYPES_FIT} THEN"
    f" json_object('event', json_object({_NAMED}, 'hash', lower(hex(hash)))) || char(10)"
    " END AS event"
)
