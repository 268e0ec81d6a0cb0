"""Knows how the rows of a large file are read on another core, while those before are recorded.

Must never know SQL. The other process is a fork that reads and checks, and writes what it found
to a pipe; it touches neither the ledger nor the terminal.
"""

import os
import pickle
import signal
import stat
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import Any, BinaryIO

from inventory_cli.core.events import Draft
from inventory_cli.errors import InventoryError, LedgerUnusable, Refused
from inventory_cli.importing.movements import Settings, read_rows
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.rows import Row
from inventory_cli.importing.source import Source
from inventory_cli.importing.tally import Tally

# A file below this size is read sooner than it takes to share the work.
LEAST_BYTES = 4_000_000
# How many rows are handed over at a time.
_CHUNK = 5_000
_BLOCK = 1 << 20
# F_SETPIPE_SZ of Linux.
_SET_PIPE_SIZE = 1031

# What the other process raised, and what it said.
Failure = tuple[type[Exception], str, str | None]

# A row as it waits to be recorded: its line, balances and second line, and its drafts as tuples.
Waiting = tuple[Any, ...]


def pack(row: Row) -> Waiting:
    """Return a row as plain tuples, which are written and read fastest."""
    return (row.line, row.balances, row.arrival_line, *map(tuple, row.drafts))


# What `_make` of either does, without looking at the length once more.
_draft = partial(tuple.__new__, Draft)
_row = partial(tuple.__new__, Row)


def unpack(waiting: Iterable[Waiting]) -> Iterator[Row]:
    """Give the rows that were packed."""
    for line, balances, arrival_line, *drafts in waiting:
        yield _row((line, tuple(map(_draft, drafts)), balances, arrival_line))


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
    settings: Settings,
    tally: Tally,
    expected: str,
    flush: Callable[[], None],
    progress: Callable[[int], None],
) -> Iterator[Iterator[Waiting]]:
    """Read and check the rows in another process; give them as they come, and then the tally.

    The first of them have come when the context is entered. `flush` empties what the other
    process could write once more; `progress` is told twice the bytes whose rows were taken.
    Raises Refused as `read_rows` does, from the iterator, and when the file is no longer that of
    the `expected` SHA-256.
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
        _read_and_send(sending, source, profile, settings, tally, flush)
    os.close(sending)
    try:
        with os.fdopen(receiving, "rb") as pipe:
            rows = _received(pipe, tally, expected, source.name, progress)
            first = next(rows, None)
            yield rows if first is None else chain([first], rows)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read_and_send(
    sending: int,
    source: Source,
    profile: Profile,
    settings: Settings,
    tally: Tally,
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
            chunk: list[Waiting] = []
            try:
                for row in read_rows(source, profile, settings, tally):
                    tally.note_read(row)
                    chunk.append(pack(row))
                    if len(chunk) >= _CHUNK:
                        send((source.size(), chunk))
                        chunk = []
            except InventoryError as error:
                failure = (type(error), error.message, error.hint)
            except Exception:  # noqa: BLE001
                failure = (RuntimeError, traceback.format_exc(), None)
            try:
                flush()
            except InventoryError as error:
                failure = failure or (type(error), error.message, error.hint)
            send((source.size(), chunk))
            # What could not be read to its end is not that file in any case.
            found = "" if failure else source.sha256()
            send((found, tally.what_was_read(), failure))
    finally:
        # Nothing of the parent's is to be written, closed or rolled back here.
        os._exit(0)


def _received(
    pipe: BinaryIO, tally: Tally, expected: str, name: str, progress: Callable[[int], None]
) -> Iterator[Waiting]:
    """Give the rows that the other process sends, and fill the tally when it has ended."""
    while True:
        try:
            message = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            raise LedgerUnusable(
                f"{name}: the process that reads it ended too soon; nothing was appended",
                "is there enough memory?",
            ) from None
        if len(message) == 2:
            done, rows = message
            yield from rows
            progress(2 * done)
            continue
        found, read, failure = message
        tally.take_over(read)
        if failure is not None:
            kind, *words = failure
            raise kind(*words)
        if found != expected:
            raise Refused(f"{name} changed while it was read; nothing was appended")
        return
