"""Knows how what is said of a date now differs from what was said of it then.

Must never know where events lie, or which streams are asked for.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inventory_cli.core.events import Effect
from inventory_cli.core.replay import fold


class Restatement(NamedTuple):
    """What was on hand by what was known then, what by what is known now, and the positions of
    the events that were recorded in between, ascending.
    """

    then: int
    now: int
    positions: list[int]

    @property
    def change(self) -> int:
        """How much more there is now."""
        return self.now - self.then


def restate(then: Iterable[Effect], now: Iterable[Effect], known: int) -> Restatement:
    """Return what the events of a stream behind position `known` have changed.

    Its events up to one date are given in fold order: those up to that position, and all of them.
    """
    positions: list[int] = []

    def noting() -> Iterator[Effect]:
        for effect in now:
            if effect[0] > known:
                positions.append(effect[0])
            yield effect

    on_hand = fold(noting()).on_hand
    return Restatement(fold(then).on_hand, on_hand, sorted(positions))
