"""Knows with what a new ledger opens every stream of an older one: what was there, the days of the
last arrival and departure, and what it cost.

Must never know when that is done, or what follows.
"""

from collections.abc import Iterator, Mapping, Set

from inventory_cli.audit.seam import COMMAND
from inventory_cli.core.carried_costs import WITH_ANOTHER, Carried, write_carried
from inventory_cli.core.dates import shifted, show_day
from inventory_cli.core.events import (
    CARRIED_COSTS,
    OPENING_DETAILS,
    Draft,
    Stream,
    pack_details,
)
from inventory_cli.core.moves import moves_by_sku
from inventory_cli.core.replay import State
from inventory_cli.core.valuation import carried_after
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import standing


def costs_at(old: Ledger, head: int, cut: str) -> dict[str, Carried]:
    """Return what is carried of the costs of each SKU, where that says more than what is there."""
    skus = moves_by_sku(standing(old, head, cut))
    found = ((sku, carried_after(moves, old.decimals)) for sku, moves in skus)
    return {sku: carried for sku, carried in found if carried.says_more}


def openings(
    states: Mapping[Stream, State],
    cut: str,
    later: Set[Stream],
    costs: Mapping[str, Carried],
    old: Ledger,
) -> Iterator[Draft]:
    """Give what opens each stream, at the first moment after the cut, from position 1 on.

    An opening balance is never negative, so what is missing is adjusted. A stream that the old
    log opens only `later`, because all before was voided, is opened for no more than to be listed.
    Of the others of a SKU the first carries its `costs`.
    """
    at, position = shifted(cut, 1), 0
    told: set[str] = set()
    for (sku, location), state in sorted(states.items()):
        details = {
            key: show_day(moment, old.zone)
            for key in OPENING_DETAILS
            if (moment := getattr(state, key))
        }
        if sku in costs and (sku, location) not in later:
            details[CARRIED_COSTS] = WITH_ANOTHER if sku in told else write_carried(costs[sku])
            told.add(sku)
        opening = Draft(sku, location, "opened", max(state.on_hand, 0), at, 1)
        yield opening._replace(details=pack_details(details))
        position += 1
        if state.on_hand < 0:
            yield opening._replace(kind="adjusted", quantity=state.on_hand, reason=COMMAND)
            position += 1
        if (sku, location) in later:
            yield opening._replace(kind="reversed", reason=COMMAND, reverses=position)
            position += 1
