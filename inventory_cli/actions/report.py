"""Knows how everything that a page for a manager or an auditor says is gathered: an audit, and the
answers of a period, all at one cut.

Must never work out what another action does, or know how any of it is shown.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from heapq import heappush, heappushpop
from typing import NamedTuple

from inventory_cli.actions.ask import Cut, Entry, Stock, arrange, history, stock_as_of
from inventory_cli.actions.descriptions import minimum_of, names
from inventory_cli.actions.insights import Insights, insights
from inventory_cli.actions.rollforward import Movements, movements
from inventory_cli.actions.sparklines import sparklines
from inventory_cli.actions.value import Worth, worth
from inventory_cli.actions.verify import verify
from inventory_cli.audit.check import UNREADABLE, unreadable
from inventory_cli.audit.verify import Audit
from inventory_cli.core.dates import show_day
from inventory_cli.core.periods import named_in
from inventory_cli.core.reorder import Order, orders
from inventory_cli.storage.batches import known_position
from inventory_cli.storage.ledger_file import Ledger

# Of what an auditor looks at one by one, no page says more.
MOST_TOLD = 200
Progress = Callable[[int, int | None], None]


class Asked(NamedTuple):
    """What a report is to be about: from one moment to another ("" for the first event), as it was
    known at a third, or now (all UTC text); for how many days stock should last, and by which
    method it is valued.
    """

    begins: str
    ends: str
    known_at: str | None
    cover: int
    method: str


class Course(NamedTuple):
    """How on hand of a SKU went, over all locations: (day, on hand at its end) for each day on
    which something changed, (day, variance) for each count, and the day of each event that was
    voided. Days are ordinals of the ledger's zone, in order.
    """

    sku: str
    levels: list[tuple[int, int]]
    counts: list[tuple[int, int]]
    voided: list[int]

    @property
    def days(self) -> list[int]:
        """Each day of which anything is told."""
        return [*(day for day, _ in (*self.levels, *self.counts)), *self.voided]


class Found(NamedTuple):
    """An entry, and the one that it is about: what a reversal voids, else the entry itself."""

    entry: Entry
    about: Entry


class Few:
    """How many entries there are of a sort, and the foremost MOST_TOLD of them by a rank."""

    def __init__(self, rank: Callable[[Entry], tuple[int, int]]) -> None:
        self.count = 0
        self._rank = rank
        self._kept: list[tuple[tuple[int, int], Found]] = []

    def add(self, entry: Entry, about: Entry | None = None) -> None:
        """Count an entry, and keep it while it is among the foremost."""
        self.count += 1
        ranked = self._rank(entry), Found(entry, about or entry)
        if len(self._kept) < MOST_TOLD:
            heappush(self._kept, ranked)
        else:
            heappushpop(self._kept, ranked)

    def foremost(self) -> list[Found]:
        """Return those that were kept, the foremost first."""
        return [kept for _, kept in sorted(self._kept, reverse=True)]


def _latest(entry: Entry) -> tuple[int, int]:
    return entry.event.position, 0


def _largest(entry: Entry) -> tuple[int, int]:
    return abs(entry.change), entry.event.position


class Told(NamedTuple):
    """What the timelines say of a period: what took effect in it or was recorded in it; of counts
    and their variances, what took effect in it.
    """

    courses: list[Course]
    late: Few
    into_closed: Few
    reversals: Few
    counts: Few


class Figures(NamedTuple):
    """The answers of a report, each as the action of its name gives it."""

    stock: list[Stock]
    names: Mapping[str, str]
    sparks: Mapping[str, str]
    movements: Movements
    insights: Insights
    orders: list[Order]
    worth: list[Worth]
    told: Told


class Report(NamedTuple):
    """An audit, and the figures up to the head that it found; where a damaged ledger gives none,
    why.
    """

    audit: Audit
    figures: Figures | None
    why_none: str | None = None


def report(ledger: Ledger, asked: Asked, now: str, progress: Progress) -> Report:
    """Return a report of a ledger that was opened for an audit. `now` (UTC text) is what the clock
    says. Raises WrongUsage.
    """
    audit = verify(ledger, now=now, progress=progress)
    try:
        known = asked.known_at
        head = audit.head.position if known is None else known_position(ledger, known)
        return Report(audit, _figures(ledger, asked, Cut(asked.ends, head), progress))
    except UNREADABLE as error:
        if audit.ok:
            raise
        return Report(audit, None, unreadable(ledger, error, "the log").text)


def _figures(ledger: Ledger, asked: Asked, cut: Cut, progress: Progress) -> Figures:
    begins = asked.begins
    stock = arrange(ledger, stock_as_of(ledger, cut, ()), None, False)
    told = insights(ledger, begins, cut, None)
    return Figures(
        stock,
        names(ledger, cut.head, cut.as_of),
        sparklines(ledger, cut, (), None),
        movements(ledger, begins, cut),
        told,
        orders(told.found, minimum_of(ledger, cut.head, cut.as_of), asked.cover),
        worth(ledger, asked.method, cut, begins),
        _told(ledger, begins, cut, [row.sku for row in stock], progress),
    )


def _told(ledger: Ledger, begins: str, cut: Cut, skus: Iterable[str], progress: Progress) -> Told:
    """Go through the timeline of each SKU once."""
    told = Told([], Few(_latest), Few(_latest), Few(_latest), Few(_largest))
    day_of = cache(lambda text: date.fromisoformat(text).toordinal())
    done = 0
    for sku in skus:
        course = Course(sku, [], [], [])
        voided: dict[int, Entry] = {}
        for entry in history(ledger, sku, None, "", cut):
            event = entry.event
            day = day_of(show_day(event.effective_at, ledger.zone))
            if entry.voided_by is not None:
                voided[event.position] = entry
                course.voided.append(day)
            elif event.kind == "counted":
                course.counts.append((day, entry.change))
            if entry.change:
                if course.levels and course.levels[-1][0] == day:
                    course.levels.pop()
                course.levels.append((day, entry.on_hand))
            if event.effective_at >= begins or begins <= entry.recorded_at <= cut.as_of:
                _note(told, entry, voided, begins)
            done += 1
        told.courses.append(course)
        progress(min(done, cut.head), cut.head)
    return told


def _note(told: Told, entry: Entry, voided: Mapping[int, Entry], begins: str) -> None:
    """Add an entry of the period to each sort that it is of."""
    event = entry.event
    if entry.late:
        told.late.add(entry)
    if named_in(event.details) is not None:
        told.into_closed.add(entry)
    if event.kind == "reversed":
        # It takes effect when what it voids did, and stands behind it.
        told.reversals.add(entry, voided.get(event.reverses or 0))
    elif event.kind == "counted" and entry.voided_by is None and event.effective_at >= begins:
        told.counts.add(entry)
