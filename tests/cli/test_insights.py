"""`insights` and `reorder` on cases worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop

COLUMNS = [
    *("sku", "on_hand", "sales", "sold", "returned", "first_sale", "last_sale"),
    *("days_since_sale", "days_between_mean", "days_between_median", "sold_per_day"),
    *("days_out_of_stock", "days_of_cover", "share", "class", "shrinkage"),
]


def told(shop: Shop, *words: object) -> dict[str, Any]:
    """Return how SKU A sold up to 31 January 2022, unless the words say otherwise."""
    end = () if "--to" in words else ("--to", "2022-01-31")
    (row,) = shop.json("insights", "A", *words, *end)
    assert isinstance(row, dict)
    return row


def happen(shop: Shop, *lines: str) -> None:
    """Record events of A in January 2022: `sell 5 3`, `receive 1 2T10:00 --location shop`."""
    for line in lines:
        kind, quantity, day, *more = line.split()
        number, clock = day.partition("T")[::2]
        date = f"2022-01-{int(number):02}" + (f"T{clock}" if clock else "")
        shop.ok(kind, "A", quantity, "--on", date, "--allow-negative", *more)


def test_the_story(story: Shop) -> None:
    # 20 and 20 sold, 17 days apart, in the 89 days from 1 February to 30 April.
    assert story.json("insights", "--to", "2022-04-30") == [
        {
            "sku": "XYZ-1",
            "on_hand": 190,
            "sales": 2,
            "sold": 40,
            "returned": 0,
            "first_sale": "2022-03-15",
            "last_sale": "2022-04-01",
            "days_since_sale": 29,
            "days_between_mean": "17.0000",
            "days_between_median": "17.0000",
            "sold_per_day": "0.4494",
            "days_out_of_stock": 0,
            "days_of_cover": "422.7500",
            "share": "1.0000",
            "class": "A",
            "shrinkage": 20,
            "shrinkage_by_reason": {"miscount": 20},
        }
    ]


def test_the_formats(story: Shop) -> None:
    (row,) = story.ok("insights", "--to", "2022-04-30", "--format", "csv").csv
    assert list(row) == COLUMNS
    assert (row["days_between_mean"], row["shrinkage"]) == ("17.0000", "20")
    table = story.ok("insights", "--to", "2022-04-30")
    assert table.out.splitlines()[0].split() == COLUMNS
    assert table.err == "from the first event to the end of 2022-04-30 (Europe/Berlin)\n"
    lines = story.ok("insights", "--format", "jsonl").out
    assert lines.count("\n") == 1
    assert '"shrinkage_by_reason": {"miscount": 20}' in lines


@pytest.mark.parametrize(
    ("days", "mean", "median"),
    [
        ((3,), None, None),
        ((3, 3), None, None),
        ((3, 20), "17.0000", "17.0000"),
        ((3, 4, 20), "8.5000", "8.5000"),
        ((3, 4, 5, 20), "5.6667", "1.0000"),  # gaps 1 1 15
        ((3, 4, 6, 9, 20), "4.2500", "2.5000"),  # gaps 1 2 3 11
        ((20, 9, 3, 6, 4), "4.2500", "2.5000"),
        (("3T10:00", "4T16:00"), "1.2500", "1.2500"),
        (("3T10:00", "3T10:00", "4T16:00"), "1.2500", "1.2500"),
        (("3T10:00", "3T12:15"), "0.0938", "0.0938"),  # 3/32 = 0.09375, to even
        (("3T10:00", "3T10:45"), "0.0312", "0.0312"),  # 1/32 = 0.03125, to even
        # One of them is known by its day alone, and so all are taken.
        ((3, "4T16:00"), "1.0000", "1.0000"),
        (("3T10:00", "3T18:00", 5), "2.0000", "2.0000"),
    ],
)
def test_the_time_between_sales(
    days: tuple[object, ...], mean: str | None, median: str | None, shop: Shop
) -> None:
    happen(shop, *(f"sell 1 {day}" for day in days))
    row = told(shop)
    assert (row["days_between_mean"], row["days_between_median"]) == (mean, median)


def test_a_day_that_is_an_hour_short_is_a_day_and_is_23_hours(shop: Shop) -> None:
    for clock in ("26T12:00", "27T12:00"):
        shop.ok("sell", "A", 1, "--on", f"2022-03-{clock}", "--allow-negative")
    assert told(shop, "--to", "2022-03-31")["days_between_mean"] == "0.9583"
    shop.ok("sell", "A", 1, "--on", "2022-03-28", "--allow-negative")
    assert told(shop, "--to", "2022-03-31")["days_between_mean"] == "1.0000"


@pytest.mark.parametrize(
    ("lines", "out", "a_day"),
    [
        (["receive 9 22"], 0, "0.0000"),
        # Sold out on the 24th, which is a day of sale; then two days without, of ten.
        (["receive 5 22", "sell 5 24", "receive 2 27"], 2, "0.6250"),
        (["receive 5 22", "sell 5 24"], 7, "1.6667"),
        # It was there for an hour.
        (["receive 5 22", "remove 5 23", "receive 1 25T10:00", "remove 1 25T11:00"], 7, "0.0000"),
        # Below zero, and sold all the same.
        (["sell 1 22", "sell 1 30"], 8, "1.0000"),
        # There at the start of the 23rd, gone in the night.
        (["receive 5 22", "remove 5 23T00:00"], 8, "0.0000"),
        (["receive 5 22", "count 0 22"], 9, "0.0000"),
        # What is there at another place is there too.
        (["receive 5 22", "sell 5 22", "receive 3 26 --location shop"], 3, "0.7143"),
    ],
)
def test_days_out_of_stock(lines: list[str], out: int, a_day: str, shop: Shop) -> None:
    happen(shop, *lines)
    row = told(shop)
    assert (row["days_out_of_stock"], row["sold_per_day"]) == (out, a_day)


def test_nothing_is_sold_on_no_day(shop: Shop) -> None:
    happen(shop, "open 0 22")
    row = told(shop)
    assert (row["days_out_of_stock"], row["sold_per_day"], row["days_of_cover"]) == (10, None, None)


def test_a_period_counts_what_lies_in_it_and_knows_what_was_there_before(shop: Shop) -> None:
    happen(shop, "receive 4 1", "sell 1 3", "sell 3 5", "receive 8 20", "sell 2 21", "sell 1 25")
    row = told(shop, "--from", "2022-01-10", "--to", "2022-01-22")
    # From 10 to 19 there was nothing; 2 in the three days from 20 to 22.
    assert (row["on_hand"], row["sales"], row["sold"]) == (6, 1, 2)
    assert (row["first_sale"], row["days_since_sale"]) == ("2022-01-21", 1)
    assert (row["days_out_of_stock"], row["sold_per_day"]) == (10, "0.6667")
    assert row["days_of_cover"] == "9.0000"
    month = told(shop, "--from", "2022-01", "--to", "2022-01")
    assert (month["sales"], month["on_hand"]) == (4, 5)
    before = told(shop, "--from", "2021-12", "--to", "2022-01-02")
    assert (before["sales"], before["on_hand"], before["days_out_of_stock"]) == (0, 4, 0)
    assert shop.json("insights", "--to", "2021-12") == []
    moment = told(shop, "--from", "2022-01-03", "--to", "2022-01-05T12:00")
    assert (moment["sold"], moment["on_hand"]) == (1, 3)
    assert told(shop, "--to", "9999-12-31")["on_hand"] == 5
    assert shop("insights", "--from", "2022-02", "--to", "2022-01").code == 2


def test_a_return_takes_back_a_sale_in_all_but_its_count(shop: Shop) -> None:
    happen(shop, "receive 9 22", "sell 5 23", "return 2 24")
    row = told(shop)
    assert (row["sales"], row["sold"], row["returned"]) == (1, 5, 2)
    assert (row["sold_per_day"], row["days_of_cover"]) == ("0.3000", "20.0000")
    happen(shop, "return 9 25")
    row = told(shop)
    assert (row["sold_per_day"], row["days_of_cover"]) == ("0.0000", None)
    assert (row["share"], row["class"]) == (None, None)


@pytest.mark.parametrize(
    ("sold", "shares", "classes"),
    [
        ((80, 15, 5), ("0.8000", "0.1500", "0.0500"), "ABC"),
        ((79, 16, 5), ("0.7900", "0.1600", "0.0500"), "AAC"),
        ((40, 40, 15, 5), ("0.4000", "0.4000", "0.1500", "0.0500"), "AABC"),
        ((5, 5, 5), ("0.3333", "0.3333", "0.3333"), "AAA"),
        ((94, 3, 3), ("0.9400", "0.0300", "0.0300"), "ABB"),
        ((100, 0), ("1.0000", "0.0000"), "AC"),
        ((0, 0), (None, None), (None, None)),
    ],
)
def test_share_and_class(
    sold: tuple[int, ...], shares: tuple[str | None, ...], classes: object, shop: Shop
) -> None:
    skus = [f"S{n}" for n in range(len(sold))]
    for sku, quantity in zip(skus, sold, strict=True):
        shop.ok("open", sku, 100, "--on", "2022-01-01")
        if quantity:
            shop.ok("sell", sku, quantity, "--on", "2022-01-02")
    rows = shop.json("insights")
    assert tuple(row["share"] for row in rows) == shares
    assert [row["class"] for row in rows] == list(classes)  # type: ignore[call-overload]
    # Whichever are asked for.
    assert shop.json("insights", skus[-1]) == rows[-1:]


def test_shrinkage_is_what_counts_and_adjustments_took_away(shop: Shop) -> None:
    happen(
        shop,
        "count 10 3",  # Nothing was known before: this is no loss.
        "count 8 4 --reason theft",
        "adjust -3 5 --reason broken",
        "adjust 1 6 --reason theft",
        "count 7 7",
        "adjust 2 8 --reason swapped",
        "adjust -2 8 --reason swapped",
        "count 4 9 --location shop",
        "remove 1 10",
    )
    row = told(shop)
    assert row["shrinkage"] == 3
    assert row["shrinkage_by_reason"] == {"": -1, "broken": 3, "theft": 1}
    later = told(shop, "--from", "2022-01-05")
    assert later["shrinkage"] == 1
    assert later["shrinkage_by_reason"] == {"": -1, "broken": 3, "theft": -1}


def test_a_place_and_a_time_of_knowing(shop: Shop) -> None:
    happen(shop, "receive 9 3 --location shop", "receive 9 3 --location depot")
    happen(shop, "sell 2 4 --location shop", "sell 5 5 --location depot")
    shop.ok("transfer", "A", 4, "--from", "depot", "--to", "shop", "--on", "2022-01-06")
    shop.ok("receive", "B", 9, "--on", "2022-01-03", "--location", "depot")
    assert [told(shop, "-l", place)["on_hand"] for place in ("shop", "depot")] == [11, 0]
    depot = told(shop, "-l", "depot")
    assert (depot["sold"], depot["share"], depot["days_out_of_stock"]) == (5, "1.0000", 25)
    known = shop.json("batches")[-1]["recorded_at"]
    shop.ok("reverse", 4, "--reason", "another shop's")
    assert told(shop)["sold"] == 2
    assert told(shop, "--known-at", known)["sold"] == 7
    ran = shop.ok("insights", "B", "-l", "shop")
    assert "no event of B at shop by then" in ran.err


def test_quantities_with_decimals(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "2")
    happen(shop, "receive 10 22", "sell 0.25 23", "sell 0.5 24", "adjust -0.75 25 --reason x")
    row = told(shop)
    assert (row["on_hand"], row["sold"], row["sold_per_day"]) == ("8.50", "0.75", "0.0750")
    assert (row["days_of_cover"], row["shrinkage_by_reason"]) == ("113.3333", {"x": "0.75"})
    # 0.075 × 120 = 9.00; 0.075 × 127 = 9.525, rounded up to what is kept.
    end = ("--to", "2022-01-31")
    for cover, suggested in ((120, "0.50"), (127, "1.03")):
        (row,) = shop.json("reorder", "--cover", cover, *end)
        assert row["suggested"] == suggested


def test_reorder(story: Shop) -> None:
    # 40 ÷ 89 × 480 = 215.7, of which 190 are there.
    (row,) = story.json("reorder", "--cover", 480, "--to", "2022-04-30")
    assert row == {
        "sku": "XYZ-1",
        "on_hand": 190,
        "minimum": None,
        "sold_per_day": "0.4494",
        "days_of_cover": "422.7500",
        "suggested": 26,
    }
    (line,) = story.ok("reorder", "--cover", 480, "--to", "2022-04-30", "--format", "csv").csv
    assert line == {name: "" if value is None else str(value) for name, value in row.items()}
    story.ok("receive", "NEW", 5)
    assert story.json("reorder", "NEW", "--cover", 480) == []


def test_the_minimum_is_what_a_description_says(story: Shop) -> None:
    story.ok("describe", "XYZ-1", "--minimum", 200, "--on", "2022-03-20")
    story.ok("describe", "NEW", "--minimum", 3, "--on", "2022-03-20")
    rows = story.json("reorder")
    found = [(row["sku"], row["on_hand"], row["minimum"], row["suggested"]) for row in rows]
    assert found == [("NEW", 0, 3, 3), ("XYZ-1", 190, 200, 10)]
    assert (rows[0]["sold_per_day"], rows[0]["days_of_cover"]) == (None, None)
    assert [row["sku"] for row in story.json("reorder", "NEW")] == ["NEW"]
    assert story.json("reorder", "--to", "2022-03-19") == []
    (row,) = story.json("reorder", "XYZ-1", "--cover", 480, "--to", "2022-04-30")
    assert (row["minimum"], row["suggested"]) == (200, 26)


def test_reorder_says_why_there_is_nothing_to_buy(story: Shop) -> None:
    enough = "nothing to buy: on hand is enough"
    assert story.ok("reorder", "--cover", 7, "--format", "json").err == f"{enough}\n"
    assert "`--cover 30`" in story.ok("reorder", "--format", "json").err
    unknown = story.ok("reorder", "XYZ-2", "--cover", 7, "--format", "json")
    assert unknown.err == "no event of XYZ-2 by then (there is XYZ-1)\n"
    assert story("reorder", "--cover", "-3").code == 2
