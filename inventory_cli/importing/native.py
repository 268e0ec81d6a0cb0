"""Knows the native columns and how a row of them becomes drafts. Must never know SQL or files."""

import re
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import NamedTuple, TypeVar

from inventory_cli.core.dates import parse_iso
from inventory_cli.core.events import (
    COMMAND_KINDS,
    DEFAULT_LOCATION,
    KINDS,
    OPENING_DETAILS,
    Draft,
    clean_name,
    clean_text,
)
from inventory_cli.core.quantities import parse_quantity, parse_unit_cost
from inventory_cli.core.rules import Facts, check_quantity, movement, transfer
from inventory_cli.errors import Refused, WrongUsage

REQUIRED = ("date", "sku", "type", "quantity")
OPTIONAL = ("location", "to_location", "reason", "reference", "unit_cost", "id", "by")
FIELDS = (*REQUIRED, *OPTIONAL, *OPENING_DETAILS)

# How many different cells of a column are remembered.
_MOST_REMEMBERED = 100_000

T = TypeVar("T")


class BadCell(Exception):
    """A row that cannot be read: which column, what stands there, and why it will not do."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason


class BadRow(NamedTuple):
    """A row that was not read, as it is reported."""

    line: int
    column: str
    value: str
    reason: str


def _folded(header: str) -> str:
    return re.sub(r"[\s_]+", "", header).casefold()


class Columns(NamedTuple):
    """Which column holds which field: native fields by index, any other column by its header."""

    headers: tuple[str, ...]
    fields: dict[str, int]
    others: tuple[tuple[str, int], ...]


def match_header(name: str, line: int, header: Sequence[str]) -> Columns:
    """Return where the fields are. Headers match without regard to case, blanks or `_`.

    Raises Refused when a required column is missing, or one stands twice.
    """
    native = {_folded(field): field for field in FIELDS}
    fields: dict[str, int] = {}
    others: dict[str, int] = {}
    for index, text in enumerate(header):
        label = text.strip() or f"column {index + 1}"
        field = native.get(_folded(text))
        known: dict[str, int] = others if field is None else fields
        key = field or label
        if key in known:
            raise Refused(f"{name}, line {line}: the column {label!r} stands twice in the header")
        known[key] = index
    missing = [field for field in REQUIRED if field not in fields]
    if missing:
        raise Refused(
            f"{name}, line {line}: no column {', '.join(missing)}; "
            f"the header is: {', '.join(text.strip() for text in header)}",
            f"a movements file has the columns {', '.join(REQUIRED)} and, if wanted, "
            f"{', '.join(OPTIONAL)}",
        )
    return Columns(tuple(header), fields, tuple(others.items()))


class _Cells(dict[str, T]):
    """What the cells of a column mean. They repeat, so what was read of one is remembered."""

    def __init__(self, field: str, read: Callable[[str], T]) -> None:
        self._field = field
        self._read = read

    def __missing__(self, text: str) -> T:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        try:
            value = self[text] = self._read(text)
        except WrongUsage as error:
            raise BadCell(self._field, text, error.message) from None
        return value


class RowReader:
    """Turns records into drafts."""

    def __init__(self, columns: Columns, decimals: int, zone: tzinfo) -> None:
        at = columns.fields
        self._width = len(columns.headers)
        self._zone = zone
        self._required = [at[field] for field in REQUIRED]
        self._location_at = at.get("location")
        self._target_at = at.get("to_location")
        self._dates = _Cells("date", lambda text: parse_iso(_given(text), zone))
        self._skus = _Cells("sku", lambda text: clean_name(text, "SKU"))
        self._kinds = _Cells("type", _parse_kind)
        self._quantities = _Cells("quantity", lambda text: parse_quantity(_given(text), decimals))
        self._locations = _Cells("location", _parse_location)
        self._targets = _Cells("to_location", _parse_target)
        # The optional columns that this file has: how each is read, and where it goes.
        self._facts_at = [(f, at[f], _Cells(f, read)) for f, read in _FACTS.items() if f in at]
        self._details_at = [(f, at[f], _Cells(f, read)) for f, read in _DETAILS.items() if f in at]
        self._details_at += [(h, i, _Cells(h, _parse_detail)) for h, i in columns.others]
        self._opening_at = [
            (field, at[field], _Cells(field, lambda text: parse_iso(text, zone).day.isoformat()))
            for field in OPENING_DETAILS
            if field in at
        ]
        self._has_facts = bool(self._facts_at or self._details_at or self._opening_at)

    def read(self, record: Sequence[str]) -> tuple[Draft, ...]:
        """Return the draft of a row: two for a transfer. Raises BadCell."""
        if len(record) != self._width:
            raise BadCell("", "", f"the row has {len(record)} fields, the header {self._width}")
        date_at, sku_at, kind_at, quantity_at = self._required
        when = self._dates[record[date_at]]
        sku = self._skus[record[sku_at]]
        kind = self._kinds[record[kind_at]]
        quantity = self._quantities[record[quantity_at]]
        at = self._location_at
        location = DEFAULT_LOCATION if at is None else self._locations[record[at]]
        facts = self._facts(record, kind) if self._has_facts else _NO_FACTS
        target = None if self._target_at is None else self._targets[record[self._target_at]]
        if kind == "adjusted" and facts.reason is None:
            raise BadCell("reason", "", "an adjustment needs a reason")
        try:
            if kind != "transferred":
                if target is not None:
                    raise BadCell("to_location", target, f"a {kind!r} row goes to no location")
                return (movement(kind, sku, location, quantity, when, self._zone, facts),)
            check_quantity(kind, quantity)
        except WrongUsage as error:
            raise BadCell("quantity", record[quantity_at], error.message) from None
        if target is None:
            raise BadCell("to_location", "", "a transfer needs a location to go to")
        if target == location:
            raise BadCell("to_location", target, "a transfer goes to another location")
        return transfer(sku, location, target, quantity, when, self._zone, facts)

    def _facts(self, record: Sequence[str], kind: str) -> Facts:
        given = {field: cells[text] for field, at, cells in self._facts_at if (text := record[at])}
        details = {
            header: value
            for header, at, cells in self._details_at
            if (text := record[at]) and (value := cells[text])
        }
        for field, at, cells in self._opening_at:
            if text := record[at].strip():
                if kind != "opened":
                    raise BadCell(field, text, "only an opening balance carries this date")
                details[field] = cells[text]
        return Facts(**given, details=details)


def _blank_or(read: Callable[[str], str | None]) -> Callable[[str], str | None]:
    return lambda text: None if text.isspace() else read(text)


_NO_FACTS = Facts()
_FACTS: dict[str, Callable[[str], str | None]] = {
    "reason": lambda text: clean_text(text, "reason"),
    "reference": _blank_or(lambda text: clean_name(text, "reference")),
    "unit_cost": _blank_or(parse_unit_cost),
    "id": _blank_or(lambda text: clean_name(text, "id")),
}
# Fields without a place of their own on an event.
_DETAILS: dict[str, Callable[[str], str | None]] = {
    "by": _blank_or(lambda text: clean_name(text, "by")),
}


def _parse_detail(text: str) -> str | None:
    return clean_text(text, "the cell")


def _parse_location(text: str) -> str:
    return clean_name(text, "location") if text.strip() else DEFAULT_LOCATION


def _parse_target(text: str) -> str | None:
    return clean_name(text, "location") if text.strip() else None


def _given(text: str) -> str:
    if not text.strip():
        raise WrongUsage("nothing is given")
    return text


def _parse_kind(text: str) -> str:
    word = text.strip().casefold()
    kind = COMMAND_KINDS.get(word, word)
    if kind == "reversed":
        raise WrongUsage("a reversal cannot be imported: use `inventory reverse POSITION`")
    if kind not in KINDS:
        known = ", ".join(name for name in KINDS if name != "reversed")
        raise WrongUsage(f"not a kind of event; known are {known}")
    return kind
