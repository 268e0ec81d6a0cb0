"""Knows what SQLite and the system say of a file that cannot be used, and what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inventory_cli.errors import LedgerUnusable

# What reading a damaged file may raise.
DatabaseError = sqlite3.DatabaseError
# What a guard of the file says of a row.
IntegrityError = sqlite3.IntegrityError
# What using a cell may raise that is not of its column's type; so may a mistake of this program.
WRONG_TYPE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@contextmanager
def sqlite_failures(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a file into LedgerUnusable, with what to do."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # A mistake of this program, not of the file.
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    except UnicodeDecodeError as error:
        # SQLite hands out names and messages of a damaged file that are no text.
        raise LedgerUnusable(f"{path} is damaged ({error.reason})", DAMAGED) from error


def unusable(path: Path, error: sqlite3.Error, consequence: str = "") -> LedgerUnusable:
    """Return the failure that an error of SQLite stands for, with what follows from it."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return moved(path, consequence)
    what, advice = _ADVICE.get(
        primary_code(error), ("is damaged or was altered", "`inventory verify` may say more")
    )
    return LedgerUnusable(f"{path} {what} ({error}){consequence}", advice)


def moved(path: Path, consequence: str = "") -> LedgerUnusable:
    """Return the failure that another file, or none, has the name of the one that is open."""
    return LedgerUnusable(
        f"{path} was removed or replaced while it was open{consequence}",
        "see which file has that name now, and try again",
    )


@contextmanager
def file_failures(path: Path) -> Iterator[None]:
    """Turn what the system says of a file into LedgerUnusable."""
    try:
        yield
    except OSError as error:
        raise LedgerUnusable(
            f"{path} cannot be used: {error.strerror or error}",
            "look who may read and write it, and its folder"
            if isinstance(error, PermissionError)
            else "look whether its disk is there and has room",
        ) from error


DAMAGED = "keep a copy of the file as it is, and go back to the last good backup"
_ADVICE = {
    sqlite3.SQLITE_BUSY: (
        "is busy: others held it all the time that this command waited",
        "try again; if it stays so, look which process has the file open",
    ),
    sqlite3.SQLITE_LOCKED: ("is locked by another process", "try again"),
    sqlite3.SQLITE_READONLY: (
        "may only be read",
        "check the permissions of the file and of its folder",
    ),
    sqlite3.SQLITE_FULL: (
        "cannot grow, because the disk is full",
        "free some space and try again",
    ),
    sqlite3.SQLITE_PERM: ("may not be opened", "check the permissions of the file"),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "check the permissions of the file and of its folder",
    ),
    sqlite3.SQLITE_NOTADB: ("is not an inventory ledger", "name the ledger with --ledger FILE"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", DAMAGED),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk"),
}


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_busy(failure: LedgerUnusable) -> bool:
    """Tell whether a file could not be used only because others held it."""
    error = failure.__cause__
    return isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_BUSY


def may_not_write(error: BaseException) -> bool:
    """Tell whether an error may come of a file, or a folder, that may not be written."""
    return isinstance(error, sqlite3.Error) and primary_code(error) in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
    )
