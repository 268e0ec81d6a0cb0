"""Knows how batches of the database come into a file: each checked against the chain, or none.

Must never take over what does not fit, nor ask who recorded it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from inventory_cli.core.events import KINDS, Drafts, Stream, is_stock
from inventory_cli.core.projection import Projected
from inventory_cli.core.replay import Replay, State, UnknownKind
from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.failures import does_not_fit
from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import BATCH_COLUMNS, INSERT_BATCH, Batch
from inventory_cli.storage.chain import digest_lines, link_batch, link_texts, texts_of
from inventory_cli.storage.failures import IntegrityError
from inventory_cli.storage.insert import CHUNK, insert_events, put_aside, put_back
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, read_effects
from inventory_cli.storage.snapshots import Line, Snapshot, insert_snapshot
from inventory_cli.storage.stock import store_states, stored_state

Row = Sequence[Any]
_SNAPSHOT = ", ".join(Snapshot._fields)
_LINE = ", ".join(Line._fields)
# How many events are asked for at a time.
PIECE = 10_000


class Missing(NamedTuple):
    """What a replica lacks: the headers and the events, each row with its hash."""

    headers: Sequence[Row]
    events: Sequence[Row]


def apply(ledger: Ledger, server: Server, to: Head, missing: Missing | None = None) -> None:
    """Take over into a file, inside its open transaction, what a database holds up to a head. What
    is `missing` need not be asked for, if it is known. Raises LedgerUnusable at the first batch
    that does not fit.
    """
    taking = _Taking(ledger, server, to, missing and missing.events)
    asked = _headers_of(server, ledger.settings.identity, ledger.head().batch, to.batch)
    for *fields, link in missing.headers if missing else asked:
        header = Batch(*fields)
        try:
            taking.take(header, link)
        except IntegrityError as error:
            # What the file keeps, and the database did not.
            raise does_not_fit(server.place, f"batch {header.batch}") from error
    taking.finish(to)


class _Taking:
    """Batches that are taken over one after the other, and what they make of the streams."""

    def __init__(
        self, ledger: Ledger, server: Server, to: Head, events: Sequence[Row] | None
    ) -> None:
        self._ledger, self._server = ledger, server
        head = ledger.head()
        self._batch, self._link, self._position = head.batch, head.hash, head.position
        self._recorded_at = head.recorded_at
        is_large = to.position - head.position > CHUNK
        self._aside = (
            put_aside(ledger.connection, log_is_empty=head.position == 0) if is_large else None
        )
        asked = events_of(server, ledger.settings.identity, head.position, to.position)
        self._events = asked if events is None else iter(events)
        self._waiting: list[Row] = []
        self._streams: _Replayed | _Forwarded
        self._streams = _Forwarded(ledger) if head.position else _Replayed(ledger)

    def take(self, header: Batch, link: bytes) -> None:
        """Take over one batch, whose stored hash is `link`."""
        self._batch += 1
        if header.batch != self._batch:
            raise does_not_fit(self._server.place, f"batch {header.batch}")
        first, size = self._position + 1, len(header.positions)
        while chunk := list(islice(self._events, min(size, CHUNK))):
            self._take_events(chunk)
            size -= len(chunk)
        if self._aside is None:
            self._insert()  # The guards look at each batch.
        if header.lines_sha256 is not None:
            self._take_snapshot(header)
        self._link = link_batch(self._link, header)
        ends = (first, self._position) if self._position >= first else (None, None)
        if (
            self._link != link
            or (header.first_position, header.last_position) != ends
            or header.recorded_at < self._recorded_at
        ):
            raise does_not_fit(self._server.place, f"batch {header.batch}")
        self._recorded_at = header.recorded_at
        self._ledger.connection.execute(INSERT_BATCH, (*header, link))

    def _take_events(self, rows: Sequence[Row]) -> None:
        columns = [*zip(*rows, strict=True)]
        first, count = self._position + 1, len(rows)
        texts = texts_of(first, self._batch, Drafts(*columns[2:-1]))
        links = link_texts(self._link, texts)
        expected = [*range(first, first + count)], [self._batch] * count, links
        found = [list(columns[place]) for place in (0, 1, -1)]
        if found != [*expected]:
            pairs = zip(zip(*expected, strict=True), zip(*found, strict=True), strict=True)
            at = next(place for place, (one, other) in enumerate(pairs, first) if one != other)
            raise does_not_fit(self._server.place, f"event {at}")
        self._link, self._position = links[-1], self._position + count
        self._streams.feed(columns)
        if count < CHUNK:
            self._waiting += rows
            if len(self._waiting) >= CHUNK:
                self._insert()
        else:
            self._insert()
            insert_events(self._ledger.connection, columns)

    def _insert(self) -> None:
        if self._waiting:
            insert_events(self._ledger.connection, [*zip(*self._waiting, strict=True)])
            self._waiting = []

    def _take_snapshot(self, header: Batch) -> None:
        of, ask = self._ledger.settings.identity, self._server.ask
        query = f"SELECT {_SNAPSHOT} FROM inventory.snapshots WHERE ledger = %s AND batch = %s"
        for row in ask(query, (of, header.batch)):
            snapshot = Snapshot(*row)
            query = f"SELECT {_LINE} FROM inventory.snapshot_lines WHERE ledger = %s"
            query += " AND snapshot = %s ORDER BY sku, location"
            lines = [Line(*line) for line in ask(query, (of, snapshot.snapshot))]
            if digest_lines(snapshot, lines) == header.lines_sha256:
                insert_snapshot(self._ledger.connection, snapshot, lines)
                return
        raise does_not_fit(self._server.place, f"the snapshot of batch {header.batch}")

    def finish(self, to: Head) -> None:
        """Write what is left, and what the events make of the streams."""
        if (self._batch, self._link) != (to.batch, to.hash):
            raise does_not_fit(self._server.place, f"a head at batch {to.batch}")
        self._insert()
        if self._aside is not None:
            put_back(self._ledger.connection, self._aside)
        try:
            store_states(self._ledger, self._streams.states(self._position))
        except OverflowError as error:
            # The rules forbid that, and a client that was altered keeps none.
            raise LedgerUnusable(
                f"{self._server.place} says that there is more on hand than a ledger can hold",
                "its last batches were not recorded by the rules: nothing was taken over",
            ) from error


def _headers_of(server: Server, of: str, after: int, last: int) -> Iterator[Row]:
    """Give the headers of a ledger behind a batch and up to another with their hashes, in order."""
    query = f"SELECT {BATCH_COLUMNS}, hash FROM inventory.batches WHERE ledger = %s"
    query += " AND batch > %s AND batch <= %s ORDER BY batch"
    for start in range(after, last, PIECE):
        yield from server.ask(query, (of, start, min(start + PIECE, last)))


def events_of(server: Server, of: str, after: int, last: int) -> Iterator[Row]:
    """Give the events of a ledger behind a position and up to another with their hashes, in order,
    asked for piece by piece: the connection is free for other questions meanwhile.
    """
    query = f"SELECT {EVENT_COLUMNS}, hash FROM inventory.events WHERE ledger = %s"
    query += " AND position > %s AND position <= %s ORDER BY position"
    for start in range(after, last, PIECE):
        yield from server.ask(query, (of, start, min(start + PIECE, last)))


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
