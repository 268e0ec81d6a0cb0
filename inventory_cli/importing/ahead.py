"""Knows how the rows of a large file are read on another core, while those before are recorded.

It is another way to the rows of `read_rows`, and to the same ones. The other process is a fork
that reads and checks, and writes what it found to a pipe. Must never know the ledger or the
terminal, nor be known but to who imports a file.
"""

import os
import pickle
import signal
import stat
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from itertools import chain
from typing import BinaryIO, NamedTuple

from inventory_cli.core.events import Draft
from inventory_cli.core.progress import Progress
from inventory_cli.errors import InventoryError, LedgerUnusable, Refused
from inventory_cli.importing.chunks import Chunk, pack_chunk, unpack_chunk
from inventory_cli.importing.movements import Measures, read_chunks
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import Source
from inventory_cli.importing.tally import Reading

# A file below this size is read sooner than it takes to share the work.
LEAST_BYTES = 4_000_000
_BLOCK = 1 << 20
# F_SETPIPE_SZ of Linux.
_SET_PIPE_SIZE = 1031

# What the other process raised, and what it said.
Failure = tuple[type[Exception], str, str | None]


class _End(NamedTuple):
    """What the other process sends last: what it counted, and how it ended."""

    sha256: str
    reading: Reading
    failure: Failure | None


def can_read_ahead(file: BinaryIO) -> bool:
    """Tell whether a file is large, and can be read twice, where there are two cores to do so.

    A process with threads cannot be forked safely: there is one where progress is drawn.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    try:
        about = os.fstat(file.fileno())
    except (OSError, ValueError):
        return False
    large = stat.S_ISREG(about.st_mode) and about.st_size >= LEAST_BYTES
    return large and len(os.sched_getaffinity(0)) > 1


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
    write: Callable[[Draft], bytes],
    reading: Reading,
    expected: str,
    flush: Callable[[], None],
    counted: Callable[[Reading], None],
    progress: Progress,
) -> Iterator[Iterator[Chunk]]:
    """Read and check the rows in another process, and give them as they come.

    There, too, `write` makes the text of each draft, so that no more than its place in the log is
    left to be added to it here.

    The first of them have come when the context is entered. It is the other process that counts
    in `reading`; `counted` is told of it when the last row was taken. `flush` empties what could
    be written once more there; `progress` is told the bytes whose rows were taken. Raises Refused
    as `read_rows` does, from the iterator, and when the file is no longer that of the `expected`
    SHA-256.
    """
    flush()
    import fcntl  # Which not every system has, but Linux does.

    receiving, sending = os.pipe()
    with suppress(OSError):
        # Room for a few chunks, so that neither waits for the other.
        fcntl.fcntl(sending, _SET_PIPE_SIZE, 1 << 20)
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _read_and_send(sending, source, profile, measures, write, reading, flush)
    os.close(sending)
    try:
        with os.fdopen(receiving, "rb") as pipe:
            chunks = _received(pipe, source, expected, counted, progress)
            first = next(chunks, None)
            yield chunks if first is None else chain([first], chunks)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read_and_send(
    sending: int,
    source: Source,
    profile: Profile,
    measures: Measures,
    write: Callable[[Draft], bytes],
    reading: Reading,
    flush: Callable[[], None],
) -> None:
    """Run in the other process, and end it."""
    try:
        with os.fdopen(sending, "wb") as pipe:

            def send(message: object) -> None:
                pickle.dump(message, pipe, protocol=5)
                # Without it the end of a chunk would wait here for the next one.
                pipe.flush()

            failure: Failure | None = None
            try:
                for chunk in read_chunks(source, profile, measures, write, reading):
                    send((source.size(), pack_chunk(chunk)))
            except InventoryError as error:
                failure = (type(error), error.message, error.hint)
            except Exception:  # noqa: BLE001
                failure = (RuntimeError, traceback.format_exc(), None)
            try:
                flush()
            except InventoryError as error:
                failure = failure or (type(error), error.message, error.hint)
            # What could not be read to its end is not that file in any case.
            found = "" if failure else source.sha256()
            send(_End(found, replace(reading, list_bad=None), failure))
    finally:
        # Nothing of the parent's is to be written, closed or rolled back here.
        os._exit(0)


def _received(
    pipe: BinaryIO,
    source: Source,
    expected: str,
    counted: Callable[[Reading], None],
    progress: Progress,
) -> Iterator[Chunk]:
    """Give the rows that the other process sends, and then what it counted."""
    while True:
        try:
            message = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            raise LedgerUnusable(
                f"{source.name}: the process that reads it ended too soon; nothing was appended",
                "is there enough memory?",
            ) from None
        if not isinstance(message, _End):
            done, packed = message
            yield unpack_chunk(packed)
            progress(done, source.whole)
            continue
        counted(message.reading)
        if message.failure is not None:
            kind, *words = message.failure
            raise kind(*words)
        if message.sha256 != expected:
            raise Refused(f"{source.name} changed while it was read; nothing was appended")
        return
