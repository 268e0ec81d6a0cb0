"""What to buy: the minimum or what is to be covered, without what is there, rounded up."""

import pytest

from inventory_cli.core.insights import Insight
from inventory_cli.core.reorder import orders


def sells(on_hand: int, sold: int, days: int, returned: int = 0) -> Insight:
    """A SKU that sold so much in so many days."""
    sales = int(sold > 0)
    gaps = (None,) * 5
    return Insight("A", on_hand, sales, sold, returned, *gaps, days, 0, 0, {})


@pytest.mark.parametrize(
    ("told", "minimum", "cover", "suggested"),
    [
        (sells(5, 30, 90), None, 0, None),
        (sells(5, 30, 90), None, 30, 5),
        (sells(5, 31, 90), None, 30, 6),  # 31 × 30 ÷ 90 = 10 1/3
        (sells(10, 30, 90), None, 30, None),
        (sells(5, 30, 90), 12, 30, 7),
        (sells(5, 30, 90), 9, 30, 5),
        (sells(5, 0, 90), 9, 30, 4),
        (sells(9, 0, 90), 9, 30, None),
        (sells(-2, 0, 90), None, 30, None),
        (sells(-2, 30, 90), None, 0, 2),
        (sells(-2, 30, 90, returned=30), None, 30, 2),
        (sells(0, 0, 0), 3, 30, 3),
    ],
)
def test_what_to_buy(told: Insight, minimum: int | None, cover: int, suggested: int | None) -> None:
    found = orders([told], {} if minimum is None else {"A": minimum}, cover)
    assert [order.suggested for order in found] == ([] if suggested is None else [suggested])
    assert all(order.minimum == minimum for order in found)


def test_a_minimum_of_what_was_never_there_is_bought_too() -> None:
    found = orders([sells(0, 30, 30)], {"B": 4, "0": 2, "C": 0}, 10)
    assert [(order.sku, order.on_hand, order.suggested) for order in found] == [
        ("0", 0, 2),
        ("A", 0, 10),
        ("B", 0, 4),
    ]
