"""Knows how bytes become CSV records with line numbers. Must never know what a column means."""

import csv
import io
from collections.abc import Callable, Generator
from hashlib import sha256
from itertools import chain
from typing import BinaryIO

from inventory_cli.errors import Refused

DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1_000_000
# How many bytes are read at a time.
_BLOCK = 1 << 20


class _Hashing(io.RawIOBase):
    """A stream of bytes that is hashed and counted as it is read."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress
        self.hash = sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        try:
            data = self._file.read(len(buffer))
        except OSError as error:
            raise Refused(
                f"the file cannot be read to its end: {error.strerror}", "nothing was appended"
            ) from error
        buffer[: len(data)] = data
        self.hash.update(data)
        self.count += len(data)
        self._progress(self.count)
        return len(data)


class Source:
    """The records of a CSV file: UTF-8, with or without BOM, its delimiter found in line 1."""

    def __init__(self, file: BinaryIO, name: str, progress: Callable[[int], None]) -> None:
        self.name = name
        self._raw = _Hashing(file, progress)
        self._buffered = io.BufferedReader(self._raw, _BLOCK)
        self.line = 0

    def size(self) -> int:
        """Return how many bytes were read so far."""
        return self._raw.count

    def sha256(self) -> str:
        """Return the SHA-256 of the whole file, reading what is left of it."""
        while self._buffered.read(_BLOCK):
            pass
        return self._raw.hash.hexdigest()

    def records(self) -> Generator[list[str], None, None]:
        """Give the records one by one, without blank lines; `line` is where the record begins.

        Raises Refused where the file cannot be read as CSV, naming the line.
        """
        # What is not UTF-8 becomes lone surrogates, so that the line it stands on can be named.
        text = io.TextIOWrapper(self._buffered, "utf-8-sig", errors="surrogateescape", newline="")
        before = csv.field_size_limit(_LONGEST_FIELD)
        lines = self._lines(text)
        start = []
        for line in lines:
            start.append(line)
            if not line.isspace():
                break
        mark = _delimiter(start[-1] if start else "")
        reader = csv.reader(chain(start, lines), delimiter=mark, strict=True)
        end = 0
        try:
            for record in reader:
                self.line = end + 1
                end = reader.line_num
                if record and not (len(record) == 1 and not record[0].strip()):
                    yield record
        except csv.Error as error:
            raise Refused(
                f"{self.name}, line {end + 1}: the row that begins there is not CSV: {error}",
                "look for a quote that is not closed, or not doubled; nothing was appended",
            ) from None
        finally:
            csv.field_size_limit(before)
            lines.close()
            text.detach()

    def _lines(self, text: io.TextIOWrapper) -> Generator[str, None, None]:
        for number, line in enumerate(text, start=1):
            if not line.isascii():
                self._require_utf8(number, line)
            yield line

    def _require_utf8(self, number: int, line: str) -> None:
        try:
            line.encode()
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) - 0xDC00
            raise Refused(
                f"{self.name}, line {number}: the byte 0x{byte:02x} is not UTF-8 text",
                "save the file as UTF-8; nothing was appended",
            ) from None


def _delimiter(header: str) -> str:
    """Return the delimiter that splits the header into the most columns; a comma if none does."""
    return max(DELIMITERS, key=lambda mark: (header.count(mark), mark == ","))
