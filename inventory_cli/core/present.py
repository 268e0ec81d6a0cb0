"""Knows what now is where a clock may be behind the last recorded time. Must never read a clock."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import When, local_time, parse_when, utc_text
from inventory_cli.errors import Refused

# By how much a clock has to be behind to be worth a word.
NOTEWORTHY = timedelta(seconds=1)


class Present(NamedTuple):
    """Now, which is never before the last recorded time, and what the clock says."""

    now: datetime
    clock: datetime

    @property
    def behind(self) -> timedelta:
        """By how much the clock is behind."""
        return self.now - self.clock


def present_at(clock: datetime, last_recorded: str) -> Present:
    """Return the present of a ledger whose last batch was recorded then (UTC text)."""
    return Present(max(clock, local_time(last_recorded, UTC)), clock)


def parse_when_recorded(text: str, present: Present, zone: tzinfo) -> When:
    """Return when something happened that is to be recorded, as a person says it.

    Raises Refused where that depends on a clock that is more than a day behind.
    """
    when = parse_when(text, present.now, zone)
    if present.behind > timedelta(days=1) and when != parse_when(text, present.clock, zone):
        raise Refused(
            behind_in_words(present),
            "say the date, like --on 2022-03-15, or set the clock right",
        )
    return when


def behind_in_words(present: Present) -> str:
    """Return by how much the clock is behind, in the largest unit that fits."""
    behind = since_in_words(present.behind)
    clock, now = (utc_text(moment)[: len("2022-03-15T14:30:00")] for moment in present[::-1])
    return f"the clock says {clock} (UTC), which is {behind} behind the last recorded time, {now}"


def since_in_words(span: timedelta) -> str:
    """Return a span of time in the largest unit that fits."""
    seconds = int(span.total_seconds())
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    unit, size = next((one for one in units if seconds >= one[1]), units[-1])
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
