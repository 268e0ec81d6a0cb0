"""Knows how a command gets at the bytes of a file that it was given by name.

Must never know what they say.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from inventory_cli.errors import WrongUsage

_ADVICE = "name a file that is there and may be read, or - for standard input"


@contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """Give the bytes of a file or of standard input."""
    if file == "-":
        if sys.stdin is None:
            raise WrongUsage(
                "standard input is closed, so there is nothing to read", "name a file instead of -"
            )
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}", _ADVICE) from None
    with stream:
        yield stream


def source_name(file: str) -> str:
    """Return by what name a file is recorded: its own, or - for standard input."""
    return "-" if file == "-" else _in_utf8(Path(file).name)


def _in_utf8(name: str) -> str:
    """Return a file's name as text that can be stored, whatever bytes it has."""
    return name.encode(errors="backslashreplace").decode()
