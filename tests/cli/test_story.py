"""The story of XYZ-1 comes out to the letter, whatever order its events were recorded in."""

from itertools import permutations
from pathlib import Path

import pytest

from tests.conftest import STORY, Shop

STATES = {
    "2022-03-01": [200, "2022-03-01", "2022-02-01"],
    "2022-03-15": [230, "2022-03-15", "2022-03-15"],
    "2022-04-01": [190, "2022-03-15", "2022-04-01"],
}


def states(shop: Shop) -> dict[str, list[object]]:
    found = {}
    for date in STATES:
        (row,) = shop.json("as-of", date)
        assert list(row) == ["sku", "on_hand", "last_incoming", "last_outgoing"]
        assert row.pop("sku") == "XYZ-1"
        found[date] = list(row.values())
    return found


def test_the_states_of_the_story(story: Shop) -> None:
    assert states(story) == STATES
    assert story.json("stock", "XYZ-1") == story.json("as-of", "2022-04-01", "XYZ-1")


@pytest.mark.parametrize("order", list(permutations(range(6)))[::37])
def test_any_order_of_recording_that_never_falls_short(order: list[int], tmp_path: Path) -> None:
    # Orders in which a sale comes before what covers it need the permission to fall below zero.
    shop = Shop(tmp_path)
    for index in order:
        shop.ok(*STORY[index], "--allow-negative")
    assert states(shop) == STATES
    assert shop.failed_checks() == {}
