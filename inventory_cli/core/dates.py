"""Knows how text and moments correspond. Must never read a clock: `now` is always given.

Moments are UTC text with milliseconds (`2022-03-15T23:59:59.998Z`): text order is time order.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple

from inventory_cli.core.events import CLOSE_OF_DAY, START_OF_DAY
from inventory_cli.core.text import short_text
from inventory_cli.errors import WrongUsage, damaged

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
END_OF_TIME = "9999-12-31T23:59:59.999Z"

# Patterns are compiled when they are first wanted: to do so takes longer than most commands read.
_ISO_DATE = r"\d{4}-\d{2}-\d{2}"
_ISO_MOMENT = (
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?)?)"
    r" ?([Zz]|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_YEAR_FIRST = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
# What is left to dateutil: it finds a date in almost anything.
_WORDS = (
    r"(?:\d{1,2}(?:st|nd|rd|th)? +[a-z]{3,9}\.?,? +\d{4}"
    r"|[a-z]{3,9}\.? +\d{1,2}(?:st|nd|rd|th)?,? +\d{4}"
    r"|\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4}))"
    r"(?:,? +(?:\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?|\d{1,2} ?[ap]m))?"
)
# Words for days: how far from today; and of the week, of which the last before today is meant.
DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = r"-(\d{1,5})([dwmy])"
# The longest date in words, with blanks to spare. Beyond it dateutil takes minutes to give up.
_LONGEST = 100
_HINT = "write dates like 2022-03-15 or 2022-03-15T14:30, or today, yesterday, -7d, -2w, -3m, -1y"


class When(NamedTuple):
    """A date, or a moment: `instant` is UTC text, or None when only the day is known."""

    day: date
    instant: str | None


@cache
def _matching(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def load_zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name such as `Europe/Berlin`."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise WrongUsage(
            f"time zone {name!r} is not known here",
            "use an IANA name such as Europe/Berlin; where the system has none, "
            "`pip install tzdata` brings them",
        ) from None


def parse_when(text: str, now: datetime, zone: tzinfo) -> When:
    """Return when something happened, as a person says it, in the ledger's zone.

    Understands ISO 8601, `now`, `today`, `yesterday`, `tomorrow`, a day of the week (the last one
    before today), `-7d -2w -3m -1y`, and words that can be read in one way only. Raises WrongUsage,
    naming the readings or the reason, for all else.
    """
    words = short_text(text, _LONGEST, "date", _HINT)
    today = now.astimezone(zone).date()
    lower = words.lower()
    if lower == "now":
        return When(today, utc_text(now))
    if lower in DAYS:
        return When(today + timedelta(days=DAYS[lower]), None)
    if lower in WEEKDAYS:
        ago = (today.weekday() - WEEKDAYS.index(lower) - 1) % 7 + 1
        return When(today - timedelta(days=ago), None)
    if back := _matching(_AGO).fullmatch(lower):
        return When(_go_back(words, today, int(back[1]), back[2]), None)
    return read_iso(words, zone) or _parse_words(words, zone)


def _go_back(text: str, today: date, count: int, unit: str) -> date:
    from dateutil.relativedelta import relativedelta

    years, months = (count if unit == "y" else 0), (count if unit == "m" else 0)
    weeks, days = (count if unit == "w" else 0), (count if unit == "d" else 0)
    try:
        return _in_range(
            text, today - relativedelta(years=years, months=months, weeks=weeks, days=days)
        )
    except (ValueError, OverflowError):
        raise WrongUsage(f"date {text!r} is too long ago", _HINT) from None


def parse_cut(text: str, now: datetime, zone: tzinfo) -> str:
    """Return the last moment, as UTC text, that a cut at `text` includes.

    Understands what `parse_when` does, and any day of the year 9999 as the end of time.
    """
    if re.fullmatch(r"9999-\d\d-\d\d", text.strip(), re.ASCII):
        return END_OF_TIME
    return inclusive_end(parse_when(text, now, zone), zone)


def parse_iso(text: str, zone: tzinfo) -> When:
    """Return the date or moment that ISO 8601 text names, and accept nothing else."""
    when = read_iso(short_text(text, _LONGEST, "date", _HINT), zone)
    if when is None:
        raise WrongUsage(
            f"date {text!r} is not like 2022-03-15 or 2022-03-15T14:30",
        )
    return when


def read_iso(text: str, zone: tzinfo) -> When | None:
    """Return the date or moment that ISO 8601 text names; None where it is written otherwise.

    Raises WrongUsage for one that does not exist here.
    """
    if re.fullmatch(r"\d{8}", text, re.ASCII):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        if _matching(_ISO_DATE).fullmatch(text):
            return local_day(text, date.fromisoformat(text), zone)
        if moment := _matching(_ISO_MOMENT).fullmatch(text):
            day, clock, offset = moment[1], moment[2].replace(",", "."), moment[3] or ""
            parsed = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}")
            return local_moment(text, parsed, zone)
    except ValueError as error:
        reason = "the offset is too large" if "timedelta" in str(error) else error
        raise WrongUsage(f"date {text!r} does not exist: {reason}", _HINT) from None
    return None


def local_day(text: str, day: date, zone: tzinfo) -> When:
    """Return a day that text named. Raises WrongUsage where the calendar of the zone skips it."""
    noon = datetime.combine(_in_range(text, day), time(12), tzinfo=zone)
    if noon.astimezone(UTC).astimezone(zone).date() != day:
        raise WrongUsage(f"day {text!r} does not exist in {zone}: the calendar skips it there")
    return When(day, None)


def _in_range(text: str, day: date) -> date:
    if EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        return day
    raise WrongUsage(
        f"date {text!r} is in the year {day.year}; "
        f"years from {EARLIEST_YEAR} to {LATEST_YEAR} are understood",
        _HINT,
    )


def local_moment(text: str, parsed: datetime, zone: tzinfo) -> When:
    """Return the moment that text named; it is local where it has no offset of its own.

    Raises WrongUsage for a local time that a clock change skips.
    """
    _in_range(text, parsed.date())
    if parsed.tzinfo is None:
        local = parsed.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != parsed:
            raise WrongUsage(
                f"time {text!r} does not exist in {zone}: the clocks skip it that day",
                "give the time with its offset, like 2022-03-15T14:30+01:00",
            )
    else:
        local = parsed
    try:
        return When(local.astimezone(zone).date(), utc_text(local))
    except OverflowError:
        raise WrongUsage(f"date {text!r} is out of range", _HINT) from None


def _parse_words(text: str, zone: tzinfo) -> When:
    """Read words with dateutil, which fills gaps and guesses orders: accept neither."""
    if year_first := _matching(_YEAR_FIRST).fullmatch(text):
        year, month, day = (int(number) for number in year_first.groups())
        return parse_iso(f"{year:04}-{month:02}-{day:02}", zone)
    filled = _read_words(text, datetime(2001, 1, 1))  # noqa: DTZ001
    filled_otherwise = _read_words(text, datetime(2002, 2, 2, 1, 1, 1, 1))  # noqa: DTZ001
    if filled.date() != filled_otherwise.date():
        raise WrongUsage(f"date {text!r} is not a whole date", _HINT)
    if not _matching(_WORDS).fullmatch(text.lower()):
        raise WrongUsage(f"date {text!r} is not understood", _HINT)
    orders = [(day, year) for day in (False, True) for year in (False, True)]
    days = sorted({_read_words(text, filled, *order).date() for order in orders})
    if len(days) > 1:
        raise WrongUsage(
            f"date {text!r} can be read as {' or as '.join(day.isoformat() for day in days)}",
            f"write {days[0]} or {days[-1]}",
        )
    if filled.hour != filled_otherwise.hour:
        return local_day(text, filled.date(), zone)
    return local_moment(text, filled, zone)


def _read_words(
    text: str, default: datetime, day_first: bool = False, year_first: bool = False
) -> datetime:
    import warnings

    from dateutil import parser

    try:
        with warnings.catch_warnings():
            # A zone name that dateutil does not know is only warned about, then dropped.
            warnings.simplefilter("error")
            return parser.parse(text, default=default, dayfirst=day_first, yearfirst=year_first)
    except (ValueError, OverflowError, Warning):
        raise WrongUsage(f"date {text!r} is not understood", _HINT) from None


def effective_at(when: When, time_of_day: str, zone: tzinfo) -> tuple[str, int]:
    """Return (UTC text, date_only) for an event that happened at `when`."""
    if when.instant is not None:
        return when.instant, 0
    return _at(when.day, time_of_day, zone), 1


def inclusive_end(when: When, zone: tzinfo) -> str:
    """Return the last moment that a cut at `when` includes: a date means to the end of its day."""
    if when.instant is not None:
        return when.instant
    return _at(when.day, CLOSE_OF_DAY, zone)


def shifted(moment: str, milliseconds: int) -> str:
    """Return the moment that lies so much after another, or before it, both as UTC text."""
    return utc_text(local_time(moment, UTC) + timedelta(milliseconds=milliseconds))


class Today(NamedTuple):
    """The present moment, and the first and last of its day in the ledger's zone, as UTC text.

    `moved` and `left` are the latest moments for what was moved, or left, today by day alone.
    """

    now: str
    begins: str
    ends: str
    moved: str
    left: str


def today_at(now: str, zone: tzinfo, last_recorded: str = "") -> Today:
    """Return the day of a present moment, when something was recorded last (both UTC text).

    What left today has left 1 ms before now, and what was moved is on its way by then; but where
    something was recorded at about that very time, as when the clock was set back, both are now.
    """
    moved, left = shifted(now, -2), shifted(now, -1)
    if moved <= last_recorded:
        moved = left = now
    return Today(now, *day_of(now, zone), moved, left)


@lru_cache(maxsize=4096)
def day_of(moment: str, zone: tzinfo) -> tuple[str, str]:
    """Return the first and the last moment of the local day of a moment, all as UTC text."""
    when = When(local_time(moment, zone).date(), None)
    return inclusive_start(when, zone), inclusive_end(when, zone)


def inclusive_start(when: When, zone: tzinfo) -> str:
    """Return the first moment that a range from `when` includes."""
    return when.instant or _at(when.day, "00:00:00.000", zone)


@lru_cache(maxsize=4096)
def _at(day: date, time_of_day: str, zone: tzinfo) -> str:
    # At a clock change the day begins with the first reading of its first hour and closes with
    # the last reading of its last one.
    late = 1 if time_of_day > "12:00:00.000" else 0
    clock = time.fromisoformat(time_of_day)
    try:
        return utc_text(datetime.combine(day, clock, tzinfo=zone).replace(fold=late))
    except OverflowError:
        raise WrongUsage(f"date {day} is out of range", _HINT) from None


def utc_text(moment: datetime) -> str:
    """Return an aware datetime as UTC text with milliseconds; what is finer is cut off."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def show_moment(text: str, zone: tzinfo) -> str:
    """Return UTC text as ISO 8601 in the ledger's zone, with its offset."""
    return local_time(text, zone).isoformat(timespec="milliseconds")


