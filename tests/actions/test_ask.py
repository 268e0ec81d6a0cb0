"""What the asking commands answer, under which names, in which format."""

from pathlib import Path

import pytest

from tests.conftest import Shop

STOCK = ["sku", "on_hand", "last_incoming", "last_outgoing"]
HISTORY = ["position", "effective_at", "kind", "location", "change", "on_hand", "reason",
           "reference", "recorded_at", "sku", "batch", "voided_by", "late", "unit_cost", "id",
           "details"]  # fmt: skip
LOG = ["position", "batch", "recorded_at", "effective_at", "kind", "sku", "location", "quantity",
       "reason", "reference", "unit_cost", "id", "reverses", "details", "change",
       "voided_by"]  # fmt: skip
BATCHES = ["batch", "recorded_at", "actor", "command", "source", "events", "first_position",
           "last_position", "note"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (["stock"], STOCK),
        (["as-of", "2022-04-01"], STOCK),
        (["stock", "--by-location"], ["sku", "location", *STOCK[1:]]),
        (["as-of", "today", "--by-location"], ["sku", "location", *STOCK[1:]]),
        (["history", "XYZ-1"], HISTORY),
        (["log"], LOG),
        (["batches"], BATCHES),
    ],
)
def test_the_columns_have_the_same_names_in_every_machine_format(
    story: Shop, words: list[str], columns: list[str]
) -> None:
    rows = story.json(*words)
    assert all(list(row) == columns for row in rows)
    lines = story.ok(*words, "--format", "jsonl").out.splitlines()
    assert len(lines) == len(rows)
    found = story.ok(*words, "--format", "csv").csv
    assert list(found[0]) == columns
    assert len(found) == len(rows)


@pytest.mark.parametrize(
    "words", [["stock", "NO"], ["as-of", "2021-01-01"], ["history", "NO"], ["log", "--batch", "9"]]
)
def test_an_empty_answer_is_an_empty_list(story: Shop, words: list[str]) -> None:
    assert story.ok(*words, "--format", "json").out == "[]\n"
    assert story.ok(*words, "--format", "jsonl").out == ""
    assert len(story.ok(*words, "--format", "csv").out.splitlines()) == 1


def test_a_date_that_was_never_set_is_empty(shop: Shop) -> None:
    shop.ok("count", "A", 5)
    assert shop.json("stock") == [
        {"sku": "A", "on_hand": 5, "last_incoming": None, "last_outgoing": None}
    ]
    assert shop.ok("stock", "--format", "csv").out.splitlines()[1] == "A,5,,"


def test_a_sku_is_the_sum_and_the_latest_of_its_locations(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "-l", "x", "--on", "2022-03-01")
    shop.ok("receive", "A", 7, "-l", "y", "--on", "2022-03-02")
    shop.ok("sell", "A", 1, "-l", "x", "--on", "2022-03-03")
    shop.ok("receive", "B", 1, "-l", "x", "--on", "2022-03-01")
    assert shop.json("stock") == shop.json("as-of", "today")
    assert shop.json("stock")[0] == {
        "sku": "A", "on_hand": 11, "last_incoming": "2022-03-02", "last_outgoing": "2022-03-03"
    }  # fmt: skip
    assert [(r["sku"], r["on_hand"]) for r in shop.json("stock", "-l", "x")] == [("A", 4), ("B", 1)]
    by_location = shop.json("stock", "A", "--by-location")
    assert [(r["location"], r["on_hand"]) for r in by_location] == [("x", 4), ("y", 7)]


def test_days_are_compared_in_the_ledgers_zone(tmp_path: Path) -> None:
    # 22:00 in New York is the next day in UTC, but not there.
    shop = Shop(tmp_path, "--timezone", "America/New_York")
    shop.ok("receive", "A", 5, "-l", "x", "--on", "2022-03-01T22:00")
    shop.ok("open", "A", 5, "-l", "y", "--on", "2022-03-05", "--last-incoming", "2022-03-02")
    assert shop.json("stock", "A")[0]["last_incoming"] == "2022-03-02"
    assert shop.json("as-of", "2022-03-01", "A")[0]["last_incoming"] == "2022-03-01"


