"""Knows how it is answered what to buy.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Collection

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.descriptions import minimum_of
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
    """Return what to buy at a cut, to keep the minimum and to last for `cover` days, as it sold
    since a moment (UTC text, "" for the first event), over all locations or at one.
    """
    told = insights(ledger, begins, cut, location, skus)
    minimums = minimum_of(ledger, cut.head, cut.as_of)
    wanted = {sku: minimum for sku, minimum in minimums.items() if not skus or sku in skus}
    return orders(told.found, wanted, cover)
