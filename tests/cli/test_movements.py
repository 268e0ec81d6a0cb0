"""`movements` and `restated`: what they list, in every format, and what they say beside it."""

import pytest

from tests.cli.test_terminal import on_terminal, without_style
from tests.conftest import Shop

MARCH = ("--from", "2022-03", "--to", "2022-03")
HEADER = [
    *("sku", "opening", "opened", "received", "returned", "sold", "removed", "adjusted"),
    *("counted", "transferred", "closing"),
]


@pytest.fixture
def busy(story: Shop) -> Shop:
    """The story, and 10 of another SKU that move and are counted in April."""
    story.ok("receive", "B", 10, "--on", "2022-03-31", "--location", "depot")
    story.ok("transfer", "B", 4, "--from", "depot", "--to", "shop", "--on", "2022-04-02")
    story.ok("count", "B", 3, "--on", "2022-04-03", "--location", "shop")
    return story


def figures(*values: int) -> dict[str, str]:
    return dict(zip(HEADER[1:], map(str, values), strict=True))


def test_the_story_rolls_forward_through_march(busy: Shop) -> None:
    rows = busy.ok("movements", *MARCH, "--format", "csv").csv
    assert rows == [
        {"sku": "B"} | figures(0, 0, 10, 0, 0, 0, 0, 0, 0, 10),
        {"sku": "XYZ-1"} | figures(100, 0, 150, 0, -20, 0, 0, 0, 0, 230),
    ]
    assert list(rows[0]) == HEADER


def test_a_transfer_shows_where_a_location_is_asked_for(busy: Shop) -> None:
    assert busy.json("movements", "B") == [
        {"sku": "B"} | {k: int(v) for k, v in figures(0, 0, 10, 0, 0, 0, 0, -1, 0, 9).items()}
    ]
    at_shop = busy.json("movements", "--location", "shop")
    assert at_shop == [
        {"sku": "B"} | {k: int(v) for k, v in figures(0, 0, 0, 0, 0, 0, 0, -1, 4, 3).items()}
    ]


def test_by_a_period_there_is_a_row_where_something_happened(busy: Shop) -> None:
    rows = busy.json("movements", "--by", "quarter", "--from", "2022-03-02")
    assert [(row["period"], row["sku"], row["opening"], row["closing"]) for row in rows] == [
        ("2022-Q1", "B", 0, 10),
        ("2022-Q1", "XYZ-1", 200, 230),
        ("2022-Q2", "B", 10, 9),
        ("2022-Q2", "XYZ-1", 230, 190),
    ]
    assert busy.json("movements", "XYZ-1", "--by", "week", *MARCH)[1]["period"] == "2022-W11"


def test_what_was_voided_never_was_but_its_sku_is_listed(busy: Shop) -> None:
    busy.ok("receive", "C", 5, "--on", "2022-03-05")
    busy.ok("reverse", "--last", "--reason", "never came")
    assert busy.json("movements", "C") == [
        {"sku": "C"} | {k: int(v) for k, v in figures(*[0] * 10).items()}
    ]
    assert busy.json("movements", "C", "--by", "month") == []


def test_quantities_with_decimals_are_exact_text(story: Shop) -> None:
    other = story.folder / "exact"
    other.mkdir()
    shop = Shop(other, "--decimals", "3")
    shop.ok("receive", "A", "0.1", "--on", "2022-03-01")
    shop.ok("sell", "A", "0.025", "--on", "2022-03-02", "--allow-negative")
    row = shop.json("movements", "A", *MARCH)[0]
    assert (row["received"], row["sold"], row["closing"]) == ("0.100", "-0.025", "0.075")


def test_a_table_says_which_span_it_is_about(busy: Shop) -> None:
    shown = busy.ok("movements", *MARCH).err
    assert shown == "from 2022-03-01 to the end of 2022-03-31 (Europe/Berlin)\n"
    shown = busy.ok("movements", "--to", "2022", "--known-at", "2022-12-31").err
    assert shown == (
        "from the first event to the end of 2022-12-31, as known at the end of 2022-12-31"
        " (Europe/Berlin)\n"
    )


