"""Knows how many events are inserted at once, and what a large append puts aside until it is done.

DDL is transactional in SQLite: nobody else ever sees the file without these, and if anything fails
they are back where they were. Must never know what the events say.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any

from inventory_cli.core.events import Draft, Event
from inventory_cli.storage.chain import link_event
from inventory_cli.storage.ledger_file import Head, Ledger

# How many events are inserted at a time.
CHUNK = 5_000
# How many rows one statement inserts: a row then takes a fifth less than by itself.
_ROWS = 50
INSERT_EVENT = f"INSERT INTO events VALUES ({', '.join('?' * (len(Event._fields) + 1))})"

# It refuses what is not the next position. A bulk append counts positions itself.
_GUARD = "events_next"
# To build an index at the end takes a quarter of the time that keeping it up takes, where there
# was nothing to index before.
_INDEX = "events_by_stream"


def insert_drafts(
    ledger: Ledger,
    head: Head,
    drafts: Iterable[Draft],
    look: Callable[[list[Draft]], list[Draft]],
) -> tuple[int, bytes]:
    """Insert drafts behind the head, as the next batch; return the last position and hash.

    `look` is shown each part of them, and returns what is to be inserted for it.
    """
    batch, position, link = head.batch + 1, head.position, head.hash
    iterator = iter(drafts)
    aside: list[str] | None = None
    while chunk := list(islice(iterator, CHUNK)):
        if aside is None and position > head.position:
            # A second chunk: this is a large one.
            aside = put_aside(ledger.connection, log_is_empty=head.position == 0)
        chunk, first, links = look(chunk), position + 1, list[bytes]()
        for position, draft in enumerate(chunk, start=first):
            link = link_event(link, (position, batch, *draft))
            links.append(link)
        numbers = range(first, position + 1)
        said = zip(*chunk, strict=True)
        insert_events(ledger.connection, [numbers, [batch] * len(chunk), *said, links])
    if aside:
        put_back(ledger.connection, aside)
    return position, link


def put_aside(connection: sqlite3.Connection, log_is_empty: bool) -> list[str]:
    """Drop what costs time with every event; return the statements that put it back as it was.

    A guard that somebody weakened is weak again afterwards, for `verify` to find.
    """
    names = (_GUARD, _INDEX) if log_is_empty else (_GUARD,)
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'events' AND name IN"
        f" ({', '.join('?' * len(names))}) AND type IN ('trigger', 'index')",
        names,
    ).fetchall()
    for kind, name, _ in found:
        connection.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in found]


def put_back(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    """Make anew what was put aside."""
    # A second thread sorts what goes into the index.
    connection.execute("PRAGMA threads = 1")
    for statement in statements:
        connection.execute(statement)


def insert_events(connection: sqlite3.Connection, columns: Sequence[Sequence[Any]]) -> None:
    """Insert events, given as the values of each column.

    To bind None or bytes takes as long as to insert the rest of the row: Python's sqlite3 looks
    for an adapter for each. So what is NULL throughout is written as such, what is NULL in some
    rows is bound as text that SQLite makes NULL of, and a hash goes as a bytearray.
    """
    forms, bound = [], list[Sequence[Any]]()
    for values in columns:
        form, given = _bound(values)
        forms.append(form)
        if given:
            bound.append(given)
    one = f"({', '.join(forms)})"
    rows = list(zip(*bound, strict=True))
    whole = len(rows) - len(rows) % _ROWS
    parts = ([*chain.from_iterable(rows[at : at + _ROWS])] for at in range(0, whole, _ROWS))
    connection.executemany("INSERT INTO events VALUES " + ", ".join([one] * _ROWS), parts)
    connection.executemany(f"INSERT INTO events VALUES {one}", rows[whole:])


def _bound(values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return how the values of a column stand in the statement, and what is bound, if anything."""
    if isinstance(values[0], bytes):
        return "?", [*map(bytearray, values)]
    if None not in values:
        return "?", values
    texts = {*map(type, values)} <= {str, type(None)}
    if not any(value is not None for value in values):
        return "NULL", ()
    if texts and "" not in values:
        return "nullif(?, '')", [value or "" for value in values]
    return "?", values
