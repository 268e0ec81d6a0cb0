"""In which format the dates of a file are read: one for the whole column, and none is guessed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Ran, Shop

HEADER = "date,sku,type,quantity\n"


def load(shop: Shop, dates: list[str], *words: object) -> Ran:
    """Import a file of receipts on these dates."""
    rows = "".join(f'"{text}",A,received,1\n' for text in dates)
    return shop.import_text(HEADER + rows, *words)


def dates_in(shop: Shop) -> list[str]:
    return [row["effective_at"] for row in shop.json("log")]


def refusal(ran: Ran) -> str:
    """Return the first line of what a refused import said, without its beginning."""
    assert ran.code == 3, ran
    return ran.err.splitlines()[0].removeprefix("error: moves.csv")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["2022-03-15", "2022-12-01"], ["2022-03-15", "2022-12-01"]),
        (["20220315"], ["2022-03-15"]),
        (["2022-9-5", "2022-10-15"], ["2022-09-05", "2022-10-15"]),
        (["2022-10-15", "2022-9-5"], ["2022-10-15", "2022-09-05"]),
        (["2022.3.15", "2022.12.1"], ["2022-03-15", "2022-12-01"]),
        (["15/03/2022", "01/02/2022"], ["2022-03-15", "2022-02-01"]),
        (["01/02/2022", "03/15/2022"], ["2022-01-02", "2022-03-15"]),
        (["1.2.2022", "15.3.2022"], ["2022-02-01", "2022-03-15"]),
        (["05/05/2022", "12/12/2022"], ["2022-05-05", "2022-12-12"]),
        (["15 March 2022", "1 May 2022"], ["2022-03-15", "2022-05-01"]),
        (["1 May 2022", "15 Mar 2022"], ["2022-05-01", "2022-03-15"]),
        (["Mar 15, 2022"], ["2022-03-15"]),
        (["15-mar-2022"], ["2022-03-15"]),
        ([" 2022-03-15 "], ["2022-03-15"]),
    ],
)
def test_a_column_of_days_is_read_in_the_format_that_fits_it_all(
    shop: Shop, written: list[str], read: list[str]
) -> None:
    assert load(shop, written).code == 0
    assert dates_in(shop) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["2022-03-15T14:30"], ["2022-03-15T14:30:00.000+01:00"]),
        (["2022-03-15 14:30", "2022-03-15 9:05"], ["2022-03-15T14:30:00.000+01:00",
                                                   "2022-03-15T09:05:00.000+01:00"]),
        (["2022-07-06T00:00:00-0700"], ["2022-07-06T09:00:00.000+02:00"]),
        (["2022-07-06T00:00:00Z"], ["2022-07-06T02:00:00.000+02:00"]),
        (["2022-07-06 01:00+01:00"], ["2022-07-06T02:00:00.000+02:00"]),
        (["13/02/2022 10:00 +0000"], ["2022-02-13T11:00:00.000+01:00"]),
        (["13/02/2022 10:00:30.5"], ["2022-02-13T10:00:30.500+01:00"]),
        (["13/02/2022, 9:15 PM"], ["2022-02-13T21:15:00.000+01:00"]),
        (["2/13/2022 12:15am"], ["2022-02-13T00:15:00.000+01:00"]),
        (["13 Feb 2022 10:00"], ["2022-02-13T10:00:00.000+01:00"]),
        # Of the hour that occurs twice, the first is meant.
        (["2022-10-30T02:30"], ["2022-10-30T02:30:00.000+02:00"]),
    ],
)  # fmt: skip
def test_a_column_of_moments_keeps_its_times_and_offsets(
    shop: Shop, written: list[str], read: list[str]
) -> None:
    assert load(shop, written).code == 0
    assert dates_in(shop) == read


@pytest.mark.parametrize("before", [[], ["05/05/2022"], ["garbage", "", "12/12/2022"]])
def test_two_formats_that_fit_and_disagree_are_shown_at_the_first_row_where_they_do(
    shop: Shop, before: list[str]
) -> None:
    ran = load(shop, [*before, "03/04/2022", "01/02/2022"])
    assert refusal(ran) == (
        f", date, line {len(before) + 2}: date '03/04/2022' can be read as "
        "2022-04-03 (%d/%m/%Y) or as 2022-03-04 (%m/%d/%Y)"
    )
    assert "like --date-format '%d/%m/%Y'" in ran.err
    assert shop.json("log") == []
    ran = load(shop, ["03/04/2022"], "--date-format", "%m/%d/%Y")
    assert dates_in(shop) == ["2022-03-04"]


def test_one_row_that_can_be_read_one_way_only_decides_for_all(shop: Shop) -> None:
    assert load(shop, ["03/04/2022"] * 50 + ["31/01/2022"]).code == 0
    assert dates_in(shop) == ["2022-04-03"] * 50 + ["2022-01-31"]


def test_a_day_that_does_not_exist_decides_nothing(shop: Shop) -> None:
    assert "can be read as" in refusal(load(shop, ["03/04/2022", "31/02/2022"]))


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            ["13/02/2022", "02/14/2022"],
            "line 2 '13/02/2022' is like %d/%m/%Y, line 3 '02/14/2022' like %m/%d/%Y",
        ),
        (
            ["01/02/2022", "13/02/2022", "2022-02-14"],
            # The row that ruled the other formats out.
            "line 3 '13/02/2022' is like %d/%m/%Y, "
            "line 4 '2022-02-14' like 2022-03-15 (iso) or %Y-%m-%d",
        ),
        (
            ["2022-02-14", "2022-02-15", "13/02/2022"],
            "line 2 '2022-02-14' is like 2022-03-15 (iso), line 4 '13/02/2022' like %d/%m/%Y",
        ),
        (
            ["13/02/2022 10:00", "14/02/2022"],
            "line 2 '13/02/2022 10:00' is like %d/%m/%Y %H:%M, line 3 '14/02/2022' like %d/%m/%Y",
        ),
    ],
)
@pytest.mark.parametrize("words", [[], ["--skip-bad"], ["--dry-run"]])
def test_mixed_formats_are_refused_with_a_row_of_each(
    shop: Shop, dates: list[str], message: str, words: list[str]
) -> None:
    ran = load(shop, dates, *words)
    assert message in ran.err
    assert refusal(ran).startswith(", date: dates in more than one format: line ")
    assert shop.json("log") == []


def test_a_year_of_two_digits_has_to_be_explained(shop: Shop) -> None:
    ran = load(shop, ["13/02/22"])
    assert refusal(ran).endswith("2022-02-13 (%d/%m/%y) or as 2013-02-22 (%y/%m/%d)")
    ran = load(shop, ["05/05/22", "13/02/32"])
    assert refusal(ran) == ", date, line 2: date '05/05/22' has a year of two digits"
    assert "like --date-format '%d/%m/%y'" in ran.err
    assert load(shop, ["13/02/22", "1/2/10"], "--date-format", "%d/%m/%y").code == 0
    assert dates_in(shop) == ["2022-02-13", "2010-02-01"]


def test_a_date_format_that_is_said_makes_bad_rows_of_all_others(shop: Shop) -> None:
    dates = ["13/02/2022", "02/14/2022", "2022-02-15", "31/04/2022", "13/02/22"]
    ran = load(shop, dates, "--date-format", "%d/%m/%Y")
    assert [line for line in ran.err.splitlines() if line.startswith("  ")] == [
        f"  line {number}, date {dates[number - 2]!r}: "
        f"date {dates[number - 2]!r} is not like %d/%m/%Y"
        for number in (3, 4, 5, 6)
    ]
    ran = load(shop, dates, "--date-format", "%d/%m/%Y", "--skip-bad")
    assert "read 5, appended 1, skipped 0, refused 4" in ran.out


def test_of_two_date_formats_each_cell_is_read_in_the_one_that_fits(shop: Shop) -> None:
    both = ("--date-format", "%d/%m/%Y", "--date-format", "iso")
    assert load(shop, ["13/02/2022", "2022-02-14T10:00"], *both).code == 0
    assert dates_in(shop) == ["2022-02-13", "2022-02-14T10:00:00.000+01:00"]
    both = ("--date-format", "%d/%m/%Y", "--date-format", "%m/%d/%Y")
    ran = load(shop, ["13/03/2022", "05/05/2022", "03/04/2022"], *both)
    assert (
        "line 4, date '03/04/2022': date '03/04/2022' can be read as 2022-04-03 or as 2022-03-04"
        in ran.err
    )


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("%d/%m", "does not name a whole date"),
        ("", "does not name a whole date"),
        ("dd/mm/yyyy", "does not name a whole date"),
        ("%d/%m/%Q", "%Q is not understood"),
        ("%d/%m/%Y%", "% is not understood"),
        ("%d/%m/%Y %I:%M", "%I needs %p, else use %H"),
        ("%d/%m/%Y :%M", "names no hour"),
        ("%d/%d/%m/%Y", "names %d twice"),
        ("%d/%m/%Y %H:%H", "names %H twice"),
    ],
)
def test_a_date_format_that_cannot_be_used(shop: Shop, format: str, message: str) -> None:
    ran = load(shop, ["13/02/2022"], "--date-format", format)
    assert ran.code == 2
    assert ran.err.startswith(f"error: --date-format: date format {format!r}")
    assert message in ran.err


def test_a_date_format_without_end_is_refused_at_once(shop: Shop) -> None:
    ran = load(shop, ["13/02/2022"], "--date-format", "%d" * 200_000)
    assert ran.code == 2
    assert "date format '%d%d%d%d%d%d%d%d%d%d…' has 400000 characters" in ran.err


def test_each_column_of_dates_has_a_format_of_its_own(shop: Shop) -> None:
    header = HEADER.strip() + ",last_incoming,last_outgoing\n"
    text = header + "2022-02-01,A,opened,5,,01/15/2022\n2022-02-01,B,opened,5,13.01.2022,\n"
    text += "2022-02-02,B,sold,1,,\n"
    assert shop.import_text(text).code == 0
    found = {row["sku"]: row for row in shop.json("as-of", "2022-02-01")}
    assert (found["A"]["last_incoming"], found["A"]["last_outgoing"]) == (None, "2022-01-15")
    assert (found["B"]["last_incoming"], found["B"]["last_outgoing"]) == ("2022-01-13", None)
    ran = shop.import_text(text.replace("01/15/2022", "01/05/2022"), name="other.csv")
    assert "other.csv, last_outgoing, line 2: date '01/05/2022' can be read as" in ran.err


def test_a_date_for_all_rows_is_said_as_people_say_it(shop: Shop) -> None:
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    for said in ("today", "-1d", "2022-03-15", "1 March 2022", "2022-03-15T14:30"):
        rows = f"sku,type,quantity\n{said.replace(' ', '')},received,1\n"
        assert shop.import_text(rows, "--set", f"date={said}").code == 0
    assert dates_in(shop) == [
        today.isoformat(),
        (today - timedelta(days=1)).isoformat(),
        "2022-03-15",
        "2022-03-01",
        "2022-03-15T14:30:00.000+01:00",
    ]
    ran = shop.import_text("sku,type,quantity\nB,received,1\n", "--set", "date=03/04/2022")
    assert (ran.code, "can be read as 2022-03-04 or as 2022-04-03" in ran.err) == (2, True)


def test_a_date_that_is_set_fills_what_the_column_leaves_empty(shop: Shop) -> None:
    text = "when,sku,type,quantity\n,A,received,1\n13/02/2022,A,received,1\n"
    words = ("--column", "date=when", "--set", "date=1 March 2022")
    assert shop.import_text(text, *words).code == 0
    assert dates_in(shop) == ["2022-03-01", "2022-02-13"]


@pytest.mark.parametrize("written", ["2022-03-27T02:30", "27/03/2022 02:30"])
def test_a_time_that_the_clocks_skip_is_a_bad_row(shop: Shop, written: str) -> None:
    ran = load(shop, [written, *(["28/03/2022 02:30"] if "/" in written else [])])
    assert f"line 2, date '{written}': time '{written}' does not exist in Europe/Berlin" in ran.err
    assert ran.code == 3


@pytest.mark.parametrize("first", ["", "  ", "garbage", "2022-02-30", "32/01/2022", "00/00/0000"])
def test_a_first_row_without_a_date_decides_nothing(shop: Shop, first: str) -> None:
    ran = load(shop, [first, "13/02/2022"])
    assert refusal(ran).endswith("1 bad row, so nothing was appended")
    assert f"line 2, date {first!r}: " in ran.err
    ran = load(shop, [first, "13/02/2022"], "--skip-bad")
    assert "read 2, appended 1, skipped 0, refused 1" in ran.out
    assert dates_in(shop) == ["2022-02-13"]


def test_a_column_without_any_date_is_reported_as_if_iso_was_wanted(shop: Shop) -> None:
    ran = load(shop, ["soon", "later"])
    assert "line 2, date 'soon': date 'soon' is not like 2022-03-15 or 2022-03-15T14:30" in ran.err
    assert load(shop, ["soon", "later"], "--skip-bad").code == 0
    assert shop.json("log") == []


@pytest.mark.parametrize("year", ["1899", "2200", "0001", "9999"])
def test_years_that_stock_does_not_know_are_bad_rows(shop: Shop, year: str) -> None:
    assert f"is in the year {int(year)}" in load(shop, [f"{year}-03-15"]).err
    assert load(shop, [f"15/03/{year}"], "--date-format", "%d/%m/%Y").code == 3


def test_rows_that_a_rule_leaves_out_have_no_say_in_the_format(shop: Shop) -> None:
    own = shop.folder / "own.toml"
    own.write_text('[[leave_out]]\nsku = "total"\n', encoding="utf-8")
    rows = "13/02/2022,A,received,1\nTotal 02/14/2022,total,,\n02/14/2022,TOTAL,,1\n"
    assert shop.import_text(HEADER + rows, "--profile", own).code == 0
    assert dates_in(shop) == ["2022-02-13"]


def test_dates_in_kanji_are_read(shop: Shop) -> None:
    assert load(shop, ["2024年1月5日", "2024年12月31日"]).code == 0
    assert dates_in(shop) == ["2024-01-05", "2024-12-31"]
