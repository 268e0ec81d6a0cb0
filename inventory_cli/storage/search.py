"""Knows how events are found in the log by what they say. Must never know why they are sought."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Event
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, PIECE


class Wanted(NamedTuple):
    """What events are to say; None, or nothing, where that does not matter. `start` and `end` are
    the moments (UTC text) between which they take effect; `actor` is who recorded them, or is named
    by a row of a file.
    """

    skus: Sequence[str] = ()
    kind: str | None = None
    location: str | None = None
    start: str = ""
    end: str = END_OF_TIME
    reference: str | None = None
    id: str | None = None
    actor: str | None = None


_BY = (
    "(batch IN (SELECT batch FROM batches WHERE actor = ?)"
    " OR (json_valid(details) AND json_extract(details, '$.by') = ?))"
)


def _conditions(wanted: Wanted) -> tuple[str, list[str]]:
    parts: list[str] = ["1"]
    values: list[str] = []
    # What is no moment is not passed over where no time is asked for.
    if (wanted.start, wanted.end) != ("", END_OF_TIME):
        parts, values = ["effective_at BETWEEN ? AND ?"], [wanted.start, wanted.end]
    if wanted.skus:
        parts.append(f"sku IN ({', '.join('?' * len(wanted.skus))})")
        values += wanted.skus
    for column in ("kind", "location", "reference", "id"):
        if (value := getattr(wanted, column)) is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if wanted.actor is not None:
        parts.append(_BY)
        values += [wanted.actor, wanted.actor]
    return " AND ".join(parts), values


def find_events(
    ledger: Ledger, positions: range, wanted: Wanted, newest_first: bool = False
) -> Iterator[list[tuple[Event, int | None]]]:
    """Give the events at some positions that say what is wanted, in order, piece by piece; each
    with the position of the reversal that voids it.
    """
    voided_by = "(SELECT position FROM events AS later WHERE later.reverses = events.position)"
    return _find(ledger, positions, wanted, voided_by, newest_first)


def find_linked(
    ledger: Ledger, positions: range, wanted: Wanted
) -> Iterator[list[tuple[Event, bytes]]]:
    """Give the same events, each with its hash."""
    return _find(ledger, positions, wanted, "hash", newest_first=False)


def _find(
    ledger: Ledger, positions: range, wanted: Wanted, column: str, newest_first: bool
) -> Iterator[list[tuple[Event, Any]]]:
    where, values = _conditions(wanted)
    query = (
        f"SELECT {EVENT_COLUMNS}, {column} FROM events WHERE position BETWEEN ? AND ? AND {where}"
        f" ORDER BY position {'DESC' if newest_first else 'ASC'}"
    )
    pieces = range(positions.start, positions.stop, PIECE)
    for start in reversed(pieces) if newest_first else pieces:
        last = min(start + PIECE, positions.stop) - 1
        rows = ledger.connection.execute(query, (start, last, *values)).fetchall()
        if rows:
            yield [(Event(*row[:-1]), row[-1]) for row in rows]


_STANDS_BEFORE = (
    "sku = :sku AND location = :location AND (effective_at, position) < (:at, :position)"
    " AND kind <> 'reversed'"
    " AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.reverses = events.position)"
)


def standing_before(ledger: Ledger, event: Event) -> Iterator[tuple[str, int]]:
    """Give kind and quantity of what stands before an event in its stream, in fold order, from the
    last count before it on: so much as makes up what the book says.
    """
    values = {
        "sku": event.sku,
        "location": event.location,
        "at": event.effective_at,
        "position": event.position,
    }
    count = ledger.connection.execute(
        f"SELECT effective_at, position FROM events WHERE {_STANDS_BEFORE} AND kind = 'counted'"
        " ORDER BY effective_at DESC, position DESC LIMIT 1",
        values,
    ).fetchone() or ("", 0)
    yield from ledger.connection.execute(
        f"SELECT kind, quantity FROM events WHERE {_STANDS_BEFORE}"
        " AND (effective_at, position) >= (:since, :count) ORDER BY effective_at, position",
        {**values, "since": count[0], "count": count[1]},
    )
