"""Which of two hours is meant, on the night when the clocks go back."""

from pathlib import Path

import pytest

from tests.conftest import Shop

# In Europe/Berlin, where 02:00 to 03:00 occurs twice on that day.
DAY = "2022-10-30"
FIRST, SECOND = "+02:00", "+01:00"


def offsets(shop: Shop, *times: str, form: str = "{day}T{time}") -> tuple[list[str], str]:
    """Import receipts at these times of that day; return their offsets by line, and the notes."""
    day = DAY if form.startswith("{day}T") else "30/10/2022"
    rows = "".join(f"{form.format(day=day, time=time)},A,received,1\n" for time in times)
    ran = shop.import_text("date,sku,type,quantity\n" + rows)
    assert ran.code == 0, ran
    log = sorted(shop.json("log"), key=lambda event: int(event["position"]))
    return [str(event["effective_at"])[-6:] for event in log], ran.err


@pytest.mark.parametrize("form", ["{day}T{time}", "{day} {time}"])
@pytest.mark.parametrize(
    ("times", "second"),
    [
        (["01:50", "02:10", "02:50", "02:05", "02:05", "02:55", "03:10"], {3, 4, 5, 6}),
        (["02:10", "02:10", "02:00"], {2}),
        (["02:30:10", "02:30:09", "02:30:09"], {1, 2}),
    ],
)
def test_a_step_back_in_a_column_that_runs_forward_begins_the_second_hour(
    shop: Shop, form: str, times: list[str], second: set[int]
) -> None:
    found, said = offsets(shop, *times, form=form)
    assert found == [SECOND if n in second else FIRST for n in range(len(times))]
    assert "twice" not in said


@pytest.mark.parametrize(
    ("times", "doubtful"),
    [
        (["01:50", "02:10", "02:50", "03:10"], 2),
        (["02:30"], 1),
        (["03:10", "02:50", "02:10", "01:50"], 2),
        (["02:50", "02:40", "01:50"], 2),
        (["01:00", "00:30", "02:50", "02:10", "03:10"], 2),
        (["02:50", "02:10", "02:50", "02:10"], 4),
    ],
)
def test_where_nothing_says_which_hour_is_meant_it_is_the_first_and_that_is_said(
    shop: Shop, times: list[str], doubtful: int
) -> None:
    found, said = offsets(shop, *times)
    assert found == [SECOND if time > "03" else FIRST for time in times]
    assert f"{doubtful} row{'s' if doubtful > 1 else ''} in the hour that occurs twice" in said


def test_a_time_with_an_offset_says_its_hour(shop: Shop) -> None:
    found, said = offsets(shop, "02:50+01:00", "02:10+02:00", "02:20+0100", "02:30+01", "00:30Z")
    assert found == [SECOND, FIRST, SECOND, SECOND, FIRST]
    assert "twice" not in said


def test_what_is_no_moment_between_the_rows_of_that_hour_changes_nothing(shop: Shop) -> None:
    rows = [f"{DAY}T02:50", DAY, "garbage", f"{DAY}T02:10", f"{DAY}T02:20"]
    text = "date,sku,type,quantity\n" + "".join(f"{row},A,received,1\n" for row in rows)
    ran = shop.import_text(text, "--skip-bad")
    assert "line 4, date 'garbage'" in ran.err
    log = sorted(shop.json("log"), key=lambda event: int(event["position"]))
    found = [str(event["effective_at"]) for event in log]
    assert [one[-6:] for one in found if "T" in one] == [FIRST, SECOND, SECOND]


def test_every_year_has_its_own_hour(shop: Shop) -> None:
    times = [f"{day}T{time}" for day in (DAY, "2023-10-29") for time in ("02:40", "02:20")]
    ran = shop.import_text(
        "date,sku,type,quantity\n" + "".join(f"{time},A,received,1\n" for time in times)
    )
    assert "twice" not in ran.err
    log = sorted(shop.json("log"), key=lambda event: int(event["position"]))
    assert [str(e["effective_at"])[-6:] for e in log] == [FIRST, SECOND] * 2


def test_in_a_zone_without_such_an_hour_nothing_is_told_apart(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--timezone", "UTC")
    assert offsets(shop, "02:50", "02:10")[1].count("twice") == 0
