"""Knows which column an unknown file names for a field, and whether it holds such a thing.

Must never know how a profile is written.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from inventory_cli.core.wording import count_of
from inventory_cli.drafting.balances import Proof
from inventory_cli.drafting.guesses import likely_kind
from inventory_cli.drafting.headers import SURE_SKU, rank
from inventory_cli.drafting.sample import Sample
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import meanings
from inventory_cli.importing.profile import Profile

# In the order in which fields take their columns: the ones with the most telling names first.
# `before` and `status` are no fields, but columns that say something about others.
_ORDER = (
    *("balance", "before", "quantity_in", "quantity_out", "date", "quantity", "sku", "type"),
    *("to_location", "location", "unit_cost", "id", "reference", "reason", "by", "status"),
)
_NUMBERS = ("balance", "before", "quantity_in", "quantity_out", "unit_cost")
WAYS = ("quantity_in", "quantity_out")
QUANTITIES = ("quantity", *WAYS)
_MOST_WORDS = 60


class Chosen(NamedTuple):
    """Which column is which field, by index, and what is to be said of others.

    `undecided` has the columns of which one has to be named for a field; `places` are columns of
    quantities with the location of each, `ways` those with the kind of each; `proof` is what the
    balances say.
    """

    fields: dict[str, int]
    remarks: list[str]
    undecided: dict[str, list[int]]
    places: dict[int, str]
    ways: dict[int, str]
    proof: Proof | None
    sample: Sample

    def has_quantity(self) -> bool:
        """Tell whether something says how much."""
        return bool(self.fields.keys() & set(QUANTITIES) or self.places or self.ways)

    def is_movements(self) -> bool:
        """Tell whether it is enough for movements or stock: two of date, SKU and quantity."""
        return ["date" in self.fields, "sku" in self.fields, self.has_quantity()].count(True) > 1


def take_by_name(
    survey: Survey,
    given: Profile,
    found: dict[str, int],
    remarks: list[str],
    fields: Sequence[str] = _ORDER,
) -> None:
    """Take for each field the free column with the likeliest name, if it holds such a thing."""
    for field in fields:
        if field in found or field in given.constants:
            continue
        best = None
        for how, index in by_name(field, survey.columns, found):
            if field == "sku" and how > SURE_SKU:
                break  # What it holds says more.
            reason = unfit(field, survey.columns[index], given)
            if reason is None:
                found[field] = index
                best = None
                break
            header = survey.columns[index].header
            best = best or f"{header!r} is not taken for the {field}: {reason}"
        if best and field not in ("before", "status", *WAYS):
            remarks.append(best)


def by_name(
    field: str, columns: Sequence[Column], found: Mapping[str, int]
) -> list[tuple[int, int]]:
    ranks = ((rank(field, c.header), n) for n, c in enumerate(columns) if n not in found.values())
    return sorted((how, n) for how, n in ranks if how is not None)


def unfit(field: str, column: Column, given: Profile) -> str | None:
    """Return why a column cannot be a field by what it holds; None if it can."""
    cells = column.filled - column.empty_words.total()
    if cells <= 0:
        return "all its cells are empty"
    if field == "date" and column.dated * 2 < cells and column.no_date:
        return f"{column.dated} of {cells} cells are dates, unlike {column.no_date!r}"
    numbers = column.numbers[column.mark]
    wanted = cells if field in _NUMBERS else cells // 2 + 1 if field == "quantity" else 0
    if numbers < wanted:
        unlike = f", unlike {column.no_number!r}" if column.no_number else ""
        return f"{numbers} of {cells} cells are numbers{unlike}"
    if field == "unit_cost" and column.negative:
        return f"{count_of(column.negative, 'cell')} are negative"
    if field in ("sku", "location", "to_location") and column.dated == cells:
        return "its cells are dates"
    if (
        field == "location"
        and column.is_numeric
        and meanings(column.header).has("stock", "quantity")
    ):
        return "its cells are numbers"
    if field in ("type", "status"):
        words = column.words or {}
        if not 0 < len(words) <= _MOST_WORDS:
            return "it has too many different words"
        is_sure = rank("type", column.header) == 0
        if field == "type" and not (
            is_sure or any(likely_kind(word, given.kinds) for word in words)
        ):
            return f"none of its words is known, such as {next(iter(words))!r}"
    return None
