"""Knows how what was said of SKUs themselves is found: events at no location, by their own index.

Must never know what they say.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.storage.ledger_file import Ledger

_QUERY = (
    "SELECT sku, details FROM events WHERE location = '' AND kind <> 'reversed'"
    " AND position <= ? AND effective_at <= ?"
    " AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.reverses = events.position"
    " AND later.position <= ?)"
)
_ORDER = " ORDER BY sku, effective_at, position"
# What is asked of so few is looked up one by one.
_FEW = 500


def said_of(
    ledger: Ledger, head: int, as_of: str = END_OF_TIME, skus: Sequence[str] = ()
) -> Iterator[tuple[str, list[str | None]]]:
    """Give the SKUs that are described, sorted, each with the details of what stands at position
    `head` and took effect by a moment (UTC text), in fold order; all, or some.
    """
    cut = (head, as_of, head)
    if skus and len(skus) <= _FEW:
        rows = [
            row
            for sku in sorted(set(skus))
            for row in ledger.connection.execute(f"{_QUERY} AND sku = ?{_ORDER}", (*cut, sku))
        ]
    else:
        rows = ledger.connection.execute(_QUERY + _ORDER, cut).fetchall()
    wanted = set(skus)
    for sku, of_sku in groupby(rows, key=itemgetter(0)):
        if not wanted or sku in wanted:
            yield sku, [details for _, details in of_sku]


def is_described(ledger: Ledger, sku: str) -> bool:
    """Tell whether a SKU was ever described."""
    query = "SELECT 1 FROM events WHERE location = '' AND sku = ? LIMIT 1"
    return ledger.connection.execute(query, (sku,)).fetchone() is not None


def count_described(ledger: Ledger) -> int:
    """Return how often anything was said of SKUs, or taken back."""
    query = "SELECT count(*) FROM events WHERE location = ''"
    return int(ledger.connection.execute(query).fetchone()[0])


def described_skus(ledger: Ledger) -> list[str]:
    """Return every SKU that was ever described once, sorted."""
    rows = ledger.connection.execute("SELECT DISTINCT sku FROM events WHERE location = ''")
    return [sku for (sku,) in rows]
