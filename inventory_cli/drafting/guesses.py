"""Knows which column of an unknown file most likely is which field by what it holds alone.

Must never know how a profile is written.
"""

from collections.abc import Callable, Mapping, Sequence

from inventory_cli.drafting.headers import rank
from inventory_cli.drafting.sample import Sample
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import kind_of, meanings
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import parse_imported_kind

# A type has few words. A column of numbers has at most as many for two columns to be tried.
_MOST_WORDS = 12
_MOST_NUMBERS = 6
# What a column has to exceed that holds codes, each with a name of its own.
_CODE_AND_NAME = 3
# What a column means that is none of those for which one is sought.
_OTHER_THINGS = (
    *("other", "cost", "money", "unit", "category", "partner", "supplier", "person", "status"),
    *("reason", "batch", "place_of", "changed"),
)


def likely_kind(word: str, kinds: Mapping[str, str]) -> str | None:
    """Return what a word of a type column means: as given, by itself, or most likely."""
    if given := kinds.get(word.strip().casefold()):
        return given
    try:
        return parse_imported_kind(word)
    except WrongUsage:
        return kind_of(word)


class Guesses:
    """The columns that no name has decided, and what they may be."""

    def __init__(
        self,
        survey: Survey,
        given: Profile,
        sample: Sample,
        found: dict[str, int],
        remarks: list[str],
    ) -> None:
        self._columns = survey.columns
        self._rows = survey.rows
        self._given = given
        self._sample = sample
        self._found = found
        self._remarks = remarks

    def _free(self, fits: Callable[[Column], bool]) -> list[int]:
        return [
            n
            for n, column in enumerate(self._columns)
            if n not in self._found.values()
            and column.header
            and column.filled
            and not meanings(column.header).has(*_OTHER_THINGS)
            and fits(column)
        ]

    def numbers(self) -> list[int]:
        """Return the columns that may be quantities or balances: numbers, and no running ones."""
        return [
            n
            for n in self._free(lambda column: column.is_numeric)
            if not self._sample.is_running(n)
            and rank("sku", self._columns[n].header) is None
            and not meanings(self._columns[n].header).has("number", "date", "place")
        ][:_MOST_NUMBERS]

    def keys(self) -> list[int]:
        """Return the columns that may say of what a row is, the likeliest names first."""
        possible = [
            n
            for n, column in enumerate(self._columns)
            if column.filled == self._rows
            and column.dated < column.filled
            and not any(column.decimals.values())
            and not meanings(column.header).has("quantity", "stock", "type", "place")
            and column.values < self._rows
        ]
        return sorted(possible, key=self._likelihood)

    def _likelihood(self, n: int) -> int:
        found = rank("sku", self._columns[n].header)
        return 100 if found is None else found

    def _wants(self, field: str) -> bool:
        return field not in self._found and field not in self._given.constants

    def _take(self, field: str, index: int) -> None:
        self._found[field] = index
        header = self._columns[index].header
        self._remarks.append(f"{header!r} is taken for the {field} by what it holds, not its name")

    def _names(self, fitting: list[int]) -> str:
        return ", ".join(repr(self._columns[n].header) for n in fitting)

    def take_date(self) -> None:
        """Take the only column of dates."""
        if not self._wants("date"):
            return
        fitting = self._free(lambda column: column.dated == column.filled)
        if len(fitting) == 1:
            self._take("date", fitting[0])
        elif fitting:
            self._remarks.append(f"the date may be any of {self._names(fitting)}")

    def take_quantity(self, has_some: bool, undecided: dict[str, list[int]]) -> None:
        """Take the only column of numbers."""
        if has_some or not self._wants("quantity") or "balance" in self._found:
            return
        fitting = self.numbers()
        codes = [
            n
            for n in fitting
            if any(
                self._sample.are_one_to_one(n, other)
                for other in self._free(lambda column: not column.is_numeric)
            )
        ]
        fitting = [n for n in fitting if n not in codes or "sku" in self._found] or fitting
        if len(fitting) == 1:
            self._take("quantity", fitting[0])
        elif fitting:
            undecided["quantity"] = fitting
            self._remarks.append(f"the quantity may be any of {self._names(fitting)}")

    def take_sku(self, undecided: dict[str, list[int]]) -> None:
        """Take the column of codes: what repeats, or goes with a column of names one to one."""
        if not self._wants("sku"):
            return
        fitting = self._possible_skus({*undecided.get("quantity", ())})
        merits = {n: self._merit(n, fitting) for n in fitting}
        best = max(merits.values(), default=0)
        likeliest = [n for n in fitting if merits[n] == best]
        if len(likeliest) > 1:
            named = [n for n in likeliest if rank("sku", self._columns[n].header) is not None]
            likeliest = named or likeliest
        if not likeliest:
            return
        first = min(likeliest, key=self._likelihood)
        # A code that goes with a name is no document.
        is_sure = len(likeliest) == 1 and best > _CODE_AND_NAME
        rivals = [
            n
            for n in fitting
            if n != first and not is_sure and self._is_rival(first, n, n in likeliest)
        ]
        if rivals:
            undecided["sku"] = [first, *rivals]
        for field in [field for field, n in self._found.items() if n == first]:
            del self._found[field]
        if rank("sku", self._columns[first].header) is None:
            self._take("sku", first)
        else:
            self._found["sku"] = first

    def _possible_skus(self, quantities: set[int]) -> list[int]:
        """Return the columns that may be the SKU: of such a name, or of an unknown one."""

        def fits(n: int) -> bool:
            column = self._columns[n]
            return (
                n not in quantities
                and column.filled == self._rows
                and column.dated < column.filled
                and not self._is_type(column)
                and not self._sample.is_running(n)
                and not any(column.decimals.values())
            )

        documents = [self._found[f] for f in ("reference", "id") if f in self._found]
        free = self._free(lambda column: True)
        named = [n for n in (*free, *documents) if rank("sku", self._columns[n].header)]
        # Where every row has a name of its own, what it calls an id may be that of the article.
        named += [
            n
            for n in (*free, *documents)
            if meanings(self._columns[n].header).only("id", "number")
            and any(self._sample.are_one_to_one(n, name) for name in named)
        ]
        other = [n for n in free if not meanings(self._columns[n].header).all]
        return list(filter(fits, dict.fromkeys((*named, *other))))

    def _is_rival(self, sku: int, other: int, is_as_likely: bool) -> bool:
        """Tell whether another column may well be the SKU, and says something else."""
        repeats = self._columns[other].values < self._rows
        return (is_as_likely or (repeats and self.is_code(other))) and not (
            self._sample.determines([sku], other)
        )

    def _merit(self, n: int, fitting: list[int]) -> int:
        """Return how much a column looks as if it named articles."""
        is_code = self.is_code(n)
        has_names = any(self._sample.are_one_to_one(n, other) for other in fitting if other != n)
        repeats = 1 < self._columns[n].values < self._rows
        return 2 * (is_code and has_names) + 2 * is_code + repeats

    def is_code(self, n: int) -> bool:
        """Tell whether a column mostly holds words with figures, without blanks, as codes are."""
        words = [word for word in self._columns[n].words or {} if word]
        codes = sum(any(c.isdigit() for c in word) and " " not in word for word in words)
        return 2 * codes > len(words)

    def _is_type(self, column: Column) -> bool:
        kinds = [likely_kind(word, self._given.kinds) for word in column.words or {}]
        least = 2 if self._given.header else 1
        return least <= len(kinds) <= _MOST_WORDS and None not in kinds

    def take_type(self) -> None:
        """Take the column of few words that are kinds, or the only one of few words."""
        if not self._wants("type") or "quantity" not in self._found:
            return
        quantity = self._columns[self._found["quantity"]]
        if rank("balance", quantity.header) is not None:
            return  # Each row says what is there.
        fitting = self._free(self._is_type)
        if not (fitting or quantity.negative) and "date" in self._found:
            fitting = self.types([self._found["sku"]] if "sku" in self._found else [])
        if len(fitting) == 1:
            self._take("type", fitting[0])

    def types(self, sku: Sequence[int]) -> list[int]:
        """Return the columns of few words that differ for one SKU."""
        return [
            n
            for n in self._free(self._has_few_words)
            if sku and not self._sample.determines(sku[:1], n)
        ]

    def _has_few_words(self, column: Column) -> bool:
        words = column.words or {}
        return (
            not meanings(column.header).all
            and column.filled == self._rows
            and 1 < len(words) <= _MOST_WORDS
            and not any(c.isdigit() for word in words for c in word)
        )
