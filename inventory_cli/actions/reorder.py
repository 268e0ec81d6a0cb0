"""Knows how it is answered what to buy.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Collection, Mapping

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.insights import insights
from inventory_cli.core.reorder import Order, orders
from inventory_cli.storage.ledger_file import Ledger


def reorder(
    ledger: Ledger,
    begins: str,
    cut: Cut,
    cover: int,
    location: str | None = None,
    skus: Collection[str] = (),
) -> list[Order]:
    """Return what to buy at a cut to last for `cover` days, as it sold since a moment (UTC text,
    "" for the first event), over all locations or at one.
    """
    told = insights(ledger, begins, cut, location, skus)
    minimums = minimum_of(ledger, cut)
    return orders(
        told.found, {s: minimum for s, minimum in minimums.items() if not skus or s in skus}, cover
    )


def minimum_of(ledger: Ledger, cut: Cut) -> Mapping[str, int]:
    """Return how much of a SKU should always be there, in smallest units, where that is known."""
    return {}
