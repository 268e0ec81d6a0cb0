"""Knows what the rows of an unknown file say together: which way the words of its types go, what
repeats, and what was there before the first of them.

Must never know how a profile is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from inventory_cli.drafting.survey import number
from inventory_cli.drafting.words import is_void, kind_of
from inventory_cli.importing.prepare import Record

# How many keys are remembered, to see whether they repeat; what comes later is not compared.
_MOST_KEYS = 200_000


class Word:
    """What the rows with one word of the type column have in common.

    `plus`, `minus` and `zero` are the rows whose quantity is such a number; `rose` and `fell` are
    by the balances, where they prove it; `targets` are the rows that name a location to go to.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.rows = self.plus = self.minus = self.zero = 0
        self.rose = self.fell = self.targets = 0

    def add(self, other: "Word") -> None:
        """Take the rows of another word in."""
        for key in ("rows", "plus", "minus", "zero", "rose", "fell", "targets"):
            setattr(self, key, getattr(self, key) + getattr(other, key))


class FirstRow(NamedTuple):
    """The earliest row of a stream: when, its word, what was there before it, if it says so, by
    how much it moved, and what was there then; in billionths.
    """

    date: str
    word: str
    before: int | None
    moved: int
    balance: int


class Repeated:
    """How many rows have a key that another row has, and the first of them."""

    def __init__(self) -> None:
        self.rows = 0
        self.example: tuple[int, int, str] | None = None
        self._first: dict[int, int] = {}

    def see(self, line: int, key: tuple[str, ...]) -> bool:
        """Take a row into account, and tell whether another has its key."""
        first = self._first.get(hash(key))
        if first is None:
            if len(self._first) < _MOST_KEYS:
                self._first[hash(key)] = line
            return False
        self.rows += 1
        self.example = self.example or (first, line, key[0])
        return True


class Tendencies:
    """What was seen in the rows of a file that are not void; `is_upside_down` where the latest
    row comes first.
    """

    def __init__(
        self, fields: Mapping[str, int], mark: str | None, is_upside_down: bool = False
    ) -> None:
        self.words: dict[str, Word] = {}
        self.void = 0
        # Rows whose id another row has: those that are equal to it, and those that are not.
        self.equal_ids = self.differing_ids = 0
        self.differing_id = ""
        # Rows with a SKU and location that another row has: at any time, and at the same time.
        self.spots, self.moments = Repeated(), Repeated()
        self.days: Counter[str] = Counter()
        self.has_differing_costs = False
        # How many of the rows that repeat a SKU and location repeat the figure too.
        self.same_figures = 0
        self.first_rows: dict[tuple[str, str], FirstRow] = {}
        # Where there are places instead of types: how often goods come from each or go there.
        self.places: Counter[str] = Counter()
        self._fields = fields
        self._is_upside_down = is_upside_down
        self._number = lru_cache(maxsize=65536)(lambda text: number(text, mark))
        self._ids: dict[int, int] = {}
        self._firsts: dict[tuple[str, str], tuple[str, str]] = {}
        # What is left when both sides of a transfer are added up, by document and SKU.
        self._nets: dict[int, int] = {}

    @property
    def all(self) -> Word:
        """All words together."""
        total = Word()
        for word in self.words.values():
            total.add(word)
        return total

    @property
    def are_paired(self) -> bool:
        """Whether nearly all transfers add up to nothing within their document."""
        nets = list(self._nets.values())
        return nets.count(0) * 10 >= 9 * len(nets) > 0

    @property
    def targets(self) -> Counter[bool]:
        """How many rows name a location to go to: transfers (True), and all others."""
        found = Counter[bool]()
        for word in self.words.values():
            found[_is_transfer(word.text)] += word.targets
        return found

    def take(self, line: int, record: Sequence[str]) -> None:
        """Take a row into account."""

        def cell(field: str) -> str:
            index = self._fields.get(field)
            return "" if index is None else record[index].strip()

        if is_void(cell("status")):
            self.void += 1
            return
        text = cell("type")
        word = self.words.get(text.casefold()) or self.words.setdefault(text.casefold(), Word(text))
        stated = self._change(cell)
        change = stated or 0
        word.rows += 1
        word.plus += change > 0
        word.minus += change < 0
        word.zero += stated == 0
        target = cell("to_location")
        word.targets += bool(target)
        if "type" not in self._fields and target:
            for place in (cell("location"), target):
                if place in self.places or len(self.places) < 1_000:
                    self.places[place] += 1
        spot = (cell("sku"), cell("location"))
        self._compare(line, record, cell, spot)
        self._note_first(cell, spot, change)
        if _is_transfer(text) and len(self._nets) < _MOST_KEYS:
            key = hash((cell("reference"), cell("sku")))
            signed = -abs(change) if kind_of(text) == "transferred_out" else change
            self._nets[key] = self._nets.get(key, 0) + signed

    def _change(self, cell: Callable[[str], str]) -> int | None:
        """Return by how much a row changes the stock, if it says so in numbers."""
        if "quantity" in self._fields:
            return self._number(cell("quantity"))
        if not self._fields.keys() & {"quantity_in", "quantity_out"}:
            return None
        came = self._number(cell("quantity_in") or "0")
        went = self._number(cell("quantity_out") or "0")
        return None if came is None or went is None else came - abs(went)

    def _compare(
        self, line: int, record: Sequence[str], cell: Callable[[str], str], spot: tuple[str, str]
    ) -> None:
        day, id = cell("date"), cell("id")
        if len(self.days) < _MOST_KEYS:
            self.days[day] += 1
        self.moments.see(line, (*spot, day))
        if self.spots.see(line, spot):
            cost, figure = self._firsts.get(spot, ("", ""))
            self.has_differing_costs |= cost != cell("unit_cost")
            self.same_figures += figure == cell("quantity")
        elif len(self._firsts) < _MOST_KEYS:
            self._firsts[spot] = cell("unit_cost"), cell("quantity")
        if not id or len(self._ids) >= _MOST_KEYS:
            return
        row = hash(tuple(record))
        known = self._ids.get(hash(id))
        if known is None:
            self._ids[hash(id)] = row
        elif known == row:
            self.equal_ids += 1
        else:
            self.differing_ids += 1
            self.differing_id = self.differing_id or id

    def _note_first(self, cell: Callable[[str], str], spot: tuple[str, str], change: int) -> None:
        balance = self._number(cell("balance")) if "balance" in self._fields else None
        if balance is None or len(self.first_rows) >= _MOST_KEYS:
            return
        if self._is_upside_down or spot not in self.first_rows:
            before = self._number(cell("before"))
            word = cell("type").casefold()
            self.first_rows[spot] = FirstRow(cell("date"), word, before, change, balance)


def _is_transfer(word: str) -> bool:
    return (kind_of(word) or "").startswith("transferred")


def find_tendencies(
    rows: Iterable[Record],
    fields: Mapping[str, int],
    mark: str | None,
    is_upside_down: bool = False,
) -> Tendencies:
    """Return what the rows say together, once it is known which column is which field."""
    seen = Tendencies(fields, mark, is_upside_down)
    for line, record in rows:
        seen.take(line, record)
    return seen
