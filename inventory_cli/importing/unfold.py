"""Knows how a row that says several things becomes a row for each: quantities at several places or
of several kinds, or what came in and what went out.

Must never know what a cell means.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from inventory_cli.core.events import KINDS

# A cell without one of these is no figure, or 0.
_NOT_ZERO = re.compile(r"[1-9]")
# What opens stock comes before what moves it, if all are of one moment, and what counts it last.
_ORDER = [*KINDS]


class Figures(NamedTuple):
    """A column of quantities, and what its header says of each: the location, or the kind."""

    at: int
    label: str
    says: str


class Unfolding(NamedTuple):
    """Which columns of a row have quantities of their own.

    Either some `figures`; then the cells behind the row are what the column says, the quantity and
    the header of the column. Or `ways`, the columns of what came in and what went out; then it is
    the header alone, empty where the row says one of both. `balance` is the column of what was
    there afterwards, or -1.
    """

    figures: tuple[Figures, ...] = ()
    ways: tuple[Figures, ...] = ()
    balance: int = -1

    def __bool__(self) -> bool:
        return bool(self.figures or self.ways)

    def of(self, record: list[str]) -> list[list[str]]:
        """Return the rows that a row stands for; none where it has no quantity at all."""
        if self.figures:
            return [
                [*record, says, record[at], label]
                for at, label, says in self.figures
                if record[at].strip()
            ]
        if self.ways and all(_NOT_ZERO.search(record[way.at]) for way in self.ways):
            return [self._one_way(record, *pair) for pair in (self.ways, self.ways[::-1])]
        return [[*record, ""]] if self.ways else [record]

    def _one_way(self, record: Sequence[str], kept: Figures, other: Figures) -> list[str]:
        row = [*record, kept.label]
        row[other.at] = ""
        if self.balance >= 0 and kept is self.ways[0]:
            # It is the one after both.
            row[self.balance] = ""
        return row

    def part(self, record: Sequence[str]) -> str:
        """Return which part of a row an unfolded one is: the header of its quantity, or nothing."""
        return record[-1] if self else ""


def by_kind(figures: Sequence[Figures]) -> tuple[Figures, ...]:
    """Return columns of kinds in the order in which what they say takes effect."""
    return tuple(sorted(figures, key=lambda column: _ORDER.index(column.says)))
