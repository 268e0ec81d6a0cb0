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


class RowReader:
    """Turns records into drafts. Cells repeat, so what was read of one is remembered."""

    def __init__(self, columns: Columns, decimals: int, zone: tzinfo) -> None:
        self._columns = columns
        self._zone = zone
        self._dates = _remember(lambda text: parse_iso(_given(text), zone))
        self._skus = _remember(lambda text: clean_name(text, "SKU"))
        self._kinds = _remember(_parse_kind)
        self._quantities = _remember(lambda text: parse_quantity(_given(text), decimals))
        self._locations = _remember(lambda text: clean_name(text, "location"))
        # The optional facts of the rows that this file has columns for.
        self._optional = [
            (field, columns.fields[field], read)
            for field, read in _FACTS.items()
            if field in columns.fields
        ]
        self._opening = [field for field in OPENING_DETAILS if field in columns.fields]

    def read(self, record: Sequence[str]) -> tuple[Draft, ...]:
        """Return the draft of a row: two for a transfer. Raises BadCell."""
        if len(record) != len(self._columns.headers):
            raise BadCell(
                "",
                "",
                f"the row has {len(record)} fields, the header {len(self._columns.headers)}",
            )
        when = self._cell(record, "date", self._dates)
        sku = self._cell(record, "sku", self._skus)
        kind = self._cell(record, "type", self._kinds)
        quantity = self._cell(record, "quantity", self._quantities)
        location = DEFAULT_LOCATION
        if self._text(record, "location").strip():
            location = self._cell(record, "location", self._locations)
        facts = self._facts(record, kind)
        try:
            check_quantity(kind, quantity)
        except WrongUsage as error:
            raise BadCell("quantity", self._text(record, "quantity"), error.message) from None
        if kind == "adjusted" and facts.reason is None:
            raise BadCell("reason", "", "an adjustment needs a reason")
        target_text = self._text(record, "to_location")
        if kind != "transferred":
            if target_text.strip():
                raise BadCell("to_location", target_text, f"a {kind!r} row goes to no location")
            return (movement(kind, sku, location, quantity, when, self._zone, facts),)
        if not target_text.strip():
            raise BadCell("to_location", "", "a transfer needs a location to go to")
        target = self._cell(record, "to_location", self._locations)
        if target == location:
            raise BadCell("to_location", target_text, "a transfer goes to another location")
        return transfer(sku, location, target, quantity, when, self._zone, facts)

    def _text(self, record: Sequence[str], field: str) -> str:
        index = self._columns.fields.get(field)
        return "" if index is None else record[index]

    def _cell(self, record: Sequence[str], field: str, read: Callable[[str], T]) -> T:
        text = self._text(record, field)
        try:
            return read(text)
        except WrongUsage as error:
            raise BadCell(field, text, error.message) from None

    def _facts(self, record: Sequence[str], kind: str) -> Facts:
        given = {}
        for field, index, read in self._optional:
            text = record[index]
            if text and not text.isspace():
                given[field] = self._cell(record, field, read)
        details = {}
        for header, index in self._columns.others:
            text = record[index]
            if text and not text.isspace():
                try:
                    details[header] = clean_text(text, "the cell") or ""
                except WrongUsage as error:
                    raise BadCell(header, text, error.message) from None
        if by := given.pop("by", None):
            details["by"] = by
        for field in self._opening:
            if text := self._text(record, field).strip():
                if kind != "opened":
                    raise BadCell(field, text, "only an opening balance carries this date")
                details[field] = self._cell(record, field, self._dates).day.isoformat()
        return Facts(**given, details=details) if given or details else _NO_FACTS


_NO_FACTS = Facts()
_FACTS: dict[str, Callable[[str], str | None]] = {
    "reason": lambda text: clean_text(text, "reason"),
    "reference": lambda text: clean_name(text, "reference"),
    "unit_cost": parse_unit_cost,
    "id": lambda text: clean_name(text, "id"),
    "by": lambda text: clean_name(text, "by"),
}


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


def _remember(read: Callable[[str], T]) -> Callable[[str], T]:
    known: dict[str, T] = {}

    def remembered(text: str) -> T:
        value = known.get(text)
        if value is None:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            value = known[text] = read(text)
        return value

    return remembered
