"""Knows how on hand of each SKU went since the first event, in a few letters.

Must never know how they are shown.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from inventory_cli.actions.ask import Cut
from inventory_cli.core.charts import sparkline
from inventory_cli.core.dates import utc_text
from inventory_cli.core.moves import moves_by_sku
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import standing

_LETTERS = 16


def sparklines(
    ledger: Ledger, cut: Cut, skus: Sequence[str], location: str | None
) -> dict[str, str]:
    """Return a sparkline for each SKU, at one location or over all: on hand at the end of equal
    parts of the time from the first event of all of them to the cut, or to the last one if no time
    limits that.
    """
    moves = {
        sku: [move for move in of_sku if location in (None, move.location)]
        for sku, of_sku in moves_by_sku(standing(ledger, cut.head, cut.as_of, skus))
    }
    moves = {sku: of_sku for sku, of_sku in moves.items() if of_sku}
    if not moves:
        return {}
    first = min(of_sku[0].effective_at for of_sku in moves.values())
    last = max(of_sku[-1].effective_at for of_sku in moves.values())
    begins = datetime.fromisoformat(first)
    whole = datetime.fromisoformat(min(cut.as_of, max(last, first))) - begins
    ends = [utc_text(begins + whole * part / _LETTERS) for part in range(1, _LETTERS)] + [last]
    found = {}
    for sku, of_sku in moves.items():
        levels = list(accumulate(move.change for move in of_sku))
        values, place = [], 0
        for end in ends:
            while place < len(of_sku) and of_sku[place].effective_at <= end:
                place += 1
            values.append(levels[place - 1] if place else 0)
        found[sku] = sparkline(values)
    return found
