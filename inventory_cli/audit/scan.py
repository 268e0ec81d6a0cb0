"""Knows the checks that read the log from its first event to its last, in one pass.

Each check is fed the same pieces of the log, and returns its problems at the end. Must never
change anything, nor stop at the first problem.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import KINDS, Event, Stream
from inventory_cli.core.replay import Replay, State, UnknownKind
from inventory_cli.core.rules import transfer_partner
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.anchors import Place
from inventory_cli.storage.batches import Batch, headers_with_hash
from inventory_cli.storage.chain import genesis, link_batch, link_event
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import (
    BEFORE_ALL,
    EVENT_COLUMNS,
    read_event,
    read_stream,
    settings_rows,
    voided_between,
)

# An event with its stored hash behind it, as it is read from the file: after tampering its
# cells may be of any type.
Row = tuple[Any, ...]
COLUMNS = f"{EVENT_COLUMNS}, hash"


# What reading a damaged or altered file may raise.
UNREADABLE = (DatabaseError, LedgerUnusable, TypeError, ValueError)


def unreadable(error: Exception) -> str:
    """Return the problem that something could not be read for a check."""
    return f"cannot be read to the end: {error}"


class Check(Protocol):
    """A check of the whole log."""

    name: str

    def feed(self, rows: list[Row]) -> None:
        """Look at the next events of the log."""

    def finish(self) -> list[str]:
        """Return every problem that was found, in the words of the report."""


def _after(start: Place) -> int:
    """Return the number of a batch behind which a scan begins; from the start, behind none."""
    return start.batch if start.batch else BEFORE_ALL


class Positions:
    """No position and no batch is missing, and every event lies in the batch that claims it."""

    name = "positions"

    def __init__(self, ledger: Ledger, head: Head, start: Place) -> None:
        self._headers = headers_with_hash(ledger, head.batch, _after(start))
        self._head = head
        self._expected = start.position + 1
        self._batch, self._recorded_at = start.batch, start.recorded_at
        self._first, self._last = 1, 0
        # The last position that a batch before has claimed. A scan that begins at an anchor may
        # begin within a batch; then it is not known.
        self._claimed = None if start.batch else 0
        self._problems: list[str] = []

    def feed(self, rows: list[Row]) -> None:
        for position, batch, *_ in rows:
            if position != self._expected:
                self._problems.append(_missing(self._expected, position - 1))
            self._expected = position + 1
            while batch != self._batch and self._next_header():
                pass
            if not self._first <= position <= self._last:
                self._problems.append(f"event {position} lies in no batch")

    def _next_header(self) -> bool:
        header, _ = next(self._headers, (None, b""))
        if header is None:
            self._first, self._last = 1, 0
            return False
        follows = header.batch == self._batch + 1
        if not follows:
            self._problems.append(f"batch {self._batch + 1} is missing")
        if header.recorded_at < self._recorded_at:
            self._problems.append(f"batch {header.batch} was recorded before the one before it")
        self._batch, self._recorded_at = header.batch, header.recorded_at
        if header.first_position is not None and header.last_position is not None:
            self._first, self._last = header.first_position, header.last_position
            if follows and self._claimed not in (None, self._first - 1):
                self._problems.append(
                    f"batch {header.batch} claims events {self._first} to {self._last}, but the "
                    f"one before it ends with event {self._claimed}"
                )
            self._claimed = self._last
        return True

    def finish(self) -> list[str]:
        while self._next_header():
            pass
        if self._expected <= self._head.position:
            self._problems.append(_missing(self._expected, self._head.position))
        return self._problems


def _missing(first: int, last: int) -> str:
    if last <= first:
        return f"event {first} is missing"
    return f"events {first} to {last} are missing"


class Chain:
    """Every hash follows from the one before it and from what is recorded."""

    name = "chain"

    def __init__(self, ledger: Ledger, head: Head, start: Place) -> None:
        self._headers = headers_with_hash(ledger, head.batch, _after(start))
        self._header: Batch | None
        self._header, self._header_hash = next(self._headers, (None, b""))
        self._problems: list[str] = []
        # The first event of each stream whose hash does not fit.
        self.broken: dict[Stream, int] = {}
        if genesis(ledger.settings) != ledger.start() or settings_rows(ledger) != [1]:
            self._problems.append("the settings of the ledger were altered")
        self._link = start.hash

    def feed(self, rows: list[Row]) -> None:
        for row in rows:
            batch, stored = row[1], row[-1]
            while self._header is not None and batch > self._header.batch:
                self._close()
            self._link = link_event(self._link, row[:-1])
            if self._link != stored:
                self._problems.append(
                    f"event {row[0]} ({row[4]}, {row[2]} at {row[3]}) does not fit the chain: it, "
                    "or what came just before it, was altered, removed or moved"
                )
                self.broken.setdefault((row[2], row[3]), row[0])
                # Go on from what is stored, so that every other break shows too.
                self._link = stored

    def _close(self) -> None:
        assert self._header is not None
        self._link = link_batch(self._link, self._header)
        if self._link != self._header_hash:
            self._problems.append(
                f"batch {self._header.batch} ({self._header.command}) does not fit the chain: its "
                "header, or what came just before it, was altered, removed or moved"
            )
            self._link = self._header_hash
        self._header, self._header_hash = next(self._headers, (None, b""))

    def finish(self) -> list[str]:
        while self._header is not None:
            self._close()
        return self._problems


class Transfers:
    """Every transfer leaves one location and arrives at another: the same quantity, at once, and
    either both legs stand or none.
    """

    name = "transfers"

    def __init__(self, ledger: Ledger, last: int, start: Place) -> None:
        self._ledger = ledger
        self._last = last
        self._start: Place | None = start
        self._leaving: Event | None = None
        self._problems: list[str] = []

    def feed(self, rows: list[Row]) -> None:
        if self._start is not None:
            self._leaving, self._start = self._left_before(self._start), None
        # From one position before, for the leg that left at the end of the piece before.
        first = max(rows[0][0] - 1, BEFORE_ALL + 1)
        voided = voided_between(self._ledger, first, rows[-1][0], self._last)
        for row in rows:
            if row[4] != "transferred" and self._leaving is None:
                continue
            event = Event(*row[:-1])
            leaving, self._leaving = self._leaving, None
            if event.kind == "transferred" and event.quantity < 0:
                if leaving is not None:
                    self._unbalanced(leaving)
                self._leaving = event
            elif event.kind == "transferred":
                if leaving is None or not _balance(leaving, event):
                    self._unbalanced(event)
                elif (leaving.position in voided) != (event.position in voided):
                    self._unbalanced(leaving)
            elif leaving is not None:
                self._unbalanced(leaving)

    def _left_before(self, start: Place) -> Event | None:
        """Return the leg that left just before a scan that begins between the two of a transfer."""
        event = read_event(self._ledger, start.position)
        if event and event.batch > start.batch and event.kind == "transferred":
            return event if event.quantity < 0 else None
        return None

    def _unbalanced(self, event: Event) -> None:
        self._problems.append(
            f"event {event.position}, a transfer of {event.sku} at {event.location}, is not "
            f"balanced by event {transfer_partner(event)}"
        )

    def finish(self) -> list[str]:
        if self._leaving is not None:
            self._unbalanced(self._leaving)
        return self._problems


def _balance(leaving: Event, arriving: Event) -> bool:
    return (
        leaving.position + 1 == arriving.position
        and leaving.batch == arriving.batch
        and leaving.sku == arriving.sku
        and leaving.location != arriving.location
        and leaving.quantity == -arriving.quantity
        and leaving.effective_at == arriving.effective_at
    )


class Reversals:
    """Every reversal names a real earlier event of its own stream, and no event has two."""

    name = "reversals"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._problems: list[str] = []

    def feed(self, rows: list[Row]) -> None:
        for row in rows:
            if row[4] == "reversed" or row[12] is not None:
                event = Event(*row[:-1])
                if fault := self._fault(event):
                    self._problems.append(f"event {event.position}: {fault}")

    def _fault(self, event: Event) -> str | None:
        if event.kind != "reversed":
            return f"a {event.kind!r} event names event {event.reverses} as reversed"
        target = None if event.reverses is None else read_event(self._ledger, event.reverses)
        if target is None or target.position >= event.position:
            return f"the reversal names event {event.reverses}, which is not before it"
        if target.kind == "reversed":
            return f"the reversal names event {event.reverses}, itself a reversal"
        same = (target.sku, target.location, target.effective_at) == (
            event.sku,
            event.location,
            event.effective_at,
        )
        return (
            None
            if same
            else f"the reversal names event {event.reverses}, of another stream or moment"
        )

    def finish(self) -> list[str]:
        return self._problems


class Stop(NamedTuple):
    """A position at which the replay is looked at on its way, as of a date."""

    position: int
    as_of: str
    look: Callable[[Callable[[], dict[Stream, State]]], None]


class Replayed:
    """The whole log replayed once, to compare the projection with; and snapshots, on the way."""

    name = "stock"

    def __init__(self, ledger: Ledger, last: int, stops: Iterable[Stop]) -> None:
        self._ledger = ledger
        self._last = last
        self._fed_to = 0
        self._replay = Replay()
        self._problems: list[str] = []
        self._stops = deque(sorted(stops, key=lambda stop: stop.position))
        self.states: dict[Stream, State] = {}

    def feed(self, rows: list[Row]) -> None:
        known: list[tuple[Any, ...]] = []
        for row in rows:
            if self._stops and row[0] > self._stops[0].position:
                self._replay.feed(known)
                known = []
                self._stop_before(row[0])
            if row[4] in KINDS:
                details = row[13] if row[4] == "opened" else None
                known.append((row[0], row[2], row[3], row[4], row[5], row[6], row[12], details))
            else:
                self._problems.append(UnknownKind(row[0], row[4]).message)
        self._replay.feed(known)
        self._fed_to = rows[-1][0]

    def _stop_before(self, position: int) -> None:
        while self._stops and self._stops[0].position < position:
            stop = self._stops.popleft()
            stop.look(partial(self._states, stop.position, stop.as_of))

    def _states(self, position: int, as_of: str = END_OF_TIME) -> dict[Stream, State]:
        return self._replay.states(
            lambda stream: read_stream(self._ledger, stream, position, as_of), as_of
        )

    def finish(self) -> list[str]:
        if self._fed_to < self._last:
            return self._problems
        self._stop_before(2**63)
        self.states = self._states(self._last)
        return self._problems

    def comparable(
        self, stored: Mapping[Stream, State]
    ) -> tuple[Mapping[Stream, State], list[str]]:
        """Return what of the stored stock this check speaks of, all, and notes on what not."""
        return stored, []
