"""Knows how the rows of a large file are read on another core, while those before are recorded.

It is another way to the rows of `read_rows`, and to the same ones. Must never know the ledger or
the terminal, nor be known but to who imports a file.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import chain
from typing import Any, BinaryIO

from inventory_cli.core.ahead import run_ahead
from inventory_cli.core.progress import Progress
from inventory_cli.errors import Refused
from inventory_cli.importing.chunks import Chunk, pack_chunk, unpack_chunk
from inventory_cli.importing.movements import Measures, read_chunks
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import Source
from inventory_cli.importing.tally import Reading

_BLOCK = 1 << 20


def digest_ahead(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of a file, which is then read from the same place."""
    # Standard input may have been read by somebody before.
    start = file.tell()
    digest = sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(start)
    return digest.hexdigest()


@contextmanager
def read_ahead(
    source: Source,
    profile: Profile,
    measures: Measures,
    reading: Reading,
    stops: bool,
    expected: str,
    flush: Callable[[], None],
    counted: Callable[[Reading], None],
    progress: Progress,
) -> Iterator[Iterator[Chunk]]:
    """Read and check the rows in another process, and give them as they come.

    The first of them have come when the context is entered; none come behind a bad one that
    `stops` it. It is the other process that counts in `reading`; `counted` is told of it when the
    last row was taken. `flush` empties what could be written once more there; `progress` is told
    the bytes whose rows were taken. Raises Refused as `read_rows` does, from the iterator, and
    when the file is no longer that of the `expected` SHA-256.
    """
    flush()

    def give() -> Iterator[object]:
        failure: Exception | None = None
        try:
            for chunk in read_chunks(source, profile, measures, reading, stops):
                yield source.size(), pack_chunk(chunk)
        except Exception as error:  # noqa: BLE001
            failure = error
        yield replace(reading, list_bad=None)
        flush()
        if failure is not None:
            raise failure
        # What could not be read to its end is not that file in any case.
        yield source.sha256()

    with run_ahead(give, source.name) as messages:
        chunks = _taken(messages, source, expected, counted, progress)
        first = next(chunks, None)
        yield chunks if first is None else chain([first], chunks)


def _taken(
    messages: Iterator[Any],
    source: Source,
    expected: str,
    counted: Callable[[Reading], None],
    progress: Progress,
) -> Iterator[Chunk]:
    """Give the rows that the other process sends; then take what it counted, and what it read."""
    for message in messages:
        match message:
            case Reading():
                counted(message)
            case str():
                if message != expected:
                    raise Refused(f"{source.name} changed while it was read; nothing was appended")
            case done, packed:
                yield unpack_chunk(packed)
                progress(done, source.whole)
