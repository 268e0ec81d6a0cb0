"""A month, a quarter or a year stands for its first or its last day; days lie in periods."""

from datetime import UTC, date, datetime

import pytest

from inventory_cli.core.spans import namer_of, parse_first, parse_from, parse_last, parse_to
from inventory_cli.errors import WrongUsage

NOW = datetime(2022, 5, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2022-03", "2022-03-01", "2022-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2022-12", "2022-12-01", "2022-12-31"),
        ("2022-Q1", "2022-01-01", "2022-03-31"),
        ("2022q4", "2022-10-01", "2022-12-31"),
        ("2022", "2022-01-01", "2022-12-31"),
        ("2022-03-15", "2022-03-15", "2022-03-15"),
        ("yesterday", "2022-05-14", "2022-05-14"),
    ],
)
def test_the_ends_of_a_span(text: str, first: str, last: str) -> None:
    assert parse_first(text, NOW, UTC).day.isoformat() == first
    assert parse_last(text, NOW, UTC).day.isoformat() == last
    assert parse_from(text, NOW, UTC) == f"{first}T00:00:00.000Z"
    assert parse_to(text, NOW, UTC) == f"{last}T23:59:59.999Z"


@pytest.mark.parametrize("text", ["2022-13", "2022-00", "2022-Q5", "0000", "22-03"])
def test_what_is_no_month_or_year_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        parse_first(text, NOW, UTC)


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("day", "2021-01-03"),
        ("week", "2020-W53"),
        ("month", "2021-01"),
        ("quarter", "2021-Q1"),
        ("year", "2021"),
    ],
)
def test_the_period_of_a_day(by: str, name: str) -> None:
    assert namer_of(by)(date(2021, 1, 3)) == name


def test_no_other_period_is_known() -> None:
    with pytest.raises(WrongUsage, match="day, week, month, quarter, year"):
        namer_of("decade")
