"""Knows the file beside a replica: of which database it is one, and when it was last up to date.

A password is never in it. Must never be needed to read the ledger.
"""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.failures import file_failures
from inventory_cli.storage.names import temporary_name


class Beside(NamedTuple):
    """Where the log of a replica is (a URL as libpq knows it), which machine this is of all, by a
    word of its own, and on which timeline of the server it was last used.
    """

    url: str
    machine: str
    timeline: str


def beside_path(path: Path) -> Path:
    """Return the file beside a ledger."""
    return path.with_name(f"{path.name}.shared")


def read_beside(path: Path) -> Beside | None:
    """Return what is kept beside a ledger, or None where nothing is."""
    file = beside_path(path)
    with file_failures(file):
        try:
            text = file.read_bytes()
        except FileNotFoundError:
            return None
    try:
        found = Beside(**json.loads(text))
    except (ValueError, TypeError):
        found = None
    if found is None or not all(isinstance(field, str) for field in found):
        raise LedgerUnusable(
            f"{file} does not say where the log of {path} is",
            f"remove it, then `inventory --ledger {path} sync --url URL` writes it anew",
        )
    return found


def write_beside(path: Path, beside: Beside) -> None:
    """Write what is kept beside a ledger, as a whole or not at all."""
    file = beside_path(path)
    unfinished = temporary_name(file)
    with file_failures(file):
        try:
            with unfinished.open("x", encoding="utf-8") as stream:
                json.dump(beside._asdict(), stream, indent=2)
                stream.write("\n")
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)


def new_machine() -> str:
    """Return a word for this machine that no other has."""
    return os.urandom(8).hex()


def touch(path: Path) -> None:
    """Keep that a replica is up to date at this moment, where that may be written."""
    # What is recorded is recorded, though it looks older than it is.
    with suppress(OSError):
        os.utime(beside_path(path))


def synced_at(path: Path) -> datetime | None:
    """Return when a replica was last known to be up to date; None where it is none."""
    try:
        return datetime.fromtimestamp(beside_path(path).stat().st_mtime, UTC)
    except OSError:
        return None
