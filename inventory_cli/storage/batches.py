"""Knows the headers of batches: who recorded what, when; how one is closed, read and looked up.

Must never know what the events of a batch say.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from inventory_cli.core.events import (
    ENDED_BY,
    FORGETS,
    READ_AS,
    pack_details,
    unpack_details,
)
from inventory_cli.errors import damaged
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Head, Ledger, Written
from inventory_cli.storage.log import BEFORE_ALL, PIECE


class Origin(NamedTuple):
    """Who records a batch, with what, from which file."""

    actor: str
    command: str
    source: str | None = None
    source_sha256: str | None = None


class Batch(NamedTuple):
    """The header of a batch, as the ledger keeps it.

    `details` is a JSON object with sorted keys, or None, as an event's are.
    """

    batch: int
    recorded_at: str
    actor: str
    command: str
    source: str | None
    source_sha256: str | None
    first_position: int | None
    last_position: int | None
    lines_sha256: str | None
    details: str | None = None

    @property
    def positions(self) -> range:
        """The positions of its events; none for a snapshot."""
        if self.first_position is None or self.last_position is None:
            return range(0)
        return range(self.first_position, self.last_position + 1)


BATCH_COLUMNS = ", ".join(Batch._fields)


def known_position(ledger: Ledger, known_at: str) -> int:
    """Return the last position that the ledger knew of at a moment (UTC text), inclusive.

    Recorded times never decrease, so what was known is always the beginning of the log.
    """
    row = ledger.connection.execute(
        "SELECT last_position FROM batches WHERE recorded_at <= ? AND last_position IS NOT NULL"
        " ORDER BY batch DESC LIMIT 1",
        (known_at,),
    ).fetchone()
    return int(row[0]) if row else 0


def read_batches(ledger: Ledger, after: int = 0) -> list[Batch]:
    """Return the headers of the batches after number `after`, in order."""
    rows = ledger.connection.execute(
        f"SELECT {BATCH_COLUMNS} FROM batches WHERE batch > ? ORDER BY batch", (after,)
    ).fetchall()
    return [Batch(*row) for row in rows]


def headers_with_hash(
    ledger: Ledger, last: int, after: int = BEFORE_ALL, piece: int = PIECE
) -> Iterator[tuple[Batch, bytes]]:
    """Give the headers of the batches behind number `after` and up to `last` with their hashes,
    read in pieces of so many.
    """
    while after < last:
        rows = ledger.connection.execute(
            f"SELECT {BATCH_COLUMNS}, hash FROM batches WHERE batch >= ? AND batch <= ?"
            " ORDER BY batch LIMIT ?",
            (after + 1, last, piece),
        ).fetchall()
        if not rows:
            return
        if rows[-1][0] <= after:
            raise DatabaseError("batches are out of order")
        for *header, link in rows:
            yield Batch(*header), link
        after = rows[-1][0]


def read_batch(ledger: Ledger, batch: int) -> Batch | None:
    """Return the header of one batch, or None."""
    row = ledger.connection.execute(
        f"SELECT {BATCH_COLUMNS} FROM batches WHERE batch = ?", (batch,)
    ).fetchone()
    return Batch(*row) if row else None


def hash_of_batch(ledger: Ledger, batch: int) -> bytes | None:
    """Return the stored hash of a batch, or None; of number 0, that from which the chain starts."""
    if batch == 0:
        return ledger.start()
    row = ledger.connection.execute("SELECT hash FROM batches WHERE batch = ?", (batch,)).fetchone()
    return row[0] if row else None


class End(NamedTuple):
    """How a ledger ended: the file in which it goes on, and its head before that.

    The file is named as it is found from here; where it is there no more, as it was.
    """

    name: str
    head: Head


def read_end(ledger: Ledger) -> End | None:
    """Return how a ledger ended, or None while it goes on."""
    last = ledger.head().batch
    header = read_batch(ledger, last)
    name = unpack_details(header.details).get(ENDED_BY) if header else None
    if header is None or name is None:
        return None
    there = ledger.path.parent / name
    name = str(there) if there.exists() else name
    before, link = next(headers_with_hash(ledger, last - 1, last - 2), (None, ledger.start()))
    recorded_at = before.recorded_at if before else ledger.settings.created_at
    return End(name, Head(ledger.head().position, last - 1, recorded_at, link))


def end(ledger: Ledger, origin: Origin, recorded_at: str, name: str) -> None:
    """Record the batch that ends a ledger, which goes on in the file of that name, and commit."""
    head = ledger.head()
    close_batch(ledger, statement(head, origin, recorded_at, {ENDED_BY: name}), head.hash)


def statement(head: Head, origin: Origin, recorded_at: str, details: Mapping[str, str]) -> Batch:
    """Return the header of a batch behind a head that has no events, and says something of the log
    itself in its details.
    """
    said = pack_details(details)
    return Batch(head.batch + 1, recorded_at, *origin, None, None, None, said)


def recorded_times(ledger: Ledger, batches: Iterable[int]) -> dict[int, str]:
    """Return when each of some batches was recorded, as UTC text."""
    times = {}
    for batch in batches:
        header = read_batch(ledger, batch)
        if header is None:
            raise damaged(f"batch {batch} is missing")
        times[batch] = header.recorded_at
    return times


def first_batch(ledger: Ledger) -> int:
    """Return the number of the first batch: 1, unless the file was altered."""
    (first,) = ledger.connection.execute("SELECT coalesce(min(batch), 1) FROM batches").fetchone()
    return int(first)


def last_batch(ledger: Ledger) -> int:
    """Return the number of the last batch, 0 where there is none."""
    (last,) = ledger.connection.execute("SELECT coalesce(max(batch), 0) FROM batches").fetchone()
    return int(last)


def batch_of_source(ledger: Ledger, sha256: str, read_as: str) -> Batch | None:
    """Return the batch that recorded a file of this SHA-256, read in this way, unless forgotten.

    Of a batch that does not say how it was read, it is taken that it was in the same way.
    """
    rows = ledger.connection.execute(
        f"SELECT {BATCH_COLUMNS} FROM batches WHERE source_sha256 = ? AND first_position > 0"
        " ORDER BY batch",
        (sha256,),
    ).fetchall()
    same = (
        header
        for header in (Batch(*row) for row in rows)
        if unpack_details(header.details).get(READ_AS, read_as) == read_as
    )
    return next((header for header in same if not _is_forgotten(ledger, header)), None)


def _is_forgotten(ledger: Ledger, header: Batch) -> bool:
    before = None
    for (voided_in,) in ledger.connection.execute(
        "SELECT batch FROM events WHERE reverses BETWEEN ? AND ?",
        (header.first_position, header.last_position),
    ):
        if voided_in != before and forgotten_in(read_batch(ledger, voided_in)) == header.batch:
            return True
        before = voided_in
    return False


def forgotten_in(header: Batch | None) -> int | None:
    """Return the number of the import that a batch voids as a whole, if it does."""
    said = unpack_details(header.details).get(FORGETS) if header else None
    return int(said) if said and said.isdecimal() else None


INSERT_BATCH = (
    f"INSERT INTO batches ({BATCH_COLUMNS}, hash)"
    f" VALUES ({', '.join('?' * (len(Batch._fields) + 1))})"
)


def close_batch(ledger: Ledger, header: Batch, link: bytes) -> None:
    """Write the header that closes a batch, and commit. `link` is the hash before it."""
    from inventory_cli.storage.chain import link_batch  # A question needs no hashes.

    link = link_batch(link, header)
    ledger.connection.execute(INSERT_BATCH, (*header, link))

    def is_there() -> bool:
        return hash_of_batch(ledger, header.batch) == link

    name = f"batch {header.batch}"
    ledger.commit(Written(is_there, name, f"look for {name} with `inventory batches`"))
