"""What text means as an exact quantity, and how it is written again."""

import pytest

from inventory_cli.core.quantities import format_quantity, parse_quantity, parse_unit_cost
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("20", 0, 20),
        ("+20", 0, 20),
        ("-20", 0, -20),
        ("007", 0, 7),
        ("5.0", 0, 5),
        ("5.", 0, 5),
        ("1.5", 1, 15),
        ("1.5", 3, 1500),
        (".25", 2, 25),
        ("-.25", 2, -25),
        ("0.000000001", 9, 1),
        # A sign may stand behind, be a pair of parentheses, or the minus of mathematics.
        ("5-", 0, -5),
        ("(5)", 0, -5),
        ("\u22125", 0, -5),
        ("▲5", 0, -5),
        ("△5", 0, -5),
        ("1.5-", 1, -15),
        # With as many decimals as that a point is one; and what begins with 0 parts no thousands.
        ("1.000", 3, 1000),
        ("1.250", 4, 12500),
        ("0.000", 0, 0),
        ("0.250", 2, 25),
        ("999999999999999999", 0, 999999999999999999),
    ],
)
def test_a_quantity(text: str, decimals: int, value: int) -> None:
    assert parse_quantity(text, decimals) == value


@pytest.mark.parametrize(
    ("text", "decimals", "reason"),
    [
        ("1.5", 0, "has 1 decimal, but this ledger keeps whole units"),
        ("1.25", 1, "has 2 decimals, but this ledger keeps 1 decimal"),
        ("1e3", 0, "is not a decimal number"),
        ("1,000", 0, "can be read as 1 or as 1000"),
        ("1.000", 0, "can be read as 1 or as 1000"),
        ("1.000", 2, "can be read as 1 or as 1000"),
        ("-12.500", 2, "can be read as -12.5 or as -12500"),
        ("12,500-", 2, "can be read as -12.5 or as -12500"),
        ("(1.234)", 0, "can be read as -1.234 or as -1234"),
        ("1,000", 3, "is not a decimal number"),
        ("1.000.000", 0, "is not a decimal number"),
        ("-5-", 0, "is not a decimal number"),
        ("(-5)", 0, "is not a decimal number"),
        ("-", 0, "is not a decimal number"),
        ("()", 0, "is not a decimal number"),
        ("1" * 500_000, 0, "has 500000 characters, as no number has"),
        ("1_000", 0, "is not a decimal number"),
        ("٣", 0, "is not a decimal number"),
        ("nan", 0, "is not a decimal number"),
        ("", 0, "is not a decimal number"),
        (".", 0, "is not a decimal number"),
        ("--5", 0, "is not a decimal number"),
        ("1000000000000000000", 0, "has more than 18 digits"),
        ("1000000000", 9, "has more than 18 digits"),
    ],
)
def test_a_quantity_that_is_refused(text: str, decimals: int, reason: str) -> None:
    with pytest.raises(WrongUsage, match=reason):
        parse_quantity(text, decimals)


@pytest.mark.parametrize(
    ("text", "mark", "decimals", "value"),
    [
        ("1.000", ".", 0, 1),
        ("1.000", ",", 0, 1000),
        ("1,000", ".", 0, 1000),
        ("1.234,5", ",", 1, 12345),
        ("5.000,00-", ",", 0, -5000),
        ("(1 000)", ",", 0, -1000),
    ],
)
def test_a_decimal_mark_that_is_said_decides(
    text: str, mark: str, decimals: int, value: int
) -> None:
    assert parse_quantity(text, decimals, mark) == value


def test_a_quantity_that_is_refused_is_shown_as_it_was_written() -> None:
    with pytest.raises(WrongUsage, match=r"quantity '1\.234,5-' has 1 decimal"):
        parse_quantity("1.234,5-", 0, ",")


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(20, 0, "20"), (-20, 0, "-20"), (150, 2, "1.50"), (-5, 2, "-0.05"), (0, 3, "0.000")],
)
def test_a_quantity_is_written_with_the_ledgers_decimals(
    value: int, decimals: int, text: str
) -> None:
    assert format_quantity(value, decimals) == text


@pytest.mark.parametrize(
    ("text", "cost"), [("2.50", "2.50"), ("03", "3"), (".5", "0.5"), ("0", "0"), ("+1", "1")]
)
def test_a_unit_cost_keeps_its_decimals(text: str, cost: str) -> None:
    assert parse_unit_cost(text) == cost


@pytest.mark.parametrize("text", ["-1", "free", "", "1e2", "1" * 37])
def test_a_unit_cost_that_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="unit cost"):
        parse_unit_cost(text)


def test_one_is_singular() -> None:
    assert [count_of(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
