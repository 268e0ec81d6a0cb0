"""Knows the whole log replayed in one pass, and looked at on its way.

Must never know what it is compared with.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from inventory_cli.audit.check import (
    DETAILS,
    EFFECTIVE_AT,
    KIND,
    LOCATION,
    POSITION,
    QUANTITY,
    REVERSES,
    SKU,
    Piece,
    Row,
)
from inventory_cli.audit.finding import Finding
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import KINDS, Stream
from inventory_cli.core.replay import Replay, State, UnknownKind
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import BEFORE_ALL, REPLAY_COLUMNS, pieces, read_effects

# What a replay wants to know of an event; of the details it reads those of an opening balance.
_FOR_REPLAY = (POSITION, SKU, LOCATION, KIND, QUANTITY, EFFECTIVE_AT, REVERSES, DETAILS)


# What looking at a replay costs, in events replayed: for each stream, for each that is read again
# because it is not as it is wanted, and for each event of that. And how much of it there may be for
# each event of the log: more is had cheaper, stream by stream, when the log has been read.
_PER_STREAM, _PER_STREAM_AGAIN, _PER_EVENT_AGAIN = 6, 50, 8
MOST_PER_EVENT = 0.5


class Stop(NamedTuple):
    """A position at which the replay may be looked at on its way, as of a date."""

    position: int
    as_of: str
    look: Callable[[Callable[[], dict[Stream, State]]], None]


def unknown_kinds(rows: Iterable[Row]) -> list[Finding]:
    """Return a finding for each event of a kind that this program does not know."""
    return [
        Finding(
            "kind",
            UnknownKind(row[POSITION], row[KIND]).message,
            row[SKU],
            row[LOCATION],
            row[POSITION],
            found=str(row[KIND]),
        )
        for row in rows
        if row[KIND] not in KINDS
    ]


class Replayed:
    """The whole log replayed once, to compare the projection with; and snapshots on the way, those
    that cost little.
    """

    name = "stock"

    def __init__(self, ledger: Ledger, last: int, stops: Iterable[Stop]) -> None:
        self._ledger = ledger
        self._last = last
        self._fed_to = 0
        self._replay = Replay()
        self._found: list[Finding] = []
        self._spent = 0.0
        self._stops = deque(sorted(stops, key=lambda stop: stop.position))
        self.states: dict[Stream, State] = {}

    def feed(self, piece: Piece) -> None:
        end = piece.rows[-1][POSITION]
        columns = [piece.columns[column] for column in _FOR_REPLAY]
        if not KINDS.keys() >= {*piece.columns[KIND]}:
            self._found += unknown_kinds(piece.rows)
            known = [row for row in piece.rows if row[KIND] in KINDS]
            columns = [tuple(row[column] for row in known) for column in _FOR_REPLAY]
        rows: Iterable[Any] = zip(*columns, strict=True)
        while self._stops and self._stops[0].position < end:
            rows = list(rows)
            cut = bisect_right(rows, self._stops[0].position, key=itemgetter(0))
            self._replay.feed(rows[:cut])
            rows = rows[cut:]
            self._stop_before(rows[0][0] if rows else end)
        self._replay.feed(rows)
        self._fed_to = end

    def _stop_before(self, position: int) -> None:
        while self._stops and self._stops[0].position < position:
            stop = self._stops.popleft()
            if self._is_cheap(stop):
                stop.look(partial(self._states, stop.position, stop.as_of))

    def _is_cheap(self, stop: Stop) -> bool:
        streams, again = self._replay.count_streams(stop.as_of)
        each = _PER_STREAM_AGAIN + _PER_EVENT_AGAIN * stop.position / max(streams, 1)
        spent = self._spent + _PER_STREAM * streams + again * each
        if spent > MOST_PER_EVENT * self._last:
            return False
        self._spent = spent
        return True

    def _states(self, position: int, as_of: str = END_OF_TIME) -> dict[Stream, State]:
        return self._replay.states(
            lambda stream: read_effects(self._ledger, stream, position, as_of), as_of
        )

    def finish(self) -> list[Finding]:
        if self._fed_to < self._last:
            return self._found
        self._stop_before(2**63)
        self.states = self._states(self._last)
        return self._found

    def comparable(
        self, stored: Mapping[Stream, State]
    ) -> tuple[Mapping[Stream, State], list[str]]:
        """Return what of the stored stock this check speaks of, all, and notes on what not."""
        return stored, []


def replayed_at(
    ledger: Ledger, last: int, position: int, as_of: str
) -> tuple[dict[Stream, State], dict[Stream, State]]:
    """Return the states at a position as of a date, and those at the last one at the end of time,
    of a log that is read up to there. Events of unknown kinds change nothing.
    """
    replay = Replay()

    def states_at(end: int, after: int, as_of: str) -> dict[Stream, State]:
        for rows in pieces(ledger, REPLAY_COLUMNS, end, after):
            replay.feed(row for row in rows if row[3] in KINDS)
        return replay.states(lambda stream: read_effects(ledger, stream, end, as_of), as_of)

    there = states_at(position, BEFORE_ALL, as_of)
    return there, states_at(last, max(position, BEFORE_ALL), END_OF_TIME)
