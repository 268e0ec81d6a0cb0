"""Knows how many events are inserted at once, and what a large append puts aside until it is done.

DDL is transactional in SQLite: nobody else ever sees the file without these, and if anything fails
they are back where they were. Must never know what the events say.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from inventory_cli.core.events import Draft, Drafts, Event
from inventory_cli.storage.chain import link_texts, texts_of
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


def in_parts(drafts: Iterable[Draft]) -> Iterator[Drafts]:
    """Give drafts in parts, none of which is larger than a chunk."""
    iterator = iter(drafts)
    while chunk := list(islice(iterator, CHUNK)):
        yield Drafts.of(chunk)


def insert_parts(
    ledger: Ledger,
    head: Head,
    parts: Iterable[Drafts],
    look: Callable[[Drafts], Drafts],
    tell: Callable[[int, Sequence[str]], None],
    keep_index: bool = False,
) -> tuple[int, bytes]:
    """Insert drafts behind the head, as the next batch; return the last position and hash.

    `look` is shown the drafts of each part, and returns what is to be inserted for them; `tell` is
    told the batch, and the canonical texts of these events. With `keep_index` what is inserted is
    found meanwhile, as fast as all else.
    """
    batch, position, link = head.batch + 1, head.position, head.hash
    aside: list[str] | None = None
    for drafts in parts:
        count = drafts.how_many
        if not count:
            continue
        if aside is None and position - head.position >= CHUNK:
            # There is more than one chunk: this is a large one.
            from_new = head.position == 0 and not keep_index
            aside = put_aside(ledger.connection, log_is_empty=from_new)
        drafts = look(drafts)
        texts = texts_of(position + 1, batch, drafts)
        tell(batch, texts)
        links = link_texts(link, texts)
        numbers = range(position + 1, position + count + 1)
        insert_events(ledger.connection, [numbers, [batch] * count, *drafts, links])
        position, link = numbers[-1], links[-1]
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
    for an adapter for each. So what is NULL throughout is written as such, as is a number that all
    have, what is NULL in some rows is bound as text that SQLite makes NULL of, and a hash goes as a
    bytearray.
    """
    forms, bound = [], list[Sequence[Any]]()
    for column in columns:
        form, given = _bound(column)
        forms.append(form)
        if given:
            bound.append(given)
    # Row behind row, each of `width` values.
    width, count = len(bound), len(columns[0])
    flat: list[Any] = [None] * (width * count)
    for place, values in enumerate(bound):
        flat[place::width] = values
    one = f"({', '.join(forms)})"
    whole = width * (count - count % _ROWS)
    for rows, start, end in ((_ROWS, 0, whole), (1, whole, len(flat))):
        step = rows * width
        parts = (flat[at : at + step] for at in range(start, end, step))
        connection.executemany("INSERT INTO events VALUES " + ", ".join([one] * rows), parts)


def _bound(values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return how the values of a column stand in the statement, and what is bound, if anything."""
    if isinstance(values[0], bytes):
        return "?", [*map(bytearray, values)]
    # Of a few rows a statement with a number in it would be made for these alone.
    if len(values) > _ROWS and type(values[0]) is int and values.count(values[0]) == len(values):
        return str(values[0]), ()
    if all(values):
        # Almost every column either is like this, or has nothing in it.
        return "?", values
    if values.count(None) == len(values):
        return "NULL", ()
    if {*map(type, values)} == {str, type(None)} and "" not in values:
        return "nullif(?, '')", [value or "" for value in values]
    return "?", values
