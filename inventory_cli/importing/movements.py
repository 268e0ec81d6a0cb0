"""Knows the way of a file's rows before the log is asked: header, rules, dates, drafts, pairs.

Must never know SQL, or what has been recorded.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import tzinfo
from itertools import chain
from typing import NamedTuple

from inventory_cli.core.dates import When
from inventory_cli.core.events import COMMAND_KINDS, DESCRIBED, OPENING_DETAILS
from inventory_cli.core.present import Present, parse_when_recorded
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.bad_rows import BadCell, BadRow
from inventory_cli.importing.cells import UnknownType
from inventory_cli.importing.chunks import Chunk, in_chunks
from inventory_cli.importing.columns import Columns, folded, match_header, require_fields
from inventory_cli.importing.date_formats import (
    ISO,
    DateColumn,
    Seen,
    date_reader,
    fitting_formats,
    mixed_formats,
    parse_as,
)
from inventory_cli.importing.once import Once, added_up
from inventory_cli.importing.pairs import Pairs
from inventory_cli.importing.prepare import Record, codes_as_numbers, prepare, read_names
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.repeated_hour import HoursApart
from inventory_cli.importing.rows import OneSide, Row, RowReader
from inventory_cli.importing.source import Source
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Reading

DATE_FIELDS = ("date", *OPENING_DETAILS)
# How many different cells of a date column are remembered as looked at.
_MOST_REMEMBERED = 100_000

DateReaders = Mapping[str, Callable[[str], When]]


class Measures(NamedTuple):
    """What the ledger says about quantities and times, the present moment, and the place of what
    does not say where it is, if anybody said.
    """

    decimals: int
    zone: tzinfo
    present: Present
    usual_location: str | None = None


def read_rows(
    source: Source, profile: Profile, measures: Measures, reading: Reading
) -> Iterator[Row]:
    """Give what the rows of a movements file say, and count them in `reading`.

    Raises Refused when the file as a whole cannot be read.
    """
    rows = _read_each(source, profile, measures, reading)
    return added_up(rows, reading) if profile.add_up else rows


def read_chunks(
    source: Source,
    profile: Profile,
    measures: Measures,
    reading: Reading,
    stops: bool = False,
) -> Iterator[Chunk]:
    """Give what `read_rows` gives in chunks. Where that `stops` it, nothing more is given once a
    row is bad, though the others are looked at too.
    """
    for chunk in in_chunks(read_rows(source, profile, measures, reading)):
        reading.note_good(chunk.drafts)
        if not (stops and reading.bad.count):
            yield chunk


def _read_each(
    source: Source, profile: Profile, measures: Measures, reading: Reading
) -> Iterator[Row]:
    with closing(source.records()) as records, Spool[Record]() as spool:
        names, rest = read_names(source, records, profile)
        profile = _for_descriptions(names, profile)
        columns = match_header(source.name, source.line, names, profile)
        wanted = ["date", "sku"]
        wanted += [] if profile.is_signed or profile.outside else ["type"]
        wanted += [] if columns.fields.keys() & {"quantity_in", "quantity_out"} else ["quantity"]
        require_fields(source.name, source.line, columns, wanted)
        prepared = prepare(source, rest, columns, reading)
        readers, prepared = read_dates(source, columns, profile, measures, prepared, spool)
        reader = RowReader(
            columns,
            profile,
            measures.decimals,
            measures.zone,
            readers,
            measures.usual_location,
            lambda: parse_when_recorded("today", measures.present, measures.zone),
        )
        pairs, once = Pairs(measures.zone), Once(columns.labels["sku"], profile.once)
        hours = HoursApart(reader.dates, measures.zone, reading)
        read, add_up, take_once = reader.read, profile.add_up, profile.once
        for line, record, when in hours.of(prepared):
            try:
                row = read(line, record, when)
            except BadCell as bad:
                if bad.column == "quantity" and (part := columns.unfolding.part(record)):
                    bad.column = part
                reading.note_bad(BadRow.of(line, bad), isinstance(bad, UnknownType))
                continue
            if row is None:
                reading.nothing += 1
                continue
            if isinstance(row, OneSide):
                joined = pairs.take(row)
                if joined is None:
                    continue
                row = joined
            if take_once and once.is_same(row):
                reading.repeated += 1
                continue
            if not add_up and (repeated := once.repeated(row)):
                reading.note_bad(repeated)
                continue
            yield row
        for numbers in reader.numbers:
            numbers.require_decided(source.name)
        reading.remarks += [*source.remarks, *codes_as_numbers(source, columns)]
        for line, key, reason in pairs.unpaired(measures.decimals):
            reading.note_bad(BadRow(line, ", ".join(profile.pair_by), ", ".join(key), reason))


def read_header(
    source: Source, records: Iterator[list[str]], profile: Profile
) -> tuple[Columns, Iterator[list[str]]]:
    """Return the columns of a file, and its records behind the header."""
    names, rest = read_names(source, records, profile)
    return match_header(source.name, source.line, names, profile), rest


def _for_descriptions(names: Sequence[str], profile: Profile) -> Profile:
    """Return how a file is read of which every row describes a SKU: it needs neither date nor
    quantity. What is blank is of today.
    """
    if COMMAND_KINDS.get(word := profile.constants.get("type", "").casefold(), word) != DESCRIBED:
        return profile
    columns, constants = dict(profile.columns), dict(profile.constants)
    for field, constant in (("date", "today"), ("quantity", "0")):
        constants.setdefault(field, constant)
        if field not in columns and (found := [name for name in names if folded(name) == field]):
            columns[field] = tuple(found[:1])
    return profile._replace(columns=columns, constants=constants)


def read_dates(
    source: Source,
    columns: Columns,
    profile: Profile,
    measures: Measures,
    prepared: Iterator[Record],
    spool: Spool[Record],
) -> tuple[DateReaders, Iterator[Record]]:
    """Return how the cells of each date column are read, and the records.

    Where the profile names no format and the first row is not in ISO 8601, all rows are looked
    at, and wait in the spool, before the first of them is read.
    """
    zone = measures.zone
    fields = [field for field in DATE_FIELDS if field in columns.fields]
    if formats := profile.date_format:
        if source.is_workbook:
            # Cells that are dates come in ISO 8601, whatever the text of others is.
            formats = tuple(dict.fromkeys((*formats, ISO)))
        readers = {field: date_reader(formats, zone) for field in fields}
        return _with_constants(readers, profile, measures), prepared
    first = next(prepared, None)
    if first is None:
        return {field: date_reader((ISO,), zone) for field in fields}, iter(())
    prepared = chain([first], prepared)
    varying = [field for field in fields if not columns.is_constant(field)]
    if all(_is_iso(first[1][columns.fields[field]], zone) for field in varying):
        readers = {
            field: _iso_reader(
                source, columns.labels[field], (first[0], first[1][columns.fields[field]]), zone
            )
            for field in fields
        }
        return _with_constants(readers, profile, measures), prepared
    surveyed = {
        field: DateColumn(f"{source.name}, {columns.labels[field]}", zone) for field in varying
    }
    _survey(columns, profile, prepared, surveyed, spool)
    readers = {
        field: date_reader((surveyed[field].decide() if field in surveyed else ISO,), zone)
        for field in fields
    }
    return _with_constants(readers, profile, measures), spool.read()


def _survey(
    columns: Columns,
    profile: Profile,
    prepared: Iterator[Record],
    surveyed: Mapping[str, DateColumn],
    spool: Spool[Record],
) -> None:
    """Look at all dates of the file, and put its records aside."""
    seen: dict[str, set[str]] = {field: {profile.constants.get(field, "")} for field in surveyed}
    for item in prepared:
        line, record = item
        for field, column in surveyed.items():
            text = record[columns.fields[field]]
            if text not in seen[field]:
                if len(seen[field]) >= _MOST_REMEMBERED:
                    seen[field] = {profile.constants.get(field, "")}
                seen[field].add(text)
                column.look(line, text)
        spool.add(item)


def _is_iso(text: str, zone: tzinfo) -> bool:
    try:
        return parse_as(text, ISO, zone) is not None
    except WrongUsage:
        return False


def _iso_reader(
    source: Source, label: str, first: tuple[int, str], zone: tzinfo
) -> Callable[[str], When]:
    """Return what reads a column that begins in ISO 8601 and must go on so.

    2022-10-15 begins a column of dates like 2022-9-5 too.
    """
    read_iso = date_reader((ISO,), zone)
    unpadded = set(fitting_formats(first[1], zone)) - {ISO}

    def read(text: str) -> When:
        try:
            return read_iso(text)
        except WrongUsage:
            others = [f for f in fitting_formats(text, zone) if f != ISO]
            if alike := unpadded.intersection(others):
                return date_reader((alike.pop(),), zone)(text)
            if others:
                one, other = Seen(*first, (ISO,)), Seen(source.line, text, tuple(others))
                raise mixed_formats(f"{source.name}, {label}", one, other) from None
            raise

    return read


def _with_constants(readers: DateReaders, profile: Profile, measures: Measures) -> DateReaders:
    """Return readers that know the dates that the profile sets, which are said as people do.

    Raises Refused where one depends on a clock that is far behind.
    """

    def with_constant(field: str, read: Callable[[str], When]) -> Callable[[str], When]:
        constant = profile.constants.get(field)
        if constant is None:
            return read
        when = parse_when_recorded(constant, measures.present, measures.zone)
        return lambda text: when if text == constant else read(text)

    return {field: with_constant(field, read) for field, read in readers.items()}
