"""Knows which profiles fit a file, by its header and its first rows, and why the others do not.

Must never know which one is wanted, or what has been recorded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC
from itertools import islice
from typing import BinaryIO, NamedTuple

from inventory_cli.core.wording import first_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.bad_rows import shortened
from inventory_cli.importing.cells import kind_reader, location_reader, sku_reader
from inventory_cli.importing.columns import Columns, folded, match_header, parts_like
from inventory_cli.importing.date_formats import date_reader, fitting_formats
from inventory_cli.importing.prepare import open_source, prepare, read_names
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.tally import Reading

# How many rows are looked at: an import looks at all, and refuses a file whose later rows differ.
_ROWS = 1_000
_MOST_SHOWN = 3
_LONGEST_SHOWN = 30


class Fit(NamedTuple):
    """A profile by its name, and why it does not fit; "" where it does.

    `missing` is how many of its columns are not there; `field` the one whose cells are not as it
    says.
    """

    name: str
    why_not: str = ""
    missing: int = 0
    field: str = ""


def fit_of_each(file: BinaryIO, name: str, profiles: Mapping[str, Profile]) -> list[Fit]:
    """Return how each profile fits a file, which is left where it was.

    A profile fits where all its columns are there, one format of dates fits, and its words for
    types, its SKUs and places are as it says. Raises Refused where the file is not CSV.
    """
    start = file.tell()
    fits = []
    for called, profile in profiles.items():
        file.seek(start)
        fits.append(_fit(file, name, called, profile))
    file.seek(start)
    return fits


def _fit(file: BinaryIO, name: str, called: str, profile: Profile) -> Fit:
    if not profile.columns:
        # It would fit any file, as one does that is only being written.
        return Fit(called, "it names no column")
    source = open_source(file, name, profile)
    with closing(source.records()) as records:
        header, rest = read_names(source, records, profile)
        if missing := _missing(header, profile):
            shown = ", ".join(first_of(missing, _MOST_SHOWN))
            return Fit(called, f"no column {shown}", len(missing))
        try:
            columns = match_header(name, source.line, header, profile)
        except Refused as error:
            return Fit(called, error.message)
        reading = Reading()
        rows = [row for _, row in islice(prepare(source, rest, columns, reading), _ROWS)]
    if reading.read and not rows:
        return Fit(called, "its rules leave out every row")
    field, why_not = next(_differences(columns, profile, rows), ("", ""))
    return Fit(called, why_not, field=field)


def _missing(header: Sequence[str], profile: Profile) -> list[str]:
    """Return the columns that a profile names and a header does not have."""
    there = {folded(text) for text in header}
    figures = [*profile.places, *profile.quantities]
    there |= {folded(name) for name in figures if "*" in name and parts_like(name, header)}
    wanted = [*profile.columns.values(), *((name,) for name in (*profile.pair_by, *figures))]
    rules = [column for rule in (profile.only, *profile.leave_out) for column in rule]
    wanted += [(name,) for name in rules if name not in {*profile.columns, *profile.constants}]
    lacking = [names for names in wanted if not there.intersection(map(folded, names))]
    return [" or ".join(map(repr, names)) for names in dict.fromkeys(lacking)]


def _differences(
    columns: Columns, profile: Profile, rows: Sequence[Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """Give the fields whose cells in some rows are not as a profile says, and why; types last."""
    readers: dict[str, Callable[[str], object]] = {
        "sku": sku_reader(profile),
        "location": location_reader(profile, "location"),
        "to_location": location_reader(profile, "to_location"),
    }
    if profile.date_format:
        readers["date"] = date_reader(profile.date_format, UTC)
    for field, read in {**readers, "type": kind_reader(profile)}.items():
        if field == "type" and not profile.date_format:
            yield from (("date", why) for why in _mixed_dates(columns, rows))
        if bad := _unread(_cells(columns, field, rows), read):
            yield field, f"{columns.labels[field]}: {', '.join(first_of(bad, _MOST_SHOWN))}"


def _cells(columns: Columns, field: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the different cells of a field that are not empty, unless all rows have the same."""
    if field not in columns.fields or columns.is_constant(field):
        return []
    at = columns.fields[field]
    return [*dict.fromkeys(row[at] for row in rows if row[at].strip())]


def _unread(cells: Iterable[str], read: Callable[[str], object]) -> list[str]:
    bad = []
    for text in cells:
        try:
            read(text)
        except WrongUsage:
            bad.append(repr(shortened(text, _LONGEST_SHOWN)))
    return bad


def _mixed_dates(columns: Columns, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give why no format fits a column of dates, if none does."""
    common: set[str] | None = None
    for text in _cells(columns, "date", rows):
        formats = set(fitting_formats(text, UTC))
        if not formats:
            yield f"{columns.labels['date']}: {shortened(text, _LONGEST_SHOWN)!r} is no date"
            return
        common = formats if common is None else common & formats
    if common is not None and not common:
        yield f"{columns.labels['date']}: dates in more than one format"
