"""Knows how something is asked of each SKU's moves: of a long log on two cores, half of the SKUs on
each.

Must never know what is asked.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

from inventory_cli.actions.ask import Cut
from inventory_cli.core.ahead import can_run_ahead, run_ahead
from inventory_cli.core.moves import Move, Row, moves_by_sku
from inventory_cli.storage.connection import connect
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import middle_sku, standing, standing_between

Answer = TypeVar("Answer")
Ask = Callable[[str, Sequence[Move]], Answer]
# A shorter log is read sooner than it takes to share the work.
LEAST_EVENTS = 20_000


def ask_each_sku(
    ledger: Ledger,
    cut: Cut,
    ask: Ask[Answer],
    skus: Sequence[str] = (),
    location: str | None = None,
) -> Iterator[Answer]:
    """Give what is answered of each SKU with a standing event by the cut, by SKU: of all, or of
    some; over all locations, or at one. Raises LedgerUnusable.
    """

    def answers(rows: Iterator[Row]) -> Iterator[Answer]:
        if location is not None:
            rows = (row for row in rows if row[1] == location)
        return (ask(sku, moves) for sku, moves in moves_by_sku(rows))

    head, as_of = cut.head, cut.as_of
    if skus or head < LEAST_EVENTS or not can_run_ahead():
        yield from answers(standing(ledger, head, as_of, skus))
        return
    middle = middle_sku(ledger, head)

    def behind() -> Iterator[list[Answer] | None]:
        try:
            # A connection must not be used in two processes.
            with closing(connect(ledger.path, "ro")) as connection:
                ledger.check_place()
                again = Ledger(ledger.path, connection, ledger.settings, ledger.zone)
                found = [*answers(standing_between(again, head, as_of, first=middle))]
        except Exception:  # noqa: BLE001
            found = None  # What fails there is asked here, where it is said what it is.
        yield found

    with run_ahead(behind, str(ledger.path)) as others:
        yield from answers(standing_between(ledger, head, as_of, end=middle))
        (found,) = others
    if found is None:
        yield from answers(standing_between(ledger, head, as_of, first=middle))
    else:
        yield from found