def test_a_span_that_ends_before_it_begins_and_other_periods_are_refused(busy: Shop) -> None:
    ran = busy("movements", "--from", "2022-04", "--to", "2022-03")
    error = "error: --from 2022-04 is after --to 2022-03\nhint: exchange them\n"
    assert (ran.code, ran.err) == (2, error)
    ran = busy("movements", "--from", "2190")
    hint = "hint: say a later end with --to\n"
    assert (ran.code, ran.err) == (2, "error: --from 2190 is after --to today\n" + hint)
    ran = busy("movements", "--by", "decade")
    assert ran.code == 2
    assert "'decade' is not one of day, week, month, quarter, year" in ran.err


def test_a_name_that_is_unknown_is_said_and_the_answer_is_empty(busy: Shop) -> None:
    ran = busy.ok("movements", "xyz-1", "--format", "json")
    assert ran.out == "[]\n"
    assert ran.err == "no event of xyz-1 by then (there is XYZ-1)\n"


def test_a_terminal_shows_a_total_and_a_bar_a_period(busy: Shop) -> None:
    shown = without_style(on_terminal(busy, "movements", "--by", "month", columns=160))
    lines = [line for line in shown.splitlines() if line.startswith("│")]
    assert [line.count("█") for line in lines] == [0, 5, 0, 12, 0, 9, 0]
    assert lines[-1].split("│")[1].strip() == "total"
    assert lines[-1].split("│")[-3].strip() == "199"
    assert "total" not in busy.ok("movements", "--by", "month").out


def test_a_terminal_leaves_out_the_kinds_that_changed_nothing(busy: Shop) -> None:
    shown = without_style(on_terminal(busy, "movements", *MARCH, columns=60))
    assert "╭" in shown
    assert "transferred" not in shown
    assert "received" in shown
    narrow = without_style(on_terminal(busy, "movements", columns=40))
    assert "╭" not in narrow
    assert narrow.rstrip().splitlines()[-1].split() == (
        ["total", "0", "+100", "+160", "0", "-40", "0", "-20", "-1", "0", "199"]
    )


def test_a_late_entry_restates_a_closed_month(busy: Shop) -> None:
    now = "now"
    assert busy.json("restated", "--as-of", "2022-03-31", "--known-at", now) == []
    rows = busy.json("restated", "--as-of", "2022-03-31", "--known-at", "2022-05-01")
    assert [(row["sku"], row["then"], row["now"]) for row in rows] == [
        ("B", 0, 10),
        ("XYZ-1", 0, 230),
    ]
    assert rows[1] == {
        "sku": "XYZ-1",
        "location": "main",
        "then": 0,
        "now": 230,
        "change": 230,
        "positions": [1, 2, 3, 4],
    }


def test_positions_are_a_list_in_json_and_text_elsewhere(busy: Shop) -> None:
    question = ("restated", "B", "--as-of", "2022-05-01", "--known-at", "2022-05-01")
    assert busy.ok(*question, "--format", "csv").out.splitlines() == [
        "sku,location,then,now,change,positions",
        "B,depot,0,6,6,7 8",
        "B,shop,0,3,3,9 10",
    ]
    assert busy.ok(*question).out.splitlines()[1] == "B    depot        0    6      +6  7 8"
    assert "│ 9 10" in without_style(on_terminal(busy, *question))
    assert busy.ok(*question, "-l", "shop", "--format", "jsonl").out == (
        '{"sku": "B", "location": "shop", "then": 0, "now": 3, "change": 3, "positions": [9, 10]}\n'
    )


def test_restated_says_what_it_compares_and_what_it_does_not_find(busy: Shop) -> None:
    question = ("restated", "--as-of", "2022-03-31", "--known-at", "2022-05-01")
    said = "as of the end of 2022-03-31, recorded after the end of 2022-05-01 (Europe/Berlin)\n"
    assert busy.ok(*question).err == said
    assert busy.ok(*question, "D").err == (
        f"{said}no event of D up to that date was recorded since\n"
    )
    for missing in ("--as-of", "--known-at"):
        at = question.index(missing)
        assert busy(*question[:at], *question[at + 2 :]).code == 2
