"""Knows how a CSV file becomes a stock list: how much somebody else says there is of what, where.

Must never know SQL, or what the ledger says.
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from typing import BinaryIO, NamedTuple

from inventory_cli.core.dates import When
from inventory_cli.core.events import DEFAULT_LOCATION
from inventory_cli.core.progress import Progress, untold
from inventory_cli.core.text import trimmed
from inventory_cli.core.wording import and_more, count_of
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadCell, BadRow
from inventory_cli.importing.cells import (
    Cells,
    NumberReader,
    given,
    location_reader,
    or_nothing,
    sku_reader,
)
from inventory_cli.importing.columns import Columns, match_header, require_fields
from inventory_cli.importing.movements import (
    DateReaders,
    Measures,
    read_dates,
    read_header,
)
from inventory_cli.importing.named_day import dated_by_name
from inventory_cli.importing.prepare import Record, codes_as_numbers, open_source, prepare
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.source import Source
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Reading

REQUIRED, OPTIONAL = ("sku", "quantity"), ("location", "date")

# A SKU at a location; at None where a list says how much there is over all of them.
Spot = tuple[str, str | None]


class Listed(NamedTuple):
    """What a list says of one spot: the quantity in smallest units, and on which line."""

    quantity: int
    line: int


class StockList:
    """What a file says is there, and of when: a day or a moment, or None when it does not say.

    `left_out` of its rows were left out by a rule of the profile, and `blank` ones because they say
    no figure; in `guessed` are the spots whose place it does not say, though it says some.
    `remarks` are on the file as a whole.
    """

    def __init__(
        self,
        name: str,
        columns: Columns,
        profile: Profile,
        decimals: int,
        read_dates: DateReaders,
        location: str | None,
        usual_location: str | None,
        may_be_blank: bool,
    ) -> None:
        self.name = name
        self.spots: dict[Spot, Listed] = {}
        self.when: When | None = None
        self.left_out = 0
        self.blank = 0
        self.guessed: set[Spot] = set()
        self.remarks: list[str] = []
        place = location_reader(profile, "location")
        self._skus = Cells(columns, "sku", sku_reader(profile))
        self._line = 0
        self.numbers = NumberReader(columns, "quantity", profile, decimals, lambda: self._line)
        self._quantities = Cells(columns, "quantity", self.numbers)
        self._locations = Cells(columns, "location", or_nothing(place))
        self._dates = Cells(columns, "date", lambda text: read_dates["date"](given(text)))
        self._dated_line = 0
        self._only = location
        self._adds_up, self._once = profile.add_up, profile.once
        self._usual_location = usual_location
        self._may_be_blank = may_be_blank
        self.has_locations = location is not None or self._locations.at >= 0

    def add(self, line: int, record: Sequence[str]) -> None:
        """Take a row into account. Raises BadCell, and Refused for one of another day."""
        self._line = line
        if self._may_be_blank and not trimmed(record[self._quantities.at]):
            self.blank += 1
            return
        sku = self._skus[record[self._skus.at]]
        quantity = self._quantities[record[self._quantities.at]]
        when = self._dates.of(record)
        at = self._locations.at
        location = self._only
        said = None
        if at >= 0:
            said = self._locations.of(record) or self._usual_location
            location = said or DEFAULT_LOCATION
        if self._only not in (None, location):
            return
        if earlier := self.spots.get((sku, location)):
            if self._once and earlier.quantity == quantity:
                return
            if not self._adds_up:
                where = f" at {location}" if at >= 0 else ""
                reason = f"line {earlier.line} lists {sku}{where} already; --add-up adds them up"
                raise BadCell(self._skus.label, record[self._skus.at], reason)
            line, quantity = earlier.line, earlier.quantity + quantity
        self.spots[sku, location] = Listed(quantity, line)
        if at >= 0 and said is None:
            self.guessed.add((sku, location))
        if self.when is None:
            self.when, self._dated_line = when, line
        elif when is not None and when.day != self.when.day:
            raise Refused(
                f"{self.name}: line {self._dated_line} is of {self.when.day}, line {line} of "
                f"{when.day}, but a list is of one day",
                "say which day it is with --set date=DATE, which passes over the column",
            )
        elif when != self.when:
            self.when = self.when._replace(instant=None)


def read_stock_list(
    file: BinaryIO,
    name: str,
    profile: Profile,
    measures: Measures,
    location: str | None,
    progress: Progress = untold,
    may_be_blank: bool = False,
) -> StockList:
    """Return what a CSV file says is there; at one location only, if that is given.

    A list without locations is one of that location then. Where it `may_be_blank`, as a sheet that
    was counted with, a row without a figure is left out. Raises Refused for a file with bad
    rows, and for one whose rows are of different days.
    """
    profile = dated_by_name(profile, name)
    source = open_source(file, name, profile, progress)
    reading = Reading()
    with closing(source.records()) as records, Spool[Record]() as spool:
        columns, rest = read_header(source, records, profile)
        columns = _columns_of_list(source, columns, profile)
        prepared = prepare(source, rest, columns, reading)
        readers, prepared = read_dates(source, columns, profile, measures, prepared, spool)
        stock_list = StockList(
            name,
            columns,
            profile,
            measures.decimals,
            readers,
            location,
            measures.usual_location,
            may_be_blank,
        )
        for line, record in prepared:
            try:
                stock_list.add(line, record)
            except BadCell as bad:
                reading.note_bad(BadRow.of(line, bad))
    stock_list.numbers.require_decided(name)
    if reading.bad.count:
        raise _refusal(name, reading)
    stock_list.left_out = reading.left_out
    stock_list.remarks = [*source.remarks, *codes_as_numbers(source, columns)]
    return stock_list


def _columns_of_list(source: Source, columns: Columns, profile: Profile) -> Columns:
    """Return the columns that a list needs, and no other: what else there is may say anything."""
    where = (source.name, source.line)
    if "quantity" not in columns.fields:
        # So `inventory stock` calls it. Where that is missing too, `quantity` is asked for.
        by_stock = profile._replace(columns={**profile.columns, "quantity": ("on_hand",)})
        with suppress(Refused):
            columns = match_header(*where, columns.headers, by_stock)
    require_fields(*where, columns, REQUIRED, OPTIONAL)
    used = [field for field in (*REQUIRED, *OPTIONAL) if field in columns.fields]
    return columns._replace(fields={field: columns.fields[field] for field in used})


def _refusal(name: str, reading: Reading) -> Refused:
    bad = reading.bad
    lines = [f"{name}: {count_of(bad.count, 'bad row')}, so nothing was compared"]
    lines += [row.described() for row in bad.first] + and_more(bad.count - len(bad.first))
    return Refused("\n  ".join(lines), "mend them: a list is compared as a whole, or not at all")
