"""The made-up movements are sound at every size: the benchmark measures nothing that is refused."""

import csv
from itertools import islice

import pytest

from tests.benchmarks.data import Row, _shuffled, changes, make_rows
from tests.conftest import Shop

# rows, SKUs, locations, days
SIZES = [
    (1_500, 1, 1, 1_000),
    (1_500, 1, 2, 1_000),
    (900, 2, 1, 3),
    (300, 1, 1, 1),
    (300, 3, 3, 1),
    (102, 1, 1, 1_000),
    (101, 1, 1, 1_000),
    (2, 1, 1, 1),
    (1_200, 40, 3, 150),
]


@pytest.mark.parametrize("size", SIZES)
def test_rows_of_any_size_come_to_an_end_and_are_all_recorded_in_any_order_of_a_day(
    shop: Shop, size: tuple[int, int, int, int]
) -> None:
    rows = list(islice(make_rows(*size), size[0] + 1))
    assert len(rows) == size[0]
    assert [row.date for row in rows] == sorted(row.date for row in rows)
    expected = sum(change for _, _, change in changes(rows))
    file = shop.folder / "rows.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([Row._fields, *_shuffled(rows, within_days=True)])
    assert shop.json("import", file)[0]["appended"] == size[0]
    assert sum(row["on_hand"] for row in shop.json("stock")) == expected


def test_too_few_rows_for_the_streams_are_said() -> None:
    with pytest.raises(AssertionError, match="9 rows are too few for 10 streams"):
        next(make_rows(9, 10, 1))
