"""Knows how an iterator runs ahead on another core: in a fork, that writes what it gives to a pipe.

Must never know what that is, the ledger or the terminal.
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
from pathlib import Path
from typing import Any, BinaryIO

from inventory_cli.errors import InventoryError, LedgerUnusable

# A file below this size is read sooner than it takes to share the work.
LEAST_BYTES = 4_000_000
# F_SETPIPE_SZ of Linux.
_SET_PIPE_SIZE = 1031


def can_run_ahead() -> bool:
    """Tell whether there are two cores, and this process can be forked.

    A process with threads cannot be forked safely: there is one where progress is drawn.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


def can_read_ahead(file: BinaryIO) -> bool:
    """Tell whether a file is large, and can be read twice, where there are two cores to do so."""
    try:
        about = os.fstat(file.fileno())
    except (OSError, ValueError):
        return False
    large = stat.S_ISREG(about.st_mode) and about.st_size >= LEAST_BYTES
    return large and can_run_ahead()


def opened_again(file: BinaryIO) -> BinaryIO | None:
    """Return the same file, at the same place, for another to read; None where that cannot be.

    Processes that share an open file share the place up to which it was read.
    """
    try:
        again = Path(f"/proc/self/fd/{file.fileno()}").open("rb")
    except OSError:
        return None
    again.seek(file.tell())
    return again


@contextmanager
def run_ahead(give: Callable[[], Iterator[object]], name: str) -> Iterator[Iterator[Any]]:
    """Run an iterator in another process, and give what it gives as it comes, to its end.

    What it raises is raised here, behind what it gave before: an InventoryError as it is, and a
    bug as RuntimeError with its traceback. LedgerUnusable is raised when the process, which reads
    `name`, is gone before the end.
    """
    import fcntl  # Which not every system has, but Linux does.

    receiving, sending = os.pipe()
    with suppress(OSError):
        # Room for a few messages, so that neither waits for the other.
        fcntl.fcntl(sending, _SET_PIPE_SIZE, 1 << 20)
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _run_and_send(sending, give)
    os.close(sending)
    try:
        with os.fdopen(receiving, "rb") as pipe:
            yield _received(pipe, name)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _run_and_send(sending: int, give: Callable[[], Iterator[object]]) -> None:
    """Run in the other process, and end it."""
    try:
        with os.fdopen(sending, "wb") as pipe:

            def send(is_last: bool, message: object) -> None:
                pickle.dump((is_last, message), pipe, protocol=5)
                # Without it the end of a message would wait here for the next one.
                pipe.flush()

            failure: tuple[type[Exception], *tuple[str | None, ...]] | None = None
            try:
                for given in give():
                    send(False, given)
            except InventoryError as error:
                failure = (type(error), error.message, error.hint)
            except Exception:  # noqa: BLE001
                failure = (RuntimeError, traceback.format_exc())
            send(True, failure)
    finally:
        # Nothing of the parent's is to be written, closed or rolled back here.
        os._exit(0)


def _received(pipe: BinaryIO, name: str) -> Iterator[Any]:
    while True:
        try:
            is_last, message = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            raise LedgerUnusable(
                f"{name}: the process that reads it ended too soon, so nothing was recorded",
                "is there enough memory?",
            ) from None
        if not is_last:
            yield message
        elif message is None:
            return
        else:
            kind, *words = message
            raise kind(*words)
