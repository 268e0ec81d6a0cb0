"""Knows whether a batch may be recorded, by the streams that it touches, and what it changes.

Must never know where streams are stored; they are given to it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import tzinfo
from shlex import quote
from typing import NamedTuple

from inventory_cli.core.dates import END_OF_TIME, Today, day_of, show_effective
from inventory_cli.core.descriptions import barcodes_in
from inventory_cli.core.events import (
    AT_ONCE,
    DESCRIBED,
    INTO_CLOSED,
    Draft,
    Drafts,
    Effect,
    Event,
    Stream,
    is_stock,
)
from inventory_cli.core.names import NamesInUse, Newcomers, where_there_is
from inventory_cli.core.notes import MovedCount, Notes, later_day_in_words, met_counts
from inventory_cli.core.periods import Closing, what_forbids
from inventory_cli.core.projection import Projected
from inventory_cli.core.quantities import LARGEST_ON_HAND
from inventory_cli.core.replay import State
from inventory_cli.core.rules import happened_by_now
from inventory_cli.core.timeline import Day, Judging, Problem, judge_timeline
from inventory_cli.core.wording import first_of
from inventory_cli.errors import Refused

_LEAST_ON_HAND = -LARGEST_ON_HAND


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
    """A stream that a batch touches, brought forward event by event.

    The rows of a day come in any order. So what comes late is looked at on the spot as long as it
    takes effect at the moment `_since` or later: then nothing that was recorded before the batch
    stands behind it, and what was on hand at any moment from there on is known to lie between
    `_lowest` and `_highest`.
    """

    __slots__ = (
        *("_highest", "is_counted", "_lowest", "_since", "_until"),
        *("before", "projected", "settled"),
    )

    def __init__(self, stored: State | None) -> None:
        self.before = stored.on_hand if stored else 0
        self.projected = Projected(stored or State())
        self.settled = True
        counted = self.projected.last_counted
        # Whether there was a count at a time; one that closes its day is known by the day.
        self.is_counted = bool(counted) and not str(counted).endswith("59.999Z")
        self._since = self.projected.last_effective
        self._lowest = self._highest = self.before
        self._until = ""

    def may_meet(self, kind: str, date_only: int) -> bool:
        """Tell whether an event may be a count at a time that meets what is known by its day, or
        the other way round: so that the day has to be looked at.
        """
        if kind != "counted":
            return bool(date_only and self.is_counted)
        if date_only:
            return False
        self.is_counted = True
        return self.projected.last_effective != ""

    def bring_forward(
        self, kind: str, quantity: int, moment: str, until: str, details: str | None, least: int
    ) -> bool:
        """Apply an event and tell whether that settles the stream.

        It does not when the event comes too late, or when what was on hand before it may be less
        than the `least`: then the stream has to be folded, and judged, as a whole. `until` lies
        behind every moment of its day, as UTC has it.
        """
        projected = self.projected
        on_hand, last_effective = projected.on_hand, projected.last_effective
        if on_hand < least or kind == "reversed":
            return False
        if moment < last_effective:
            return self._insert(kind, quantity, moment, least)
        if moment > self._until:
            self._since, self._until = last_effective, until
            self._lowest = self._highest = on_hand
        if kind == "opened":
            if last_effective:
                return False
            # Nothing takes effect before it.
            self._since = moment
        on_hand = projected.advance(kind, quantity, moment, details)
        if on_hand < self._lowest:
            self._lowest = on_hand
        elif on_hand > self._highest:
            self._highest = on_hand
        return _LEAST_ON_HAND <= on_hand <= LARGEST_ON_HAND

    def _insert(self, kind: str, quantity: int, moment: str, least: int) -> bool:
        """Apply an event that takes effect before others; what is there then may be no less."""
        if moment < self._since or kind in ("opened", "counted"):
            return False
        change = self.projected.insert(kind, quantity, moment)
        # It may be that every moment lies behind it, or none.
        if change < 0:
            self._lowest += change
        else:
            self._highest += change
        return least <= self._lowest and self._highest <= LARGEST_ON_HAND


class Judge:
    """Judges one batch, whose drafts it is shown in order, by the streams that they touch.

    `stored_state` gives what is stored of a stream before the batch; `read_effects` what it holds
    between two moments (UTC text), the events of the batch included, in fold order. That is asked
    only at the end: all of a stream in which something came late, the day of a count that others
    met. `names` are those in use before the batch; without them none is new.
    """

    def __init__(
        self,
        grounds: Grounds,
        stored_state: Callable[[Stream], State | None],
        read_effects: Callable[[Stream, str, str], Iterable[Effect]],
        names: NamesInUse | None = None,
    ) -> None:
        self.notes = Notes()
        self._grounds = grounds
        self._stored_state = stored_state
        self._read_effects = read_effects
        self._names = names
        self._newcomers = names and Newcomers(names)
        # The days on which a count at a time may have met what is known by its day.
        self._met: dict[Stream, set[Day]] = {}
        self._touched: dict[Stream, _Touched] = {}
        self._next = grounds.first
        self._soon = grounds.today.moved
        self._closed_to = grounds.closings[-1].as_of if grounds.closings else ""
        # One problem for each stream is enough.
        self._closed: dict[Stream, Problem] = {}
        # Of which SKU a barcode is said in this batch.
        self._barcodes: dict[str, str] = {}

    @property
    def streams(self) -> Collection[Stream]:
        """The streams that the batch touches, as far as it was shown."""
        return self._touched.keys()

    def take(self, drafts: Drafts) -> Drafts:
        """Look at the next drafts of the batch; return them as they are to be recorded."""
        touched, closed_to, soon = self._touched, self._closed_to, self._soon
        least = _LEAST_ON_HAND if self._grounds.allow_negative else 0
        day, until = "", ""
        changed: dict[int, Draft] = {}
        said = (drafts.kind, drafts.quantity, drafts.effective_at, drafts.date_only, drafts.details)
        for place, (sku, location, kind, quantity, moment, date_only, details) in enumerate(
            zip(drafts.sku, drafts.location, *said, strict=True)
        ):
            if moment >= soon:
                draft = changed[place] = self._of_today_or_later(drafts, place)
                moment, date_only = draft.effective_at, draft.date_only
            stream = sku, location
            touch = touched.get(stream)
            if touch is None:
                touch = touched[stream] = self._first_touch(stream)
            if touch.settled:
                # Most streams were never counted, and most events are no count.
                if (touch.is_counted or kind == "counted") and touch.may_meet(kind, date_only):
                    self._met.setdefault(stream, set()).add(day_of(moment, self._grounds.zone))
                if moment[:10] != day:
                    day = moment[:10]
                    until = f"{day}~"
                touch.settled = touch.bring_forward(kind, quantity, moment, until, details, least)
            if moment <= closed_to or (
                details is not None and (kind == DESCRIBED or INTO_CLOSED in details)
            ):
                draft, position = changed.get(place) or drafts.at(place), self._next + place
                self._look_at_period(draft, position)
                if kind == DESCRIBED:
                    self._look_at_barcodes(draft, position)
        self._next += drafts.how_many
        if changed:
            drafts = Drafts.of(changed.get(n, draft) for n, draft in enumerate(drafts.each()))
        return drafts

    def _first_touch(self, stream: Stream) -> _Touched:
        stored = self._stored_state(stream)
        if stored is None and self._newcomers:
            self.notes.add_new(self._newcomers.look_at(*stream))
        return _Touched(stored)

    def _of_today_or_later(self, drafts: Drafts, place: int) -> Draft:
        draft = drafts.at(place)
        if draft.effective_at == AT_ONCE:
            return draft._replace(effective_at=self._grounds.today.now)
        draft = happened_by_now(draft, self._grounds.today)
        if draft.effective_at > self._grounds.today.ends and draft.kind != "reversed":
            self.notes.add("later day", later_day_in_words(Event(self._next + place, 0, *draft)))
        return draft

    def _look_at_period(self, draft: Draft, position: int) -> None:
        if found := what_forbids(draft, self._grounds.closings, self._grounds.zone):
            problem = Problem(*draft.stream, draft.effective_at, draft.date_only, position, *found)
            self._closed.setdefault(draft.stream, problem)

    def _look_at_barcodes(self, draft: Draft, position: int) -> None:
        """A barcode belongs to one SKU: find one of which it is said already."""
        for code in barcodes_in(draft.details):
            in_use = self._names.skus_with_barcode(code) if self._names else ()
            others = {*in_use, self._barcodes.setdefault(code, draft.sku)} - {draft.sku}
            if others:
                text = f"the barcode {code} is that of {min(others)}"
                hint = f"`inventory describe {quote(min(others))} --barcode ''` takes it away there"
                problem = Problem(
                    *draft.stream, draft.effective_at, draft.date_only, position, text, hint
                )
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
                    self._note_met(stream, days)
        if problems:
            problems.sort(key=lambda problem: (problem.at, problem.position))
            problems[0] = self._with_advice(problems[0])
            raise Forbidden(problems, self._grounds.today.now, self._grounds.zone)
        return Verdict(
            {
                stream: touch.projected.state()
                for stream, touch in self._touched.items()
                if is_stock(stream)
            },
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
        """Judge a stream over its whole timeline, and project it anew, in one pass."""
        grounds, projected = self._grounds, Projected(State())

        def note_moved(moved: MovedCount) -> None:
            self.notes.add("moved count", moved.in_words(grounds.decimals, grounds.zone))

        problem, met = judge_timeline(
            stream,
            projected.follow(self._read_effects(stream, "", END_OF_TIME)),
            Judging(grounds.first, grounds.allow_negative, grounds.decimals, grounds.zone),
            note_moved,
        )
        if problem:
            return [problem]
        self._note_met(stream, met)
        touch.projected = projected
        return []

    def _note_met(self, stream: Stream, days: Iterable[Day]) -> None:
        for begins, ends in sorted(days):
            for met in met_counts(self._read_effects(stream, begins, ends), self._grounds.first):
                self.notes.add("met count", met.in_words(stream, self._grounds.zone))
