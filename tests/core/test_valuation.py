"""Every rule of what stock cost, in tables computed by hand, by both methods."""

from fractions import Fraction

import pytest

from inventory_cli.core.events import KINDS
from inventory_cli.core.money import cost_of, share, show_money
from inventory_cli.core.moves import Move
from inventory_cli.core.valuation import Valued, value_of
from inventory_cli.errors import LedgerUnusable


def moves_of(story: str) -> list[Move]:
    """Return moves that are written like `received 10 at 2.50; sold 4`, one a day.

    A change that has a sign of its own keeps it: `counted -3`.
    """
    moves = []
    for position, words in enumerate(story.split("; "), start=1):
        kind, figure, *cost = words.split()
        sign = KINDS[kind].sign or 1
        change = int(figure) * sign
        at = f"2022-01-{position:02}T00:00:00.000Z"
        unit_cost = cost[1] if cost else None
        moves.append(
            Move(at, position, "main", kind, change, 0, 1, unit_cost, None, None, position == 1)
        )
    return moves


def shown(valued: Valued) -> str:
    """Return what costs came to as the columns show it, from the beginning."""
    after = valued.after
    figures = (after.incoming, after.sold, after.other, after.value)
    units = (valued.on_hand, valued.on_hand - valued.costed, after.sold_without)
    return " ".join([*map(show_money, figures), *map(str, units)])


