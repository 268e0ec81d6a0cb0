"""Knows how a new file gets its name: only when it is whole, and never over another one.

Must never know what is in it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inventory_cli.errors import LedgerUnusable, NotFree
from inventory_cli.storage.failures import file_failures, sqlite_failures


@contextmanager
def new_file(path: Path, advice: str) -> Iterator[Path]:
    """Give a temporary name for a file, and give the file its own name when all went well.

    Raises NotFree, with this advice, when the name is not free.
    """
    with sqlite_failures(path):
        check_free(path, advice)
        unfinished = path.with_name(f".{path.name}.{os.urandom(8).hex()}.new")
        try:
            yield unfinished
            with file_failures(path):
                _publish(unfinished, path, advice)
        finally:
            with file_failures(path):
                for name in (unfinished, *_beside(unfinished)):
                    name.unlink(missing_ok=True)


def check_free(path: Path, advice: str) -> None:
    """Raise NotFree, with this advice, when a new file cannot get this name."""
    with file_failures(path):
        _check_name(path, advice)
        if not path.absolute().parent.is_dir():
            raise LedgerUnusable(f"the folder {path.parent} does not exist")


def _check_name(path: Path, advice: str) -> None:
    if os.path.lexists(path):
        raise NotFree(f"{path} exists already", advice)
    for left in _beside(path):
        # SQLite would take it for what undoes, or completes, the new file, and damage that.
        if os.path.lexists(left):
            raise NotFree(
                f"{left} is left of another file that was called {path.name}",
                f"if that file is still somewhere, give it its name back; or move {left} away",
            )


def _beside(path: Path) -> list[Path]:
    """Return the files that SQLite may keep beside a database."""
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


def _publish(unfinished: Path, path: Path, advice: str) -> None:
    """Name a finished file, never over another one, and make the name last."""
    _sync(unfinished)
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        raise NotFree(f"{path} exists already", advice) from None
    except OSError:
        # A file system without hard links: the moment between the test and the name remains.
        _check_name(path, advice)
        unfinished.rename(path)
    if os.name == "posix":
        # A folder that may be written but not read cannot be synced; nor does SQLite insist.
        with suppress(PermissionError):
            _sync(path.absolute().parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
