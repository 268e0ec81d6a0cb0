"""Knows how lines come in, and which of them wait to be read: those that can be had at once.

Must never know what a line says.
"""

import os
import select
import stat
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from inventory_cli.errors import Refused

# How many lines are taken together, and after how many seconds no more are: others want to record
# too, and whoever wrote the lines wants to hear of them.
MOST_TOGETHER = 200
LONGEST_TOGETHER = 0.05
# The longest line that is read, in bytes.
_LONGEST = 1_000_000
_AT_ONCE = 65_536


class Line(NamedTuple):
    """A line that is not blank, by its number from 1."""

    number: int
    text: bytes


class Lines:
    """The lines of a stream of which nothing has been read before."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # What is read from below Python's buffer is all that has come, and no more is waited for.
        self._raw: Any = getattr(stream, "raw", None)
        self._whole: deque[Line] = deque()
        self._rest = b""
        self._count = 0
        self._is_at_end = False

    def __iter__(self) -> Iterator[Line]:
        """Give each line. Raises Refused for one that is too long, or no text."""
        while self._wait():
            yield self._whole.popleft()

    def together(self) -> Iterator[Iterator[Line]]:
        """Give the lines in groups: one that is waited for, and those that then wait behind it.

        A group must be used up before the next. Where it cannot be known what waits, as of a pipe
        on Windows, each line is a group.
        """
        while self._wait():
            yield self._group()

    def _group(self) -> Iterator[Line]:
        until = time.monotonic() + LONGEST_TOGETHER
        for _ in range(MOST_TOGETHER):
            yield self._whole.popleft()
            if time.monotonic() > until or not self._is_one_waiting():
                return

    def _wait(self) -> bool:
        """Read until there is a line; return whether there is one more."""
        while not self._whole and not self._is_at_end and not _fault(self._rest):
            self._read()
        following = self._whole[0] if self._whole else Line(self._count + 1, self._rest)
        if fault := _fault(following.text):
            raise Refused(f"line {following.number}: {fault}")
        return bool(self._whole)

    def _is_one_waiting(self) -> bool:
        """Read what can be read without waiting; return whether there is a line in it."""
        try:
            while not self._whole and not self._is_at_end and not _fault(self._rest):
                if not self._is_readable():
                    return False
                self._read()
        except (OSError, ValueError):
            return False  # Whoever waits for the next line will hear of it.
        return bool(self._whole) and not _fault(self._whole[0].text)

    def _is_readable(self) -> bool:
        if self._raw is None:
            return False
        # A file is never waited for, on any system.
        if stat.S_ISREG(os.fstat(self._raw.fileno()).st_mode):
            return True
        return bool(select.select([self._raw], [], [], 0)[0])

    def _read(self) -> None:
        """Read some bytes, waiting for the first of them."""
        if self._raw is None:
            read = self._stream.readline(_LONGEST + 1)
        else:
            while (read := self._raw.read(_AT_ONCE)) is None:  # Somebody made it non-blocking.
                select.select([self._raw], [], [])
        self._is_at_end = not read
        *whole, self._rest = (self._rest + read).split(b"\n")
        if self._is_at_end and self._rest:
            whole, self._rest = [self._rest], b""
        for text in whole:
            self._count += 1
            if text.strip():
                self._whole.append(Line(self._count, text))


def _fault(text: bytes) -> str | None:
    """Return why bytes are no line of text, if they are none."""
    if b"\0" in text:
        return "it is not text: it holds NUL bytes"
    return f"it has more than {_LONGEST:,} bytes" if len(text) > _LONGEST else None
