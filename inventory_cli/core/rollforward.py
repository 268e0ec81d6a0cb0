"""Knows how what happened in a period leads from what was there before it to what was there after.

Must never know which period is asked for, or where the moves lie.
"""

from collections.abc import Callable, Iterable
from operator import add
from typing import NamedTuple

from inventory_cli.core.events import KINDS
from inventory_cli.core.moves import Move

# The kinds that change what is on hand, in the order of the columns.
CHANGING = tuple(kind.name for kind in KINDS.values() if kind.sign or kind.name == "counted")
_PLACES = {name: place for place, name in enumerate(CHANGING)}
_UNCHANGED = (0,) * len(CHANGING)


class Rolled(NamedTuple):
    """What was there before a period, what each kind of event changed in it, and what was there
    after: opening + the sum of the changes = closing.

    `changes` has a signed quantity, in smallest units, for each of CHANGING.
    """

    opening: int = 0
    changes: tuple[int, ...] = _UNCHANGED
    closing: int = 0


def roll(moves: Iterable[Move], begins: str) -> Rolled:
    """Return what the moves of a SKU, in order, make of the period that begins at a moment (UTC
    text); it ends with the last of them.
    """
    opening = 0
    changes = [*_UNCHANGED]
    for move in moves:
        if move.effective_at < begins:
            opening += move.change
        else:
            changes[_PLACES[move.kind]] += move.change
    return Rolled(opening, tuple(changes), opening + sum(changes))


def roll_each(
    moves: Iterable[Move], begins: str, period_of: Callable[[str], str]
) -> dict[str, Rolled]:
    """Return the same for each period in which a move stands, by its name, in order.

    `period_of` names the period of a moment (UTC text).
    """
    on_hand = 0
    found: dict[str, tuple[int, list[int]]] = {}
    for move in moves:
        if move.effective_at >= begins:
            period = period_of(move.effective_at)
            if period not in found:
                found[period] = on_hand, [*_UNCHANGED]
            found[period][1][_PLACES[move.kind]] += move.change
        on_hand += move.change
    return {
        period: Rolled(opening, tuple(changes), opening + sum(changes))
        for period, (opening, changes) in found.items()
    }


def total_of(rows: Iterable[Rolled]) -> Rolled:
    """Return the sum over several SKUs of one and the same period."""
    total = Rolled()
    for row in rows:
        total = Rolled(
            total.opening + row.opening,
            tuple(map(add, total.changes, row.changes)),
            total.closing + row.closing,
        )
    return total
