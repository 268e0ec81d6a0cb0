"""Knows how the events of many SKUs are read, stream by stream, in short pieces.

Must never know what is asked of them.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Event, Stream
from inventory_cli.core.moves import Row
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, PIECE

_COLUMNS = (
    "sku, location, effective_at, position, kind, quantity, date_only, unit_cost, reason,"
    " CASE kind WHEN 'opened' THEN details END"
)
# An event that stands is voided by nothing that was known, and is no reversal; what only describes
# a SKU is at no location.
_STANDS = (
    "location <> '' AND kind <> 'reversed' AND position <= :head AND effective_at <= :as_of"
    " AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.reverses = events.position"
    " AND later.position <= :head)"
)
_QUERY = (
    f"SELECT {{}} FROM events WHERE {_STANDS} AND (sku, location, effective_at, position) >"
    " (:sku, :location, :at, :position) AND {} ORDER BY sku, location, effective_at, position"
    f" LIMIT {PIECE}"
)
# The next stream, found by the index: how many events a stream has does not matter.
_STREAMS = (
    "SELECT sku, location FROM events WHERE (sku, location) > (:sku, :location) AND location <> ''"
    " AND position <= :head AND effective_at <= :as_of AND {} ORDER BY sku, location LIMIT 1"
)
# A bound and no equation: with that, SQLite would begin each piece with the SKU's first event.
_UP_TO, _BELOW = "sku <= :last", "sku < :last"
# From which SKU on, and what bounds it.
_Span = tuple[str, str, str | None]
_ALL: _Span = "", "1", None
# Of how many events the SKU in the middle of all is that of all, nearly.
_SAMPLED = 99


def standing(ledger: Ledger, head: int, as_of: str, skus: Sequence[str] = ()) -> Iterator[Row]:
    """Give the events that stand at position `head` and take effect up to a moment (UTC text), by
    SKU, then by location, each stream in fold order; of all SKUs, or of some.
    """
    spans = _spans(skus)
    return chain.from_iterable(_read(ledger, _COLUMNS, head, as_of, span) for span in spans)


def standing_between(
    ledger: Ledger, head: int, as_of: str, first: str = "", end: str | None = None
) -> Iterator[Row]:
    """Give what `standing` does, of the SKUs from one on and before another."""
    span = (first, *_ALL[1:]) if end is None else (first, _BELOW, end)
    return _read(ledger, _COLUMNS, head, as_of, span)


def middle_sku(ledger: Ledger, head: int) -> str:
    """Return a SKU that about half of the events up to a position sort before; at least one is
    there.
    """
    at = sorted({1 + (head - 1) * part // _SAMPLED for part in range(_SAMPLED)})
    rows = ledger.connection.execute(
        f"SELECT sku FROM events WHERE position IN ({', '.join(map(str, at))}) ORDER BY sku"
    ).fetchall()
    return str(rows[len(rows) // 2][0]) if rows else ""


def standing_events(ledger: Ledger, head: int) -> Iterator[Event]:
    """Give the events that stand at position `head` whole, in the same order."""
    columns = f"sku, location, effective_at, position, {EVENT_COLUMNS}"
    return (Event(*row[4:]) for row in _read(ledger, columns, head, END_OF_TIME, _ALL))


def streams_with_events(
    ledger: Ledger, head: int, as_of: str, skus: Sequence[str] = ()
) -> Iterator[Stream]:
    """Give the streams that have an event, be it voided, up to position `head` that takes effect
    up to a moment (UTC text), sorted; of all SKUs, or of some.
    """
    for first, bound, last in _spans(skus):
        query = _STREAMS.format(bound)
        cut = {"head": head, "as_of": as_of, "last": last}
        after: Stream | None = first, ""
        while after is not None:
            wanted = {**cut, "sku": after[0], "location": after[1]}
            after = ledger.connection.execute(query, wanted).fetchone()
            if after is not None:
                yield after


def _spans(skus: Sequence[str]) -> list[_Span]:
    """Return the span of each of some SKUs, sorted; that of all where there are none."""
    return [(sku, _UP_TO, sku) for sku in sorted(set(skus))] or [_ALL]


def _read(ledger: Ledger, columns: str, head: int, as_of: str, span: _Span) -> Iterator[Any]:
    """Give rows of these columns, which begin with those of the order, of a span of SKUs."""
    first, bound, end = span
    query = _QUERY.format(columns, bound)
    after: tuple[Any, ...] = (first, "", "", 0)
    while True:
        sku, location, at, position = after
        rows = ledger.connection.execute(
            query,
            {
                "head": head,
                "as_of": as_of,
                "last": end,
                "sku": sku,
                "location": location,
                "at": at,
                "position": position,
            },
        ).fetchall()
        yield from rows
        if len(rows) < PIECE:
            return
        if rows[-1][:4] <= after:
            raise DatabaseError("the events of a stream are out of order")
        after = rows[-1][:4]


def by_stream(ledger: Ledger, head: int) -> Iterator[list[tuple[Any, ...]]]:
    """Give the events of all streams up to a position, each stream in fold order, piece by piece.

    Of each: SKU, location, position, kind, quantity, effective_at, the position of the reversal
    that voids it, and its details.
    """
    query = (
        "SELECT sku, location, position, kind, quantity, effective_at, (SELECT position FROM events"
        " AS later WHERE later.reverses = events.position), details FROM events WHERE"
        " location <> '' AND position <= ?{} ORDER BY sku, location, effective_at, position LIMIT ?"
    )
    after: tuple[Any, ...] = ()
    wanted = query.format("")
    while rows := ledger.connection.execute(wanted, (head, *after, PIECE)).fetchall():
        yield rows
        sku, location, position, _, _, effective_at, _, _ = rows[-1]
        if (sku, location, effective_at, position) <= after:
            raise DatabaseError("the events of a stream are out of order")
        after = sku, location, effective_at, position
        wanted = query.format(" AND (sku, location, effective_at, position) > (?, ?, ?, ?)")
