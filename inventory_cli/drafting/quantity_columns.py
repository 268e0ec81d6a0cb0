"""Knows in which shape an unknown file says how much: a quantity, or a column for each way, for
each kind, or for each place.

Must never know how a profile is written.
"""

from collections.abc import Sequence

from inventory_cli.drafting.by_name import QUANTITIES, WAYS, Chosen
from inventory_cli.drafting.guesses import likely_kind
from inventory_cli.drafting.headers import rank
from inventory_cli.drafting.sample import Sample
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import kind_of, meanings
from inventory_cli.importing.columns import folded
from inventory_cli.importing.directions import ARRIVES
from inventory_cli.importing.profile import Profile

_OF_PLACES = frozenset(("place", "place_of", "name", "number"))
# What a column for a place may be taken for by its name.
_MAY_BE_OF_PLACES = ("location", "quantity", "balance")
_OF_STOCK = frozenset(("quantity", "stock"))


def way_of(header: str) -> str | None:
    """Return the kind of which a column of quantities is by its name, if it names one."""
    if rank("before", header) is not None:
        return "opened"
    if _are_sales(header):
        return "sold"
    if rank("quantity_in", header) is None and rank("quantity_out", header) is None:
        return None
    return kind_of(header)


def _are_sales(header: str) -> bool:
    means = meanings(header)
    return means.has("sold") and means.has("money") and means.only("sold", "money", "total")


def choose_quantities(survey: Survey, given: Profile, chosen: Chosen) -> None:
    """Choose between a quantity, a column for each way, for each kind, or for each place."""
    found = chosen.fields
    _prefer_counted(survey, given, chosen)
    _leave_type_of_list(survey, given, chosen)
    two = {f for f in WAYS if f in found and f not in given.columns}
    if len(two) == len(WAYS):
        if "quantity" in found and "quantity" not in given.columns:
            spare = found.pop("quantity")
            if not _adds_up(chosen.sample, spare, [found[field] for field in WAYS]):
                chosen.undecided["quantity"] = [spare, *(found.pop(field) for field in WAYS)]
                found["quantity"] = spare
                return
    else:
        for field in two:
            index = found.pop(field)
            if "quantity" not in found and "quantity" not in given.constants:
                found["quantity"] = index
    if "type" not in found and "type" not in given.constants:
        _choose_ways(survey, given, chosen)
    is_log = "before" in found and "type" not in given.columns
    if not chosen.has_quantity() and "balance" in found and ("type" not in found or is_log):
        found["quantity"] = found.pop("balance")
        if "type" in found:
            header = survey.columns[found.pop("type")].header
            chosen.remarks.append(
                f"{header!r} is not taken for the type: no column says how much moved, so each row "
                "counts what is there after it"
            )
    choose_places(survey, chosen, may_be_unknown=False)
    _choose_count_sheet(survey, chosen)


def _prefer_counted(survey: Survey, given: Profile, chosen: Chosen) -> None:
    """Take what was counted for the quantity of a count sheet, which may say the difference too."""
    found = chosen.fields
    balance = found.get("balance")
    if balance is None or "type" in found or {"quantity", "balance"} & given.columns.keys():
        return
    if meanings(survey.columns[balance].header).has("counted"):
        found["quantity"] = found.pop("balance")


def _leave_type_of_list(survey: Survey, given: Profile, chosen: Chosen) -> None:
    """Take no type of what is there for one of movements: a list says none of these words."""
    found = chosen.fields
    if "type" not in found or "type" in given.columns or found.keys() & {"date", *QUANTITIES}:
        return
    words = survey.columns[found["type"]].words or {}
    if "balance" in found and not any(likely_kind(word, given.kinds) for word in words):
        del found["type"]


def _adds_up(sample: Sample, total: int, parts: Sequence[int]) -> bool:
    """Tell whether a column is what others say together, whatever its sign."""
    numbers = [[abs(n or 0) for n in sample.numbers(column)] for column in (total, *parts)]
    return all(first == sum(rest) for first, *rest in zip(*numbers, strict=True))


