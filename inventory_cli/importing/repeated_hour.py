"""Knows which of two is meant by a local time in the hour that occurs twice, when clocks go back.

Must never know what happened then.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from inventory_cli.core.dates import When, local_time, utc_text
from inventory_cli.importing.bad_rows import BadCell
from inventory_cli.importing.cells import Cells
from inventory_cli.importing.tally import Reading

# A time that says by itself how far it is from UTC.
_WITH_OFFSET = re.compile(
    r"(?:[Tt]|:\d\d)[\d:.,]*(?: ?[AaPp][Mm])? ?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)\s*"
)


def second_reading(when: When, zone: tzinfo) -> When | None:
    """Return what a time in the first of the two hours is in the second; None outside of it."""
    if when.instant is None or not _is_repeating(when.day, zone):
        return None
    first = local_time(when.instant, zone)
    second = first.replace(fold=1)
    return When(when.day, utc_text(second)) if second.utcoffset() != first.utcoffset() else None


@lru_cache(maxsize=4096)
def _is_repeating(day: date, zone: tzinfo) -> bool:
    """Tell whether the clocks go back on a day, or within a day of it."""
    days = (datetime.combine(day + timedelta(days=n), time(), tzinfo=zone) for n in (-1, 0, 1, 2))
    offsets = [moment.utcoffset() or timedelta() for moment in days]
    return any(later < earlier for earlier, later in pairwise(offsets))


# The line on which a row begins, its cells, and its time; None where that cannot be read.
Timed = tuple[int, list[str], When | None]


class _Held(NamedTuple):
    line: int
    record: list[str]
    # Between others, a row may say no moment.
    when: When | None


class HoursApart:
    """Gives the rows of a file, each with its time, be it in the first or the second of two hours.

    In a column of times that runs forward, one step back within the hour is where the second one
    begins; without it the first is meant, which `reading` is told. The rows of the hour are held
    until it is over.
    """

    def __init__(self, dates: Cells[When], zone: tzinfo, reading: Reading) -> None:
        self._dates = dates
        self._zone = zone
        self._reading = reading
        self._last = ""
        self._runs_forward = True
        self._held: list[_Held] = []
        self._day: date | None = None

    def of(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[Timed]:
        """Give the rows in the order of the file."""
        for line, record in rows:
            text = record[self._dates.at]
            try:
                when = self._dates[text]
            except BadCell:
                when = None
            moment = when.instant if when else None
            if when is not None and moment is not None:
                if self._is_of_two(text, when):
                    if self._held and self._day != when.day:
                        yield from self._told(moment)
                    self._day = when.day
                    self._held.append(_Held(line, record, when))
                    continue
                if self._held:
                    yield from self._told(moment)
                self._runs_forward = self._runs_forward and moment >= self._last
                self._last = moment
            elif self._held:
                self._held.append(_Held(line, record, when))
                continue
            yield line, record, when
        yield from self._told(None)

    def _is_of_two(self, text: str, when: When) -> bool:
        return second_reading(when, self._zone) is not None and not _WITH_OFFSET.search(
            text.rstrip()
        )

    def _told(self, following: str | None) -> Iterator[Timed]:
        """Give the rows that are held, when it is known what follows on them."""
        held, self._held = self._held, []
        begins = self._second_begins(held, following)
        for n, (line, record, when) in enumerate(held):
            if when is not None and begins is not None and n >= begins:
                when = second_reading(when, self._zone) or when
            yield line, record, when

    def _second_begins(self, held: list[_Held], following: str | None) -> int | None:
        """Return the place of the row with which the second hour begins, if that can be told."""
        moments = [
            (n, row.when.instant)
            for n, row in enumerate(held)
            if row.when is not None and row.when.instant is not None
        ]
        if not moments:
            return None
        steps = [n for (_, one), (n, other) in pairwise(moments) if other < one]
        self._runs_forward = self._runs_forward and self._last <= moments[0][1] and len(steps) < 2
        self._last = moments[-1][1]
        goes_on = following is None or following >= self._last
        if self._runs_forward and goes_on and steps:
            return steps[0]
        at = self._dates.at
        for n, _ in moments:
            self._reading.in_doubtful_hour.add((held[n].line, held[n].record[at]))
        return None
