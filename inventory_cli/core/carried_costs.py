"""Knows what a rollover carries of the costs of a SKU, and how its openings say it.

The first opening of the SKU says it for all locations; the others say that they are part of that.
Must never know how costs add up.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from inventory_cli.core.events import (
    CARRIED_COSTS,
    INCOMING,
    OTHER,
    ROLLOVER,
    SOLD,
    unpack_details,
)
from inventory_cli.core.moves import Move
from inventory_cli.errors import damaged


class Cost(NamedTuple):
    """How many units of a departure have a cost, and what it is by each method, in millionths."""

    units: int
    fifo: int
    average: int


class Carried(NamedTuple):
    """What is there of a SKU, and what it cost: quantities in smallest units, money in millionths.

    `layers` are the oldest first, each with its cost or None; `average` is what those with a cost
    cost together by the average. `latest` is the departure that had a cost last, and `latest_sale`
    the sale. `short` are the accounts and quantities of what left and was not there, the oldest
    first; `is_begun` tells whether part of the first was there: that one is the latest.
    """

    layers: Sequence[tuple[int, int | None]] = ()
    average: int = 0
    latest: Cost | None = None
    latest_sale: Cost | None = None
    short: Sequence[tuple[str, int]] = ()
    is_begun: bool = False

    @property
    def on_hand(self) -> int:
        """What is there, less what is short."""
        return sum(quantity for quantity, _ in self.layers) - sum(n for _, n in self.short)

    @property
    def says_more(self) -> bool:
        """Whether it says more than how much is there."""
        return bool(self.short or self.latest) or any(cost is not None for _, cost in self.layers)


# What the other openings of a SKU say, of which one carries its costs.
WITH_ANOTHER = "{}"


def write_carried(carried: Carried) -> str:
    """Return as JSON text what is carried, without what is empty."""
    values = {name: value for name, value in carried._asdict().items() if value}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def read_carried(text: str) -> Carried:
    """Return what JSON text carries. Raises LedgerUnusable where it cannot have been written so."""
    try:
        said: Any = {**Carried()._asdict(), **json.loads(text)}
        carried = Carried(
            tuple((_above(0, n), None if c is None else _above(-1, c)) for n, c in said["layers"]),
            _above(-1, said["average"]),
            _cost(said["latest"]),
            _cost(said["latest_sale"]),
            tuple((_ACCOUNTS[account], _above(0, n)) for account, n in said["short"]),
            bool(said["is_begun"]),
        )
        if len(said) == len(carried):
            return carried
    except (ValueError, TypeError, LookupError, RecursionError):
        pass
    raise damaged(f"{repr(text)[:60]} stands where carried costs belong")


_ACCOUNTS = {account: account for account in (INCOMING, SOLD, OTHER)}


def _cost(said: Any) -> Cost | None:
    if said is None:
        return None
    units, fifo, average = said
    return Cost(_above(0, units), _above(-1, fifo), _above(-1, average))


def _above(least: int, value: Any) -> int:
    if type(value) is not int or value <= least:
        raise ValueError
    return value


def carried_with(opening: Move) -> Carried:
    """Return what an opening of a rollover carries; of what was below zero, nothing."""
    return read_carried(unpack_details(opening.details).get(CARRIED_COSTS, WITH_ANOTHER))


def openings_in(moves: Sequence[Move]) -> list[Move]:
    """Return those of the moves of a SKU with which a rollover opened what it carries the costs of.

    One to which somebody gave a unit cost since is an arrival like others.
    """
    found = [
        move
        for move in moves
        if move.details is not None
        and CARRIED_COSTS in unpack_details(move.details)
        and move.unit_cost is None
    ]
    if not found:
        return found
    places = {(move.location, move.effective_at) for move in found}
    # What a person adjusts by the day alone takes effect at the end of it.
    return found + [
        move
        for move in moves
        if (move.kind, move.reason) == ("adjusted", ROLLOVER)
        and move.change < 0
        and move.date_only
        and (move.location, move.effective_at) in places
    ]
