"""Knows how the log of a database is read: its headers, and its events in parts with the hash that
each has by the chain.

Must never believe a stored hash of an event: whether the hash of its batch is right, who takes it
over sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from inventory_cli.core.events import Draft, Drafts
from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import BATCH_COLUMNS, Batch
from inventory_cli.storage.chain import link_event, link_texts, texts_of
from inventory_cli.storage.ledger_file import Head
from inventory_cli.storage.log import EVENT_COLUMNS

Row = Sequence[Any]
# Headers, each with its hash, and their events, from SKU to details.
Batches = tuple[Sequence[Row], Iterator[Row]]
# How many rows are asked for, and looked at, at a time. More take longer, each.
PIECE = 1_000
_DRAFT = ", ".join(Draft._fields)
# How many bytes a hash has.
HASH = 32


class SharedLog(NamedTuple):
    """A ledger of a database. What is asked for comes in order, and piece by piece, so that the
    connection is free for other questions meanwhile; or of events in a stream, which is faster,
    where there are none.
    """

    server: Server
    identity: str
    in_a_stream: bool = False

    def headers(self, after: int, last: int) -> Iterator[Row]:
        """Give the headers behind a batch and up to another, each with its hash."""
        return self._rows(f"{BATCH_COLUMNS}, hash", "batches", "batch", after, last)

    def batches(self, head: Head, to: Head) -> Iterator[Batches]:
        """Give what lies between two heads: some headers at a time, and the events of these."""
        after = head.position
        for start in range(head.batch, to.batch, PIECE):
            headers = [*self.headers(start, min(start + PIECE, to.batch))]
            ends = (Batch(*header[:-1]).last_position or 0 for header in headers)
            last = min(max(after, *ends, 0), to.position)
            events = self._rows(_DRAFT, "events", "position", after, last)
            yield headers, events
            # To its end, where the connection is free again.
            for _ in events:
                pass
            after = last

    def stored_events(self, after: int, last: int) -> Iterator[Row]:
        """Give the events whole, each with the hash that is stored of it."""
        return self._rows(f"{EVENT_COLUMNS}, hash", "events", "position", after, last)

    def _rows(self, columns: str, table: str, by: str, after: int, last: int) -> Iterator[Row]:
        query = f"SELECT {columns} FROM inventory.{table} WHERE ledger = %s"
        query += f" AND {by} > %s AND {by} <= %s ORDER BY {by}"
        if self.in_a_stream:
            yield from self.server.stream(query, (self.identity, after, last))
            return
        for start in range(after, last, PIECE):
            yield from self.server.ask(query, (self.identity, start, min(start + PIECE, last)))

    def first_misfit(self, link: bytes, first: int, last: int, batch: int) -> int | None:
        """Return the position of the first event of a batch whose stored row does not fit the chain
        behind the hash `link`; None where all do, or there is none.
        """
        for position, row in enumerate(self.stored_events(first - 1, last), first):
            link = link_event(link, (position, batch, *row[2:-1]))
            if (*row[:2], row[-1]) != (position, batch, link):
                return position
        return None


class Part(NamedTuple):
    """Events that follow each other, of one batch or more: the values of each column, from position
    to details, and the hashes of all of them in one.
    """

    columns: list[Sequence[Any]]
    hashes: bytes

    def link(self, place: int) -> bytes:
        """Return the hash of the event at a place, counted from 0."""
        return self.hashes[place * HASH : (place + 1) * HASH]

    def links(self) -> list[bytearray]:
        """Return the hash of each event, as it is bound fastest."""
        hashes = bytearray(self.hashes)
        return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]


def parts_of(head: Head, log: Iterable[Batches], by_batch: bool) -> Iterator[Part]:
    """Give the events behind a head in parts: those of each batch in one part or more, or as many
    together as are read at once.
    """
    link, making = head.hash, _Part(head.position)
    for headers, events in log:
        for *fields, following in headers:
            header = Batch(*fields)
            # What a header claims may be anything.
            size = max(0, (header.last_position or 0) - (header.first_position or 1) + 1)
            while chunk := [*islice(events, min(size, PIECE - making.count))]:
                size -= len(chunk)
                link = making.add(link, header.batch, Drafts(*zip(*chunk, strict=True)))
                if making.count == PIECE or by_batch:
                    yield making.taken()
            link = following
    if making.count:
        yield making.taken()


class _Part:
    """A part while it is made."""

    def __init__(self, after: int) -> None:
        self._after, self.count = after, 0
        self._batches, self._drafts, self._links = list[int](), list[Drafts](), list[bytes]()
        # The same text in many rows is one object then: it is sent once, and hashed once.
        self._names: dict[str, str] = {}

    def add(self, link: bytes, batch: int, drafts: Drafts) -> bytes:
        """Add events of a batch behind a hash, and return the hash of the last."""
        first = self._after + self.count + 1
        self._links += link_texts(link, texts_of(first, batch, drafts))
        self._batches += [batch] * drafts.how_many
        self._drafts.append(drafts)
        self.count += drafts.how_many
        return self._links[-1]

    def taken(self) -> Part:
        """Return what was added, and begin behind it."""
        positions = range(self._after + 1, self._after + self.count + 1)
        columns: Iterable[Sequence[Any]] = self._drafts[0]
        if len(self._drafts) > 1:
            beside = zip(*self._drafts, strict=True)
            columns = ([*chain.from_iterable(column)] for column in beside)
        sku, location, kind, *rest = columns
        known = self._names.setdefault
        names = ([*map(known, column, column)] for column in (sku, location, kind))
        part = Part([positions, self._batches, *names, *rest], b"".join(self._links))
        self._after, self.count = positions[-1], 0
        self._batches, self._drafts, self._links = [], [], []
        return part
