"""Knows whether a batch may be recorded, by the streams that it touches, and what it changes.

Must never know where streams are stored; they are given to it.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from itertools import groupby
from shlex import quote
from typing import NamedTuple

from inventory_cli.core.dates import END_OF_TIME, Today, day_of, show_effective
from inventory_cli.core.events import AT_ONCE, Draft, Event, Stream
from inventory_cli.core.names import NamesInUse, Newcomers, where_there_is
from inventory_cli.core.notes import Notes, later_day_in_words, met_counts, moved_counts
from inventory_cli.core.periods import Closing, what_forbids
from inventory_cli.core.projection import Projected, projected_anew
from inventory_cli.core.quantities import LARGEST_ON_HAND, format_quantity
from inventory_cli.core.replay import State, fold, steps
from inventory_cli.core.rules import happened_by_now
from inventory_cli.core.wording import first_of
from inventory_cli.errors import Refused


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
        return f"{self.sku} at {self.location} on {then}: {self.text}"


class Forbidden(Refused):
    """The rules forbid a batch that was to be recorded now, for all these problems; the first is
    the earliest.
    """

    def __init__(self, problems: Sequence[Problem], now: str, zone: tzinfo) -> None:
        self.problems = problems
        self.now = now
        self.zone = zone
        super().__init__(*self._worded("refused by the rules"))

    def of(self, cannot: str, own: Draft | None = None) -> Refused:
        """Return the refusal of what `cannot` be done: the first problem, some others below it.

        The problem of the stream of one's `own` draft need not name that stream again.
        """
        return Refused(*self._worded(cannot, own))

    def _worded(self, cannot: str, own: Draft | None = None) -> tuple[str, str | None]:
        first = self.problems[0]
        shown = [problem.in_words(self.zone) for problem in self.problems]
        if own is not None and (first.sku, first.location) == own.stream:
            then = show_effective(first.at, first.date_only, self.zone)
            shown[0] = first.text if first.at == own.effective_at else f"on {then}, {first.text}"
        return "\n  ".join(first_of([f"{cannot}: {shown[0]}", *shown[1:]])), first.hint


class Grounds(NamedTuple):
    """What a batch is judged by. `first` is the position of its first event; `today` the day and
    the moment at which it is recorded; `closings` are sorted by date.
    """

    first: int
    today: Today
    closings: Sequence[Closing]
    allow_negative: bool
    decimals: int
    zone: tzinfo


class Verdict(NamedTuple):
    """What a batch that is allowed makes of the streams that it touches.

    `net_change` is by how much on hand changed in all of them together.
    """

    states: dict[Stream, State]
    net_change: int
    notes: Notes


class _Touched:
    """A stream that a batch touches, brought forward as long as events come in order."""

    __slots__ = ("before", "projected", "settled")

    def __init__(self, stored: State | None) -> None:
        self.before = stored.on_hand if stored else 0
        self.projected = Projected(stored or State())
        self.settled = True

    def may_meet(self, draft: Draft) -> bool:
        """Tell whether an event may be a count at a time that meets what is known by its day, or
        the other way round: so that the day has to be looked at.
        """
        if draft.kind == "counted":
            return not draft.date_only and self.projected.last_effective != ""
        counted = self.projected.last_counted
        # One that closes its day is known by the day, too.
        return bool(draft.date_only and counted) and not str(counted).endswith("59.999Z")

    def bring_forward(self, draft: Draft, allow_negative: bool) -> bool:
        """Apply an event and tell whether that settles the stream.

        It does not when the event comes out of order, or when what was on hand before it may be
        too little: then the stream has to be folded, and judged, as a whole.
        """
        projected = self.projected
        last_effective = projected.last_effective
        if (
            draft.effective_at < last_effective
            or draft.kind == "reversed"
            or (draft.kind == "opened" and last_effective)
            or (projected.on_hand < 0 and not allow_negative)
        ):
            return False
        projected.advance(draft.kind, draft.quantity, draft.effective_at, draft.details)
        return -LARGEST_ON_HAND <= projected.on_hand <= LARGEST_ON_HAND


class Judge:
    """Judges one batch, whose drafts it is shown in order, by the streams that they touch.

    `stored_state` gives what is stored of a stream before the batch; `read_stream` what it holds
    between two moments (UTC text), the events of the batch included, in fold order. That is asked
    only at the end: all of a stream in which something came late, the day of a count that others
    met. `names` are those in use before the batch; without them none is new.
    """

    def __init__(
        self,
        grounds: Grounds,
        stored_state: Callable[[Stream], State | None],
        read_stream: Callable[[Stream, str, str], Sequence[Event]],
        names: NamesInUse | None = None,
    ) -> None:
        self.notes = Notes()
        self._grounds = grounds
        self._stored_state = stored_state
        self._read_stream = read_stream
        self._names = names
        self._newcomers = names and Newcomers(names)
        # The days on which a count at a time may have met what is known by its day.
        self._met: dict[Stream, set[tuple[str, str]]] = {}
        self._touched: dict[Stream, _Touched] = {}
        self._next = grounds.first
        self._soon = grounds.today.moved
        self._closed_to = grounds.closings[-1].as_of if grounds.closings else ""
        # One problem for each stream is enough.
        self._closed: dict[Stream, Problem] = {}

    def take(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """Look at the next drafts of the batch; return them as they are to be recorded."""
        touched, closed_to, soon = self._touched, self._closed_to, self._soon
        allow_negative = self._grounds.allow_negative
        changed: dict[int, Draft] = {}
        first = self._next
        for position, draft in enumerate(drafts, start=first):
            if draft.effective_at >= soon:
                draft = changed[position] = self._of_today_or_later(draft, position)
            stream = draft[:2]
            touch = touched.get(stream)
            if touch is None:
                touch = touched[stream] = self._first_touch(stream)
            if touch.settled:
                if touch.may_meet(draft):
                    self._met.setdefault(stream, set()).add(
                        day_of(draft.effective_at, self._grounds.zone)
                    )
                touch.settled = touch.bring_forward(draft, allow_negative)
            if draft.effective_at <= closed_to or draft.details is not None:
                self._look_at_period(draft, position)
        self._next = first + len(drafts)
        if not changed:
            return drafts
        return [changed.get(position, draft) for position, draft in enumerate(drafts, start=first)]

    def _first_touch(self, stream: Stream) -> _Touched:
        stored = self._stored_state(stream)
        if stored is None and self._newcomers:
            self.notes.add_new(self._newcomers.look_at(*stream))
        return _Touched(stored)

    def _of_today_or_later(self, draft: Draft, position: int) -> Draft:
        if draft.effective_at == AT_ONCE:
            return draft._replace(effective_at=self._grounds.today.now)
        draft = happened_by_now(draft, self._grounds.today)
        if draft.effective_at > self._grounds.today.ends and draft.kind != "reversed":
            self.notes.add("later day", later_day_in_words(Event(position, 0, *draft)))
        return draft

    def _look_at_period(self, draft: Draft, position: int) -> None:
        if found := what_forbids(draft, self._grounds.closings, self._grounds.zone):
            problem = Problem(*draft.stream, draft.effective_at, draft.date_only, position, *found)
            self._closed.setdefault(draft.stream, problem)

    def settle(self) -> Verdict:
        """Return what the batch makes of its streams. Raises Forbidden where that is forbidden."""
        problems = list(self._closed.values())
        if not problems:
            for stream, touch in self._touched.items():
                if not touch.settled or (
                    touch.projected.on_hand < 0 and not self._grounds.allow_negative
                ):
                    problems += self._judge_whole(stream, touch)
                elif days := self._met.get(stream):
                    for begins, ends in sorted(days):
                        self._note_met(self._read_stream(stream, begins, ends))
        if problems:
            problems.sort(key=lambda problem: (problem.at, problem.position))
            problems[0] = self._with_advice(problems[0])
            raise Forbidden(problems, self._grounds.today.now, self._grounds.zone)
        return Verdict(
            {stream: touch.projected.state() for stream, touch in self._touched.items()},
            sum(touch.projected.on_hand - touch.before for touch in self._touched.values()),
            self.notes,
        )

    def _with_advice(self, problem: Problem) -> Problem:
        """Return a problem that says, where something is missing, where else there is some, or
        which names may have been meant.
        """
        if self._names is None or not problem.is_shortage:
            return problem
        on_hand = {**self._names.on_hand(problem.sku), problem.location: 0}
        new = Newcomers(self._names).look_at(problem.sku, problem.location)
        advice = [
            *(f"new {name.sort} {name.in_words()}" for name in new if name.alike),
            where_there_is(on_hand, self._grounds.decimals),
            problem.hint,
        ]
        return problem._replace(hint="; ".join(filter(None, advice)))

    def _judge_whole(self, stream: Stream, touch: _Touched) -> list[Problem]:
        """Judge a stream over its whole timeline, and project it anew."""
        grounds, events = self._grounds, self._read_stream(stream, "", END_OF_TIME)
        found = check_stream(
            events, grounds.first, grounds.allow_negative, grounds.decimals, grounds.zone
        )
        if found:
            return [found]
        for moved in moved_counts(events, grounds.first):
            self.notes.add("moved count", moved.in_words(grounds.decimals, grounds.zone))
        if any(event.kind == "counted" and not event.date_only for event in events):
            self._note_met(events)
        touch.projected = projected_anew(events)
        return []

    def _note_met(self, events: Sequence[Event]) -> None:
        for met in met_counts(events, self._grounds.first, self._grounds.zone):
            self.notes.add("met count", met.in_words(self._grounds.zone))


def _problem(event: Event, text: str, hint: str | None = None) -> Problem:
    return Problem(
        event.sku, event.location, event.effective_at, event.date_only, event.position, text, hint
    )


def _shortage(event: Event, on_hand: int, missing: int, decimals: int) -> Problem:
    """Return the problem of a stream that would fall below zero at the moment of `event`."""
    have, lack = (format_quantity(quantity, decimals) for quantity in (on_hand, missing))
    return _problem(
        event,
        f"{have} on hand then, {lack} missing",
        f"look at `inventory history {quote(event.sku)} --location {quote(event.location)}`; "
        "record what came in, or let it pass with --allow-negative",
    )._replace(is_shortage=True)


_TOO_LARGE = "on hand would be too large to store"


def check_stream(
    stream: Sequence[Event], first_new: int, allow_negative: bool, decimals: int, zone: tzinfo
) -> Problem | None:
    """Judge a whole stream, in fold order, of which all from position `first_new` on is new.

    It is refused when, at the end of any moment, on hand is below zero *and* lower than it would
    have been without the new events: a batch is not to blame for what was short before it. A
    moment is judged as a whole, so the order in which its events were recorded does not matter.
    """
    if misplaced := _check_opening(stream, first_new, zone):
        return misplaced
    without = steps(event for event in stream if event.position < first_new)
    on_hand_without = {step.event.position: step.on_hand for step in without}
    before = 0
    for at, moment in groupby(steps(stream), key=lambda step: step.event.effective_at):
        events: list[Event] = []
        for step in moment:
            events.append(step.event)
            before = on_hand_without.get(step.event.position, before)
        after = step.on_hand
        if abs(after) > LARGEST_ON_HAND:
            return _problem(step.event, _TOO_LARGE)
        if not allow_negative and after < 0 and after < before:
            new = [event for event in events if event.position >= first_new]
            # What was there for the new events of this moment; where there is none, what the
            # book said without the batch.
            left_out = {event.position for event in new}
            kept = (e for e in stream if e.effective_at <= at and e.position not in left_out)
            there = fold(kept).on_hand if new else before
            return _shortage((new or events)[0], there, -after, decimals)
    return None


def _check_opening(stream: Sequence[Event], first_new: int, zone: tzinfo) -> Problem | None:
    voided = {event.reverses for event in stream}
    standing = [e for e in stream if e.position not in voided and e.kind != "reversed"]
    # The one that was recorded first, if there are two.
    openings = sorted((e for e in standing if e.kind == "opened"), key=lambda e: e.position)
    if not openings:
        return None
    opening = openings[0]
    opened_on = show_effective(opening.effective_at, opening.date_only, zone)
    if len(openings) > 1:
        return _problem(
            openings[1],
            f"there is an opening balance of {opened_on} already",
            f"adjust it, or reverse event {opening.position} and open once more",
        )
    first = standing[0]
    if first.effective_at < opening.effective_at:
        return _problem(
            first,
            f"nothing can take effect before the opening balance of {opened_on}",
            "give the opening balance an earlier date"
            if opening.position >= first_new
            else f"give a later date, or reverse event {opening.position} and open earlier",
        )
    return None
