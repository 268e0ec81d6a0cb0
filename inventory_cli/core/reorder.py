"""Knows how much of what to buy. Must never know how sales or minimums are found out."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from inventory_cli.core.insights import Insight


class Order(NamedTuple):
    """What to buy of a SKU, and why; quantities in smallest units, the others exact.

    `minimum` is None where none is known; the rate and the cover are those of its `Insight`.
    """

    sku: str
    on_hand: int
    minimum: int | None
    sold_per_day: Fraction | None
    days_of_cover: Fraction | None
    suggested: int


def orders(found: Iterable[Insight], minimums: Mapping[str, int], cover: int) -> list[Order]:
    """Return what to buy so that the minimum is there, and what sells in `cover` days; sorted.

    What has neither sales nor a minimum is left out. A SKU with a minimum may have no events.
    """
    suggested = []
    unseen = dict(minimums)
    for told in found:
        minimum = unseen.pop(told.sku, None)
        if told.sales or minimum is not None:
            wanted = max(minimum or 0, (told.sold_per_day or 0) * cover)
            buy = ceil(wanted - told.on_hand)
            suggested.append(
                Order(told.sku, told.on_hand, minimum, told.sold_per_day, told.days_of_cover, buy)
            )
    suggested += [Order(sku, 0, minimum, None, None, minimum) for sku, minimum in unseen.items()]
    return sorted(order for order in suggested if order.suggested > 0)
