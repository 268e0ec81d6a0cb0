"""Knows how the log is read: in short pieces up to a head fixed before, so that readers do not
stop writers. Must never change anything.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Effect, Event, Stream
from inventory_cli.core.replay import Replay, State, fold
from inventory_cli.storage.ledger_file import Ledger

# How many rows are read under one lock: more are not read faster, and take room. A scan of whole
# events goes in smaller steps: they stay in the processor's cache until every check has seen them.
PIECE = 5_000
_SCANNED_PIECE = 2_000

# Before every position and every batch that a file can hold: SQLite's least integer has a place
# too, and whoever alters a file may use it.
BEFORE_ALL = -(2**63) - 1

EVENT_COLUMNS = ", ".join(Event._fields)


def settings_rows(ledger: Ledger) -> list[int]:
    """Return the numbers of the rows that hold settings: row 1 alone, as a ledger is made."""
    return [row for (row,) in ledger.connection.execute("SELECT only_row FROM ledger")]


def pieces(
    ledger: Ledger,
    columns: str,
    head: int,
    after: int = 0,
    where: str = "1",
    *values: str | int,
    piece: int = PIECE,
) -> Iterator[list[tuple[Any, ...]]]:
    """Give the events after position `after` and up to `head`, in order, piece by piece.

    `columns` must begin with `position`; `where` is an SQL condition with its `values`.
    """
    query = (
        f"SELECT {columns} FROM events WHERE position >= ? AND position <= ? AND {where}"
        " ORDER BY position"
    )
    while after < head:
        # A range of positions, not a number of rows: to find rows that are rare must not take long.
        end = min(after + piece, head)
        rows = ledger.connection.execute(query, (after + 1, end, *values)).fetchall()
        if rows:
            yield rows
            after = end
        else:
            after = _before_next(ledger, end, head)


def _before_next(ledger: Ledger, after: int, head: int) -> int:
    """Return the position before the first event behind `after`, or `head` if there is none."""
    (following,) = ledger.connection.execute(
        "SELECT min(position) FROM events WHERE position > ?", (after,)
    ).fetchone()
    # Never back, even where a damaged file has its rows out of order.
    return head if following is None else min(max(following - 1, after), head)


def stored_rows(
    ledger: Ledger, last: int, after: int = BEFORE_ALL
) -> Iterator[list[tuple[Any, ...]]]:
    """Give the events behind a position and up to another, each as it is stored, whatever that is:
    its fields in order, and its hash.
    """
    return pieces(ledger, f"{EVENT_COLUMNS}, hash", last, after)


# What a scan of the log reads of an event, beside its canonical text and its hash: all that a rule
# may ask of every event.
SCANNED = (
    *("position", "batch", "sku", "location", "kind", "quantity", "effective_at", "date_only"),
    *("reverses", "details"),
)


def scanned(
    ledger: Ledger, last: int, after: int = BEFORE_ALL, any_types: bool = True
) -> Generator[tuple[list[tuple[Any, ...]], Sequence[str] | None], None, None]:
    """Give the events behind a position and up to another, piece by piece: what is SCANNED of each
    and its hash; and the canonical texts of a piece as SQLite writes them, or None where this
    program has to. `any_types` is false where it is known that every cell is of its column's type.
    """
    # Whoever does not scan need not wait for OpenSSL to be loaded.
    from inventory_cli.storage.texts_ahead import texts_ahead

    first = max(after, 0) + 1
    starts = range(first, last + 1, _SCANNED_PIECE)
    ranges = (range(start, min(start + _SCANNED_PIECE, last + 1)) for start in starts)
    with texts_ahead(ledger, ranges, any_types) as texts:
        for rows in pieces(
            ledger, f"{', '.join(SCANNED)}, hash", last, after, piece=_SCANNED_PIECE
        ):
            written = texts(rows[0][0], rows[-1][0], len(rows))
            if written is None:
                # A cell that is no text stops every check, not only that which needs it.
                for _ in stored_rows(ledger, rows[-1][0], rows[0][0] - 1):
                    pass
            yield rows, written


def events_between(
    ledger: Ledger, positions: range, kind: str | None = None, effective_after: str = ""
) -> Iterator[list[Event]]:
    """Give the events at some positions, in order, piece by piece; of one kind only, or that take
    effect after a moment (UTC text) only, if that is asked.
    """
    where, values = "effective_at > ?", [effective_after]
    if kind is not None:
        where, values = f"{where} AND kind = ?", [*values, kind]
    first, last = positions.start, positions.stop - 1
    for rows in pieces(ledger, EVENT_COLUMNS, last, first - 1, where, *values):
        yield [Event(*row) for row in rows]


def skus_between(ledger: Ledger, positions: range) -> set[str]:
    """Return the SKUs of the events at some positions."""
    rows = pieces(ledger, "position, sku", positions.stop - 1, positions.start - 1)
    return {sku for piece in rows for _, sku in piece}


def streams_between(ledger: Ledger, positions: range, as_of: str) -> set[Stream]:
    """Return the streams of the events at some positions that take effect up to a moment."""
    first, last = positions.start, positions.stop - 1
    where = "effective_at <= ? AND location <> ''"
    rows = pieces(ledger, "position, sku, location", last, first - 1, where, as_of)
    return {(sku, location) for piece in rows for _, sku, location in piece}


def standing_openings(ledger: Ledger, head: int, after: str) -> set[Stream]:
    """Return the streams with an opening balance after a moment (UTC text) that still stands at
    position `head`.
    """
    found: set[Stream] = set()
    for events in events_between(ledger, range(1, head + 1), "opened", after):
        voided = voided_between(ledger, events[0].position, events[-1].position, head)
        found |= {event.stream for event in events if event.position not in voided}
    return found


def voided_between(ledger: Ledger, first: int, last: int, head: int) -> set[int]:
    """Return those of the positions `first` to `last` that a reversal up to `head` voids."""
    return {
        position
        for (position,) in ledger.connection.execute(
            "SELECT reverses FROM events WHERE reverses BETWEEN ? AND ? AND position <= ?",
            (first, last, head),
        )
    }


REPLAY_COLUMNS = (
    "position, sku, location, kind, quantity, effective_at, reverses,"
    " CASE kind WHEN 'opened' THEN details END"
)


class Base(NamedTuple):
    """What a replay may begin with instead of the first event: the states as of a date, at a
    position. Up to `whole_to` nothing was recorded that takes effect after that date.
    """

    states: Mapping[Stream, State] = {}
    as_of: str = ""
    position: int = 0
    whole_to: int = 0


def replay_log(
    ledger: Ledger,
    head: int,
    as_of: str = END_OF_TIME,
    base: Base = Base(),  # noqa: B008 (it cannot be changed)
) -> dict[Stream, State]:
    """Return the state of every stream that has an event up to `as_of` and position `head`.

    Neither may lie before those of `base`.
    """
    replay = Replay()
    replay.start_from(base.states, base.as_of)
    wanted = "effective_at <= ? AND (position > ? OR effective_at > ?)"
    cut = (as_of, base.position, base.as_of)
    for rows in pieces(ledger, REPLAY_COLUMNS, head, base.whole_to, wanted, *cut):
        replay.feed(rows)
    return replay.states(lambda stream: read_effects(ledger, stream, head, as_of))


def whole_to(ledger: Ledger, head: int, as_of: str, known: int = 0) -> int:
    """Return up to which position nothing was recorded that takes effect after `as_of`; `known`
    is one of which that is known already.
    """
    for rows in pieces(ledger, "position", head, known, "effective_at > ?", as_of):
        return int(rows[0][0]) - 1
    return head


def replay_sku(
    ledger: Ledger, sku: str, head: int, as_of: str = END_OF_TIME
) -> dict[Stream, State]:
    """Return the state of each stream of one SKU, as `replay_log` does for all."""
    streams = [(sku, location) for location in locations_of(ledger, sku)]
    states = {stream: fold(read_effects(ledger, stream, head, as_of)) for stream in streams}
    return {stream: state for stream, state in states.items() if state.last_effective}


def read_effects(
    ledger: Ledger, stream: Stream, head: int, as_of: str = END_OF_TIME, start: str = ""
) -> Iterator[Effect]:
    """Give what a fold wants to know of the events of one stream between two moments (UTC text), in
    fold order.
    """
    fields = ("position", "kind", "quantity", "effective_at", "date_only")
    opening = ", CASE events.kind WHEN 'opened' THEN events.details END"
    for rows in _stream_pieces(ledger, fields, opening, stream, head, as_of, start):
        yield from rows


def read_stream(
    ledger: Ledger, stream: Stream, head: int, as_of: str = END_OF_TIME, start: str = ""
) -> Iterator[list[tuple[Event, int | None]]]:
    """Give the events of one stream between two moments (UTC text), in fold order, piece by piece,
    each with the position of the reversal that voids it.
    """
    for rows in _stream_pieces(ledger, Event._fields, "", stream, head, as_of, start):
        yield [(Event(*row[:-1]), row[-1]) for row in rows]


def as_recorded(
    ledger: Ledger, stream: Stream, head: int, as_of: str, start: str
) -> Iterator[list[tuple[int, int, str]]]:
    """Give the position, the batch and the moment of the same events, in the order of the log,
    piece by piece. They are read under one lock: be quick.
    """
    rows = ledger.connection.execute(
        "SELECT position, batch, effective_at FROM events WHERE sku = ? AND location = ?"
        " AND effective_at >= ? AND effective_at <= ? AND position <= ? ORDER BY position",
        (*stream, start, as_of, head),
    )
    while piece := rows.fetchmany(PIECE):
        yield piece


def _stream_pieces(
    ledger: Ledger,
    fields: Sequence[str],
    more: str,
    stream: Stream,
    head: int,
    as_of: str,
    start: str,
) -> Iterator[list[tuple[Any, ...]]]:
    """Give fields of the events of a stream, the position of the reversal that voids each, and
    `more`, piece by piece.
    """
    columns = ", ".join(f"events.{field}" for field in fields)
    within = (
        " WHERE events.sku = ?3 AND events.location = ?4 AND events.effective_at <= ?1"
        " AND events.position <= ?2 AND (events.effective_at, events.position) > (?5, ?6)"
        " ORDER BY events.effective_at, events.position"
    )
    position, effective_at = fields.index("position"), fields.index("effective_at")
    after = start, -(2**63)
    if not _finds_reversals(ledger):
        # Somebody took the index away: then the stream is held whole.
        query = f"SELECT events.reverses, {columns}, NULL{more} FROM events{within}"
        whole = ledger.connection.execute(query, (as_of, head, *stream, *after)).fetchall()
        voided_by = {row[0]: row[1 + position] for row in whole if row[0] is not None}
        end = 1 + len(fields)
        yield [(*row[1:end], voided_by.get(row[1 + position]), *row[end + 1 :]) for row in whole]
        return
    # A reversal is found by the unique index, and by nothing else.
    query = (
        f"SELECT {columns}, reversal.position{more} FROM events LEFT JOIN events AS reversal"
        " ON reversal.reverses = events.position AND +reversal.sku = events.sku"
        " AND +reversal.location = events.location AND +reversal.effective_at <= ?1"
        f" AND +reversal.position <= ?2{within} LIMIT {PIECE}"
    )
    rows = [()] * PIECE
    while len(rows) == PIECE:
        rows = ledger.connection.execute(query, (as_of, head, *stream, *after)).fetchall()
        if rows:
            yield rows
            after = rows[-1][effective_at], rows[-1][position]


def _finds_reversals(ledger: Ledger) -> bool:
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'events_by_reversal'"
    return bool(ledger.connection.execute(query).fetchone())


def locations_of(ledger: Ledger, sku: str) -> list[str]:
    """Return the locations at which a SKU has events, sorted."""
    # From one to the next: to read all of them would be to read all events.
    rows = ledger.connection.execute(
        "WITH RECURSIVE found (name) AS (SELECT min(location) FROM events WHERE sku = ?1"
        " AND location > '' UNION ALL"
        " SELECT (SELECT min(location) FROM events WHERE sku = ?1 AND location > name) FROM found"
        " WHERE name IS NOT NULL) SELECT name FROM found WHERE name IS NOT NULL",
        (sku,),
    )
    return [location for (location,) in rows.fetchall()]


def read_event(ledger: Ledger, position: int) -> Event | None:
    """Return the event at a position, or None."""
    row = ledger.connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM events WHERE position = ?", (position,)
    ).fetchone()
    return Event(*row) if row else None


def reversal_of(ledger: Ledger, position: int) -> int | None:
    """Return the position of the reversal that voids an event, or None."""
    row = ledger.connection.execute(
        "SELECT position FROM events WHERE reverses = ?", (position,)
    ).fetchone()
    return int(row[0]) if row else None


def last_position(ledger: Ledger) -> int:
    """Return the last position of any event, whether a batch claims it or not."""
    (last,) = ledger.connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    return int(last)


def first_position(ledger: Ledger) -> int:
    """Return the first position of any event: 1, unless the file was altered."""
    (first,) = ledger.connection.execute("SELECT coalesce(min(position), 1) FROM events").fetchone()
    return int(first)
