"""What text means as a date or moment, and which text is refused with which words."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

import pytest

from inventory_cli.core.dates import (
    effective_at,
    inclusive_end,
    inclusive_start,
    load_zone,
    parse_cut,
    parse_iso,
    parse_when,
    show_day,
    show_effective,
)
from inventory_cli.errors import WrongUsage

NOW = datetime(2022, 3, 31, 22, 30, tzinfo=UTC)
BERLIN = load_zone("Europe/Berlin")
SANTIAGO = load_zone("America/Santiago")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-03-15", "2022-03-15"),
        (" 2022-03-15 ", "2022-03-15"),
        ("20220315", "2022-03-15"),
        # It is past midnight in Berlin already.
        ("today", "2022-04-01"),
        ("Yesterday", "2022-03-31"),
        ("tomorrow", "2022-04-02"),
        # It is a Friday, and a day of the week is the last one before today.
        ("Thursday", "2022-03-31"),
        ("saturday", "2022-03-26"),
        ("friday", "2022-03-25"),
        ("-7d", "2022-03-25"),
        ("-2w", "2022-03-18"),
        ("-3m", "2022-01-01"),
        ("-1y", "2021-04-01"),
        ("1 March 2022", "2022-03-01"),
        ("March 1, 2022", "2022-03-01"),
        ("13/04/2022", "2022-04-13"),
        ("12/12/2022", "2022-12-12"),
        ("2022/03/04", "2022-03-04"),
        ("2022-3-4", "2022-03-04"),
        ("1st March 2022", "2022-03-01"),
    ],
)
def test_a_date(text: str, day: str) -> None:
    when = parse_when(text, NOW, BERLIN)
    assert (when.day.isoformat(), when.instant) == (day, None)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", "2022-03-31T22:30:00.000Z"),
        ("2022-03-15T14:30", "2022-03-15T13:30:00.000Z"),
        ("2022-03-15 14:30:05.678999", "2022-03-15T13:30:05.678Z"),
        ("2022-03-15T14:30:05,5", "2022-03-15T13:30:05.500Z"),
        ("2022-03-15T14", "2022-03-15T13:00:00.000Z"),
        ("2022-03-15T1430", "2022-03-15T13:30:00.000Z"),
        ("2022-03-15T14:30Z", "2022-03-15T14:30:00.000Z"),
        ("2022-03-15T14:30-0700", "2022-03-15T21:30:00.000Z"),
        ("2022-03-15T14:30+05:30", "2022-03-15T09:00:00.000Z"),
        # The clocks show this twice; the first is meant.
        ("2022-10-30T02:30", "2022-10-30T00:30:00.000Z"),
        ("1 March 2022 10:30", "2022-03-01T09:30:00.000Z"),
        ("1 March 2022 10am", "2022-03-01T09:00:00.000Z"),
        ("1 March 2022 00:00", "2022-02-28T23:00:00.000Z"),
    ],
)
def test_a_moment(text: str, instant: str) -> None:
    assert parse_when(text, NOW, BERLIN).instant == instant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("03/04/2022", "can be read as 2022-03-04 or as 2022-04-03"),
        ("13/04/22", "can be read as 2013-04-22 or as 2022-04-13"),
        ("1.3.2022", "can be read as 2022-01-03 or as 2022-03-01"),
        ("10", "is not a whole date"),
        ("2024-05", "is not a whole date"),
        ("March 2022", "is not a whole date"),
        ("next Tuesday", "is not understood"),
        ("10:30", "is not a whole date"),
        ("5 May", "is not a whole date"),
        ("2022-13-01", "does not exist: month must be in 1..12"),
        ("2022-02-30", "does not exist: day is out of range for month"),
        ("2022-03-15T25:00", "does not exist: hour must be in 0..23"),
        ("0012-03-01", "is in the year 12"),
        ("3022-03-01", "is in the year 3022"),
        ("2022-03-27T02:30", "the clocks skip it that day"),
        ("9999-12-31", "is in the year 9999"),
        ("2022-03-15T10:00+25:00", "the offset is too large"),
        ("1 March 2022 10:00 XYZ", "is not understood"),
        # What dateutil would make of it: another offset, no Saturday, no time, the last of two.
        ("13 march 2022 10:00 UTC-3", "is not understood"),
        ("friday 5 march 2022", "is not understood"),
        ("13 march 2022 30m", "is not understood"),
        ("13 march 2022 10:00 11:00", "is not understood"),
        ("13 march 13 2022", "is not understood"),
        ("1 2 march", "is not understood"),
        ("", "is not understood"),
        ("soon", "is not understood"),
        ("-99999y", "is too long ago"),
    ],
)
def test_a_date_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(WrongUsage, match=reason.replace("(", r"\(")):
        parse_when(text, NOW, BERLIN)


@pytest.mark.parametrize("read", [parse_when, lambda text, _, zone: parse_iso(text, zone)])
@pytest.mark.parametrize("part", ["1", "1 ", "1.", "-", "a", "2022-03-15T10:00:00."])
def test_a_text_that_is_too_long_for_a_date_is_refused_by_its_length(
    read: Callable[[str, datetime, tzinfo], object], part: str
) -> None:
    # dateutil, and the conversion of long digits, would take minutes.
    text = part * (500_000 // len(part))
    with pytest.raises(WrongUsage, match=r"has \d{6} characters") as raised:
        read(text, NOW, BERLIN)
    assert len(raised.value.message) < 100


def test_a_day_that_the_calendar_skips_is_refused() -> None:
    # Samoa went from 29 to 31 December when it crossed the date line.
    apia = load_zone("Pacific/Apia")
    with pytest.raises(WrongUsage, match="the calendar skips it there"):
        parse_when("2011-12-30", NOW, apia)


def test_the_year_9999_is_the_end_of_time_for_a_cut() -> None:
    for zone in (BERLIN, load_zone("America/New_York"), UTC):
        assert parse_cut("9999-12-31", NOW, zone) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("text", ["today", "1 March 2022", "-7d", "03/04/2022", "22-03-15"])
def test_only_iso_dates_stand_in_a_file(text: str) -> None:
    with pytest.raises(WrongUsage, match="is not like 2022-03-15"):
        parse_iso(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2022-03-15", "2022-03-14T23:00:00.000Z", "2022-03-15T22:59:59.999Z"),
        ("2022-03-27", "2022-03-26T23:00:00.000Z", "2022-03-27T21:59:59.999Z"),
        ("2022-10-30", "2022-10-29T22:00:00.000Z", "2022-10-30T22:59:59.999Z"),
        ("2022-03-15T14:30", "2022-03-15T13:30:00.000Z", "2022-03-15T13:30:00.000Z"),
    ],
)
def test_a_cut_includes_the_whole_day(text: str, start: str, end: str) -> None:
    when = parse_when(text, NOW, BERLIN)
    assert inclusive_start(when, BERLIN) == start
    assert inclusive_end(when, BERLIN) == end


def test_a_day_whose_midnight_the_clocks_skip_or_repeat_is_still_one_day() -> None:
    # In Santiago the clocks go from 24:00 to 01:00 in September, and from 24:00 to 23:00 in April.
    skipped = parse_when("2022-09-11", NOW, SANTIAGO)
    assert effective_at(skipped, "00:00:00.000", SANTIAGO) == ("2022-09-11T04:00:00.000Z", 1)
    assert show_effective("2022-09-11T04:00:00.000Z", 1, SANTIAGO) == "2022-09-11"
    repeated = parse_when("2022-04-02", NOW, SANTIAGO)
    assert inclusive_end(repeated, SANTIAGO) == "2022-04-03T03:59:59.999Z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("2022-03-14T23:30:00.000Z", "2022-03-15"), ("2022-03-15", "2022-03-15")],
)
def test_a_day_is_shown_in_the_ledgers_zone(text: str, shown: str) -> None:
    assert show_day(text, BERLIN) == shown


def test_a_moment_is_shown_with_its_offset() -> None:
    assert show_effective("2022-07-01T10:00:00.250Z", 0, BERLIN) == "2022-07-01T12:00:00.250+02:00"


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(WrongUsage, match="time zone 'Mars/Olympus' is not known here"):
        load_zone("Mars/Olympus")
