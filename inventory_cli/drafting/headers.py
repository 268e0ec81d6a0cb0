"""Knows by what the words of a header mean which field a column may be, and how surely.

Values in, values out. Must never know what stands in a column.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from inventory_cli.drafting.words import meanings

_ANY = "*"
# Up to which of the names of a SKU a column need hold nothing special: barcodes are the last.
SURE_SKU = 3
_WAYS = ("quantity_in", "quantity_out")
_KINDS = "in out received sold removed returned transferred counted opened"

# For each field what a header must mean, and after the bar what it may mean besides, the surest
# first; `*` is anything that no name of the field means. `before` and `status` are no fields, but
# say something about those that are.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "balance": (
        "counted | quantity stock",
        "after stock | quantity item place unit",
        "after quantity | item place unit",
        "stock | quantity item place unit",
        "stock quantity | *",
        "quantity bin | in item",
        "quantity place | in item",
        "after | item place unit",
    ),
    "before": (
        "before stock | quantity item place opened",
        "before quantity | item place opened",
        "before | item place opened",
    ),
    "quantity_in": tuple(
        f"{way} {more}"
        for more in ("quantity | item unit stock partner supplier", "| stock change")
        for way in ("in", "received", "returned")
    ),
    "quantity_out": tuple(
        f"{way} {more}"
        for more in ("quantity | item unit stock partner supplier", "| stock change")
        for way in ("out", "sold", "removed")
    ),
    "date": (
        "date",
        "date | movement",
        f"date | movement document {_KINDS}",
        "date | *",
    ),
    "quantity": (
        "quantity",
        "quantity | movement change item unit",
        "change | movement stock quantity",
        "quantity | *",
    ),
    "sku": (
        "sku | *",
        "item number | id reference barcode stock",
        "item | stock reference",
        "barcode | *",
        "item name | number",
        "name",
        "number",
        "reference",
    ),
    "type": (
        "type | movement",
        "type | movement document stock in out",
        "in out | movement stock",
        "movement | stock",
        "type | *",
    ),
    "to_location": (
        "to place | number name id transferred movement supplier bin",
        "to bin | number name id transferred movement",
        "to | transferred number id name",
    ),
    "location": (
        "place | number id",
        "place | number id name",
        "from place | number name id transferred movement",
        "from bin | number name id transferred movement",
        "from | number id name transferred",
        "bin | number name id place",
        "place | *",
        "place stock | number name id",
    ),
    "unit_cost": ("cost | unit money item", "received money | unit item", "cost unit | *"),
    "id": (
        "id | number row",
        "movement number | id stock row transferred",
        "row number | id movement stock",
    ),
    "reference": (
        "reference | number id document movement",
        f"document | number id reference item {_KINDS}",
        "movement number | id stock",
        "sold number | id",
        "movement",
    ),
    "reason": ("reason | *",),
    "by": ("person | *",),
    "status": ("status | *",),
}
# What no name of the field means.
_NEVER: Mapping[str, str] = {
    "balance": "money cost number date type document before in out name other status removed sold",
    "date": "other person quantity type cost money",
    "quantity": f"number date type before after stock other name cost reason category {_KINDS}",
    "quantity_in": "out sold removed money other",
    "quantity_out": "in received returned other",
    "sku": "quantity date money type category cost person status place batch movement other "
    "reason before after row name",
    "type": "item place partner supplier unit status quantity date batch category money",
    "location": "date quantity stock type person to money other partner status place_of "
    "supplier category cost",
    "unit_cost": "date type number other before after",
    "reason": "date person quantity",
    "by": "date quantity",
    "status": "date quantity",
}
# What cannot be a second candidate for a field: a name of a SKU, and a part of a place.
_LESSER: Mapping[str, frozenset[str]] = {
    "sku": frozenset(("name", "barcode", "reference")),
    "quantity": frozenset(("money",)),
}


class _Name(NamedTuple):
    needs: frozenset[str]
    may: frozenset[str] | None


@lru_cache(maxsize=1)
def _names() -> dict[str, list[_Name]]:
    found = {}
    for field, texts in _NAMES.items():
        parts = [text.partition("|") for text in texts]
        found[field] = [
            _Name(
                frozenset(needs.split()),
                None if more.strip() == _ANY else frozenset((needs + more).split()),
            )
            for needs, _, more in parts
        ]
    return found


@lru_cache(maxsize=1 << 16)
def rank(field: str, header: str) -> int | None:
    """Return how sure a header's name is for a field, 0 the surest; None where it is no name."""
    means = meanings(header)
    never = frozenset(_NEVER.get(field, "").split())
    for n, name in enumerate(_names()[field]):
        if not name.needs <= means.all:
            continue
        if name.may is None:
            if not (means.all - name.needs) & never:
                return n
        elif means.unknown == 0 and means.all <= name.may:
            return n
    return None


def names_a_field(header: str) -> bool:
    """Tell whether a header is a name of a field, and not a word that may stand in its column."""
    return any(rank(field, header) is not None for field in _NAMES if field not in _WAYS)


def is_rival(field: str, header: str) -> bool:
    """Tell whether a header is so much a name of a field that to leave it out is a decision."""
    means = meanings(header)
    return rank(field, header) is not None and not means.all & _LESSER.get(field, frozenset())