def _choose_ways(survey: Survey, given: Profile, chosen: Chosen) -> None:
    """Take columns of quantities for a kind each, where that is all that a file has of them."""
    found = chosen.fields
    taken = {index for field, index in found.items() if field not in QUANTITIES}
    ways = [
        n
        for n, column in enumerate(survey.columns)
        if n not in taken
        and column.is_numeric
        and way_of(column.header)
        and not _are_sales(column.header)
        and _is_alone(survey.columns, n)
    ]
    if ways and "before" in found and _is_once(chosen):
        # That `Sales` are units and not money shows where the balance follows from them.
        sales = [n for n, c in enumerate(survey.columns) if c.is_numeric and _are_sales(c.header)]
        for parts in (ways, [*ways, *sales]):
            if _leads_to_balance(survey, chosen, parts):
                found.pop("balance", None)
                ways = [*parts, found.pop("before")]
                break
    plain = found.get("quantity")
    kinds = {way_of(survey.columns[n].header) for n in ways}
    if given.columns.keys() & set(QUANTITIES) or (plain is not None and plain not in ways):
        return
    if len(ways) < 2 or (len(ways) == 2 and kinds == {"received", "removed"}):
        return
    for field in QUANTITIES:
        found.pop(field, None)
    if "balance" in found:
        found["quantity"] = found.pop("balance")
        chosen.undecided["quantity"] = [found["quantity"], *ways]
    else:
        chosen.ways.update({n: way_of(survey.columns[n].header) or "" for n in sorted(ways)})


def _leads_to_balance(survey: Survey, chosen: Chosen, ways: Sequence[int]) -> bool:
    """Tell whether what was there, and what came and went, is what is said to be there then."""
    if "balance" not in chosen.fields:
        return True
    sample, fields = chosen.sample, chosen.fields
    parts = [[n or 0 for n in sample.numbers(fields["before"])]]
    for way in ways:
        sign = 1 if way_of(survey.columns[way].header) in ARRIVES else -1
        parts.append([sign * abs(n or 0) for n in sample.numbers(way)])
    return list(map(sum, zip(*parts, strict=True))) == sample.numbers(fields["balance"])


def _is_once(chosen: Chosen) -> bool:
    """Tell whether no SKU stands twice at a place."""
    keys = [chosen.fields[field] for field in ("sku", "location") if field in chosen.fields]
    spots = list(zip(*map(chosen.sample.cells, keys), strict=True))
    return len(set(spots)) == len(spots) > 0


def choose_places(survey: Survey, chosen: Chosen, may_be_unknown: bool) -> None:
    """Take several columns of numbers for places, if they are called so, or, in a list, nothing
    that is known.
    """
    found = chosen.fields
    if may_be_unknown and (chosen.has_quantity() or "date" in found or "sku" not in found):
        return
    used = {index for field, index in found.items() if field not in _MAY_BE_OF_PLACES}
    placed = {
        n: column.header
        for n, column in enumerate(survey.columns)
        if n not in used
        and column.is_numeric
        and (means := meanings(column.header)).all - _OF_STOCK <= _OF_PLACES
        and (means.unknown or not means.has("number"))
        and (means.has("place") or (may_be_unknown and not means.all & _OF_STOCK))
        and _is_alone(survey.columns, n)
        and not chosen.sample.is_running(n)
        and (survey.shape.profile.header and column.header)
    }
    others = [field for field in found if found[field] not in placed and field in QUANTITIES]
    if len(placed) > 1 and not others:
        chosen.places.update(placed)
        for field in [field for field, index in found.items() if index in placed]:
            del found[field]
        if may_be_unknown:
            chosen.undecided["location"] = []


def _choose_count_sheet(survey: Survey, chosen: Chosen) -> None:
    """Take what was counted for a column of its kind, where some lines were not."""
    index = chosen.fields.get("quantity")
    if index is None or "type" in chosen.fields or not survey.columns[index].empty:
        return
    if meanings(survey.columns[index].header).has("counted"):
        chosen.ways[chosen.fields.pop("quantity")] = "counted"


def _is_alone(columns: Sequence[Column], index: int) -> bool:
    """Tell whether no other column is called the same, so that a table can name this one."""
    name = folded(columns[index].header)
    return [folded(column.header) for column in columns].count(name) == 1
