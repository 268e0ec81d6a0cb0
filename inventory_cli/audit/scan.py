"""Knows the checks that read the log from its first event to its last, in one pass.

Each check is fed the same pieces of the log, and returns what it found at the end. Must never
change anything, nor stop at the first problem.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from inventory_cli.audit.check import (
    BATCH,
    KIND,
    POSITION,
    REVERSES,
    Piece,
    batches_after,
    event_of,
)
from inventory_cli.audit.finding import Finding
from inventory_cli.core.events import ENDED_BY, Event, unpack_details
from inventory_cli.core.rules import transfer_partner
from inventory_cli.storage.anchors import Place
from inventory_cli.storage.batches import Batch, headers_with_hash, read_batch
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import BEFORE_ALL, read_event, voided_between


class _Claim(NamedTuple):
    """The events that a batch says are its own."""

    first: int
    last: int


class Positions:
    """No position and no batch is missing, and every event lies in the batch that claims it."""

    name = "positions"

    def __init__(self, ledger: Ledger, head: Head, start: Place) -> None:
        self._headers = headers_with_hash(ledger, head.batch, batches_after(start))
        self._head = head
        self._expected = start.position + 1
        self._batch, self._recorded_at = start.batch, start.recorded_at
        ended = start.batch > 0 and _ends(read_batch(ledger, start.batch))
        self._ended = start.batch if ended else None
        self._claim: _Claim | None = None
        # The last position that a batch before has claimed. A scan that begins at an anchor may
        # begin within a batch; then it is not known.
        self._claimed = None if start.batch else 0
        self._found: list[Finding] = []
        # Whether all was seen that was to be fed. What was not looked at is not missing.
        self._saw_all = True

    def feed(self, piece: Piece) -> None:
        self._saw_all = False
        positions, batches = piece.columns[POSITION], piece.columns[BATCH]
        if self._are_in_place(positions, batches):
            self._expected += len(positions)
        else:
            self._look_at_each(positions, batches)
        self._saw_all = True

    def _are_in_place(self, positions: Sequence[Any], batches: Sequence[Any]) -> bool:
        """Tell at once whether all is well with events in the midst of a batch."""
        claim, first, count = self._claim, self._expected, len(positions)
        return (
            claim is not None
            and claim.first <= first
            and first + count - 1 <= claim.last
            and batches.count(self._batch) == count
            and positions == (*range(first, first + count),)
        )

    def _look_at_each(self, positions: Sequence[Any], batches: Sequence[Any]) -> None:
        for position, batch in zip(positions, batches, strict=True):
            if position == self._expected:
                self._expected = position + 1
            else:
                self._out_of_place(position)
            if batch != self._batch:
                self._go_to(batch)
            claim = self._claim
            if claim is None or not claim.first <= position <= claim.last:
                text = f"event {position} lies in no batch"
                self._found.append(Finding("claim", text, position=position))

    def _out_of_place(self, position: int) -> None:
        if position > self._expected:
            self._miss(self._expected, position - 1)
            self._expected = position + 1
        else:
            text = f"event {position} stands where event {self._expected} belongs"
            self._found.append(
                Finding("position", text, position=position, expected=self._expected)
            )

    def _miss(self, first: int, last: int) -> None:
        text = f"event {first} is missing"
        if last > first:
            text = f"events {first} to {last} are missing"
        self._found.append(Finding("position", text, position=first, expected=first))

    def _go_to(self, batch: int) -> None:
        """Read on to the header of a batch. Where there is none, nothing is claimed any more."""
        while self._batch != batch:
            if not self._next_header():
                self._claim = None
                return

    def _next_header(self) -> bool:
        header, _ = next(self._headers, (None, b""))
        if header is None:
            return False
        number, follows = header.batch, header.batch == self._batch + 1
        if not follows:
            missing = self._batch + 1
            self._found.append(
                Finding("batch", f"batch {missing} is missing", expected=missing, found=number)
            )
        if header.recorded_at < self._recorded_at:
            text = f"batch {number} was recorded before the one before it"
            self._found.append(Finding("recorded-at", text, found=header.recorded_at))
        if self._ended is not None:
            text = f"batch {number} was recorded after batch {self._ended} had ended the ledger"
            self._found.append(Finding("ended", text, position=header.first_position))
        if _ends(header):
            self._ended = number
        self._batch, self._recorded_at = number, header.recorded_at
        if header.first_position is not None and header.last_position is not None:
            claim = self._claim = _Claim(header.first_position, header.last_position)
            if follows and self._claimed is not None and claim.first != self._claimed + 1:
                text = (
                    f"batch {number} claims events {claim.first} to {claim.last}, but the one "
                    f"before it ends with event {self._claimed}"
                )
                self._found.append(
                    Finding("claim", text, expected=self._claimed + 1, found=claim.first)
                )
            self._claimed = claim.last
        return True

    def finish(self) -> list[Finding]:
        while self._next_header():
            pass
        if self._saw_all and self._expected <= self._head.position:
            self._miss(self._expected, self._head.position)
        return self._found


def _ends(header: Batch | None) -> bool:
    """Tell whether a batch ends its ledger."""
    return header is not None and ENDED_BY in unpack_details(header.details)


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
        self._found: list[Finding] = []

    def feed(self, piece: Piece) -> None:
        rows = piece.rows
        if self._start is not None:
            self._leaving, self._start = self._left_before(self._start), None
        if self._leaving is None and "transferred" not in piece.columns[KIND]:
            return
        # From one position before, for the leg that left at the end of the piece before.
        first = max(rows[0][POSITION] - 1, BEFORE_ALL + 1)
        voided = voided_between(self._ledger, first, rows[-1][POSITION], self._last)
        for row in rows:
            if row[KIND] != "transferred" and self._leaving is None:
                continue
            event = event_of(row)
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
        text = (
            f"event {event.position}, a transfer of {event.sku} at {event.location}, is not "
            f"balanced by event {transfer_partner(event)}"
        )
        self._found.append(Finding("transfer", text, event.sku, event.location, event.position))

    def finish(self) -> list[Finding]:
        if self._leaving is not None:
            self._unbalanced(self._leaving)
        return self._found


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
        self._found: list[Finding] = []

    def feed(self, piece: Piece) -> None:
        reverses = piece.columns[REVERSES]
        if reverses.count(None) == len(reverses) and "reversed" not in piece.columns[KIND]:
            return
        for row in piece.rows:
            if row[KIND] == "reversed" or row[REVERSES] is not None:
                event = event_of(row)
                if fault := self._fault(event):
                    text = f"event {event.position}: {fault}"
                    self._found.append(
                        Finding("reversal", text, event.sku, event.location, event.position)
                    )

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

    def finish(self) -> list[Finding]:
        return self._found
