"""Knows how a page gets its name: whole or not at all, and over nothing but an earlier report of
the same ledger.

Must never know what is on it.
"""

import os
from contextlib import suppress
from pathlib import Path
from shutil import copymode

from inventory_cli.errors import NotFree, WrongUsage

# What the page says of itself, within its first bytes.
MARK = '<meta name="inventory-ledger" content="{}">'
_WITHIN = 4096


def check_name(path: Path, identity: str) -> None:
    """Raise NotFree where the name has a file that is no report of this ledger, and WrongUsage
    where no page can be written there.
    """
    if str(path) == "-":
        raise WrongUsage("a report is a file", "name one, like report.html")
    if not path.absolute().parent.is_dir():
        raise WrongUsage(f"the folder {path.parent} does not exist", "make it, or name another")
    if not os.path.lexists(path):
        return
    try:
        with path.open("rb") as file:
            is_ours = MARK.format(identity).encode() in file.read(_WITHIN)
    except OSError:
        is_ours = False
    if not is_ours:
        raise NotFree(
            f"{path} exists already, and is no report of this ledger",
            "name another file, or move that one away",
        )


def write_page(path: Path, text: str, identity: str) -> None:
    """Write a page under its name, at once: whoever opens it sees the old one or the new one. An
    old one leaves it its rights.
    """
    real = Path(os.path.realpath(path))
    unfinished = real.with_name(f".{real.name}.{os.urandom(8).hex()}.new")
    try:
        try:
            with unfinished.open("xb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            check_name(path, identity)
            if real.exists():
                copymode(real, unfinished)
            unfinished.replace(real)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WrongUsage(
            f"{path} cannot be written: {error.strerror}", "name a file that may be written"
        ) from error
