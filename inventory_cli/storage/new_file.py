"""Knows how a new file gets its name: only when it is whole, and never over another one.

Must never know what is in it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inventory_cli.errors import LedgerUnusable, NotFree
from inventory_cli.storage.failures import file_failures, sqlite_failures
from inventory_cli.storage.names import beside, temporary_name


class Made(LedgerUnusable):
    """The new file has its name and is whole, but `reason`: what was to follow failed."""

    def __init__(self, path: Path, reason: str, hint: str) -> None:
        super().__init__(f"{path} was made, but {reason}", hint)
        self.reason = reason


@contextmanager
def new_file(path: Path, advice: str) -> Iterator[Path]:
    """Give a temporary name for a file, and give the file its own name when all went well.

    Raises NotFree, with this advice, when the name is not free; Made when what failed was behind
    the name; for every other failure there is no new file.
    """
    with sqlite_failures(path):
        check_free(path, advice)
        unfinished = temporary_name(path)
        try:
            yield unfinished
            with file_failures(path):
                _sync(unfinished)
                _give_name(unfinished, path, advice)
        except BaseException:
            # What stopped it says more than what this may fail of.
            with suppress(OSError):
                _remove(unfinished)
            raise
        _finish(unfinished, path)


def _remove(unfinished: Path) -> None:
    for name in (unfinished, *beside(unfinished)):
        name.unlink(missing_ok=True)


def check_free(path: Path, advice: str) -> None:
    """Raise NotFree, with this advice, when a new file cannot get this name."""
    with file_failures(path):
        _check_name(path, advice)
        if not path.absolute().parent.is_dir():
            raise LedgerUnusable(
                f"the folder {path.parent} does not exist", "make it, or name a file in another"
            )


def _check_name(path: Path, advice: str) -> None:
    if os.path.lexists(path):
        raise NotFree(f"{path} exists already", advice)
    for left in beside(path):
        # SQLite would take it for what undoes, or completes, the new file, and damage that.
        if os.path.lexists(left):
            raise NotFree(
                f"{left} is left of another file that was called {path.name}",
                f"if that file is still somewhere, give it its name back; or move {left} away",
            )


def _give_name(unfinished: Path, path: Path, advice: str) -> None:
    """Name a finished file, never over another one."""
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        raise NotFree(f"{path} exists already", advice) from None
    except OSError:
        # A file system without hard links: the moment between the test and the name remains.
        _check_name(path, advice)
        unfinished.rename(path)


def _finish(unfinished: Path, path: Path) -> None:
    """Take the temporary name away, and make the name last."""
    try:
        _remove(unfinished)
    except OSError as error:
        raise Made(
            path,
            f"its temporary name cannot be removed: {error.strerror or error}",
            f"remove {unfinished} when that is possible",
        ) from error
    if os.name != "posix":
        return
    try:
        # A folder that may be written but not read cannot be synced; nor does SQLite insist.
        with suppress(PermissionError):
            _sync(path.absolute().parent)
    except OSError as error:
        raise Made(
            path,
            f"its name may not outlast a power failure: {error.strerror or error}",
            "check the disk, and look whether it is still there",
        ) from error


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
