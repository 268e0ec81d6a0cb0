"""Knows where an unknown file has a second column for what decides about stock: the place, the SKU
or the quantity.

Must never know how a profile is written.
"""

from collections.abc import Container, Sequence

from inventory_cli.drafting.by_name import Chosen, unfit
from inventory_cli.drafting.headers import SURE_SKU, is_rival, rank
from inventory_cli.drafting.quantity_columns import way_of
from inventory_cli.drafting.sample import Sample
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import is_known, meanings
from inventory_cli.importing.profile import Profile


def note_rivals(survey: Survey, given: Profile, chosen: Chosen) -> None:
    """Leave open which column is the place, the SKU or the quantity, where another than the one
    that was chosen would say something else. What the balances prove is not open.
    """
    found, columns = chosen.fields, survey.columns
    proved = chosen.proof is not None and chosen.proof.claim.keys
    used = {index for field, index in found.items() if field not in ("by", "reason", "reference")}
    if "date" not in found and not proved and "balance" in found:
        used.discard(found["balance"])
    used |= {*chosen.places, *chosen.ways, *chosen.undecided.get("sku", ())}
    for field in ("sku", "location", "quantity"):
        index = found.get(field)
        is_said = field in given.columns or field in given.constants or field in chosen.undecided
        if index is None or is_said or (proved and (field != "location" or "balance" in found)):
            continue
        rivals = [
            n
            for n, column in enumerate(columns)
            if n not in used
            and _may_be(field, columns[index].header, column, is_list="date" not in found)
            and unfit(field, column, given) is None
            and _says_more(chosen.sample, field, index, n)
        ]
        if rivals:
            chosen.undecided[field] = [index, *rivals]
    if "balance" in found and not proved and "type" not in found:
        _note_state(columns, given, chosen)
    if "location" not in found and not chosen.places:
        _note_possible_places(survey, given, chosen, used)


def _note_state(columns: Sequence[Column], given: Profile, chosen: Chosen) -> None:
    """Leave open whether rows say what moved or what is there, if the balances do not tell."""
    index = chosen.fields.get("quantity")
    if index is None or given.columns.keys() & {"quantity", "balance"}:
        return
    if way_of(columns[index].header) and "quantity" not in chosen.undecided:
        chosen.undecided["quantity"] = [index, chosen.fields.pop("balance")]


def _may_be(field: str, own: str, other: Column, is_list: bool) -> bool:
    """Tell whether another column is called as the field may be too; in a list that is also what
    is there.
    """
    if field != "quantity":
        if field == "sku" and SURE_SKU in (rank(field, own), rank(field, other.header)):
            return False
        return is_rival(field, other.header)
    if not other.is_numeric or meanings(own).has("counted"):
        return False
    if rank("quantity", own) is None and rank("balance", own) is not None:
        return rank("balance", other.header) is not None
    is_way = rank("quantity_in", other.header) is not None
    is_way |= rank("quantity_out", other.header) is not None
    is_state = is_list and rank("balance", other.header) is not None
    return is_rival(field, other.header) or is_way or is_state


def _says_more(sample: Sample, field: str, index: int, other: int) -> bool:
    """Tell whether to take another column for a field would make a difference."""
    if field == "quantity":
        return sample.numbers(index) != sample.numbers(other)
    return len(set(sample.cells(other))) > 1 and not sample.determines([index], other)


def knows_most(columns: Sequence[Column]) -> bool:
    """Tell whether a file is in a language of which the names are known."""
    return 3 * sum(is_known(column.header) for column in columns) > 2 * len(columns)


def _note_possible_places(
    survey: Survey, given: Profile, chosen: Chosen, used: Container[int]
) -> None:
    """Leave open which column says where: in a file whose headers say nothing, one of these; in a
    list, also a country or the like.
    """
    found = chosen.fields
    if "location" in {*given.columns, *given.constants} or "sku" not in found:
        return
    sku = found["sku"]
    possible = [
        n
        for n, column in enumerate(survey.columns)
        if n not in used
        and (
            meanings(column.header).has("place_of")
            if knows_most(survey.columns)
            else not meanings(column.header).all
        )
        and ("date" not in found or not meanings(column.header).all)
        and 1 < column.values <= max(2, survey.rows // 2)
        and column.filled == survey.rows
        and not (column.is_numeric or column.dated)
        and (_says_where(column) or not chosen.sample.determines([sku], n))
    ]
    if possible:
        chosen.undecided["location"] = possible


def _says_where(column: Column) -> bool:
    """Tell whether most of what stands in a column is called a place."""
    words = [word for word in column.words or {} if word]
    return 2 * sum(meanings(word).has("place") for word in words) > len(words)
