"""Knows what the standing events of a SKU changed, one by one, for answers about what happened.

Must never know where events lie, or what is asked.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from inventory_cli.core.replay import SIGNS, UnknownKind

# What an answer reads of a standing event: SKU, location, effective_at, position, kind, quantity,
# date_only, unit_cost, reason, and the details of an `opened` event, else None.
Row = tuple[str, str, str, int, str, int, int, str | None, str | None, str | None]


class Move(NamedTuple):
    """A standing event: what it changed of on hand in its stream, in smallest units.

    The change of a count is its variance, and `begins` tells whether it has nothing before it in
    its stream. `effective_at` is UTC text; `details` those of an opening balance.
    """

    effective_at: str
    position: int
    location: str
    kind: str
    change: int
    quantity: int
    date_only: int
    unit_cost: str | None
    reason: str | None
    details: str | None
    begins: bool


# What `_make` does, without looking at the length once more: there are many moves.
_move = partial(tuple.__new__, Move)


def moves_by_sku(rows: Iterable[Row]) -> Iterator[tuple[str, list[Move]]]:
    """Give each SKU with its moves over all locations, by (effective at, position).

    The rows come by SKU, then by location, each stream in fold order. Raises UnknownKind.
    """
    for sku, of_sku in groupby(rows, key=itemgetter(0)):
        moves: list[Move] = []
        location: str | None = None
        streams = 0
        on_hand = 0
        for _, place, at, position, kind, quantity, date_only, cost, reason, details in of_sku:
            begins = place != location
            if begins:
                location, on_hand = place, 0
                streams += 1
            if kind == "counted":
                change = quantity - on_hand
            elif (sign := SIGNS.get(kind)) is not None:
                change = sign * quantity
            else:
                raise UnknownKind(position, kind)
            on_hand += change
            moves.append(
                _move(
                    (
                        at,
                        position,
                        place,
                        kind,
                        change,
                        quantity,
                        date_only,
                        cost,
                        reason,
                        details,
                        begins,
                    )
                )
            )
        if streams > 1:
            moves.sort()
        yield sku, moves
