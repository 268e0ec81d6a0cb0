"""A day that is not over, a clock that is wrong, what is on hand now: however it is recorded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from inventory_cli.cli import options
from tests.conftest import Shop

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2022, 5, 2, 12, tzinfo=BERLIN)
HEADER = "date,sku,type,quantity\n"


class Watch:
    """The clock of the machine, set by a test."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment.astimezone(UTC)

    def later(self, **time: int) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A clock that stands at noon on 2 May 2022 until it is moved."""
    found = Watch()
    monkeypatch.setattr(options, "now", found)
    return found


@pytest.fixture
def shop(watch: Watch, tmp_path: Path) -> Shop:
    """A ledger that is made at that noon."""
    return Shop(tmp_path)


def answers(shop: Shop, *lines: dict[str, object]) -> list[dict[str, object]]:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return [json.loads(line) for line in shop("record", "-", input=text).out.splitlines()]


# --- on hand means now ---------------------------------------------------------------------------


def test_on_hand_is_what_stock_says_though_more_is_to_come(shop: Shop, watch: Watch) -> None:
    shop.ok("receive", "A", 5)
    ran = shop.ok("receive", "A", 10, "--on", "2023-01-05")
    assert "on hand 5" in ran.out
    assert "event 2 is of a later day; `stock` leaves it out until then" in ran.err
    watch.later(minutes=1)
    assert "on hand 3" in shop.ok("sell", "A", 2).out
    watch.later(minutes=1)
    assert shop.json("count", "A", 3)[0]["on_hand"] == 3
    (answer,) = answers(shop, {"type": "sell", "sku": "A", "quantity": 1, "id": "k"})
    assert answer["events"] == [{"position": 5, "sku": "A", "location": "main", "on_hand": 2}]
    (answer,) = answers(shop, {"type": "sell", "sku": "A", "quantity": 1, "id": "k"})
    assert (answer["already"], answer["events"]) == (
        True,
        [{"position": 5, "sku": "A", "location": "main", "on_hand": 2}],
    )
    assert shop.on_hand("A") == 2
    shop.ok("open", "B", 4, "--on", "2023-01-01")
    assert shop.json("stock", "B") == []


def test_an_event_is_not_late_against_what_is_only_to_come(shop: Shop, watch: Watch) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-06-01")
    shop.ok("receive", "A", 5, "--on", "2022-05-02")
    assert "late" not in shop.ok("history", "A").out
    watch.moment = datetime(2022, 6, 3, 12, tzinfo=BERLIN)
    shop.ok("receive", "A", 5, "--on", "2022-05-03")
    shown = shop.ok("history", "A").out.splitlines()
    assert [line.split()[0] for line in shown if line.endswith("late")] == ["3"]


# --- a day that is not over ----------------------------------------------------------------------


def test_a_count_at_noon_includes_what_was_sold_today_by_day(shop: Shop, watch: Watch) -> None:
    shop.ok("open", "A", 100, "--on", "2022-05-01")
    day = HEADER + "2022-05-02,A,sold,7\n"
    assert shop.import_text(day).code == 0
    watch.later(minutes=5)
    ran = shop.ok("count", "A", 93)
    assert "on hand 93" in ran.out
    assert (
        "the count of A at main on 2022-05-02 12:05 (event 3) includes event 2, which is known by "
        "the day alone"
    ) in ran.err
    assert shop.on_hand("A") == 93
    watch.later(hours=2)
    ran = shop.ok("sell", "A", 2, "--on", "today")
    assert "on hand 91" in ran.out
    assert "includes event 2 and leaves out event 4" in ran.err
    watch.later(hours=1)
    assert "on hand 96" in shop.ok("receive", "A", 5).out
    # The day's file once more, with a sale more: only that one is recorded.
    watch.later(hours=1)
    ran = shop.import_text(day + "2022-05-02,A,sold,1\n", "--overlap", "skip", name="more.csv")
    assert "appended 1, skipped 1" in ran.out
    assert shop.on_hand("A") == 95
    watch.later(days=1)
    assert shop.on_hand("A") == 95
    assert shop.failed_checks() == {}


def test_a_count_of_today_closes_the_day_whatever_is_sold_after_it(
    shop: Shop, watch: Watch
) -> None:
    shop.ok("open", "A", 100, "--on", "2022-05-01")
    assert "on hand 93" in shop.ok("count", "A", 93, "--on", "today").out
    watch.later(hours=1)
    shop.import_text(HEADER + "2022-05-02,A,sold,7\n")
    assert shop.on_hand("A") == 93


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_a_transfer_of_today_is_followed_by_what_is_sold_of_it(
    shop: Shop, watch: Watch, hour: int
) -> None:
    watch.moment = datetime(2022, 5, 3, hour, 0, 1, tzinfo=BERLIN)
    shop.ok("open", "A", 10, "-l", "depot", "--on", "2022-05-01")
    shop.ok("transfer", "A", 4, "--from", "depot", "--to", "shop", "--on", "today")
    watch.later(seconds=1)
    shop.ok("sell", "A", 4, "-l", "shop")
    assert [row["effective_at"] for row in shop.json("history", "A")] == [
        "2022-05-01",
        "2022-05-03",
        "2022-05-03",
        f"2022-05-03T{hour:02}:00:02.000+02:00",
    ]
    assert [row["on_hand"] for row in shop.json("history", "A")] == [10, 6, 10, 6]


def test_a_retry_by_day_is_the_same_event_though_its_moment_was_brought_forward(
    shop: Shop, watch: Watch
) -> None:
    shop.ok("open", "A", 10, "--on", "2022-05-01")
    shop.ok("sell", "A", 1, "--on", "today", "--id", "w1")
    watch.later(hours=3)
    ran = shop.ok("sell", "A", 1, "--on", "today", "--id", "w1")
    assert "recorded before under the same id" in ran.err
    assert shop("sell", "A", 1, "--on", "yesterday", "--id", "w1").code == 3
    assert shop.on_hand("A") == 9


# --- the same notes on every way -----------------------------------------------------------------

SWALLOWED = "the count of A at main on 2022-05-02 12:00 (event 1) still stands; its variance is +3"


@pytest.mark.parametrize("way", ["command", "record", "import"])
def test_a_count_that_swallows_a_movement_and_a_far_date_are_told(
    shop: Shop, watch: Watch, way: str
) -> None:
    shop.ok("count", "A", 5)
    watch.later(minutes=1)
    notes: list[str] = []
    for day, quantity in (("2022-05-01", 2), ("2062-05-01", 3)):
        if way == "command":
            notes += shop.ok("receive", "A", quantity, "--on", day).err.splitlines()
        elif way == "record":
            line = {"type": "receive", "sku": "A", "quantity": quantity, "date": day}
            notes += answers(shop, line)[0]["notes"]  # type: ignore[arg-type]
        else:
            text = f"{HEADER}{day},A,received,{quantity}\n"
            notes += shop.import_text(text, name=f"{day}.csv").err.splitlines()
    assert notes == [
        f"{SWALLOWED}, was +5",
        "event 3 is of a later day; `stock` leaves it out until then",
    ]


# --- clocks --------------------------------------------------------------------------------------

BEHIND = (
    "the clock says 2000-01-01T01:00:00 (UTC), which is 8157 days behind the last recorded time"
)


def test_a_clock_set_back_empties_no_warehouse(shop: Shop, watch: Watch) -> None:
    shop.ok("receive", "A", 5)
    watch.moment = datetime(2000, 1, 1, 1, tzinfo=UTC)
    for words in (["stock"], ["as-of", "today"], ["history", "A", "--to", "today"]):
        ran = shop.ok(*words)
        assert "5" in ran.out.splitlines()[1].split()
        assert BEHIND in ran.err
    assert shop.on_hand("A") == 5


@pytest.mark.parametrize(
    "words", [["sell", "A", "1"], ["sell", "A", "1", "--on", "today"], ["count", "A", "9"]]
)
def test_a_clock_far_behind_records_nothing_whose_date_depends_on_it(
    shop: Shop, watch: Watch, words: list[str]
) -> None:
    shop.ok("receive", "A", 5)
    watch.moment = datetime(2000, 1, 1, 1, tzinfo=UTC)
    ran = shop(*words)
    assert ran.code == 3
    assert BEHIND in ran.err
    assert "say the date, like --on 2022-03-15, or set the clock right" in ran.err
    (answer,) = answers(shop, {"type": "sell", "sku": "A", "quantity": 1})
    assert (answer["ok"], BEHIND in str(answer["error"])) == (False, True)
    # A date that is said does not depend on it; how far it is behind is said.
    ran = shop.ok("sell", "A", 1, "--on", "2022-05-02T23:00")
    assert BEHIND in ran.err


def test_a_clock_that_is_a_little_behind_is_only_told(shop: Shop, watch: Watch) -> None:
    shop.ok("receive", "A", 5)
    watch.later(minutes=-90)
    ran = shop.ok("sell", "A", 1)
    assert "which is 1 hour behind the last recorded time" in ran.err
    assert shop.on_hand("A") == 4
    assert shop.failed_checks() == {}


@pytest.mark.parametrize("minutes", [0, -30])
def test_what_left_today_by_day_comes_after_what_was_recorded_at_that_very_time(
    shop: Shop, watch: Watch, minutes: int
) -> None:
    # The clock stands, or was set back by so little that it is only told.
    shop.ok("count", "A", 93)
    shop.ok("receive", "B", 5)
    watch.later(minutes=minutes)
    assert "on hand 91" in shop.ok("sell", "A", 2, "--on", "today").out
    assert "on hand 0" in shop.ok("sell", "B", 5, "--on", "today").out
    shop.ok("receive", "C", 5)
    shop.ok("transfer", "C", 5, "--from", "main", "--to", "shop", "--on", "today")
    assert shop.failed_checks() == {}


def test_lines_of_one_batch_without_a_date_are_of_its_moment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ok("open", "A", 100, "--on", "2022-05-01")
    lines = [
        {"type": "sold", "sku": "A", "quantity": 7, "date": "today"},
        {"type": "counted", "sku": "A", "quantity": 93},
        {"type": "received", "sku": "B", "quantity": 1},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)

    class Slow(Watch):
        """A clock that goes on between two lines."""

        def __call__(self) -> datetime:
            self.later(seconds=1)
            return super().__call__()

    monkeypatch.setattr(options, "now", Slow())
    ran = shop.ok("record", "-", "--one-batch", input=text)
    assert json.loads(ran.out.splitlines()[1])["events"][0]["on_hand"] == 93
    times = {
        row["effective_at"] for row in shop.json("log") if row["kind"] in ("counted", "received")
    }
    assert len(times) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["rollover", "new.db", "--as-of", "yesterday"],
        ["snapshot", "take", "x", "--as-of", "yesterday", "--close"],
    ],
)
def test_nothing_that_cannot_be_taken_back_depends_on_a_clock_far_behind(
    shop: Shop, watch: Watch, words: list[str]
) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-05-01")
    watch.moment = datetime(2000, 1, 1, 1, tzinfo=UTC)
    ran = shop(*words)
    assert (ran.code, BEHIND in ran.err) == (3, True)
    assert shop.json("snapshot", "list") == []
    said = [str(shop.folder / "new.db") if word == "new.db" else word for word in words]
    shop.ok(*(word.replace("yesterday", "2022-05-01") for word in said))


def test_many_counts_that_meet_many_sales_of_a_day_take_no_longer_each(
    shop: Shop, watch: Watch
) -> None:
    rows = "".join(
        f"2022-03-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02},A,counted,5000\n"
        "2022-03-01,A,sold,1\n"
        for n in range(4_000)
    )
    ran = shop.import_text(HEADER + "2022-02-01,A,opened,9000\n" + rows, "--allow-negative")
    assert ran.code == 0
    assert "4000 counts on a day of which other movements are known by the day alone" in ran.err


def test_neither_a_list_nor_a_file_takes_its_day_from_a_clock_far_behind(
    shop: Shop, watch: Watch
) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-05-02")
    watch.moment = datetime(2000, 1, 1, 1, tzinfo=UTC)
    listed = shop.folder / "list.csv"
    listed.write_text("sku,quantity\nA,9\n")
    ran = shop.ok("reconcile", listed)
    assert BEHIND in ran.err
    listed.write_text("sku,quantity\nA,8\n")
    ran = shop("reconcile", listed, "--count", "--reason", "counted")
    assert (ran.code, BEHIND in ran.err) == (3, True)
    text = "sku,type,quantity\nA,sold,1\n"
    ran = shop.import_text(text, "--set", "date=today")
    assert (ran.code, BEHIND in ran.err) == (3, True)
    assert shop.import_text(text, "--set", "date=2022-05-02").code == 0
    assert shop.on_hand("A") == 8


def test_a_count_by_a_list_is_of_now_though_more_is_to_come(shop: Shop, watch: Watch) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-05-01")
    shop.ok("receive", "A", 10, "--on", "2023-01-05")
    listed = shop.folder / "list.csv"
    listed.write_text("sku,quantity\nA,8\n")
    shop.ok("reconcile", listed, "--count", "--reason", "counted")
    assert shop.on_hand("A") == 8
    assert shop.on_hand("A", "as-of", "2023-01-05") == 18
