"""Knows how the events of many SKUs are read, stream by stream, in short pieces.

Must never know what is asked of them.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from inventory_cli.core.moves import Row
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import PIECE

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
    f"SELECT {_COLUMNS} FROM events WHERE {_STANDS} AND (sku, location, effective_at, position) >"
    " (:sku, :location, :at, :position) AND {} ORDER BY sku, location, effective_at, position"
    f" LIMIT {PIECE}"
)


def standing(ledger: Ledger, head: int, as_of: str, skus: Sequence[str] = ()) -> Iterator[Row]:
    """Give the events that stand at position `head` and take effect up to a moment (UTC text), by
    SKU, then by location, each stream in fold order; of all SKUs, or of some.
    """
    if not skus:
        return _read(ledger, head, as_of, "1", "")
    return chain.from_iterable(
        _read(ledger, head, as_of, "sku = :only", sku) for sku in sorted(set(skus))
    )


def _read(ledger: Ledger, head: int, as_of: str, which: str, only: str) -> Iterator[Row]:
    query = _QUERY.format(which)
    after: tuple[Any, ...] = (only, "", "", 0)
    while True:
        sku, location, at, position = after
        rows = ledger.connection.execute(
            query,
            {
                "head": head,
                "as_of": as_of,
                "only": only,
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
