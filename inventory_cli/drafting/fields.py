"""Knows which column of an unknown file most likely is which field: by its name, by what it holds,
and by the balances, which decide.

Must never know how a profile is written.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, permutations

from inventory_cli.drafting.balances import Proof, prove, words_agree
from inventory_cli.drafting.by_name import WAYS, Chosen, by_name, take_by_name
from inventory_cli.drafting.guesses import Guesses
from inventory_cli.drafting.headers import rank
from inventory_cli.drafting.quantity_columns import choose_places, choose_quantities
from inventory_cli.drafting.rivals import note_rivals
from inventory_cli.drafting.sample import Sample
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.words import is_known, is_void
from inventory_cli.importing.columns import folded, match_header
from inventory_cli.importing.profile import Profile

# How many columns are tried for what keeps the streams of balances apart.
_MOST_KEYS = 8


def choose_fields(name: str, survey: Survey, given: Profile) -> Chosen:
    """Return which columns are fields. What is given stays so, and each column is one field.

    Raises Refused when a given column is not in the file `name`.
    """
    found: dict[str, int] = {}
    remarks: list[str] = []
    columns = survey.columns
    headers = [column.header for column in columns]
    matched = match_header(name, 1, headers, given)
    for field in given.columns:
        index = matched.fields[field]
        made = index - len(headers)
        found[field] = index if made < 0 else matched.made[made].columns[0]
    take_by_name(survey, given, found, remarks)
    status = found.get("status")
    sample = Sample(survey, lambda row: status is None or not is_void(row[status]))
    _leave_running_ids(columns, sample, given, found, remarks)
    places, ways = _given(headers, given.places), _given(headers, given.quantities)
    chosen = Chosen(found, remarks, {}, places, ways, None, sample)
    if not places and not ways:
        choose_quantities(survey, given, chosen)
    guesses = Guesses(survey, given, sample, found, remarks)
    proof = None
    if not given.columns.keys() & {"sku", "quantity", "balance"}:
        proof = _proved(survey, guesses, chosen)
    if proof and not _goes_with_words(proof, guesses, chosen):
        proof = None
    if proof is not None and proof.claim.keys:
        _take_proof(columns, proof, found, remarks)
    else:
        choose_places(survey, chosen, may_be_unknown=True)
    _take_guesses(survey, given, guesses, chosen)
    chosen = chosen._replace(proof=proof)
    note_rivals(survey, given, chosen)
    return chosen


def _given(headers: Sequence[str], said: Mapping[str, str]) -> dict[int, str]:
    """Return the columns that a table of the profile names, with what it says of them."""
    names = {folded(header): meant for header, meant in said.items()}
    return {n: names[folded(h)] for n, h in enumerate(headers) if folded(h) in names}


def _leave_running_ids(
    columns: Sequence[Column],
    sample: Sample,
    given: Profile,
    found: dict[str, int],
    remarks: list[str],
) -> None:
    """Take no column for ids, or documents, that only numbers the rows of its own file."""
    for field in ("id", "reference"):
        index = found.get(field)
        if index is None or field in given.columns or not sample.is_running(index, field == "id"):
            continue
        del found[field]
        remarks.append(
            f"{columns[index].header!r} is not taken for the {field}: it is a running number, "
            "which another file may have too"
        )


def _proved(survey: Survey, guesses: Guesses, chosen: Chosen) -> Proof | None:
    """Return what the balances prove; named columns are tried before others."""
    found, columns = chosen.fields, survey.columns
    numeric = guesses.numbers()
    # Two columns of which a row fills one may be what came in and what went out.
    alternating = [(a, b) for a, b in permutations(numeric, 2) if _alternate(chosen.sample, a, b)]
    numeric = [n for n in numeric if n not in chain(*alternating)]
    any_of_them = [*alternating, *((n,) for n in numeric)]
    quantities: Sequence[tuple[int, ...]] = any_of_them
    stated = found.get("quantity")
    is_state = stated is not None and rank("balance", columns[stated].header) is not None
    if stated is not None and not is_state:
        named = [n for _, n in by_name("quantity", columns, {}) if n in numeric]
        quantities = [(n,) for n in dict.fromkeys((stated, *named))]
    elif found.keys() >= set(WAYS):
        quantities = [tuple(found[field] for field in WAYS)]
    if "balance" in found:
        balances = [(found.get("before"), found["balance"])]
    elif stated is not None and is_state:
        balances = [(None, stated)]
    elif all(is_known(column.header) for column in columns):
        balances = []
    else:
        balances = [(a, b) for a in numeric for b in numeric if a != b]
        balances += [(None, n) for n in numeric]
    skus = guesses.keys()[:_MOST_KEYS]
    places = [n for _, n in by_name("location", survey.columns, {})]
    if "sku" in found:
        skus = [found["sku"], *(n for n in skus if n != found["sku"])]
    pairs = [(sku, place) for sku in skus for place in places if place != sku]
    keys = [*pairs, *((sku,) for sku in skus)]
    # Where names say which columns they are, one step bears out what chance would not.
    is_named = {"balance", "sku"} <= found.keys() and len(quantities) == 1
    return prove(chosen.sample, balances, quantities, keys, *((1,) if is_named else ()))


def _alternate(sample: Sample, one: int, other: int) -> bool:
    """Tell whether no row has figures in both of two columns, and each column has some."""
    columns = [sample.numbers(n) for n in (one, other)]
    return all(map(any, columns)) and all(
        not (a and b) and min(a or 0, b or 0) >= 0 for a, b in zip(*columns, strict=True)
    )


def _goes_with_words(proof: Proof, guesses: Guesses, chosen: Chosen) -> bool:
    """Tell whether there is a type, or may be one, of which each word mostly goes one way."""
    type = chosen.fields.get("type")
    possible: list[int | None] = [type]
    if type is None:
        possible = [*guesses.types(proof.claim.keys)] or possible
    return any(words_agree(chosen.sample, proof.claim, one) for one in possible)


def _take_proof(
    columns: Sequence[Column], proof: Proof, found: dict[str, int], remarks: list[str]
) -> None:
    """Take the columns that the balances prove, in place of those with likelier names."""
    claim = proof.claim
    taken = {"balance": claim.balance, "sku": claim.keys[0]}
    taken |= {} if claim.before is None else {"before": claim.before}
    names = WAYS if len(claim.quantities) > 1 else ("quantity",)
    taken |= dict(zip(names, claim.quantities, strict=True))
    for field, index in taken.items():
        before = found.get(field)
        if before == index:
            continue
        for other in [other for other, n in found.items() if n == index]:
            del found[other]
        found[field] = index
        remark = f"{columns[index].header!r} is taken for the {field}: only so the balances follow"
        if before is not None:
            remark += f" from each other; {columns[before].header!r} is not"
            if field == "sku" and rank("reference", columns[before].header) is not None:
                found.setdefault("reference", before)
        remarks.append(remark)
    if "location" in found and found["location"] not in claim.keys:
        if len(claim.keys) > 1:
            found["location"] = claim.keys[1]
        else:
            header = columns[found.pop("balance")].header
            remarks.append(f"{header!r} is no balance of a place: it is that over all of them")


def _take_guesses(survey: Survey, given: Profile, guesses: Guesses, chosen: Chosen) -> None:
    """Take by what they hold alone the columns whose names say nothing."""
    found = chosen.fields
    before, said = dict(found), len(chosen.remarks)
    was_movements, had_quantity = chosen.is_movements(), chosen.has_quantity()
    guesses.take_date()
    guesses.take_quantity(chosen.has_quantity(), chosen.undecided)
    guesses.take_sku(chosen.undecided)
    if "reference" not in found and "reference" in before:
        take_by_name(survey, given, found, [], ("reference",))
    guesses.take_type()
    known = found.keys() | chosen.undecided.keys() | given.constants.keys()
    is_list = "sku" in found and (had_quantity or guesses.is_code(found["sku"]))
    if given.header and not (
        was_movements or (chosen.has_quantity() and ({"date", "sku"} <= known or is_list))
    ):
        # It is a table of something else.
        found.clear()
        found.update(before)
        del chosen.remarks[said:]
        chosen.undecided.clear()
