"""Knows how a file is read before its rows are recorded, or ahead of that: bytes in, chunks out.

Must never record anything.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, NamedTuple

from inventory_cli.actions.errors_file import List
from inventory_cli.actions.imported import Imported
from inventory_cli.core.ahead import can_read_ahead
from inventory_cli.core.present import present_at
from inventory_cli.core.progress import Progress, half
from inventory_cli.importing.ahead import digest_ahead, read_ahead
from inventory_cli.importing.chunks import Chunk, pack_chunk, unpack_chunk
from inventory_cli.importing.movements import Measures, read_chunks
from inventory_cli.importing.prepare import open_source
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.read_as import read_as
from inventory_cli.importing.rows import Packed
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Reading
from inventory_cli.storage.batches import Batch, batch_of_source
from inventory_cli.storage.ledger_file import Ledger


class Given(NamedTuple):
    """A file to import: its bytes, and the name under which it is recorded."""

    file: BinaryIO
    name: str


class Task(NamedTuple):
    """What is known of a file before it is read: how its profile reads it, what becomes of it, and
    what lists its bad rows.
    """

    given: Given
    profile: Profile
    imported: Imported
    list_error: List


class Found(NamedTuple):
    """A file that is read, or is being read: its SHA-256, how it is read, and its rows, which are
    given once.
    """

    sha256: str
    read_as: str
    rows: Callable[[], Iterator[Chunk]]


@contextmanager
def reading_of(
    ledger: Ledger,
    task: Task,
    now: datetime,
    flush: Callable[[], None],
    progress: Progress,
    is_alone: bool,
) -> Iterator[Found]:
    """Read all rows of a file before any is recorded; of a large one, ahead of those recorded."""
    (file, name), profile, imported, _ = task
    choices, reading = imported.choices, imported.reading
    present = present_at(now, ledger.head().recorded_at)
    measures = Measures(ledger.decimals, ledger.zone, present, choices.usual_location)
    way = read_as(profile, measures)

    def counted(reading: Reading) -> None:
        imported.reading = reading

    if is_alone and can_read_ahead(file):
        sha256 = digest_ahead(file)
        source = open_source(file, name, profile)
        # What is known is not going to be recorded.
        if not known_as(ledger, profile, sha256, way):
            with read_ahead(
                source,
                profile,
                measures,
                reading,
                choices.stops,
                sha256,
                flush,
                counted,
                progress,
            ) as chunks:
                yield Found(sha256, way, lambda: chunks)
            return
    source = open_source(file, name, profile, half(progress, 0))
    with Spool[Packed](at_once=1) as spool:
        for chunk in read_chunks(source, profile, measures, reading, choices.stops):
            spool.add(pack_chunk(chunk))
        packed = spool.read(half(progress, 1))
        yield Found(source.sha256(), way, lambda: map(unpack_chunk, packed))


def known_as(ledger: Ledger, profile: Profile, sha256: str, way: str) -> Batch | None:
    """Return the batch that recorded the same file, if that makes this import a no-op.

    Under --overlap skip each row is compared instead, so that what a recorded file holds and the
    log does not, because it was left out, can still be brought in; under keep all are recorded.
    """
    return None if profile.overlap else batch_of_source(ledger, sha256, way)
