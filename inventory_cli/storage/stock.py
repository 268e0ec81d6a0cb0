"""Knows the projection: the stored stock of every stream. Must never be believed over the log."""

from collections.abc import Iterable, Mapping

from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.storage.descriptions import described_skus, is_described
from inventory_cli.storage.ledger_file import Ledger

_COLUMNS = "on_hand, last_incoming, last_outgoing, last_counted, last_effective"


def stored_state(ledger: Ledger, stream: Stream) -> State | None:
    """Return the stored state of one stream, or None when it has no event."""
    row = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM stock WHERE sku = ? AND location = ?", stream
    ).fetchone()
    return State(*row) if row else None


def stored_states(ledger: Ledger, skus: Iterable[str] | None = None) -> dict[Stream, State]:
    """Return the stored states of all streams, or of those of some SKUs."""
    query = f"SELECT sku, location, {_COLUMNS} FROM stock"
    if skus is None:
        rows = ledger.connection.execute(query).fetchall()
    else:
        rows = [
            row
            for sku in skus
            for row in ledger.connection.execute(f"{query} WHERE sku = ?", (sku,)).fetchall()
        ]
    return {(row[0], row[1]): State(*row[2:]) for row in rows}


def store_states(ledger: Ledger, states: Mapping[Stream, State]) -> None:
    """Write the states of streams, inside the open transaction."""
    ledger.connection.executemany(
        "INSERT INTO stock VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (sku, location) DO UPDATE SET on_hand = excluded.on_hand,"
        " last_incoming = excluded.last_incoming, last_outgoing = excluded.last_outgoing,"
        " last_counted = excluded.last_counted, last_effective = excluded.last_effective",
        ((*stream, *state) for stream, state in states.items()),
    )


def has_sku(ledger: Ledger, sku: str) -> bool:
    """Tell whether a SKU has an event."""
    return _has(ledger, "sku", sku) or is_described(ledger, sku)


def has_location(ledger: Ledger, location: str) -> bool:
    """Tell whether a location has an event."""
    return _has(ledger, "location", location)


def all_skus(ledger: Ledger) -> list[str]:
    """Return every SKU once."""
    return list(dict.fromkeys([*_all(ledger, "sku"), *described_skus(ledger)]))


def skus_beginning(ledger: Ledger, beginning: str, most: int) -> list[str]:
    """Return the first SKUs that begin with some letters, sorted, and no more than `most`."""
    rows = ledger.connection.execute(
        "SELECT sku FROM stock WHERE sku >= :first AND sku < :last UNION SELECT sku FROM events"
        " WHERE location = '' AND sku >= :first AND sku < :last ORDER BY sku LIMIT :most",
        # The last code point sorts behind every SKU that begins so.
        {"first": beginning, "last": beginning + "\U0010ffff", "most": most},
    )
    return [sku for (sku,) in rows]


def skus_like(ledger: Ledger, pattern: str) -> list[str]:
    """Return the SKUs that fit a pattern of letters, `*` and `?`, sorted."""
    rows = ledger.connection.execute(
        "SELECT sku FROM stock WHERE sku GLOB :like UNION SELECT sku FROM events"
        " WHERE location = '' AND sku GLOB :like ORDER BY sku",
        # To GLOB a bracket begins a set of letters.
        {"like": pattern.replace("[", "[[]")},
    )
    return [sku for (sku,) in rows]


def all_locations(ledger: Ledger) -> list[str]:
    """Return every location once."""
    return _all(ledger, "location")


def _has(ledger: Ledger, column: str, name: str) -> bool:
    query = f"SELECT 1 FROM stock WHERE {column} = ? LIMIT 1"
    return ledger.connection.execute(query, (name,)).fetchone() is not None


def _all(ledger: Ledger, column: str) -> list[str]:
    rows = ledger.connection.execute(f"SELECT DISTINCT {column} FROM stock")
    return [name for (name,) in rows]