# What happened → incoming, sold, other, value, on hand, without cost, sold without cost: by fifo,
# then by the average where that differs.
TABLE = {
    "the oldest units leave first": (
        "received 10 at 2; received 10 at 3; sold 15",
        "50.00 35.00 0.00 15.00 5 0 0",
        "50.00 37.50 0.00 12.50 5 0 0",
    ),
    "an opening comes in": ("opened 4 at 2.5; sold 1", "10.00 2.50 0.00 7.50 3 0 0"),
    "a cost of 0 is a cost": ("received 4 at 0; sold 1", "0.00 0.00 0.00 0.00 3 0 0"),
    "what has no cost is counted": ("received 4; sold 1", "0.00 0.00 0.00 0.00 3 3 1"),
    "the cost of a departure is not read": (
        "received 4 at 2; sold 1 at 9; removed 1 at 9",
        "8.00 2.00 2.00 4.00 2 0 0",
    ),
    "a sale takes what has no cost in its turn": (
        "received 3; received 4 at 2; sold 5",
        "8.00 4.00 0.00 4.00 2 0 3",
    ),
    "the average is of what has a cost": (
        "received 2 at 1; received 3; received 2 at 4; sold 3",
        "10.00 2.00 0.00 8.00 4 2 1",
        "10.00 5.00 0.00 5.00 4 2 1",
    ),
    # 10.00 ÷ 3 is 3.333333. Half of the 6.666667 that are left is 3.3333335: 4 is even. The last
    # takes what is left.
    "whoever takes all takes what is left": (
        "received 3 at 3.3333333333; sold 1; sold 1; removed 1",
        "10.00 6.666667 3.333333 0.00 0 0 0",
    ),
    # 5 at 3.40 left for 17.00.
    "a return takes the latest sale's cost": (
        "received 4 at 3; received 4 at 5; sold 5; received 9 at 100; returned 2",
        "932.00 10.20 0.00 921.80 14 0 0",
        "932.00 12.00 0.00 920.00 14 0 0",
    ),
    "a return may bring its own cost": (
        "received 4 at 3; sold 4; returned 1 at 1",
        "12.00 11.00 0.00 1.00 1 0 0",
    ),
    "a return is the newest layer": (
        "received 1 at 3; sold 1; received 1 at 7; returned 1; removed 1",
        "10.00 0.00 7.00 3.00 1 0 0",
        "10.00 0.00 5.00 5.00 1 0 0",
    ),
    "a return before any sale is a gain": (
        "received 4 at 3; received 4 at 5; returned 2",
        "32.00 -8.00 0.00 40.00 10 0 0",
    ),
    "a return of what was sold without cost is a gain": (
        "received 1; sold 1; received 2 at 5; returned 1",
        "10.00 -5.00 0.00 15.00 3 0 1",
    ),
    "a return of what nothing is known of": (
        "returned 2; sold 1",
        "0.00 0.00 0.00 0.00 1 1 -1",
    ),
    "gains take the average of what is there": (
        "received 1 at 2; received 3 at 6; adjusted 2",
        "20.00 0.00 -10.00 30.00 6 0 0",
    ),
    "a gain may bring its own cost": (
        "received 1 at 2; counted 2 at 0.5",
        "2.00 0.00 -1.00 3.00 3 0 0",
    ),
    "a gain with nothing there takes the latest departure's cost": (
        "received 2 at 2; removed 2; counted 3",
        "4.00 0.00 -2.00 6.00 3 0 0",
    ),
    "a gain that nothing is known of has no cost": (
        "received 2; counted 3",
        "0.00 0.00 0.00 0.00 5 5 0",
    ),
    "losses by count and adjustment": (
        "received 9 at 2; counted -2; adjusted -3",
        "18.00 0.00 10.00 8.00 4 0 0",
    ),
    "a transfer does nothing": (
        "received 2 at 1; received 2 at 3; transferred -2; transferred 2; sold 1",
        "8.00 1.00 0.00 7.00 3 0 0",
        "8.00 2.00 0.00 6.00 3 0 0",
    ),
    "below zero there is no cost": (
        "received 2 at 3; sold 5",
        "6.00 6.00 0.00 0.00 -3 -3 3",
    ),
    "the next arrival makes good what was short": (
        "received 2 at 3; sold 5; received 10 at 7",
        "76.00 27.00 0.00 49.00 7 0 0",
    ),
    "the oldest shortage first, each in its account": (
        "sold 2; removed 3; sold 1; received 4 at 1; received 1 at 10",
        "14.00 2.00 12.00 0.00 -1 -1 1",
    ),
    "what arrives without cost makes good, and stays without": (
        "sold 2; received 1; received 3 at 4",
        "12.00 4.00 0.00 8.00 2 0 1",
    ),
    # Of 10.00 for 3, the first takes 3.333333 and the second half of what is left, to the even.
    "shortages share an arrival to the letter": (
        "sold 1; removed 1; received 3 at 3.333333333",
        "10.00 3.333333 3.333334 3.333333 1 0 0",
    ),
    "a return takes the cost that a sale was given later": (
        "received 1 at 1; sold 2; received 3 at 4; returned 2",
        "13.00 0.00 0.00 13.00 4 0 0",
    ),
    "a return makes good what was short too": (
        "received 1 at 6; sold 3; returned 1",
        "6.00 6.00 0.00 0.00 -1 -1 1",
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_costs_are_as_computed_by_hand(case: str) -> None:
    story, by_fifo, *otherwise = TABLE[case]
    by_average = otherwise[0] if otherwise else by_fifo
    assert shown(value_of(moves_of(story), "fifo", 0)) == by_fifo
    assert shown(value_of(moves_of(story), "average", 0)) == by_average


def test_a_span_begins_with_what_was_there() -> None:
    moves = moves_of("received 10 at 2; sold 12; received 5 at 4; sold 1")
    found = value_of(moves, "fifo", 0, "2022-01-03T00:00:00.000Z")
    before, after = found.before, found.after
    assert (before.value, after.value) == (0, 8_000_000)
    # The two that were short are made good on the day of the arrival.
    assert after.sold - before.sold == 12_000_000
    assert after.sold_without - before.sold_without == -2
    # A span in which nothing happens any more begins as it ends.
    assert value_of(moves, "fifo", 0, "2022-02").before == after


@pytest.mark.parametrize("unit_cost", ["-1", "x", "1e3", 5])
def test_a_unit_cost_that_cannot_have_been_recorded_is_damage(unit_cost: str) -> None:
    with pytest.raises(LedgerUnusable):
        cost_of(1, 0, unit_cost)


@pytest.mark.parametrize(
    ("quantity", "decimals", "unit_cost", "cost"),
    [
        (3, 0, "2.50", 7_500_000),
        (150, 2, "3.00", 4_500_000),
        (1, 0, "0.0000005", 0),
        (3, 0, "0.0000005", 2),
        (1, 9, "0.0015", 0),
        (1, 9, "1500", 2),
        (10**18, 0, "9" * 30, (10**30 - 1) * 10**24),
    ],
)
def test_an_amount_is_rounded_half_even_as_it_arises(
    quantity: int, decimals: int, unit_cost: str, cost: int
) -> None:
    assert cost_of(quantity, decimals, unit_cost) == cost
    exact = Fraction(quantity, 10**decimals) * Fraction(unit_cost) * 10**6
    assert cost == round(exact)


def test_a_share_is_rounded_half_even() -> None:
    assert [share(n, 1, 2) for n in (-3, -1, 0, 1, 3, 5)] == [-2, 0, 0, 0, 2, 2]
    assert [share(10, part, 3) for part in (1, 2, 3)] == [3, 7, 10]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (5, "0.000005"), (-1_500_000, "-1.50"), (12_345_000, "12.345")],
)
def test_money_is_shown_exactly_with_two_decimals_at_least(amount: int, text: str) -> None:
    assert show_money(amount) == text