def is_day(text: str | None) -> bool:
    """Tell whether a stored time is a bare day, as an opening balance tells them, not a moment."""
    return text is not None and len(text) == len("YYYY-MM-DD")


@lru_cache(maxsize=65536)
def show_day(text: str, zone: tzinfo) -> str:
    """Return the day, `YYYY-MM-DD` in the ledger's zone, of a moment; a day stays as it is."""
    if is_day(text):
        return text
    return local_time(text, zone).date().isoformat()


def show_effective(text: str, date_only: int, zone: tzinfo) -> str:
    """Return when an event took effect: a day when only the day is known, else the moment."""
    return show_day(text, zone) if date_only else show_moment(text, zone)


def say_effective(text: str, date_only: int, zone: tzinfo) -> str:
    """Return when an event took effect as a person says it: a day, or local time to the minute."""
    return show_effective(text, date_only, zone)[: len("2022-03-15T14:30")].replace("T", " ")


def show_cut(cut: str, zone: tzinfo) -> str:
    """Return the last moment that a cut includes in words: the end of a day, or a moment."""
    if cut == END_OF_TIME:
        return "the end of time"
    day = local_time(cut, zone).date()
    return f"the end of {day}" if _at(day, CLOSE_OF_DAY, zone) == cut else show_moment(cut, zone)


def show_start(moment: str, zone: tzinfo) -> str:
    """Return the first moment that a range includes in words: a day, or a moment."""
    day = local_time(moment, zone).date()
    return str(day) if _at(day, START_OF_DAY, zone) == moment else show_moment(moment, zone)


def local_time(text: str, zone: tzinfo) -> datetime:
    """Return a moment (UTC text) in the ledger's zone."""
    try:
        return datetime.fromisoformat(text).astimezone(zone)
    except (ValueError, TypeError, OverflowError):
        raise damaged(f"{text!r} stands where a moment belongs") from None
