"""Knows by how much the clocks of a time zone differ from UTC, and since when. Must never know who
asks.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from inventory_cli.core.dates import EARLIEST_YEAR, LATEST_YEAR, utc_text

# No moment is before it.
BEGINNING = "0001-01-01T00:00:00.000Z"
# A day around the years of which dates are understood, because clocks differ by less.
_FIRST = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC) - timedelta(days=1)
_LAST = datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC) + timedelta(days=1)
# No zone has ever gone back to an offset that it left less than this before: the shortest time was
# four days, in Freetown in 1939.
_STEP, _HOUR, _SECOND = timedelta(days=3), timedelta(hours=1), timedelta(seconds=1)


class Offset(NamedTuple):
    """By how many seconds local time is ahead of UTC, from a moment (UTC text) on."""

    starts_at: str
    seconds: int


@lru_cache(maxsize=8)
def offsets_of(zone: tzinfo) -> tuple[Offset, ...]:
    """Return the offsets of a zone in order, each until the next, over all years of dates."""
    first, *changes = _changes(zone)
    return Offset(BEGINNING, first[1]), *(
        Offset(utc_text(at.replace(tzinfo=UTC)), seconds) for at, seconds in changes
    )


def _changes(zone: tzinfo) -> Iterator[tuple[datetime, int]]:
    """Give the first moment, then each from which on the offset is another one, and that offset."""

    from_utc = zone.fromutc

    def next_change(at: datetime, step: timedelta, within: timedelta) -> datetime:
        """Return the first step behind a moment with another offset, `within` some time."""
        offset = from_utc(at) - at
        same, other = 0, within // step
        while other - same > 1:
            middle = (same + other) // 2
            then = at + middle * step
            if from_utc(then) - then == offset:
                same = middle
            else:
                other = middle
        return at + other * step

    # By the clocks of UTC, though it says the zone: that is how a zone is asked most quickly.
    at, last = _FIRST.replace(tzinfo=zone), _LAST.replace(tzinfo=zone)
    offset = from_utc(at) - at
    yield at, round(offset.total_seconds())
    while at < last:
        then = at + _STEP
        if from_utc(then) - then == offset:
            at = then
            continue
        # Almost all changes are on the hour.
        at = next_change(at, _HOUR, _STEP)
        before = at - _SECOND
        if from_utc(before) - before != offset:
            at = next_change(at - _HOUR, _SECOND, _HOUR)
        offset = from_utc(at) - at
        yield at, round(offset.total_seconds())
