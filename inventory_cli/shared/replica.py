"""Knows how batches of the database come into a file: each checked against the chain, or none.

Must never take over what does not fit, nor ask who recorded it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from inventory_cli.core.ahead import can_run_ahead, run_ahead
from inventory_cli.core.events import KINDS, Stream, is_stock
from inventory_cli.core.projection import Projected
from inventory_cli.core.replay import Replay, State, UnknownKind
from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.failures import ServerUnusable, does_not_fit
from inventory_cli.shared.parts import Part, SharedLog, parts_of
from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import INSERT_BATCH, Batch
from inventory_cli.storage.chain import digest_lines, link_batch
from inventory_cli.storage.failures import IntegrityError
from inventory_cli.storage.insert import CHUNK, insert_events, put_aside, put_back
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import read_effects
from inventory_cli.storage.snapshots import Line, Snapshot, insert_snapshot
from inventory_cli.storage.stock import store_states, stored_state

Row = Sequence[Any]
_SNAPSHOT = ", ".join(Snapshot._fields)
_LINE = ", ".join(Line._fields)


class Missing(NamedTuple):
    """What a replica lacks: the headers, each with its hash, and the events from SKU to details."""

    headers: Sequence[Row]
    events: Sequence[Row]


def apply(ledger: Ledger, server: Server, to: Head, missing: Missing | None = None) -> None:
    """Take over into a file, inside its open transaction, what a database holds up to a head. What
    is `missing` need not be asked for, if it is known. Raises LedgerUnusable at the first batch
    that does not fit.
    """
    head = ledger.head()
    log = SharedLog(server, ledger.settings.identity)
    is_large = to.position - head.position > CHUNK
    with ExitStack() as stack:
        parts: Iterator[Part]
        apart: Iterator[Part] = iter(())
        if is_large and can_run_ahead():
            ahead = run_ahead(partial(_read_apart, log, head, to), server.place)
            apart = stack.enter_context(ahead)
        if first := next(apart, None):
            parts = chain([first], apart)
        else:
            given = [(missing.headers, iter(missing.events))] if missing else log.batches(head, to)
            parts = parts_of(head, given, by_batch=not is_large)
        taking = _Taking(ledger, log, to, parts, is_large)
        for *fields, link in missing.headers if missing else log.headers(head.batch, to.batch):
            header = Batch(*fields)
            try:
                taking.take(header, link)
            except IntegrityError as error:
                # What the file keeps, and the database did not.
                raise does_not_fit(server.place, f"batch {header.batch}") from error
        taking.finish()


def _read_apart(log: SharedLog, head: Head, to: Head) -> Iterator[Part]:
    """Read in another process, which must have a connection of its own; nothing where it gets
    none: a role may have a limit of them.
    """
    server = Server(log.server.url)
    try:
        try:
            _ = server.connection
        except ServerUnusable:
            return
        apart = SharedLog(server, log.identity, in_a_stream=True)
        yield from parts_of(head, apart.batches(head, to), by_batch=False)
    finally:
        server.close()


class _Taking:
    """Batches that are taken over one after the other, and what they make of the streams."""

    def __init__(
        self, ledger: Ledger, log: SharedLog, to: Head, parts: Iterator[Part], is_large: bool
    ) -> None:
        self._ledger, self._log, self._to = ledger, log, to
        self._head = ledger.head()
        # Without the guards, events may stand before the header of the batch that they follow.
        self._aside = (
            put_aside(ledger.connection, log_is_empty=self._head.position == 0)
            if is_large
            else None
        )
        self._parts = parts
        # The last events that were inserted, and the position of the first of them and behind them.
        self._part: Part | None = None
        self._first = self._next = self._head.position + 1
        self._streams: _Replayed | _Forwarded
        self._streams = _Forwarded(ledger) if self._head.position else _Replayed(ledger)

    def take(self, header: Batch, link: bytes) -> None:
        """Take over one batch, whose stored hash is `link`."""
        before = self._head
        first, last = before.position + 1, header.last_position or before.position
        ends = (first, last) if last >= first else (None, None)
        if (header.batch, *header[6:8]) != (before.batch + 1, *ends):
            raise self._misfit(header)
        while self._next <= last:
            part = next(self._parts, None)
            if part is None:
                raise self._misfit(header)
            self._insert(part)
        if header.lines_sha256 is not None:
            self._take_snapshot(header)
        last_link = before.hash
        if last >= first and self._part:
            last_link = self._part.link(last - self._first)
        if link_batch(last_link, header) != link or header.recorded_at < before.recorded_at:
            raise self._misfit(header)
        self._head = Head(last, header.batch, header.recorded_at, link)
        self._ledger.connection.execute(INSERT_BATCH, (*header, link))

    def _insert(self, part: Part) -> None:
        self._part, self._first = part, self._next
        self._next += len(part.columns[0])
        self._streams.feed(part.columns)
        insert_events(self._ledger.connection, [*part.columns, part.links()])

    def _misfit(self, header: Batch) -> LedgerUnusable:
        """Return the failure that a batch does not fit; it names the first event that does not."""
        before = self._head
        # A header may claim any number of events.
        last = min(header.last_position or 0, self._to.position)
        at = self._log.first_misfit(before.hash, before.position + 1, last, header.batch)
        what = f"batch {header.batch}" if at is None else f"event {at}"
        return does_not_fit(self._log.server.place, what)

    def _take_snapshot(self, header: Batch) -> None:
        of, ask = self._log.identity, self._log.server.ask
        query = f"SELECT {_SNAPSHOT} FROM inventory.snapshots WHERE ledger = %s AND batch = %s"
        for row in ask(query, (of, header.batch)):
            snapshot = Snapshot(*row)
            query = f"SELECT {_LINE} FROM inventory.snapshot_lines WHERE ledger = %s"
            query += " AND snapshot = %s ORDER BY sku, location"
            lines = [Line(*line) for line in ask(query, (of, snapshot.snapshot))]
            if digest_lines(snapshot, lines) == header.lines_sha256:
                insert_snapshot(self._ledger.connection, snapshot, lines)
                return
        raise does_not_fit(self._log.server.place, f"the snapshot of batch {header.batch}")

    def finish(self) -> None:
        """Write what the events make of the streams."""
        place, to = self._log.server.place, self._to
        if (self._head.batch, self._head.hash) != (to.batch, to.hash) or next(self._parts, None):
            raise does_not_fit(place, f"a head at batch {to.batch}")
        if self._aside is not None:
            put_back(self._ledger.connection, self._aside)
        try:
            store_states(self._ledger, self._streams.states(self._head.position))
        except OverflowError as error:
            # The rules forbid that, and a client that was altered keeps none.
            raise LedgerUnusable(
                f"{place} says that there is more on hand than a ledger can hold",
                "its last batches were not recorded by the rules: nothing was taken over",
            ) from error


class _Replayed:
    """The streams of a log that is taken over as a whole."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._replay = Replay()

    def feed(self, columns: Sequence[Row]) -> None:
        self._replay.feed(zip(columns[0], *columns[2:7], *columns[12:14], strict=True))

    def states(self, last: int) -> dict[Stream, State]:
        return self._replay.states(lambda stream: read_effects(self._ledger, stream, last))


class _Forwarded:
    """The streams that some events touch, brought forward; what is not in order is folded anew."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._touched: dict[Stream, Projected | None] = {}

    def feed(self, columns: Sequence[Row]) -> None:
        said = zip(columns[0], *columns[2:7], columns[13], strict=True)
        for position, sku, location, kind, quantity, effective_at, details in said:
            if kind not in KINDS:
                raise UnknownKind(position, kind)
            stream = (sku, location)
            if not is_stock(stream):
                continue
            if stream not in self._touched:
                self._touched[stream] = Projected(stored_state(self._ledger, stream) or State())
            projected = self._touched[stream]
            if projected is None:
                continue
            before = projected.last_effective
            if effective_at < before or kind == "reversed" or (kind == "opened" and before):
                self._touched[stream] = None
            else:
                projected.advance(kind, quantity, effective_at, details)

    def states(self, last: int) -> dict[Stream, State]:
        return {
            stream: (projected or self._anew(stream, last)).state()
            for stream, projected in self._touched.items()
        }

    def _anew(self, stream: Stream, last: int) -> Projected:
        projected = Projected(State())
        for _ in projected.follow(read_effects(self._ledger, stream, last)):
            pass
        return projected
