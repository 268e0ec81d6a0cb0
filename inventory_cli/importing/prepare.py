"""Knows which records of a file are rows, and makes them complete, whatever shape the file has.

Must never know what a cell means.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from inventory_cli.core.progress import Progress, untold
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadCell, BadRow
from inventory_cli.importing.columns import Columns, numbered
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import Source
from inventory_cli.importing.tally import Reading
from inventory_cli.importing.unfold import Unfolding

# The line on which a row begins, and its cells.
Record = tuple[int, list[str]]


def open_source(file: BinaryIO, name: str, profile: Profile, progress: Progress = untold) -> Source:
    """Return the records of a file that is spelled as a profile says."""
    return Source(
        file,
        name,
        progress,
        profile.encoding,
        profile.delimiter,
        profile.skip_lines,
        profile.quotes,
        profile.sheet,
        profile.decimal_mark or ".",
    )


def read_names(
    source: Source, records: Iterator[list[str]], profile: Profile
) -> tuple[list[str], Iterator[list[str]]]:
    """Return the names of a file's columns, made where it has no header, and its other records."""
    header = next(records, None)
    if header is None:
        raise Refused(f"{source.name} is empty", "a CSV file begins with a header line")
    if profile.header:
        return header, records
    return numbered(header), chain([header], records)


def prepare(
    source: Source, records: Iterable[list[str]], columns: Columns, reading: Reading
) -> Iterator[Record]:
    """Give the records that may be movements with their lines, complete as the profile says."""
    header = list(columns.headers) if columns.has_header else None
    width = len(columns.headers)
    has_rules = bool(columns.only or columns.leave_out)
    changes, unfolds = bool(columns.made or columns.empty), bool(columns.unfolding)
    for record in records:
        if record == header:
            reading.second_headers.add(source.line)
            continue
        if not (record[0].strip() or any(map(str.strip, record))):
            continue
        reading.read += 1
        try:
            if len(record) != width:
                raise BadCell("", "", f"the row has {len(record)} fields, the header {width}")
            if changes:
                record = columns.complete(record)
            if has_rules and columns.left_out(record):
                reading.left_out += 1
                continue
            if unfolds:
                yield from _unfolded(source.line, record, columns.unfolding, reading)
            else:
                yield source.line, record
        except BadCell as bad:
            reading.note_bad(BadRow.of(source.line, bad))


def _unfolded(
    line: int, record: list[str], unfolding: Unfolding, reading: Reading
) -> Iterator[Record]:
    """Give the rows that a row stands for, each counted as one."""
    parts = unfolding.of(record)
    reading.nothing += not parts
    reading.unfolded += max(len(parts) - 1, 0)
    reading.read += max(len(parts) - 1, 0)
    for part in parts:
        yield line, part


def codes_as_numbers(source: Source, columns: Columns) -> Iterator[str]:
    """Say of SKUs that a workbook holds as numbers that zeros before them may have been lost."""
    for index in columns.of_field("sku"):
        if index in source.numbers:
            count, first = source.numbers[index]
            cells = "1 cell is a number" if count == 1 else f"{count} cells are numbers"
            yield (
                f"{columns.headers[index]}: {cells} in the workbook, like {first}, which may have "
                f"been {'00' + first}: a column of codes is to be formatted as text"
            )
