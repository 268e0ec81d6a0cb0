"""Knows how the text of one cell is read, whatever row it stands in. Must never know a row."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from inventory_cli.core.dates import When
from inventory_cli.core.descriptions import FACTS
from inventory_cli.core.events import COMMAND_KINDS, OPENING_DETAILS
from inventory_cli.core.quantities import (
    decimal_marks,
    keeps_thousandths,
    parse_quantity,
    parse_unit_cost,
    two_readings,
    without_marks,
)
from inventory_cli.core.rules import Facts
from inventory_cli.core.text import clean_name, clean_text, optional_name, trimmed
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.bad_rows import BadCell
from inventory_cli.importing.columns import Columns
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import IMPORTED_KINDS, NotAKind, parse_imported_kind

# How many different cells of a column are remembered.
_MOST_REMEMBERED = 100_000

# A number in which something parts thousands, or decimals otherwise than a point does.
_MARKED = re.compile(r"[+-]?\d[\d.]*(?:[,' \u00a0\u202f\u2019]|\.\d+\.)[\d.,' \u00a0\u202f\u2019]*")
# A number as spreadsheets shorten it, and the errors that they show in place of a value, in the
# languages that they speak.
_SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?[Ee][+-]\d{2,3}")
_FAILED = re.compile(r"#(?:N/A|N/D|NV|GETTING_DATA|[¡¿]?[^\W\d_]+(?:/0)?[!?]|##+)", re.IGNORECASE)

T = TypeVar("T")


class UnknownType(BadCell):
    """A row whose type is a word that is no kind of event, and that no profile explains."""


class Cells(dict[str, T]):
    """What the cells of a column mean. They repeat, so what was read of one is remembered."""

    def __init__(self, columns: Columns, field: str, read: Callable[[str], T]) -> None:
        self.at = columns.fields.get(field, -1)
        self.label = columns.labels.get(field, field)
        self._read = read

    def of(self, record: Sequence[str]) -> T | None:
        """Return what a row says in this column; None where the file has no such column."""
        return self[record[self.at]] if self.at >= 0 else None

    def __missing__(self, text: str) -> T:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        value = self[text] = self.read(text)
        return value

    def read(self, text: str) -> T:
        """Return what a cell means, and do not remember it. Raises BadCell."""
        try:
            return self._read(text)
        except WrongUsage as error:
            bad = UnknownType if isinstance(error, NotAKind) else BadCell
            raise bad(self.label, text, error.message) from None


def given(text: str) -> str:
    """Return a cell that must not be empty."""
    if not text.strip():
        raise WrongUsage("nothing is given")
    return text


def or_nothing(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return what reads a cell that may be empty."""
    return lambda text: read(text) if trimmed(text) else None


def sku_reader(profile: Profile) -> Callable[[str], str]:
    """Return what reads a SKU: to the letter, unless the profile takes a part or folds the case.

    What only a spreadsheet can have made of one is none, unless it is to be taken as it is.
    """
    part = part_reader(profile, "sku")

    def read(text: str) -> str:
        sku = clean_name(part(text), "SKU")
        if not profile.take_as_is:
            _refuse_spoilt(sku)
        return sku.upper() if profile.fold_case else sku

    return read


def _refuse_spoilt(sku: str) -> None:
    if _SHORTENED.fullmatch(sku):
        why = "a number that a spreadsheet has shortened: format its column as text"
    elif _FAILED.fullmatch(sku):
        why = "what a spreadsheet shows where it has no value"
    else:
        return
    raise WrongUsage(f"this is {why}; or, if it is a SKU, say --take-as-is")


def part_reader(profile: Profile, field: str) -> Callable[[str], str]:
    """Return what takes the part of a cell that the profile says is meant."""
    pattern = profile.extract.get(field)
    if pattern is None:
        return lambda text: text

    def part(text: str) -> str:
        found = pattern.search(text)
        if found is None:
            raise WrongUsage(f"it is not like {pattern.pattern}, which the profile wants")
        return found[1] or ""

    return part


def location_reader(profile: Profile, field: str) -> Callable[[str], str]:
    """Return what reads the location that a field names."""
    part = part_reader(profile, field)
    return lambda text: clean_name(part(text), "location")


def kind_reader(profile: Profile) -> Callable[[str], str]:
    """Return what reads the word for what sort of fact a row is."""
    part = part_reader(profile, "type")

    def read(text: str) -> str:
        word = part(text).strip()
        if kind := profile.kinds.get(word.casefold()):
            return kind
        return parse_imported_kind(given(word))

    return read


