"""Knows the whole log replayed in one pass, and looked at on its way.

Must never know what it is compared with.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from inventory_cli.audit.check import EVENT_FIELDS, KIND, LOCATION, POSITION, SKU, Row
from inventory_cli.audit.finding import Finding
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import KINDS, Stream
from inventory_cli.core.replay import Replay, State, UnknownKind
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import BEFORE_ALL, read_stream, stored_rows

_position_of = itemgetter(POSITION)
# What a replay wants to know of an event; of the details it reads those of an opening balance.
_for_replay = itemgetter(
    *map(
        EVENT_FIELDS.index,
        (
            "position",
            "sku",
            "location",
            "kind",
            "quantity",
            "effective_at",
            "reverses",
            "details",
        ),
    )
)


class Stop(NamedTuple):
    """A position at which the replay is looked at on its way, as of a date."""

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
    """The whole log replayed once, to compare the projection with; and snapshots, on the way."""

    name = "stock"

    def __init__(self, ledger: Ledger, last: int, stops: Iterable[Stop]) -> None:
        self._ledger = ledger
        self._last = last
        self._fed_to = 0
        self._replay = Replay()
        self._found: list[Finding] = []
        self._stops = deque(sorted(stops, key=lambda stop: stop.position))
        self.states: dict[Stream, State] = {}

    def feed(self, rows: list[Row]) -> None:
        end = rows[-1][POSITION]
        while self._stops and self._stops[0].position < end:
            cut = bisect_right(rows, self._stops[0].position, key=_position_of)
            self._feed(rows[:cut])
            rows = rows[cut:]
            self._stop_before(rows[0][POSITION])
        self._feed(rows)
        self._fed_to = end

    def _feed(self, rows: list[Row]) -> None:
        known = [row for row in rows if row[KIND] in KINDS]
        if len(known) < len(rows):
            self._found += unknown_kinds(rows)
        self._replay.feed(map(_for_replay, known))

    def _stop_before(self, position: int) -> None:
        while self._stops and self._stops[0].position < position:
            stop = self._stops.popleft()
            stop.look(partial(self._states, stop.position, stop.as_of))

    def _states(self, position: int, as_of: str = END_OF_TIME) -> dict[Stream, State]:
        return self._replay.states(
            lambda stream: read_stream(self._ledger, stream, position, as_of), as_of
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
    of a log that is read up to there.
    """
    there: dict[Stream, State] = {}
    stop = Stop(position, as_of, lambda states: there.update(states()))
    replayed = Replayed(ledger, last, [stop])
    for rows in stored_rows(ledger, last, BEFORE_ALL):
        replayed.feed(rows)
    replayed.finish()
    return there, replayed.states
