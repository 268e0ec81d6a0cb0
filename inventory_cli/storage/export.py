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
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, takewhile
from typing import Any, get_args, get_type_hints

from inventory_cli.core.events import Event
from inventory_cli.errors import damaged
from inventory_cli.storage.batches import headers_with_hash
from inventory_cli.storage.carried_ids import CarriedId, read_carried
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import stored_rows
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
    following, events = 1, event_lines(ledger, 1, head.position)
    for header, link in headers_with_hash(ledger, head.batch):
        if positions := header.positions:
            if positions.start > following:
                # What no batch claims is passed over.
                events = event_lines(ledger, positions.start, head.position)
            elif positions.start < following:
                raise damaged(f"event {positions.start} is missing")
            yield from _claimed(events, positions)
            following = positions.stop
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
    return _json(value) + "\n"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# How many lines SQLite writes at a time: they stay in the processor's cache.
_LINES = 2_000


def _claimed(lines: Iterator[str], positions: range) -> Iterator[str]:
    """Give the lines of the events that a batch claims, which are the next ones."""
    while positions:
        wanted, positions = positions[:_LINES], positions[_LINES:]
        found = list(islice(lines, len(wanted)))
        if len(found) < len(wanted):
            raise damaged(f"event {wanted[len(found)]} is missing")
        yield "\n".join([*found, ""])


def event_lines(ledger: Ledger, begin: int, head: int) -> Iterator[str]:
    """Give the events from a position to the head as lines without their ends, as far as none is
    missing.
    """
    return chain.from_iterable(_line_pieces(ledger, begin, head))


def _line_pieces(ledger: Ledger, begin: int, head: int) -> Iterator[list[str]]:
    """Give what `event_lines` does, piece by piece.

    SQLite writes the lines of a piece as one text, in a third of the time. But it refuses a blob
    and rounds a real number: a piece with such a cell is written here, as far as it can be.
    """
    for first in range(begin, head + 1, _LINES):
        last = min(first + _LINES - 1, head)
        (whole,) = ledger.connection.execute(_SQL_LINES, (first, last)).fetchone()
        # JSON has no line feed in it.
        lines = whole.split("\n") if whole else []
        if len(lines) == last - first + 1:
            yield lines
            continue
        stored = chain.from_iterable(stored_rows(ledger, last, first - 1))
        numbered = takewhile(lambda pair: pair[1][0] == pair[0], enumerate(stored, start=first))
        lines = [written_here(row) for _, row in numbered]
        yield lines
        if len(lines) < last - first + 1:
            return


def written_here(stored: Sequence[Any]) -> str:
    """Return the line of an event, as it is stored, as Python's `json` writes it."""
    *fields, link = stored
    return _json({"event": {**dict(zip(Event._fields, fields, strict=True)), "hash": link.hex()}})


# No text sorts behind it but one that begins with it.
_LAST = chr(sys.maxunicode)


def _is_odd(column: str, hint: Any) -> str:
    """Return the SQL condition that SQLite may write a cell otherwise than this program does: one
    that is neither NULL nor of the type that an event has there.
    """
    if str in (get_args(hint) or (hint,)):
        # Numbers sort before text, and blobs behind it; `+` keeps SQLite from making text of one.
        return f"+{column} NOT BETWEEN '' AND '{_LAST}'"
    return f"typeof({column}) IN ('real', 'blob')"


# A position is always a number: by it SQLite finds the row.
_FIELDS = [field for field in get_type_hints(Event).items() if field[0] != "position"]
_ODD = " OR ".join([*(_is_odd(*field) for field in _FIELDS), "hash IS NULL", "+hash < x''"])
_NAMED = ", ".join(f"'{name}', {name}" for name in Event._fields)
_LINE = f"""'{{"event":' || json_object({_NAMED}, 'hash', lower(hex(hash))) || '}}'"""
# Whoever adds them up passes over what is NULL.
_SQL_LINES = (
    f"SELECT group_concat(line, char(10)) FROM (SELECT CASE WHEN {_ODD} THEN NULL ELSE {_LINE} END"
    " AS line FROM events WHERE position BETWEEN ? AND ? ORDER BY position)"
)
