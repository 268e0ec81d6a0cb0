"""Knows the checks that read the log from its first event to its last, in one pass.

Each check is fed the same pieces of the log, and returns what it found at the end. Must never
change anything, nor stop at the first problem.
"""

from contextlib import suppress
from operator import itemgetter
from typing import NamedTuple

from inventory_cli.audit.check import (
    BATCH,
    HASH,
    KIND,
    LOCATION,
    POSITION,
    REVERSES,
    SKU,
    Row,
    batches_after,
    event_of,
)
from inventory_cli.audit.finding import Finding
from inventory_cli.core.events import ENDED_BY, Event, Stream, unpack_details
from inventory_cli.core.rules import transfer_partner
from inventory_cli.storage.anchors import Place
from inventory_cli.storage.batches import Batch, headers_with_hash, read_batch
from inventory_cli.storage.chain import genesis, link_batch, link_event
from inventory_cli.storage.failures import WRONG_TYPE
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import BEFORE_ALL, read_event, settings_rows, voided_between

_place_of = itemgetter(POSITION, BATCH)


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

    def feed(self, rows: list[Row]) -> None:
        self._saw_all = False
        for position, batch in map(_place_of, rows):
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
        self._saw_all = True

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


def _hexadecimal(link: object) -> str | None:
    return link.hex() if isinstance(link, bytes) else None


class Chain:
    """Every hash follows from the one before it and from what is recorded."""

    name = "chain"

    def __init__(self, ledger: Ledger, head: Head, start: Place) -> None:
        self._ledger = ledger
        self._headers = headers_with_hash(ledger, head.batch, batches_after(start))
        self._header: tuple[Batch, bytes] | None = None
        self._batch, self._link = start.batch, start.hash
        self._found: list[Finding] = []
        # The first event of each stream whose hash does not fit.
        self.broken: dict[Stream, int] = {}

    def feed(self, rows: list[Row]) -> None:
        for row in rows:
            link, stored = None, row[HASH]
            try:
                if row[BATCH] != self._batch:
                    self._close_before(row[BATCH])
                    self._batch = row[BATCH]
                link = link_event(self._link, row[:HASH])
            except WRONG_TYPE:
                pass  # Nothing that can be recorded has such a cell, so no hash fits.
            if link is None or link != stored:
                self._break(row, link)
            # Go on from what is stored, so that every other break shows too.
            self._link = stored

    def _break(self, row: Row, link: bytes | None) -> None:
        position, sku, location = row[POSITION], row[SKU], row[LOCATION]
        text = (
            f"event {position} ({row[KIND]}, {sku} at {location}) does not fit the chain: it, "
            "or what came just before it, was altered, removed or moved"
        )
        self._found.append(
            Finding(
                "event-hash",
                text,
                sku,
                location,
                position,
                _hexadecimal(link),
                _hexadecimal(row[HASH]),
            )
        )
        self.broken.setdefault((sku, location), position)

    def _close_before(self, batch: int) -> None:
        """Check the headers of the batches that come before that of an event."""
        while (header := self._upcoming()) and header[0].batch < batch:
            self._close(*header)

    def _upcoming(self) -> tuple[Batch, bytes] | None:
        if self._header is None:
            self._header = next(self._headers, None)
        return self._header

    def _close(self, header: Batch, stored: bytes) -> None:
        link = None
        with suppress(*WRONG_TYPE):
            link = link_batch(self._link, header)
        if link is None or link != stored:
            text = (
                f"batch {header.batch} ({header.command}) does not fit the chain: its header, or "
                "what came just before it, was altered, removed or moved"
            )
            expected, found = _hexadecimal(link), _hexadecimal(stored)
            self._found.append(Finding("batch-hash", text, expected=expected, found=found))
        self._link, self._header = stored, None

    def finish(self) -> list[Finding]:
        while header := self._upcoming():
            self._close(*header)
        if not self._settings_fit():
            text = "the settings of the ledger were altered"
            self._found.insert(0, Finding("settings", text))
        return self._found

    def _settings_fit(self) -> bool:
        try:
            fit = genesis(self._ledger.settings) == self._ledger.start()
        except WRONG_TYPE:
            return False
        return fit and settings_rows(self._ledger) == [1]


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

    def feed(self, rows: list[Row]) -> None:
        if self._start is not None:
            self._leaving, self._start = self._left_before(self._start), None
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

    def feed(self, rows: list[Row]) -> None:
        for row in rows:
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
