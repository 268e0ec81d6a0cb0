"""Knows what of a batch is worth a word, though nothing forbids it: the same on every way.

Must never know how the batch was given, or where the words stand.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import show_effective, show_moment
from inventory_cli.core.events import Effect, Event, Stream
from inventory_cli.core.names import New
from inventory_cli.core.present import NOTEWORTHY, behind_in_words, present_at
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

    sku: str
    location: str
    position: int
    effective_at: str
    date_only: int
    variance_before: int
    variance: int

    def in_words(self, decimals: int, zone: tzinfo) -> str:
        """Return what is to be known of it: on hand after a count stays as counted."""
        count = _count_in_words(*self[:5], zone)
        before, after = (signed(n, decimals) for n in (self.variance_before, self.variance))
        return f"{count} still stands; its variance is {after}, was {before}"


class MetCount(NamedTuple):
    """A count at a time of a day of which movements of its stream are known by the day alone.

    It takes in those that stand before it, `included`, and not those behind it, `left_out`: the
    first few of either, and how many there are.
    """

    position: int
    effective_at: str
    included: tuple[Sequence[int], int]
    left_out: tuple[Sequence[int], int]

    def in_words(self, stream: Stream, zone: tzinfo) -> str:
        """Return which of the movements of its day a count is taken to include."""
        parts = [
            f"{verb} {_events(*some)}"
            for verb, some in (("includes", self.included), ("leaves out", self.left_out))
            if some[1]
        ]
        count = _count_in_words(*stream, self.position, self.effective_at, 0, zone)
        is_one = self.included[1] + self.left_out[1] == 1
        which = "which is" if is_one else "which are"
        return f"{count} {' and '.join(parts)}, {which} known by the day alone"


def met_counts(day: Iterable[Effect], first_new: int) -> Iterator[MetCount]:
    """Give the counts at a time that meet movements known by their day, where one of them is new.

    `day` is what takes effect in one stream on one day, in fold order.
    """
    counts, by_day = list[tuple[int, str, int]](), array("q")
    for position, kind, _, effective_at, date_only, voided_by, _ in day:
        if voided_by is not None or kind in ("reversed", "opened"):
            continue
        if kind != "counted" and date_only:
            by_day.append(position)
        elif kind == "counted" and not date_only:
            counts.append((position, effective_at, len(by_day)))
    if not by_day:
        return
    latest = max(by_day)
    for position, effective_at, before in counts:
        if max(position, latest) >= first_new:
            yield MetCount(
                position,
                effective_at,
                (by_day[: min(before, MOST_NAMED)], before),
                (by_day[before : before + MOST_NAMED], len(by_day) - before),
            )


def clock_in_words(clock: str, recorded_at: str) -> str | None:
    """Return what is to be known of a clock (UTC text) when a batch is recorded as of a later time;
    None where it is not behind by as much as a second.
    """
    present = present_at(datetime.fromisoformat(clock), recorded_at)
    return None if present.behind < NOTEWORTHY else behind_in_words(present)


def later_day_in_words(event: Event) -> str:
    """Return what is to be known of an event that takes effect after today."""
    return f"event {event.position} is of a later day; `stock` leaves it out until then"


def _count_in_words(
    sku: str, location: str, position: int, effective_at: str, date_only: int, zone: tzinfo
) -> str:
    if date_only:
        at = show_effective(effective_at, date_only, zone)
    else:
        at = show_moment(effective_at, zone)[: len("2022-03-15T14:30")].replace("T", " ")
    return f"the count of {sku} at {location} on {at} (event {position})"


def _events(positions: Sequence[int], count: int) -> str:
    shown = ", ".join(map(str, positions))
    more = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
    return f"event{'s' if count > 1 else ''} {shown}{more}"