def test_what_is_dated_after_today_is_not_on_hand_yet(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    shop.ok("receive", "A", 7, "--on", "2199-01-01")
    shop.ok("receive", "B", 7, "--on", "2199-01-01")
    assert shop.json("stock") == shop.json("as-of", "today")
    assert [(r["sku"], r["on_hand"]) for r in shop.json("stock")] == [("A", 5)]
    assert shop.on_hand("A", "as-of", "9999-12-31") == 12
    # Later moments count against falling short.
    assert shop("sell", "B", 8, "--on", "2199-01-02").code == 3


def test_as_of_includes_the_moment_it_names(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01T10:00")
    assert shop.on_hand("A", "as-of", "2022-03-01T09:59") is None
    assert shop.on_hand("A", "as-of", "2022-03-01T10:00") == 5
    assert shop.on_hand("A", "as-of", "-1d") == 5
    assert "as of 2022-03-01T10:00:00.000+01:00" in shop("as-of", "2022-03-01T10:00").err
    assert "as of the end of 2022-03-01" in shop("as-of", "2022-03-01").err


def test_history_runs_over_all_locations_or_over_one(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    shop.ok("transfer", "A", 4, "--from", "main", "--to", "shop", "--on", "2022-03-02")
    shop.ok("count", "A", 3, "-l", "shop", "--on", "2022-03-03")
    rows = [(r["location"], r["change"], r["on_hand"]) for r in shop.json("history", "A")]
    assert rows == [("main", 10, 10), ("main", -4, 6), ("shop", 4, 10), ("shop", -1, 9)]
    there = [(r["change"], r["on_hand"]) for r in shop.json("history", "A", "-l", "shop")]
    assert there == [(4, 4), (-1, 3)]


def test_history_between_two_dates_keeps_the_running_on_hand(story: Shop) -> None:
    rows = story.json("history", "XYZ-1", "--from", "2022-03-15", "--to", "2022-03-31")
    assert [(r["kind"], r["on_hand"]) for r in rows] == [("received", 250), ("sold", 230)]


def test_history_marks_what_is_late_or_voided_in_a_table(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-10")
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    shop.ok("sell", "A", 1, "--on", "2022-03-10")
    shop.ok("reverse", 1, "--reason", "mistake")
    notes = [line.split("+0")[-1].partition("  ")[2].strip()
             for line in shop.ok("history", "A").out.splitlines()[1:]]  # fmt: skip
    assert notes == ["late", "voided by 4", "voids 1", ""]


def test_log_can_be_narrowed(story: Shop) -> None:
    assert [e["position"] for e in story.json("log", "--after", 4)] == [5, 6]
    assert [e["position"] for e in story.json("log", "--batch", 3)] == [3]
    assert [e["position"] for e in story.json("log", "--kind", "sold")] == [3, 5]
    assert [e["position"] for e in story.json("log", "--kind", "sell", "--after", 3)] == [5]


def test_details_are_an_object_in_json_and_text_in_csv(story: Shop) -> None:
    dates = {"last_incoming": "2022-01-01", "last_outgoing": "2022-02-01"}
    assert story.json("log")[0]["details"] == dates
    assert story.json("log")[1]["details"] is None
    found = story.ok("log", "--format", "csv").csv[0]["details"]
    assert found == '{"last_incoming": "2022-01-01", "last_outgoing": "2022-02-01"}'


def test_plain_tables_are_never_cut_and_show_control_characters_as_escapes(shop: Shop) -> None:
    reason = "a reason of two\nlines, " + "x" * 300
    shop.ok("receive", "A", 1, "--reason", reason)
    out = shop.ok("history", "A").out
    assert len(out.splitlines()) == 2
    assert reason.replace("\n", "\\n") in out
    assert shop.json("history", "A")[0]["reason"] == reason


def test_recorded_times_never_decrease(story: Shop) -> None:
    times = [batch["recorded_at"] for batch in story.json("batches")]
    assert times == sorted(times)


def test_blanks_around_a_name_are_cut_in_a_question_as_in_an_event(story: Shop) -> None:
    assert story.json("stock", " XYZ-1 ", "-l", " main ") == story.json("stock")
    assert story.json("history", " XYZ-1", "-l", "main ") == story.json("history", "XYZ-1")


def test_only_a_date_of_the_year_9999_is_the_end_of_time(story: Shop) -> None:
    assert story("as-of", "9999-99-99-nonsense").code == 2
