"""Knows which column of an unknown file most likely is which field, by its name and what it holds.

Must never know how a profile is written.
"""

from collections.abc import Iterable, Mapping

from inventory_cli.core.wording import count_of
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import kind_of, rank
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.columns import match_header
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import parse_imported_kind

# In the order in which fields take their columns: the ones with the most telling names first.
# `before` and `status` are no fields, but columns that say something about others.
_ORDER = (
    *("balance", "before", "quantity_in", "quantity_out", "date", "quantity", "sku", "type"),
    *("to_location", "location", "unit_cost", "id", "reference", "reason", "by", "status"),
)
_NUMBERS = ("balance", "before", "quantity_in", "quantity_out", "unit_cost")
_MOST_WORDS = 60


def is_movements(fields: Iterable[str]) -> bool:
    """Tell whether fields are enough for movements or stock: two of date, SKU and quantity."""
    found = set(fields)
    quantity = found & {"quantity", "quantity_in", "quantity_out"}
    return ["date" in found, "sku" in found, bool(quantity)].count(True) > 1


def likely_kind(word: str, kinds: Mapping[str, str]) -> str | None:
    """Return what a word of a type column means: as given, by itself, or most likely."""
    if given := kinds.get(word.strip().casefold()):
        return given
    try:
        return parse_imported_kind(word)
    except WrongUsage:
        return kind_of(word)


def choose_fields(name: str, columns: Survey, given: Profile) -> tuple[dict[str, int], list[str]]:
    """Return the columns of fields by index, and why others are none.

    What is given stays so, and each column is one field. Raises Refused when a given column is not
    in the file `name`.
    """
    found: dict[str, int] = {}
    remarks: list[str] = []
    headers = [column.header for column in columns.columns]
    matched = match_header(name, 1, headers, given)
    for field in given.columns:
        index = matched.fields[field]
        made = index - len(headers)
        found[field] = index if made < 0 else matched.made[made].columns[0]
    for field in _ORDER:
        if field in found or field in given.constants:
            continue
        best = None
        for _, index in _by_name(field, columns.columns, found):
            reason = _unfit(field, columns.columns[index], given)
            if reason is None:
                found[field] = index
                best = None
                break
            best = (
                best or f"{columns.columns[index].header!r} is not taken for the {field}: {reason}"
            )
        if best and field not in ("before", "status"):
            remarks.append(best)
    # Either of these alone is no quantity, but something else, such as a state.
    if not {"quantity_in", "quantity_out"} <= found.keys() - given.columns.keys():
        for field in ("quantity_in", "quantity_out"):
            if field not in given.columns:
                found.pop(field, None)
    elif "quantity" not in given.columns:
        found.pop("quantity", None)
    if "balance" in found and not found.keys() & {"type", "quantity", "quantity_in"}:
        found["quantity"] = found.pop("balance")
    _guess(columns, given, found, remarks)
    return found, remarks


def _by_name(
    field: str, columns: tuple[Column, ...], found: Mapping[str, int]
) -> list[tuple[int, int]]:
    ranks = ((rank(field, c.header), n) for n, c in enumerate(columns) if n not in found.values())
    return sorted((how, n) for how, n in ranks if how is not None)


def _unfit(field: str, column: Column, given: Profile) -> str | None:
    """Return why a column cannot be a field by what it holds; None if it can."""
    cells = column.filled
    if not cells:
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
    if field in ("type", "status"):
        words = column.words or {}
        if not 0 < len(words) <= _MOST_WORDS:
            return "it has too many different words"
        if field == "type" and not any(likely_kind(word, given.kinds) for word in words):
            return f"none of its words is known, such as {next(iter(words))!r}"
    return None


def _guess(survey: Survey, given: Profile, found: dict[str, int], remarks: list[str]) -> None:
    """Find by what they hold alone the columns whose names say nothing."""
    if given.header and not is_movements(found):
        return
    columns = survey.columns

    def free(n: int) -> bool:
        return n not in found.values() and bool(columns[n].header) and columns[n].filled > 0

    def is_type(column: Column) -> bool:
        words = column.words or {}
        kinds = [likely_kind(word, given.kinds) for word in words]
        least = 2 if given.header else 1
        return least <= len(words) <= _MOST_WORDS and None not in kinds

    def is_text(column: Column) -> bool:
        return not column.is_numeric and column.dated < column.filled

    quantities = {"quantity", "quantity_in", "quantity_out", "balance"}
    for field, fits in (
        ("date", lambda column: column.dated == column.filled),
        ("type", is_type),
        ("quantity", lambda column: column.is_numeric),
        ("sku", is_text),
    ):
        taken = quantities if field == "quantity" else {field}
        if taken & (found.keys() | given.constants.keys()):
            continue
        fitting = [n for n in range(len(columns)) if free(n) and fits(columns[n])]
        if field == "sku" and len(fitting) > 1:
            # What names an article repeats, and is not the same in every row.
            fitting = [n for n in fitting if columns[n].filled == survey.rows] or fitting
        names = ", ".join(repr(columns[n].header) for n in fitting)
        if len(fitting) == 1:
            found[field] = fitting[0]
            remarks.append(f"{names} is taken for the {field} by what it holds, not by its name")
        elif fitting and field != "type":
            remarks.append(f"the {field} may be any of {names}")
