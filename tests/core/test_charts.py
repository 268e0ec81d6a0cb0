"""A quantity over time is drawn as it was, at any width."""

import pytest

from inventory_cli.core.charts import Point, sparkline, step_chart

STORY = [Point(0, 100), Point(2, 200), Point(3, 50, "!"), Point(4, 100, "◆")]


def test_steps_are_as_high_as_the_quantity_and_as_long_as_it_lasted() -> None:
    assert step_chart(STORY, ("200", "0", ""), 13, height=2) == [
        "200 ┤   ██",
        "  0 ┤█████▄▄█",
        "           !◆",
    ]


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_it_is_never_wider_than_it_may_be(width: int) -> None:
    lines = step_chart(STORY, ("200", "0", ""), width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 7
    assert lines[0].startswith("200 ┤")


def test_below_zero_is_drawn_below_zero() -> None:
    lines = step_chart([Point(0, 10), Point(1, -10), Point(2, -10)], ("10", "0", "-10"), 16, 4)
    assert "▒" not in "".join(lines[:2])
    assert [line.count("▒") > 0 for line in lines[2:]] == [True, True]
    assert lines[-1].startswith("-10 ┤")


def test_one_point_or_nothing_at_all_is_drawn_too() -> None:
    assert step_chart([Point(5, 0)], ("0", "0", ""), 20)
    assert "█" in "".join(step_chart([Point(5, 3)], ("3", "0", ""), 20))


def test_a_sparkline_has_a_letter_for_each_value() -> None:
    assert sparkline([0, 1, 4, 8, -2]) == "·▁▄█·"
    assert sparkline([]) == ""
