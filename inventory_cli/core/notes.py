"""Knows what of a batch is worth a word, though nothing forbids it: the same on every way.

Must never know how the batch was given, or where the words stand.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import NamedTuple

from inventory_cli.core.dates import (
    show_day,
    show_effective,
    show_moment,
)
from inventory_cli.core.events import Event
from inventory_cli.core.names import New
from inventory_cli.core.present import NOTEWORTHY, behind_in_words, present_at
from inventory_cli.core.replay import steps
from inventory_cli.core.wording import MOST_SHOWN, signed

# What a note is about → how several of that sort are summed up.
TITLES = {
    "moved count": "counts with another variance",
    "met count": "counts on a day of which other movements are known by the day alone",
    "later day": "events of a later day; `stock` leaves them out until then",
    "new SKU": "new SKUs",
    "new location": "new locations",
    "clock": "remarks on the clock",
}
# Of these the text of a note is the name alone.
_NAMES = ("new SKU", "new location")
# How many of each sort are named where they are summed up.
MOST_NAMED = 3


class Notes:
    """The notes on a batch: how many there are of each sort, and the first of them in words."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._texts: dict[str, list[str]] = {}
        self._striking: dict[str, int] = {}

    def add(self, sort: str, text: str, striking: bool = False) -> None:
        """Add a note; `sort` is one of TITLES. What is striking comes before all others of it."""
        self._counts[sort] = self._counts.get(sort, 0) + 1
        texts = self._texts.setdefault(sort, [])
        place = len(texts)
        if striking:
            place = self._striking.get(sort, 0)
            self._striking[sort] = place + 1
        if place < MOST_SHOWN:
            texts.insert(place, text)
            del texts[MOST_SHOWN:]

    def add_new(self, names: Iterable[New]) -> None:
        """Add a note for each name that is new; those that others resemble come first."""
        for new in names:
            self.add(f"new {new.sort}", new.in_words(), bool(new.alike))

    def one_by_one(self) -> list[str]:
        """Return a line for each note, as a command or a single line of input has them."""
        lines: list[str] = []
        for sort, texts in self._texts.items():
            lines += [_alone(sort, text) for text in texts]
            if (rest := self._counts[sort] - len(texts)) > 0:
                lines.append(f"and {rest} more {TITLES[sort]}")
        return lines

    def summed_up(self) -> list[str]:
        """Return a line for each sort of note: how many, and the first few."""
        return [self._summed_up(sort, texts) for sort, texts in self._texts.items()]

    def _summed_up(self, sort: str, texts: Sequence[str]) -> str:
        count = self._counts[sort]
        if count == 1:
            return _alone(sort, texts[0])
        rest = count - MOST_NAMED
        more = f"; and {rest} more" if rest > 0 else ""
        return f"{count} {TITLES[sort]}: {'; '.join(texts[:MOST_NAMED])}{more}"


def _alone(sort: str, text: str) -> str:
    return f"{sort} {text}" if sort in _NAMES else text


class MovedCount(NamedTuple):
    """A count whose variance changed because something was recorded that took effect before it."""

    event: Event
    variance_before: int
    variance: int

    def in_words(self, decimals: int, zone: tzinfo) -> str:
        """Return what is to be known of it: on hand after a count stays as counted."""
        count = _count_in_words(self.event, zone)
        before, after = (signed(n, decimals) for n in (self.variance_before, self.variance))
        return f"{count} still stands; its variance is {after}, was {before}"


def moved_counts(stream: Sequence[Event], first_new: int) -> list[MovedCount]:
    """Return the counts recorded before position `first_new` whose variance the rest changed."""
    known = (event for event in stream if event.position < first_new)
    before = {
        step.event.position: step.change
        for step in steps(known)
        if step.event.kind == "counted" and step.voided_by is None
    }
    return [
        MovedCount(step.event, before[step.event.position], step.change)
        for step in steps(stream)
        if step.event.position in before
        and step.voided_by is None
        and step.change != before[step.event.position]
    ]


class MetCount(NamedTuple):
    """A count at a time of a day of which movements of its stream are known by the day alone.

    It takes in those that stand before it, `included`, and not those behind it, `left_out`: the
    first few of either, and how many there are.
    """

    event: Event
    included: tuple[Sequence[int], int]
    left_out: tuple[Sequence[int], int]

    def in_words(self, zone: tzinfo) -> str:
        """Return which of the movements of its day a count is taken to include."""
        parts = [
            f"{verb} {_events(*some)}"
            for verb, some in (("includes", self.included), ("leaves out", self.left_out))
            if some[1]
        ]
        said = f"{_count_in_words(self.event, zone)} {' and '.join(parts)}"
        is_one = self.included[1] + self.left_out[1] == 1
        return f"{said}, {'which is' if is_one else 'which are'} known by the day alone"


def met_counts(events: Iterable[Event], first_new: int, zone: tzinfo) -> Iterator[MetCount]:
    """Give the counts at a time that meet movements known by their day, where one of them is new.

    `events` are those of one stream, in fold order; of some whole days, or of all.
    """
    for _, group in groupby(events, key=lambda event: show_day(event.effective_at, zone)):
        day = list(group)
        voided = {event.reverses for event in day}
        standing = [e for e in day if e.position not in voided and e.kind != "reversed"]
        by_day = [e.position for e in standing if _is_known_by_day(e)]
        if not by_day:
            continue
        latest, before = max(by_day), 0
        for event in standing:
            if _is_known_by_day(event):
                before += 1
                continue
            is_timed_count = event.kind == "counted" and not event.date_only
            if is_timed_count and max(event.position, latest) >= first_new:
                yield MetCount(
                    event,
                    (by_day[: min(before, MOST_NAMED)], before),
                    (by_day[before : before + MOST_NAMED], len(by_day) - before),
                )


def _is_known_by_day(event: Event) -> bool:
    return bool(event.date_only) and event.kind not in ("counted", "opened")


def clock_in_words(clock: str, recorded_at: str) -> str | None:
    """Return what is to be known of a clock (UTC text) when a batch is recorded as of a later time;
    None where it is not behind by as much as a second.
    """
    present = present_at(datetime.fromisoformat(clock), recorded_at)
    return None if present.behind < NOTEWORTHY else behind_in_words(present)


def later_day_in_words(event: Event) -> str:
    """Return what is to be known of an event that takes effect after today."""
    return f"event {event.position} is of a later day; `stock` leaves it out until then"


def _count_in_words(count: Event, zone: tzinfo) -> str:
    if count.date_only:
        at = show_effective(count.effective_at, count.date_only, zone)
    else:
        at = show_moment(count.effective_at, zone)[: len("2022-03-15T14:30")].replace("T", " ")
    return f"the count of {count.sku} at {count.location} on {at} (event {count.position})"


def _events(positions: Sequence[int], count: int) -> str:
    shown = ", ".join(map(str, positions))
    more = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
    return f"event{'s' if count > 1 else ''} {shown}{more}"
