"""Knows by what names a ledger's file is found, and what SQLite keeps beside it under one of them.

What undoes a write that was broken off, the journal, lies beside the name that was written under.
Whoever opens the file by another name does not find it, and takes what is half written for the
whole. Must never know what is in the file.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from shlex import quote

from inventory_cli.core.wording import count_of
from inventory_cli.errors import LedgerUnusable

# How SQLite marks, in the first page, by which of its ways a file is written.
_DELETE, _WAL = b"\1\1", b"\2\2"


def beside(path: Path) -> list[Path]:
    """Return the files that SQLite may keep beside a database."""
    return [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm")]


def _real(path: Path) -> Path:
    """Return the name of the file itself, where this is a symbolic link: SQLite uses that one."""
    # Of a folder that may not be entered it says no; `Path.is_symlink` would raise.
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114


def place_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that gets its name, or None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def second_names(path: Path) -> int:
    """Return how many names a file has besides this one (hard links), 0 if there is none."""
    try:
        return max(path.stat().st_nlink - 1, 0)
    except OSError:
        return 0


def temporary_name(path: Path) -> Path:
    """Return a name beside `path` under which a file is made that is to have that one."""
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}.new")


def _is_temporary(other: Path, path: Path) -> bool:
    return bool(re.fullmatch(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}\.new", other.name))


def require_one_name(path: Path, consequence: str = "") -> None:
    """Raise LedgerUnusable, with what follows from it, where a ledger has a second name.

    The temporary name of a new file that has its own is taken away: who made it may be about to do
    so, or was killed before.
    """
    if not second_names(path):
        return
    real = _real(path)
    for other in _other_names(real):
        if _is_temporary(other, real) and not beside(other)[0].exists():
            with suppress(OSError):
                other.unlink(missing_ok=True)
    if count := second_names(path):
        raise _two_names(path, count, _other_names(real), consequence)


def _other_names(real: Path) -> list[Path]:
    """Return the other names that a file has in its folder, sorted."""
    try:
        file = real.stat()
        with os.scandir(real.parent) as entries:
            found = [
                real.with_name(entry.name)
                for entry in entries
                if entry.inode() == file.st_ino and entry.name != real.name
            ]
        return sorted(name for name in found if name.samefile(real))
    except OSError:
        return []


def _two_names(path: Path, count: int, others: list[Path], consequence: str) -> LedgerUnusable:
    names = [str(other) for other in others]
    if elsewhere := count - len(others):
        names.append(count_of(elsewhere, "name") + " in other folders")
    what = f"{path} is one file with {' and '.join(names)}"
    for other in others:
        if beside(other)[0].exists():
            return LedgerUnusable(
                f"{what}, and a write under that name was broken off, or goes on{consequence}",
                f"`inventory --ledger {quote(str(other))} head` undoes what was broken off; then "
                f"remove {other}",
            )
    advice = "`inventory backup FILE` makes a copy that is a file of its own"
    if elsewhere:
        finds = f"`find / -xdev -samefile {quote(str(path))}`"
        advice = f"{finds} finds its names: remove all but one; {advice}"
    else:
        advice = f"remove {' and '.join(names)}; {advice}"
    return LedgerUnusable(
        f"{what}: a write that is broken off under one name is not undone under another"
        f"{consequence}",
        advice,
    )


def refuse_left_wal(path: Path) -> None:
    """Raise LedgerUnusable where a write-ahead log lies beside a ledger that is not in WAL mode.

    It is left of another file of that name, as when a copy is put back, and SQLite would write what
    is in it over this one. Must not be called while this process has the file open: to close it
    anew would give up every lock.
    """
    wal = beside(_real(path))[1]
    try:
        # Twice, because it may be going, with the program that made it.
        if not all(wal.stat().st_size and _mode(path) == _DELETE for _ in range(2)):
            return
    except OSError:
        return
    raise LedgerUnusable(
        f"{wal} is left of another file that was called {path.name}, and would be written over "
        "this one",
        f"if that file is still somewhere, give it its name back; or move {wal} away",
    )


def is_in_wal_mode(path: Path) -> bool:
    """Tell whether a file says so in its first page. Must not be called either while it is open."""
    try:
        return _mode(path) == _WAL
    except OSError:
        return False


def _mode(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(20)
    return start[18:] if start[:16] == b"SQLite format 3\0" else b""
