"""Knows what stands in the columns of an unknown file: how it is spelled, its numbers and dates.

Must never know which column is which field.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, date
from io import BufferedReader
from itertools import islice
from typing import BinaryIO, NamedTuple

from inventory_cli.core.progress import Progress, untold
from inventory_cli.core.quantities import (
    format_quantity,
    parse_quantity,
    two_readings,
)
from inventory_cli.drafting.headers import names_a_field
from inventory_cli.drafting.words import is_empty_word
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.columns import Columns
from inventory_cli.importing.date_formats import DateColumn, fitting_formats, parse_as
from inventory_cli.importing.prepare import Record, open_source, prepare, read_names
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import DELIMITERS, Source, Undecodable, evenness
from inventory_cli.importing.tally import Reading
from inventory_cli.importing.unpack import Archive, Counted, unpacked

# How many records decide where the header is, and by what columns are parted.
_FIRST_RECORDS = 200
# How many different cells of a column are counted before they are looked at and forgotten.
_MOST_CELLS = 20_000
_LONGEST_CELL = 200
# How many rows are kept, to see what columns say of each other.
_MOST_ROWS = 5_000
# What stands in no text, and how many bytes are searched for it.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_SEARCHED = 1 << 20
_PADDED = re.compile("0[0-9]")
# A ledger's zone would say which local times a clock change skips; in UTC none are.
_ZONE = UTC
MARKS = (None, ".", ",")


class Shape(NamedTuple):
    """How a file is spelled, as far as an import would not find it by itself.

    `sample` is a word that told in which encoding it is.
    """

    profile: Profile
    sample: str


class Column:
    """What stands in one column: its cells are counted, and each is looked at only once."""

    def __init__(self, header: str, where: str) -> None:
        self.header = header
        self.filled = self.empty = self.dated = self.negative = 0
        self.first_empty = 0
        # How many cells say in a word that there is nothing, such as `null` or `-`.
        self.empty_words: Counter[str] = Counter()
        self.words: dict[str, int] | None = {}
        # How many are numbers with each decimal mark, and the most decimals they have then.
        self.numbers: Counter[str | None] = Counter()
        self.decimals: Counter[str | None] = Counter()
        # The first cell that is none.
        self.no_number = self.no_date = self.doubtful = ""
        self.styles: Counter[tuple[str, ...]] = Counter()
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
        """Whether all cells that say something are numbers with that mark, and none is a code
        with zeros before it.
        """
        are_numbers = 0 < self.filled - self.empty_words.total() == self.numbers[self.mark]
        return are_numbers and not any(map(_PADDED.match, self.words or ()))

    @property
    def values(self) -> int:
        """How many different cells there are, as far as they are counted."""
        return _MOST_CELLS if self.words is None else len(self.words)

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
            if is_empty_word(text):
                self.empty_words[text] += count
                continue
            self._look_for_number(text, count)
            self._look_for_date(text, count, line)
        self._cells.clear()

    def _look_for_number(self, text: str, count: int) -> None:
        values = {mark: number(text, mark) for mark in MARKS}
        for mark, value in values.items():
            if value is not None:
                self.numbers[mark] += count
                places = format_quantity(abs(value), 9).partition(".")[2].rstrip("0")
                self.decimals[mark] = max(self.decimals[mark], len(places))
        if two_readings(text):
            self.doubtful = self.doubtful or text
        if any(value is not None and value < 0 for value in values.values()):
            self.negative += count
        if all(value is None for value in values.values()):
            self.no_number = self.no_number or text

    def _look_for_date(self, text: str, count: int, line: int) -> None:
        formats = fitting_formats(text, _ZONE)
        if not formats:
            self.no_date = self.no_date or text
            return
        self.dated += count
        self.styles[formats] += count
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
    """What stands in a file: in its columns, and how many rows are read, or bad by their width.

    `sample` are the first rows, `remarks` what is to be known of the file that was opened.
    """

    shape: Shape
    columns: tuple[Column, ...]
    reading: Reading
    sample: tuple[list[str], ...]
    remarks: list[str]

    @property
    def rows(self) -> int:
        """How many rows have as many cells as the header."""
        return self.reading.read - self.reading.bad.count


def number(text: str, mark: str | None) -> int | None:
    """Return a number in billionths, or None where text is no number with that decimal mark."""
    try:
        return parse_quantity(text, 9, mark)
    except WrongUsage:
        return None


def survey(file: BinaryIO, name: str, given: Profile, progress: Progress) -> Survey:
    """Return what stands in a file, in memory that does not grow with it; what is given stays.

    In which encoding it is, other than those that an import finds, is known once it was read in
    another. Raises Refused where it is not text, or cannot be read as CSV.
    """
    profile, sample = given, ""
    while True:
        try:
            shape = Shape(find_spelling(file, name, profile), sample)
            return _surveyed(file, name, shape, progress)
        except Undecodable as error:
            if given.encoding or not error.encoding or _is_binary(file, name):
                raise
            profile, sample = profile._replace(encoding=error.encoding), error.word
        except Refused:
            # Between tabs quotes are often text, which may show late.
            if not profile.quotes or shape.profile.delimiter not in (None, "\t"):
                raise
            profile = shape.profile._replace(delimiter="\t", quotes=False)
            if len(next(iter(_first_records(file, name, profile)[1]), (0, []))[1]) < 2:
                raise


def _is_binary(file: BinaryIO, name: str) -> bool:
    file.seek(0)
    buffered = BufferedReader(Counted(file.read, untold))
    packed = unpacked(buffered, name)
    with ExitStack() as stack:
        if isinstance(packed, Archive):
            stack.callback(packed.close)
            packed = packed.only_file()
        start = (packed or buffered).read(_SEARCHED)
    return _BINARY.search(start) is not None


def find_spelling(file: BinaryIO, name: str, given: Profile) -> Profile:
    """Return where the header is, and by what columns are parted, if an import must be told."""
    tables = {}
    for mark in given.delimiter or DELIMITERS:
        for quotes in (True, False) if mark == "\t" and given.quotes else (given.quotes,):
            profile = given._replace(delimiter=mark, quotes=quotes)
            records = _first_records(file, name, profile)[1]
            if records and (quotes or len(records[0][1]) > 1):
                tables[mark, quotes] = records[_place_of_header(records) :], len(records)

    def even(way: tuple[str, bool]) -> tuple[int, bool]:
        return evenness([record for _, record in tables[way][0]]), way[0] == ","

    best = max(tables, key=even, default=("", True))
    if best not in tables or not (even(best)[0] or best[0] in (given.delimiter or ",")):
        # It has one column, or is not CSV: an import says so.
        return given
    (table, count), (mark, quotes) = tables[best], best
    line, header = table[0]
    profile = given._replace(quotes=quotes)
    profile = profile if len(table) == count else profile._replace(skip_lines=line - 1)
    if _first_records(file, name, profile)[0] not in (None, mark):
        profile = profile._replace(delimiter=mark)
    return profile._replace(header=False) if _looks_like_data(header) else profile


def _first_records(file: BinaryIO, name: str, profile: Profile) -> tuple[str | None, list[Record]]:
    """Return by what columns are parted, and the first records; none where they are not CSV."""
    file.seek(0)
    source = open_source(file, name, profile)
    try:
        with closing(source.records()) as records:
            first = [(source.line, record) for record in islice(records, _FIRST_RECORDS)]
    except Undecodable:
        raise
    except Refused:
        return None, []
    return source.delimiter, first


def _place_of_header(records: Sequence[Record]) -> int:
    """Return which record has about as many cells that are filled as most of them."""
    filled = [sum(bool(cell.strip()) for cell in record) for _, record in records]
    some = sorted(filter(None, filled))
    usual = some[len(some) // 2] if some else 0
    return next((place for place, count in enumerate(filled) if count * 2 > usual), 0)


def _looks_like_data(header: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in header if cell.strip()]
    dates = sum(bool(fitting_formats(cell, _ZONE)) for cell in cells)
    numbers = sum(number(cell, None) is not None for cell in cells)
    return (dates > 0 and numbers > 0) or (
        dates + numbers > 0 and not any(map(names_a_field, cells))
    )


def _surveyed(file: BinaryIO, name: str, shape: Shape, progress: Progress) -> Survey:
    source, names, rows, reading = rows_of(file, name, shape.profile, progress)
    columns = tuple(Column(text.strip(), f"{name}, {text.strip()}") for text in names)
    takes = [column.take for column in columns]
    sample: list[list[str]] = []
    for line, record in rows:
        if len(sample) < _MOST_ROWS:
            sample.append(record)
        for take, cell in zip(takes, record, strict=True):
            take(line, cell)
    for column in columns:
        column.look()
    return Survey(shape, columns, reading, tuple(sample), source.remarks)


def rows_of(
    file: BinaryIO, name: str, profile: Profile, progress: Progress
) -> tuple[Source, list[str], Iterator[Record], Reading]:
    """Return what reads a file, the names of its columns, its rows as an import goes over them, and
    what is counted on the way.
    """
    file.seek(0)
    source = open_source(file, name, profile, progress)
    names, records = read_names(source, source.records(), profile)
    reading = Reading()
    rows = prepare(source, records, Columns(tuple(names), profile.header), reading)
    return source, names, rows, reading
