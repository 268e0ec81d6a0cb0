"""Knows spans of local days, as people type their ends, and the periods into which they part.

Must never know what happened in one.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo

from inventory_cli.core.dates import END_OF_TIME, When, inclusive_end, inclusive_start, parse_when
from inventory_cli.errors import WrongUsage


def parse_first(text: str, now: datetime, zone: tzinfo) -> When:
    """Return where a span begins that is typed as a date, a month, a quarter or a year."""
    days = _days_of(text)
    return When(days[0], None) if days else parse_when(text, now, zone)


def parse_last(text: str, now: datetime, zone: tzinfo) -> When:
    """Return where a span ends that is typed as a date, a month, a quarter or a year."""
    days = _days_of(text)
    return When(days[1], None) if days else parse_when(text, now, zone)


def parse_from(text: str | None, now: datetime, zone: tzinfo) -> str:
    """Return the first moment (UTC text) of a span that begins as typed; "" for no bound."""
    return "" if text is None else inclusive_start(parse_first(text, now, zone), zone)


def parse_to(text: str | None, now: datetime, zone: tzinfo) -> str:
    """Return the last moment (UTC text) of a span that ends as typed; the end of time if none."""
    if text is None or text.strip().startswith("9999"):
        return END_OF_TIME
    return inclusive_end(parse_last(text, now, zone), zone)


def parse_between(
    start: str | None, end: str | None, now: datetime, zone: tzinfo
) -> tuple[str, str]:
    """Return the first and the last moment (UTC text) of a span whose ends are typed: without a
    start it has none (""), without an end it goes to the end of today.

    Raises WrongUsage where it ends before it begins.
    """
    begins = parse_from(start, now, zone)
    ends = parse_to("today" if end is None else end, now, zone)
    if begins > ends:
        raise WrongUsage(
            f"--from {start} is after --to {end or 'today'}",
            "exchange them" if end else "say a later end with --to",
        )
    return begins, ends


def _days_of(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of a month, a quarter or a year, or None for all else."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{2})|-?[Qq]([1-4]))?", text.strip(), re.ASCII)
    if found is None:
        return None
    year = int(found[1])
    month, length = 1, 12
    if found[2]:
        month, length = int(found[2]), 1
    elif found[3]:
        month, length = 3 * int(found[3]) - 2, 3
    try:
        first = date(year, month, 1)
        following = month + length
        after = date(year + (following > 12), (following - 1) % 12 + 1, 1)
    except ValueError:
        raise WrongUsage(f"date {text!r} is out of range", "months are 01 to 12") from None
    return first, after - timedelta(days=1)


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


# By what a span may be parted, and the name of the period in which a day lies.
PERIODS: Mapping[str, Callable[[date], str]] = {
    "day": date.isoformat,
    "week": _week,
    "month": lambda day: f"{day.year:04}-{day.month:02}",
    "quarter": lambda day: f"{day.year:04}-Q{(day.month + 2) // 3}",
    "year": lambda day: f"{day.year:04}",
}


def namer_of(by: str) -> Callable[[date], str]:
    """Return what names the period of a day. Raises WrongUsage where none is called so."""
    if by not in PERIODS:
        raise WrongUsage(f"--by {by!r} is not one of {', '.join(PERIODS)}")
    return PERIODS[by]
