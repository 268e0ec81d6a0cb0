"""Knows what stands in the columns of an unknown file: how it is spelled, its numbers and dates.

Must never know which column is which field.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date
from typing import BinaryIO, NamedTuple

from inventory_cli.core.quantities import format_quantity, parse_quantity, without_marks
from inventory_cli.drafting.words import is_known
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.columns import numbered
from inventory_cli.importing.date_formats import DateColumn, fitting_formats, parse_as
from inventory_cli.importing.movements import empty_file, open_source
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import DELIMITERS, Source, find_delimiter

_BLOCK = 1 << 20
# How much of a file decides where its header is, and by what its columns are parted.
_HEAD = 1 << 18
# How many different cells of a column are counted before they are looked at and forgotten.
_MOST_CELLS = 20_000
_LONGEST_CELL = 200
_WORD_ENDS = (b" ", b",", b";", b"\t", b"|", b"\r", b"\n", b'"')
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
# A ledger's zone would say which local times a clock change skips; in UTC none are.
_ZONE = UTC
MARKS = (None, ".", ",")


class Shape(NamedTuple):
    """How a file is spelled, as far as an import would not find it by itself."""

    profile: Profile
    sample: str


class Seen(NamedTuple):
    """A cell as an example."""

    line: int
    text: str


class Column:
    """What stands in one column: its cells are counted, and each is looked at only once."""

    def __init__(self, header: str, where: str) -> None:
        self.header = header
        self.filled = self.empty = self.dated = self.negative = 0
        self.first_empty = 0
        self.words: dict[str, int] | None = {}
        # How many are numbers with each decimal mark, and the most decimals they have then.
        self.numbers: Counter[str | None] = Counter()
        self.decimals: Counter[str | None] = Counter()
        self.no_number: Seen | None = None
        self.no_date: Seen | None = None
        self.styles: Counter[tuple[str, ...]] = Counter()
        self.examples: dict[tuple[str, ...], Seen] = {}
        self.spans: dict[str, tuple[date, date]] = {}
        self.dates = DateColumn(where, _ZONE)
        self.mixed: str | None = None
        self._cells: dict[str, list[int]] = {}

    @property
    def mark(self) -> str | None:
        """The decimal mark with which the most cells are numbers; None if it need not be said."""
        return max(MARKS, key=lambda mark: self.numbers[mark])

    @property
    def is_numeric(self) -> bool:
        """Whether all cells are numbers with that mark."""
        return 0 < self.filled == self.numbers[self.mark]

    def take(self, line: int, cell: str) -> None:
        """Count a cell."""
        seen = self._cells.get(cell) or self._cells.get(cell[:_LONGEST_CELL])
        if seen is not None:
            seen[0] += 1
            return
        if len(self._cells) >= _MOST_CELLS:
            self.look()
            self.words = None
        self._cells[cell[:_LONGEST_CELL]] = [1, line]

    def look(self) -> None:
        """Look at the cells that were counted."""
        for cell, (count, line) in self._cells.items():
            text = cell.strip()
            if not text:
                self.empty += count
                self.first_empty = self.first_empty or line
                continue
            self.filled += count
            if self.words is not None:
                self.words[text] = self.words.get(text, 0) + count
            self._look_for_number(text, count, line)
            self._look_for_date(text, count, line)
        self._cells.clear()

    def _look_for_number(self, text: str, count: int, line: int) -> None:
        values = {mark: number(text, mark) for mark in MARKS}
        for mark, value in values.items():
            if value is not None:
                self.numbers[mark] += count
                places = format_quantity(abs(value), 9).partition(".")[2].rstrip("0")
                self.decimals[mark] = max(self.decimals[mark], len(places))
        if any(value is not None and value < 0 for value in values.values()):
            self.negative += count
        if all(value is None for value in values.values()):
            self.no_number = self.no_number or Seen(line, text)

    def _look_for_date(self, text: str, count: int, line: int) -> None:
        formats = fitting_formats(text, _ZONE)
        if not formats:
            self.no_date = self.no_date or Seen(line, text)
            return
        self.dated += count
        self.styles[formats] += count
        self.examples.setdefault(formats, Seen(line, text))
        for format in formats:
            when = parse_as(text, format, _ZONE)
            if when is not None:
                first, last = self.spans.get(format, (when.day, when.day))
                self.spans[format] = (min(first, when.day), max(last, when.day))
        if self.mixed is None:
            try:
                self.dates.look(line, text)
            except Refused as error:
                self.mixed = error.message

    def likely_formats(self) -> list[str]:
        """Return the date formats that fit, the one with the shortest span of days first.

        Where none fits all cells, they are as few as fit each of them.
        """
        common = set.intersection(*map(set, self.styles)) if self.styles else set()
        if common:
            return sorted(sorted(common), key=self._days)
        waiting, found = Counter(self.styles), list[str]()
        while waiting:
            fits = Counter[str]()
            for formats, count in waiting.items():
                fits.update(dict.fromkeys(formats, count))
            found.append(max(fits, key=lambda one: (fits[one], -self._days(*found, one))))
            waiting = Counter({f: n for f, n in waiting.items() if found[-1] not in f})
        return found

    def _days(self, *formats: str) -> int:
        """Return how many days there are from the first to the last, if read in some formats."""
        days = [day for format in formats for day in self.spans[format]]
        return (max(days) - min(days)).days


class Survey(NamedTuple):
    """What stands in a file. `uneven` rows are longer or shorter than the header."""

    columns: tuple[Column, ...]
    rows: int
    uneven: int
    first_uneven: Seen | None
    second_headers: int


def number(text: str, mark: str | None) -> int | None:
    """Return a number in billionths, or None where text is no number with that decimal mark."""
    try:
        return parse_quantity(without_marks(text, mark) if mark else text, 9)
    except WrongUsage:
        return None


def find_shape(file: BinaryIO, name: str, given: Profile) -> Shape:
    """Return how a file is spelled; what is given stays.

    Raises Refused where it is not text.
    """
    shape = Shape(given, "")
    if given.encoding is None:
        shape = _find_encoding(file, given)
    profile = shape.profile
    file.seek(0)
    source = Source(file, name, lambda count: None, profile.encoding, profile.delimiter)
    records = source.records()
    try:
        next(records, None)
    finally:
        records.close()
    file.seek(0)
    head = file.read(_HEAD).decode(source.encoding or "utf-8", "replace")
    lines = list(io.StringIO(head, newline=""))[given.skip_lines :]
    if len(head) * 4 >= _HEAD and len(lines) > 1:
        lines.pop()
    mark = given.delimiter or max(
        DELIMITERS, key=lambda mark: (_evenness(lines, mark), mark == ",")
    )
    table = _parsed(lines, mark)
    if not table:
        return shape
    usual = sorted(map(_filled, table))[len(table) // 2]
    before, header = next(record for record in table if _filled(record) * 2 > usual)
    if before > table[0][0]:
        profile = profile._replace(skip_lines=given.skip_lines + before)
    else:
        before = table[0][0]
    if find_delimiter(lines[before]) != mark:
        profile = profile._replace(delimiter=mark)
    if _looks_like_data(header):
        profile = profile._replace(header=False)
    return shape._replace(profile=profile)


def _find_encoding(file: BinaryIO, given: Profile) -> Shape:
    word = _undecodable(file, "utf-8")
    if word is None:
        return Shape(given, "")
    encoding = "cp1252" if _undecodable(file, "cp1252") is None else "latin-1"
    return Shape(given._replace(encoding=encoding), word.decode(encoding))


def _undecodable(file: BinaryIO, encoding: str) -> bytes | None:
    """Return the first word that is not in an encoding; None too where the file is not text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    is_last = False
    while not is_last:
        block = file.read(_BLOCK)
        is_last = not block
        try:
            decoder.decode(block, is_last)
        except UnicodeDecodeError as error:
            data, place = bytes(error.object), error.start
            if _BINARY.search(data):
                return None
            start = max(data.rfind(mark, 0, place) for mark in _WORD_ENDS) + 1
            return re.split(rb'[ ,;\t|\r\n"]', data[start:])[0][:40]
    return None


