"""Knows how text that may be without end is taken in: by lines, none of them longer than is said.

Must never know what a line says, or where it comes from.
"""

from collections.abc import Iterator
from typing import BinaryIO

# How much of a line is read before it is looked at.
_PART = 1 << 16


class NoLine(ValueError):
    """What should be a line of text is too long for one, or holds what no text does."""


def bounded_lines(stream: BinaryIO, longest: int, growing: bool = False) -> Iterator[bytes]:
    """Give the lines of a stream with their ends, holding no more than one of them.

    Raises NoLine at one of more than `longest` bytes (where they may be `growing`: and of more than
    all before it), or with a NUL byte.
    """
    parts: list[bytes] = []
    size = before = 0
    while part := stream.readline(_PART):
        if b"\0" in part:
            raise NoLine("it is not text: it holds NUL bytes")
        size += len(part)
        if size > longest and not (growing and size <= before):
            raise NoLine(f"it has more than {max(longest, before):,} bytes")
        if not part.endswith(b"\n"):
            parts.append(part)
            continue
        if parts:
            part = b"".join([*parts, part])
            parts.clear()
        yield part
        before += size
        size = 0
    if parts:
        yield b"".join(parts)


def bounded_text(stream: BinaryIO, longest: int) -> bytes:
    """Return all of a stream of text, of no more than `longest` bytes. Raises NoLine as above."""
    text = stream.read(longest + 1)
    if b"\0" in text:
        raise NoLine("it is not text: it holds NUL bytes")
    if len(text) > longest:
        raise NoLine(f"it has more than {longest:,} bytes")
    return text