class NumberReader:
    """Reads the quantities of one column, in smallest units. `line` says on which line it is.

    Where the ledger keeps three decimals, other figures of the column say how one like `1.000` is
    meant, which can be read in two ways; unless the profile says it. Until all of them are read,
    the point is taken for the decimal mark.
    """

    def __init__(
        self, columns: Columns, field: str, profile: Profile, decimals: int, line: Callable[[], int]
    ) -> None:
        self._label = columns.labels.get(field, field)
        self._mark = profile.decimal_mark
        self._decimals = decimals
        self._line = line
        # The first figure that can be read in two ways, and the first that shows each mark.
        self._doubtful: tuple[int, str] | None = None
        self._shown: dict[str, tuple[int, str]] = {}

    def __call__(self, text: str) -> int:
        """Return what a cell says. Raises WrongUsage, with what to do in its one sentence."""
        if self._mark is not None:
            return parse_quantity(given(text), self._decimals, self._mark)
        readings = two_readings(text)
        if readings is None:
            return self._plain(text)
        if not keeps_thousandths(self._decimals):
            raise WrongUsage(f"{_doubt(text, readings)}: --decimal-mark says what its marks are")
        self._doubtful = self._doubtful or (self._line(), text)
        return parse_quantity(text, self._decimals, None if "." in text else ".")

    def _plain(self, text: str) -> int:
        try:
            quantity = parse_quantity(given(text), self._decimals)
        except WrongUsage:
            if len(mark := decimal_marks(text)) == 1:
                self._shown.setdefault(mark, (self._line(), text))
            if _MARKED.fullmatch(text.strip("-()\u2212 \t")):
                raise WrongUsage(
                    f"quantity {text!r} is not a plain number: --decimal-mark says what its marks "
                    "are"
                ) from None
            raise
        if "." in text and "." not in self._shown:
            self._shown["."] = (self._line(), text)
        return quantity

    def require_decided(self, name: str) -> None:
        """Raise Refused where the column of a file does not say what the marks in it mean."""
        if self._doubtful is None or self._shown.keys() == {"."}:
            return
        line, text = self._doubtful
        readings = two_readings(text)
        assert readings is not None
        shown = [f"line {line} has {text!r}" for line, text in self._shown.values()]
        raise Refused(
            f"{name}, {self._label}, line {line}: " + "; ".join([_doubt(text, readings), *shown]),
            "--decimal-mark . if the point parts decimals, --decimal-mark , if the comma does",
        )


def _doubt(text: str, readings: Sequence[str]) -> str:
    return f"quantity {text!r} can be read as {' or as '.join(readings)}"


def is_own_word(text: str) -> bool:
    """Tell whether a word names a kind of event by itself, so that it need not be kept."""
    word = text.strip().casefold()
    return COMMAND_KINDS.get(word, word) in IMPORTED_KINDS


_UNIQUE = ("reference", "id")


class FactsReader:
    """Reads what every event may carry beside its quantity, and all columns that no field uses."""

    def __init__(
        self, columns: Columns, profile: Profile, read_dates: Mapping[str, Callable[[str], When]]
    ) -> None:
        mark = profile.decimal_mark

        def cost(text: str) -> str:
            return parse_unit_cost(without_marks(text, mark) if mark else text)

        def name(field: str) -> Callable[[str], str | None]:
            if field not in profile.extract:
                return lambda text: optional_name(text, field)
            part = part_reader(profile, field)
            return or_nothing(lambda text: clean_name(part(text), field))

        def cells(
            readers: Mapping[str, Callable[[str], str | None]],
        ) -> list[tuple[str, Cells[str | None]]]:
            found = readers.keys() & columns.fields.keys()
            return [(f, Cells(columns, f, readers[f])) for f in readers if f in found]

        facts = cells(
            {
                "reason": lambda text: clean_text(text, "reason"),
                "reference": name("reference"),
                "unit_cost": or_nothing(cost),
                "id": name("id"),
            }
        )
        # Documents and ids do not repeat.
        self._facts = [
            (Facts._fields.index(f), cell.at, cell.read if f in _UNIQUE else cell.__getitem__)
            for f, cell in facts
        ]
        self._opening = cells(
            {f: _day_reader(read_dates[f]) for f in OPENING_DETAILS if f in columns.fields}
        )
        self._details = [
            (label, index, Cells(columns, label, lambda text: clean_text(text, "the cell")))
            for label, index in columns.others
        ]
        # Fields without a place of their own on an event.
        kept = dict.fromkeys(FACTS, lambda text: clean_text(text, "the cell"))
        self._details += [(f, read.at, read) for f, read in cells({"by": name("by"), **kept})]
        self._details += self._kept(columns, profile)
        self.has_details = bool(self._details or self._opening)

    def _kept(self, columns: Columns, profile: Profile) -> list[tuple[str, int, Cells[str | None]]]:
        """Return the cells that are kept as they stand, for what is recorded says less."""
        kept = [field for field in profile.extract if field in columns.fields]
        if profile.kinds and "type" in columns.fields and "type" not in kept:
            kept.append("type")
        return [
            (columns.labels[f], columns.fields[f], Cells(columns, f, _kept_word(f, profile)))
            for f in kept
            if not columns.is_constant(f)
        ]

    def read_plain(self, record: Sequence[str]) -> list[Any]:
        """Return what a row carries in the fields of `Facts`, but for details. Raises BadCell."""
        given: list[Any] = [None, None, None, None]
        for place, at, read in self._facts:
            if text := record[at]:
                given[place] = read(text)
        return given

    def read(self, record: Sequence[str], kind: str) -> Facts:
        """Return what a row carries. Raises BadCell."""
        plain = self.read_plain(record)
        if not self.has_details:
            return Facts(*plain)
        details = {
            label: value
            for label, index, cells in self._details
            if (text := record[index]) and (value := cells[text])
        }
        for field, cells in self._opening:
            if text := record[cells.at].strip():
                if kind != "opened":
                    raise BadCell(cells.label, text, "only an opening balance carries this date")
                details[field] = cells[text] or ""
        return Facts._make([*plain, details])


def _kept_word(field: str, profile: Profile) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        explained = text.strip().casefold() in profile.kinds
        if field == "type" and is_own_word(text) and not explained:
            return None
        return clean_text(text, "the cell")

    return read


def _day_reader(read: Callable[[str], When]) -> Callable[[str], str | None]:
    return lambda text: read(text).day.isoformat()
