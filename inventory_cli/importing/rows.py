"""Knows how a row becomes drafts, once it is known which column holds which field.

Must never know SQL or files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, NamedTuple

from inventory_cli.core.dates import When, effective_at
from inventory_cli.core.descriptions import description, fact_called
from inventory_cli.core.events import DEFAULT_LOCATION, DESCRIBED, KINDS, Draft
from inventory_cli.core.rules import Facts, check_quantity, movement, transfer
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.bad_rows import BadCell
from inventory_cli.importing.cells import (
    Cells,
    FactsReader,
    NumberReader,
    given,
    is_own_word,
    kind_reader,
    location_reader,
    or_nothing,
    sku_reader,
)
from inventory_cli.importing.columns import Columns
from inventory_cli.importing.directions import (
    Move,
    by_places,
    by_sign,
    from_two,
    outside_finder,
)
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import TRANSFERS


class Row(NamedTuple):
    """What a row says: one draft, or two for a transfer, and the balances that its source states.

    A balance is on hand at the location of a draft after it, in smallest units. Where both sides
    of a transfer have a row of their own, `arrival_line` is that of the other one. What is
    `guessed` is at the built-in location, where the source did not say at which it is. `added` is
    how many further rows were added up into it.
    """

    line: int
    drafts: tuple[Draft, ...]
    balances: tuple[int | None, ...] = ()
    arrival_line: int | None = None
    guessed: bool = False
    added: int = 0


# A row as plain tuples: all but its drafts, and these.
Packed = tuple[Any, ...]


def pack(row: Row) -> Packed:
    """Return a row as plain tuples, which are written to a file or a pipe, and read, fastest."""
    line, drafts, *others = row
    return (line, *others, *map(tuple, drafts))


# What `_make` of either does, without looking at the length once more.
as_draft = partial(tuple.__new__, Draft)
as_row = partial(tuple.__new__, Row)


def unpack(packed: Iterable[Packed]) -> Iterator[Row]:
    """Give the rows that were packed."""
    for line, balances, arrival_line, guessed, added, *drafts in packed:
        said = tuple(map(as_draft, drafts))
        yield as_row((line, said, balances, arrival_line, guessed, added))


# What a plain row may say: the kinds whose quantity is not signed, with the least of it, and the
# time of day of what is known by its day.
_PLAIN = {
    kind.name: (kind.least, kind.time_of_day)
    for kind in KINDS.values()
    if kind.least is not None and kind.name not in (*TRANSFERS, DESCRIBED)
}


class OneSide(NamedTuple):
    """One side of a transfer, whose other side is in another row with the same `key`."""

    line: int
    leaves: bool
    key: tuple[str, ...]
    sku: str
    location: str
    quantity: int
    when: When
    facts: Facts
    balance: int | None
    guessed: bool


class RowReader:
    """Turns rows that `Columns.complete` has gone over into drafts.

    `read_dates` says, for each field that is a date, how its cells are read; `usual_location` where
    a row is that does not say so, if anybody said; `today` the day of what describes a SKU and does
    not say since when.
    """

    def __init__(
        self,
        columns: Columns,
        profile: Profile,
        decimals: int,
        zone: tzinfo,
        read_dates: Mapping[str, Callable[[str], When]],
        usual_location: str | None,
        today: Callable[[], When],
    ) -> None:
        self._zone = zone
        self._usual_location = usual_location
        self._pair_by = columns.pair_by
        self._outside_of = outside_finder(profile.outside) if profile.outside else None
        self._directed = profile.is_signed or bool(profile.outside)
        self._inverted = profile.signed == "inverted"
        self._line = 0
        self._today = today
        self._decimals, self._mark = decimals, profile.decimal_mark
        read_date = read_dates["date"]
        self.dates = Cells(columns, "date", lambda text: read_date(given(text)))
        self._skus = Cells(columns, "sku", sku_reader(profile))
        self._kinds = Cells(columns, "type", kind_reader(profile))
        location = location_reader(profile, "location")
        target = location_reader(profile, "to_location")
        self._locations = Cells(columns, "location", or_nothing(location))
        self._targets = Cells(columns, "to_location", or_nothing(target))
        quantity, came, went, balance = self.numbers = tuple(
            NumberReader(columns, field, profile, decimals, lambda: self._line)
            for field in ("quantity", "quantity_in", "quantity_out", "balance")
        )
        self._quantities = Cells(columns, "quantity", quantity)
        self._came = Cells(columns, "quantity_in", or_nothing(came))
        self._went = Cells(columns, "quantity_out", or_nothing(went))
        self._balances = Cells(columns, "balance", or_nothing(balance))
        self._facts = FactsReader(columns, profile, read_dates)
        needed = {"type", "quantity"} <= columns.fields.keys()
        more = "balance" in columns.fields or self._facts.has_details
        self._unfolding = columns.unfolding
        self._may_be_plain = needed and not more and not (self._directed or self._unfolding)
        self._pair_names = [columns.headers[index] for index in columns.pair_by]

    def read(self, line: int, record: Sequence[str], when: When | None) -> Row | OneSide | None:
        """Return what the row that begins on a line says, at a time that was read already; what
        is wrong with it is said where that is None. Nothing is returned where nothing moved.
        Raises BadCell.

        Most rows move or count goods at one place and say no more. They are read here, in half the
        time: their cells in the order of `read_any` and by the same readers, and nothing that such
        a row has not. Any other goes that way, and so does one whose quantity may be wrong.
        """
        self._line = line
        if when is None and self._describes_today(record):
            when = self._today()
        when = when or self.dates[record[self.dates.at]]
        if not self._may_be_plain:
            return self.read_any(line, record, when)
        sku = self._skus[record[self._skus.at]]
        kind = self._kinds[record[self._kinds.at]]
        at, to = self._locations.at, self._targets.at
        said = (self._locations[record[at]] if at >= 0 else None) or self._usual_location
        if kind not in _PLAIN or (to >= 0 and record[to]):
            return self.read_any(line, record, when)
        quantity = self._quantities[record[self._quantities.at]]
        least, time_of_day = _PLAIN[kind]
        if quantity < least:
            return self.read_any(line, record, when)
        facts = self._facts.read_plain(record)
        moment, date_only = effective_at(when, time_of_day, self._zone)
        location = said or DEFAULT_LOCATION
        draft = as_draft((sku, location, kind, quantity, moment, date_only, *facts, None, None))
        return as_row((line, (draft,), (), None, said is None, 0))

    def _describes_today(self, record: Sequence[str]) -> bool:
        return not record[self.dates.at].strip() and self._kinds.of(record) == DESCRIBED

    def read_any(self, line: int, record: Sequence[str], when: When) -> Row | OneSide | None:
        """Return what any row says, of whatever shape it is. Raises BadCell."""
        sku = self._skus[record[self._skus.at]]
        kind = self._kinds.of(record)
        if kind == DESCRIBED:
            return self._description(line, record, sku, when)
        said = self._locations.of(record) or self._usual_location
        location = said or DEFAULT_LOCATION
        target = self._targets.of(record)
        place = None
        if kind is None or self._directed:
            move = self._move(record, kind, location, target)
            kind, quantity, location, target, place = move
        else:
            quantity = self._quantities[record[self._quantities.at]]
        if not quantity and self._is_nothing(kind):
            return None
        facts = self._facts.read(record, kind)
        if facts.id is not None and (part := self._unfolding.part(record)):
            # The events of one row need ids of their own, which are the same in the next export.
            facts = facts._replace(id=f"{facts.id} ({part})")
        balance = self._balances.of(record)
        if kind in TRANSFERS:
            move = Move(kind, quantity, location, target)
            return self._transfer(line, record, sku, move, when, facts, balance, said is None)
        if target is not None:
            raise BadCell(self._targets.label, target, f"a {kind!r} row goes to no location")
        if kind == "adjusted" and facts.reason is None:
            facts = facts._replace(reason=self._own_reason(record, place))
        try:
            draft = movement(kind, sku, location, quantity, when, self._zone, facts)
        except WrongUsage as error:
            raise self._bad_quantity(record, error) from None
        return Row(line, (draft,), () if balance is None else (balance,), None, said is None)

    def _is_nothing(self, kind: str) -> bool:
        """Tell whether a 0 says that nothing moved, as in a file that has a 0 where others leave a
        cell empty. A count or an opening balance of 0 says something.
        """
        zeros = self._directed or bool(self._unfolding)
        return zeros and (kind in TRANSFERS or KINDS[kind].least != 0)

    def _description(self, line: int, record: Sequence[str], sku: str, when: When) -> Row:
        """Return what a row says of a SKU: its columns of these names, and all others as details.

        It is at no location, and needs no quantity.
        """
        at, figure = self._locations.at, self._quantities.at
        if at >= 0 and (place := self._locations[record[at]]) is not None:
            raise BadCell(self._locations.label, place, "what a SKU is depends on no location")
        if figure >= 0 and (text := record[figure]).strip() and self._quantities[text]:
            raise BadCell(self._quantities.label, text, "a 'described' row has no quantity")
        facts = self._facts.read(record, DESCRIBED)
        said = {fact: text for key, text in facts.details.items() if (fact := fact_called(key))}
        others = {key: text for key, text in facts.details.items() if not fact_called(key)}
        facts = facts._replace(details=others)
        try:
            draft = description(sku, said, self._decimals, when, self._zone, facts, self._mark)
        except WrongUsage as error:
            raise BadCell("type", DESCRIBED, error.message) from None
        return Row(line, (draft,))

    def _move(
        self, record: Sequence[str], kind: str | None, location: str, target: str | None
    ) -> Move:
        """Return what happened where a sign or the places say which way goods went."""
        try:
            if self._quantities.at >= 0:
                quantity = self._quantities[record[self._quantities.at]]
            else:
                came, went = self._came.of(record), self._went.of(record)
                quantity = from_two(came or 0, went or 0)
                if kind == "counted":
                    quantity = self._counted(record)
            if kind == "counted":
                return Move(kind, quantity, location, target)
            if self._outside_of and kind is None:
                return by_places(self._outside_of, quantity, location, target)
            return by_sign(kind, -quantity if self._inverted else quantity, location, target)
        except WrongUsage as error:
            raise self._bad_quantity(record, error) from None

    def _counted(self, record: Sequence[str]) -> int:
        """Return what a count found where a file has columns for in and out: its balance."""
        balance = self._balances.of(record)
        if balance is None:
            raise WrongUsage("a count needs a quantity, or a balance, that says what was there")
        return balance

    def _transfer(
        self,
        line: int,
        record: Sequence[str],
        sku: str,
        move: Move,
        when: When,
        facts: Facts,
        balance: int | None,
        guessed: bool,
    ) -> Row | OneSide:
        kind, quantity, location, target, _ = move
        try:
            check_quantity("transferred", quantity)
        except WrongUsage as error:
            raise self._bad_quantity(record, error) from None
        if self._pair_by and target is None:
            if kind == "transferred":
                raise BadCell(
                    self._kinds.label, "", "it does not say whether goods leave or arrive"
                )
            key = tuple(record[index].strip() for index in self._pair_by)
            if "" in key:
                label = self._pair_names[key.index("")]
                raise BadCell(label, "", "without it the other side of the transfer is not found")
            leaves = kind == "transferred_out"
            return OneSide(
                line, leaves, key, sku, location, quantity, when, facts, balance, guessed
            )
        if target is None:
            raise BadCell(self._targets.label, "", "a transfer needs a location to go to")
        if target == location:
            raise BadCell(self._targets.label, target, "a transfer goes to another location")
        # What is stated is on hand at the row's own location.
        balances: tuple[int | None, ...] = (balance, None)
        if kind == "transferred_in":
            location, target, balances = target, location, (None, balance)
        drafts = transfer(sku, location, target, quantity, when, self._zone, facts)
        return Row(line, drafts, balances, None, guessed)

    def _own_reason(self, record: Sequence[str], place: str | None) -> str:
        """Return why something was adjusted in the file's own words, if they say more than that."""
        word = place or (record[self._kinds.at].strip() if self._kinds.at >= 0 else "")
        if not word or is_own_word(word):
            raise BadCell("reason", "", "an adjustment needs a reason")
        return word

    def _bad_quantity(self, record: Sequence[str], error: WrongUsage) -> BadCell:
        cells = next(c for c in (self._quantities, self._came, self._went) if c.at >= 0)
        return BadCell(cells.label, record[cells.at], error.message)
