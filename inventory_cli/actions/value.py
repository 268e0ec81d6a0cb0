"""Knows how it is answered what stock is worth, at a cut or over a span: what it cost.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.each_sku import ask_each_sku
from inventory_cli.core.money import share
from inventory_cli.core.moves import Move
from inventory_cli.core.valuation import METHODS, value_of
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import streams_with_events


class Worth(NamedTuple):
    """What a SKU is worth at the end of a span, over all locations, and what it cost in the span.

    Quantities are in smallest units, money in millionths. `unit_cost` is None where nothing has a
    cost; `without_cost` is below zero where units are short. What `sold_cost` leaves out are
    `sold_without_cost` units, less those that came back.
    """

    sku: str
    on_hand: int = 0
    unit_cost: int | None = None
    opening_value: int = 0
    incoming_cost: int = 0
    sold_cost: int = 0
    other_cost: int = 0
    closing_value: int = 0
    without_cost: int = 0
    sold_without_cost: int = 0


def worth(
    ledger: Ledger, method: str, cut: Cut, begins: str = "", skus: Sequence[str] = ()
) -> list[Worth]:
    """Return what each SKU that has an event up to a cut is worth by one of METHODS, sorted; of all
    SKUs, or of some. The span begins with a moment (UTC text).

    Raises WrongUsage where no method is called so, and LedgerUnusable.
    """
    if method not in METHODS:
        raise WrongUsage(f"--method {method!r} is not one of {', '.join(METHODS)}")
    found = {line.sku: line for line in _valued(ledger, method, cut, begins, skus)}
    streams = streams_with_events(ledger, cut.head, cut.as_of, skus)
    return [found.get(sku, Worth(sku)) for sku in dict.fromkeys(sku for sku, _ in streams)]


def _valued(
    ledger: Ledger, method: str, cut: Cut, begins: str, skus: Sequence[str]
) -> Iterator[Worth]:
    decimals = ledger.decimals

    def valued(sku: str, moves: Sequence[Move]) -> Worth:
        on_hand, costed, before, after = value_of(moves, method, decimals, begins)
        return Worth(
            sku,
            on_hand,
            share(after.value, 10**decimals, costed) if costed else None,
            before.value,
            after.incoming - before.incoming,
            after.sold - before.sold,
            after.other - before.other,
            after.value,
            on_hand - costed,
            after.sold_without - before.sold_without,
        )

    return ask_each_sku(ledger, cut, valued, skus)
