"""Knows how it is answered how SKUs sell.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.each_sku import ask_each_sku
from inventory_cli.core.insights import Insight, Rank, insight, ranks
from inventory_cli.core.moves import Move
from inventory_cli.storage.ledger_file import Ledger


class Insights(NamedTuple):
    """How each SKU sold, sorted, and the rank of each among all; none if nothing was sold."""

    found: list[Insight]
    ranks: dict[str, Rank]


def insights(
    ledger: Ledger, begins: str, cut: Cut, location: str | None, skus: Collection[str] = ()
) -> Insights:
    """Return how SKUs sold from a moment (UTC text, "" for the first event) to a cut, over all
    locations or at one. A SKU with no standing event by then is left out.
    """

    def sells(sku: str, moves: Sequence[Move]) -> Insight:
        return insight(sku, moves, begins, cut.as_of, ledger.zone)

    everything = [*ask_each_sku(ledger, cut, sells, location=location)]
    return Insights(
        [told for told in everything if not skus or told.sku in skus],
        ranks({told.sku: told.net for told in everything}),
    )
