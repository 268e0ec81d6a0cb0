"""Knows whether a stream holds over its whole timeline, a batch included: in one pass over its
events, of which none is kept, however many there are.

Must never know where they are stored, or what the batch makes of the stored stock.
"""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from shlex import quote
from typing import NamedTuple

from inventory_cli.core.dates import day_of, show_effective
from inventory_cli.core.events import KINDS, Effect, Stream
from inventory_cli.core.notes import MovedCount
from inventory_cli.core.quantities import LARGEST_ON_HAND, format_quantity
from inventory_cli.core.replay import SIGNS, UnknownKind
from inventory_cli.core.wording import command_about


class Problem(NamedTuple):
    """Why a stream refuses a batch: the first moment at which it would not hold."""

    sku: str
    location: str
    at: str
    date_only: int
    position: int
    text: str
    hint: str | None
    is_shortage: bool = False

    def in_words(self, zone: tzinfo) -> str:
        """Return it as text that names its SKU, location and moment."""
        then = show_effective(self.at, self.date_only, zone)
        where = f"{self.sku} at {self.location}" if self.location else self.sku
        return f"{where} on {then}: {self.text}"


class Judging(NamedTuple):
    """What a stream is judged by: the position of the first event of the batch, whether it may
    fall below zero, and how it is worded.
    """

    first_new: int
    allow_negative: bool
    decimals: int
    zone: tzinfo


# The first and the last moment of a local day, as UTC text.
Day = tuple[str, str]

_TOO_LARGE = "on hand would be too large to store"


def judge_timeline(
    stream: Stream,
    effects: Iterable[Effect],
    by: Judging,
    tell_moved: Callable[[MovedCount], None],
) -> tuple[Problem | None, set[Day]]:
    """Judge a whole stream, given in fold order; return why it refuses the batch, and the days that
    hold a count at a time and something new: there it may meet what is known by its day.

    It is refused when, at the end of any moment, on hand is below zero *and* lower than it would
    have been without the new events: a batch is not to blame for what was short before it. A
    moment is judged as a whole, so the order in which its events were recorded does not matter.
    `tell_moved` is told of each count recorded before whose variance the batch has changed.
    """
    first_new, signs = by.first_new, SIGNS
    moment, openings, met = _Moment(stream, by), _Openings(), _MetDays(by.zone)
    at, place = "", (0, 0)
    on_hand = without = 0
    for position, kind, quantity, effective_at, date_only, voided_by, _ in effects:
        if effective_at != at:
            moment.close(at, place, on_hand, without)
            at = effective_at
            moment.begin((position, date_only), on_hand)
        place = position, date_only
        is_count, change = kind == "counted", signs.get(kind, 0) * quantity
        if position >= first_new:
            moment.new = moment.new or place
            met.add_new(at)
        elif is_count and (voided_by is None or voided_by >= first_new):
            if voided_by is None and without != on_hand:
                count = (*stream, position, at, date_only)
                tell_moved(MovedCount(*count, quantity - without, quantity - on_hand))
            without = moment.there = quantity
        elif voided_by is None or voided_by >= first_new:
            if kind not in KINDS:
                raise UnknownKind(position, kind)
            without += change
            moment.there += change
        if voided_by is not None or kind == "reversed":
            continue
        if kind == "opened" or openings.first is None:
            openings.add(kind, (position, at, date_only))
        if is_count:
            on_hand = quantity
            if not date_only:
                met.add_count(at)
        else:
            on_hand += change
    moment.close(at, place, on_hand, without)
    return openings.problem(stream, by) or moment.problem, met.days


# The position of an event, and how much of its moment is known.
_Place = tuple[int, int]


class _Moment:
    """The events of a stream that take effect at one moment; and the first moment at which it does
    not hold, as a problem.
    """

    __slots__ = ("_by", "_first", "_stream", "new", "problem", "there")

    def __init__(self, stream: Stream, by: Judging) -> None:
        self._stream = stream
        self._by = by
        self.problem: Problem | None = None
        self.begin((0, 0), 0)

    def begin(self, first: _Place, on_hand: int) -> None:
        self._first = first
        # The first event of the batch, and what is there for those of it.
        self.new: _Place | None = None
        self.there = on_hand

    def close(self, at: str, last: _Place, on_hand: int, without: int) -> None:
        """Judge the moment by what is on hand at the end of it, with the batch and without it."""
        if self.problem is not None:
            return
        if abs(on_hand) > LARGEST_ON_HAND:
            self.problem = _problem(self._stream, (last[0], at, last[1]), _TOO_LARGE)
        elif on_hand < 0 and on_hand < without and not self._by.allow_negative:
            position, date_only = self.new or self._first
            # Where nothing new stands at this moment: what the book said without the batch.
            there = self.there if self.new else without
            event = (position, at, date_only)
            self.problem = _shortage(self._stream, event, there, -on_hand, self._by.decimals)


# The position of an event, when it takes effect, and how much of that is known.
_Named = tuple[int, str, int]


class _Openings:
    """The first standing event of a stream, and its opening balances, of which one may stand."""

    __slots__ = ("_openings", "first")

    def __init__(self) -> None:
        self.first: _Named | None = None
        # The two that were recorded first, if there are more.
        self._openings: list[_Named] = []

    def add(self, kind: str, event: _Named) -> None:
        """Look at the next standing event, in fold order; only openings are, behind the first."""
        self.first = self.first or event
        if kind == "opened":
            self._openings = sorted([*self._openings, event])[:2]

    def problem(self, stream: Stream, by: Judging) -> Problem | None:
        """Return what is wrong with how the stream is opened."""
        if not self._openings or self.first is None:
            return None
        position, at, date_only = self._openings[0]
        opened_on = show_effective(at, date_only, by.zone)
        if len(self._openings) > 1:
            return _problem(
                stream,
                self._openings[1],
                f"there is an opening balance of {opened_on} already",
                f"adjust it, or reverse event {position} and open once more",
            )
        if self.first[1] < at:
            return _problem(
                stream,
                self.first,
                f"nothing can take effect before the opening balance of {opened_on}",
                "give the opening balance an earlier date"
                if position >= by.first_new
                else f"give a later date, or reverse event {position} and open earlier",
            )
        return None


class _MetDays:
    """The days that hold a count at a time and something new."""

    __slots__ = ("_counted", "_last_new", "_zone", "days")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last_new = ""
        self._counted: Day = ("", "")
        self.days: set[Day] = set()

    def add_new(self, at: str) -> None:
        self._last_new = at
        if at <= self._counted[1]:
            self.days.add(self._counted)

    def add_count(self, at: str) -> None:
        if at > self._counted[1]:
            self._counted = day_of(at, self._zone)
        if self._last_new >= self._counted[0]:
            self.days.add(self._counted)


def _problem(stream: Stream, event: _Named, text: str, hint: str | None = None) -> Problem:
    position, at, date_only = event
    return Problem(*stream, at, date_only, position, text, hint)


def _shortage(stream: Stream, event: _Named, on_hand: int, missing: int, decimals: int) -> Problem:
    """Return the problem of a stream that would fall below zero at the moment of an event."""
    sku, location = stream
    look = command_about(sku, "history", f" --location {quote(location)}")
    have, lack = (format_quantity(quantity, decimals) for quantity in (on_hand, missing))
    return _problem(
        stream,
        event,
        f"{have} on hand then, {lack} missing",
        f"look at `{look}`; record what came in, or let it pass with --allow-negative",
    )._replace(is_shortage=True)
