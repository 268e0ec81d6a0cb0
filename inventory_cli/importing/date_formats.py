"""Knows in which format a column of dates is written: one format for the whole column, or none.

Must never decide by a single row where another may differ, or know what the date is good for.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import When, local_day, local_moment, parse_iso, read_iso
from inventory_cli.core.text import short_text
from inventory_cli.errors import Refused, WrongUsage

ISO = "iso"
# How many characters a date format has at most.
_LONGEST = 100

_CLOCK_DIRECTIVES = frozenset("HIMSfpz")
_DATE_DIRECTIVES = frozenset("YymbBdjaA%")
_FORMAT_HINT = (
    "write it like '%d/%m/%Y' or '%m/%d/%y %H:%M': %Y year, %y its last two digits, %m month, "
    "%b its name, %d day, %H hour, %M minute, %S second, %I %p for am and pm, %z offset"
)

_NUMBERS = re.compile(r"(\d{1,4})([./ -])(\d{1,2})\2(\d{4}|\d{1,2})", re.ASCII)
_DAY_MONTH = re.compile(r"\d{1,2}([ ./-]?)[A-Za-z]{3,9}(\.?,?[ ./-]?)(\d{4}|\d{2})", re.ASCII)
_MONTH_DAY = re.compile(r"[A-Za-z]{3,9}([ .-])\d{1,2}(,? |-)(\d{4}|\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日", re.ASCII)
_CLOCK = re.compile(
    r"(,? +|T)\d{1,2}:\d{2}(:\d{2}([.]\d{1,6})?)?( ?[AaPp][Mm])?( ?(?:[+-]\d{2}:?\d{2}|Z))?",
    re.ASCII,
)


class Seen(NamedTuple):
    """A cell of a column of dates, with the formats that fit it."""

    line: int
    text: str
    formats: tuple[str, ...]


class DateColumn:
    """The cells of one column of dates, looked at one by one, and the formats that fit them all."""

    def __init__(self, where: str, zone: tzinfo) -> None:
        self._where = where
        self._zone = zone
        self._fitting: tuple[str, ...] | None = None
        self._narrowed: list[Seen] = []
        # For two formats that both still fit: the first cell that they read differently.
        self._differing: dict[tuple[str, str], Seen] = {}

    def look(self, line: int, text: str) -> None:
        """Take a cell into account. What is no date in any format is left for the row to report.

        Raises Refused when no format fits both this cell and all those before it.
        """
        formats = fitting_formats(text, self._zone)
        if not formats:
            return
        before = self._fitting
        self._fitting = formats if before is None else tuple(f for f in before if f in formats)
        seen = Seen(line, text, formats)
        if not self._fitting:
            others = [cell for cell in self._narrowed if set(cell.formats).isdisjoint(formats)]
            raise mixed_formats(self._where, (others or self._narrowed)[-1], seen)
        if self._fitting != before:
            self._narrowed.append(seen)
        self._note_differing(seen)

    def _note_differing(self, seen: Seen) -> None:
        fitting = self._fitting or ()
        for n, one in enumerate(fitting):
            for other in fitting[n + 1 :]:
                if (one, other) not in self._differing and self._read(one, seen) != self._read(
                    other, seen
                ):
                    self._differing[one, other] = seen

    def _read(self, format: str, seen: Seen) -> When | None:
        return parse_as(seen.text, format, self._zone)

    def decide(self) -> str:
        """Return the format of the column; `iso` when none of its cells is a date.

        Raises Refused when two formats fit and disagree, or its years have two digits.
        """
        fitting = self._fitting or (ISO,)
        for pair, seen in self._differing.items():
            if set(pair) <= set(fitting):
                readings = " or as ".join(
                    f"{_shown(self._read(format, seen))} ({format})" for format in pair
                )
                raise Refused(
                    f"{self._where}, line {seen.line}: date {seen.text!r} can be read as "
                    f"{readings}",
                    f"say which one the whole column means, like --date-format '{pair[0]}'",
                )
        if "%y" in fitting[0]:
            seen = self._narrowed[0]
            raise Refused(
                f"{self._where}, line {seen.line}: date {seen.text!r} has a year of two digits",
                f"say what it means, like --date-format '{fitting[0]}'",
            )
        return fitting[0]


def mixed_formats(where: str, one: Seen, other: Seen) -> Refused:
    """Return the refusal of a column of which no format fits two cells."""
    return Refused(
        f"{where}: dates in more than one format: line {one.line} {one.text!r} is like "
        f"{_named(one.formats)}, line {other.line} {other.text!r} like {_named(other.formats)}",
        "--date-format says which one is meant, and rows in another are bad rows then; given "
        "twice, each cell is read in the one that fits it",
    )


def _named(formats: Sequence[str]) -> str:
    return " or ".join("2022-03-15 (iso)" if format == ISO else format for format in formats)


def _shown(when: When | None) -> str:
    return "nothing" if when is None else when.day.isoformat()


def fitting_formats(text: str, zone: tzinfo) -> tuple[str, ...]:
    """Return the formats in which text is a date: `iso` first, then others that it may be."""
    words = text.strip()
    found = []
    for format in (ISO, *_candidates(words)):
        try:
            if parse_as(words, format, zone) is not None:
                found.append(format)
        except WrongUsage:
            continue
    return tuple(found)


def _candidates(words: str) -> list[str]:
    """Return the formats that the shape of some text suggests."""
    start = _NUMBERS.match(words)
    if start is not None:
        days = _number_formats(*start.groups())
    elif start := _DAY_MONTH.match(words):
        mark, second, year = start.groups()
        days = [f"%d{mark}%{name}{second}{_year(year)}" for name in "bB"]
    elif start := _MONTH_DAY.match(words):
        mark, second, year = start.groups()
        days = [f"%{name}{mark}%d{second}{_year(year)}" for name in "bB"]
    elif start := _YEAR_FIRST.match(words):
        days = ["%Y年%m月%d日"]
    if start is None:
        return []
    rest = words[start.end() :]
    if not rest:
        return days
    clock = _CLOCK.fullmatch(rest)
    if clock is None:
        return []
    gap, seconds, fraction, half, offset = clock.groups()
    hour = f"{gap.replace('  ', ' ')}{'%I' if half else '%H'}:%M"
    hour += (":%S" if seconds else "") + (".%f" if fraction else "")
    if half:
        hour += " %p" if half.startswith(" ") else "%p"
    if offset:
        hour += " %z" if offset.startswith(" ") else "%z"
    return [day + hour for day in days]


def _number_formats(first: str, mark: str, second: str, third: str) -> list[str]:
    if len(first) == 4:
        return [f"%Y{mark}%m{mark}%d"] if len(third) <= 2 else []
    if len(first) > 2:
        return []
    year = _year(third)
    days = [f"%d{mark}%m{mark}{year}"]
    if mark != ".":
        # Nobody parts a month that comes first by a dot.
        days.append(f"%m{mark}%d{mark}{year}")
    return days if year == "%Y" else [*days, f"%y{mark}%m{mark}%d"]


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"


def date_reader(formats: Sequence[str], zone: tzinfo) -> Callable[[str], When]:
    """Return what reads a cell in the one of some formats that fits it.

    It raises WrongUsage when none fits, or two that do not agree do.
    """
    if tuple(formats) == (ISO,):
        return lambda text: parse_iso(text, zone)

    def read(text: str) -> When:
        readings = {format: parse_as(text, format, zone) for format in formats}
        found = dict.fromkeys(when for when in readings.values() if when is not None)
        if len(found) == 1:
            return next(iter(found))
        if not found:
            raise WrongUsage(f"date {text!r} is not like {' or '.join(formats)}")
        raise WrongUsage(f"date {text!r} can be read as {' or as '.join(map(_shown, found))}")

    return read


def check_date_format(format: str) -> None:
    """Raise WrongUsage unless `format` is `iso` or names a whole date as `strptime` does."""
    if format == ISO:
        return
    found = re.findall(
        r"%(.?)", short_text(format, _LONGEST, "date format", _FORMAT_HINT), re.DOTALL
    )
    directives = set(found)
    if twice := [d for d in found if d != "%" and found.count(d) > 1]:
        raise WrongUsage(f"date format {format!r} names %{twice[0]} twice", _FORMAT_HINT)
    if unknown := sorted(directives - _CLOCK_DIRECTIVES - _DATE_DIRECTIVES):
        raise WrongUsage(f"date format {format!r}: %{unknown[0]} is not understood", _FORMAT_HINT)
    day = directives & {"d"} and directives & {"m", "b", "B"}
    if not (directives & {"Y", "y"} and (day or directives & {"j"})):
        raise WrongUsage(f"date format {format!r} does not name a whole date", _FORMAT_HINT)
    if directives & _CLOCK_DIRECTIVES and not directives & {"H", "I"}:
        raise WrongUsage(f"date format {format!r} names no hour", _FORMAT_HINT)
    if "I" in directives and "p" not in directives:
        raise WrongUsage(f"date format {format!r}: %I needs %p, else use %H", _FORMAT_HINT)


def parse_as(text: str, format: str, zone: tzinfo) -> When | None:
    """Return the date or moment that text in a given format names; None if it is in another.

    `format` is one that `check_date_format` accepts; without an hour in it, the reading is a
    date. Raises WrongUsage for a date that fits and does not exist here.
    """
    words = text.strip()
    if format == ISO:
        return read_iso(words, zone)
    try:
        is_plain = words.isascii() or not format.isascii()
        parsed = datetime.strptime(words, format) if is_plain else None  # noqa: DTZ007
    except ValueError:
        return None
    if parsed is None:
        return None
    if _CLOCK_DIRECTIVES.isdisjoint(re.findall(r"%(.)", format)):
        return local_day(text, parsed.date(), zone)
    return local_moment(text, parsed, zone)
