"""Knows what one stream comes to at many positions and dates at once, in one pass over it.

Must never know what is compared with it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from inventory_cli.core.replay import (
    INCOMING,
    OUTGOING,
    SIGNS,
    State,
    UnknownKind,
    opening_dates,
)


class Moment(NamedTuple):
    """Where a state is asked for: at a position of the log, as of a date (UTC text)."""

    position: int
    as_of: str


# position, kind, quantity, effective_at, the position of the reversal that voids it, and details.
Row = tuple[int, str, int, str, int | None, str | None]


class _Branch:
    """What a stream comes to for the positions from the `first` on, up to those of the next branch.

    Empty text stands for "never".
    """

    __slots__ = ("counted", "first", "incoming", "is_begun", "on_hand", "opening", "outgoing")

    def __init__(self) -> None:
        self.first, self.is_begun, self.on_hand = 0, False, 0
        self.incoming = self.outgoing = self.counted = ""
        self.opening: dict[str, str] = {}

    def split(self, first: int) -> "_Branch":
        """Return a branch of its own for the positions from another one on."""
        branch = _Branch()
        for name in self.__slots__:
            setattr(branch, name, getattr(self, name))
        branch.first = first
        return branch

    def add(self, row: Row) -> None:
        """Add the next event that stands."""
        position, kind, quantity, effective_at, _, details = row
        self.is_begun = True
        if kind == "counted":
            self.on_hand, self.counted = quantity, effective_at
        elif kind in SIGNS:
            self.on_hand += SIGNS[kind] * quantity
            if kind in INCOMING:
                self.incoming = effective_at
            elif kind in OUTGOING:
                self.outgoing = effective_at
            elif kind == "opened":
                self.opening = opening_dates(details) | self.opening
        elif kind != "reversed":
            raise UnknownKind(position, kind)

    def state(self) -> State:
        return State(
            self.on_hand,
            self.incoming or self.opening.get("last_incoming"),
            self.outgoing or self.opening.get("last_outgoing"),
            self.counted or None,
        )


class StatesAt:
    """The states of streams, one after the other, at some moments.

    All moments share one fold until an event comes that was recorded behind the position of some;
    these have a branch of their own from there on. A stream that was recorded in its order has
    hardly any, however many moments there are.
    """

    def __init__(self, moments: Sequence[Moment]) -> None:
        self._positions = sorted({moment.position for moment in moments})
        # By date: the date, the place of the position among those, and of the moment as given.
        self._wanted = sorted(
            (moment.as_of, bisect_left(self._positions, moment.position), place)
            for place, moment in enumerate(moments)
        )

    def of_stream(self, rows: Iterable[Row]) -> Iterator[tuple[State, Sequence[int]]]:
        """Give the states of one stream, whose events are given in fold order, and of each at which
        moments, by their places, it is. Where the stream has no event yet there is none; when the
        last event took effect is not in them.
        """
        branches, wanted, told = [_Branch()], self._wanted, 0
        for row in rows:
            if told < len(wanted) and row[3] > wanted[told][0]:
                until = bisect_left(wanted, (row[3],), lo=told)
                yield from _states(branches, wanted[told:until])
                told = until
            self._add(branches, row)
        yield from _states(branches, wanted[told:])

    def _add(self, branches: list[_Branch], row: Row) -> None:
        positions, voided_by = self._positions, row[4]
        first = _begin(branches, bisect_left(positions, row[0]), len(positions))
        stop = len(branches)
        if voided_by is not None:
            stop = _begin(branches, bisect_left(positions, voided_by), len(positions))
        for branch in branches[first:stop]:
            branch.add(row)
        for branch in branches[stop:]:
            branch.is_begun = True


def _begin(branches: list[_Branch], first: int, end: int) -> int:
    """Let a branch begin at a position, unless that is the end; return the place of the branch."""
    if first == end:
        return len(branches)
    place = len(branches) - 1
    while branches[place].first > first:
        place -= 1
    if branches[place].first < first:
        place += 1
        branches.insert(place, branches[place - 1].split(first))
    return place


def _states(
    branches: Sequence[_Branch], wanted: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[State, Sequence[int]]]:
    """Give the states of branches, each with the moments that are asked for of it."""
    if len(branches) == 1:
        if branches[0].is_begun and wanted:
            yield branches[0].state(), [place for _, _, place in wanted]
        return
    places: dict[int, list[int]] = {}
    for _, position, place in wanted:
        branch = len(branches) - 1
        while branches[branch].first > position:
            branch -= 1
        places.setdefault(branch, []).append(place)
    for branch, found in places.items():
        if branches[branch].is_begun:
            yield branches[branch].state(), found