def _parsed(lines: Sequence[str], mark: str) -> list[tuple[int, list[str]]]:
    """Return the records that hold something, with the number of lines before each."""
    reader = csv.reader(lines, delimiter=mark)
    found, before = [], 0
    try:
        for record in reader:
            if any(map(str.strip, record)):
                found.append((before, record))
            before = reader.line_num
    except csv.Error:
        return []
    return found


def _filled(record: tuple[int, list[str]]) -> int:
    return sum(bool(cell.strip()) for cell in record[1])


def _evenness(lines: Sequence[str], mark: str) -> int:
    """Return how many cells the rows of the usual width have, when parted by a mark."""
    widths = Counter(len(record) for _, record in _parsed(lines, mark) if len(record) > 1)
    return max((width * count for width, count in widths.items()), default=0)


def _looks_like_data(header: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in header if cell.strip()]
    return not any(map(is_known, cells)) and any(
        number(cell, None) is not None or fitting_formats(cell, _ZONE) for cell in cells
    )


def records_of(
    file: BinaryIO, name: str, profile: Profile, progress: Callable[[int], None]
) -> Iterator[tuple[int, list[str]]]:
    """Give the records of a file and their lines; the first one is the header, given or made.

    Raises Refused where it cannot be read as CSV.
    """
    file.seek(0)
    source = open_source(file, name, profile, progress)
    first = True
    for record in source.records():
        if first and not profile.header:
            yield source.line, numbered(record)
        first = False
        yield source.line, record


def survey(records: Iterator[tuple[int, list[str]]], name: str, header_is_made: bool) -> Survey:
    """Return what stands in a file, in memory that does not grow with it."""
    _, header = next(records, (0, []))
    if not header:
        raise empty_file(name)
    columns = tuple(Column(text.strip(), f"{name}, {text.strip()}") for text in header)
    takes = [column.take for column in columns]
    rows = uneven = second_headers = 0
    first_uneven = None
    for line, record in records:
        if record == header and not header_is_made:
            second_headers += 1
        elif len(record) != len(header):
            uneven += 1
            first_uneven = first_uneven or Seen(line, str(len(record)))
        elif any(map(str.strip, record)):
            rows += 1
            for take, cell in zip(takes, record, strict=True):
                take(line, cell)
    for column in columns:
        column.look()
    return Survey(columns, rows, uneven, first_uneven, second_headers)
