"""Knows how rows that were read wait for the write lock: in a temporary file, not in memory."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

from inventory_cli.core.progress import Progress, untold
from inventory_cli.errors import LedgerUnusable

_CHUNK = 5_000

T = TypeVar("T")


@contextmanager
def room() -> Iterator[None]:
    """Raise LedgerUnusable where a temporary file finds no room."""
    try:
        yield
    except OSError as error:
        raise LedgerUnusable(
            f"the rows cannot be kept in a temporary file ({error.strerror}); nothing was appended",
            "free some space in the temporary folder, or name another one with TMPDIR",
        ) from error


class Spool(Generic[T]):
    """Plain tuples, written once and then read in the same order.

    Pickle writes them and reads them back faster than anything else at hand; the file has no
    name, so nobody else can write to it. As many as `at_once` are written, and read, together.
    """

    def __init__(self, at_once: int = _CHUNK) -> None:
        self._at_once = at_once
        with room():
            import tempfile  # Few files need one.

            self._file = tempfile.TemporaryFile()
        self._waiting: list[T] = []
        self._chunks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What is left in its buffer may find no room either, and nobody is going to read it.
        with suppress(OSError):
            self._file.close()

    def add(self, item: T) -> None:
        """Append an item."""
        self._waiting.append(item)
        if len(self._waiting) >= self._at_once:
            self._flush()

    def _flush(self) -> None:
        with room():
            pickle.dump(self._waiting, self._file, protocol=5)
            self._file.flush()
        self._waiting = []
        self._chunks += 1

    def read(self, progress: Progress = untold) -> Iterator[T]:
        """Give all items, from the first; tell how many chunks of them are given."""
        self._flush()
        self._file.seek(0)
        for number in range(self._chunks):
            progress(number, self._chunks)
            yield from pickle.load(self._file)
