"""Random lives of a ledger, lived by the program and by the model side by side."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from inventory_cli.actions.append import append
from inventory_cli.actions.ask import arrange
from inventory_cli.actions.record import Request, record
from inventory_cli.actions.reverse import reverse_batch, reverse_event
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.core.dates import (
    inclusive_end,
    parse_when,
    show_day,
    utc_text,
)
from inventory_cli.core.events import Draft, Event, Stream, pack_details
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.notes import Notes
from inventory_cli.core.replay import State, fold
from inventory_cli.core.rules import Facts, movement, transfer
from inventory_cli.core.timeline import Problem
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Batch, Origin
from inventory_cli.storage.ledger_file import Clock, Ledger, open_ledger
from inventory_cli.storage.new_ledger import create_ledger
from inventory_cli.storage.stock import stored_states
from tests.core.notation import effects
from tests.properties.slow_model import Fact, Line, Shortage, SlowLedger, standing


def examples(percent: int) -> settings:
    """Return settings for this part of the profile's examples: 100 by default, fewer if quick."""
    return settings(
        deadline=None,
        max_examples=settings().max_examples * percent // 100,
        suppress_health_check=[HealthCheck.too_slow],
    )


# Every example that needs a file costs some ten milliseconds; the pure ones cost next to nothing.
on_file = examples(80)
in_memory = examples(250)

# What may be said of the stock. Few names and few moments, so that facts meet each other.

SKUS = ("XYZ-1", "0012")
LOCATIONS = ("main", "shop")
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
# The clocks go forward in America on the second, back in Europe on the third, and back in America
# on the last.
DAYS = (date(2022, 3, 12), date(2022, 3, 13), date(2022, 10, 30), date(2022, 11, 6))
# None of these is skipped; 01:30 occurs twice in America when the clocks go back.
CLOCKS = ("10:00", "00:00", "01:30", "12:00", "23:59:59.998", "23:59:59.999")

days = st.sampled_from(DAYS)
moments = st.builds(
    lambda day, clock: datetime.fromisoformat(f"{day}T{clock}"), days, st.sampled_from(CLOCKS)
)
whens = st.one_of(days, days, moments)
quantities = st.integers(1, 20)
# Most of it happens in one stream.
skus = st.sampled_from((SKUS[0], *SKUS))
locations = st.sampled_from((LOCATIONS[0], *LOCATIONS))
zones = st.sampled_from(ZONES)

# What one command records: a fact, or the two legs of a transfer.
Entry = tuple[Fact, ...]


def _single(kind: str, *names: str, **quantity: st.SearchStrategy[int]) -> st.SearchStrategy[Entry]:
    facts = st.builds(
        Fact,
        st.just(kind),
        skus,
        locations,
        quantity.get("quantity", quantities),
        whens,
        *(st.none() | days for _ in names),
    )
    return facts.map(lambda fact: (fact,))


def _transfer(sku: str, back: bool, quantity: int, on: date) -> Entry:
    source, target = reversed(LOCATIONS) if back else LOCATIONS
    return (
        Fact("transferred", sku, source, -quantity, on),
        Fact("transferred", sku, target, quantity, on),
    )


transfers = st.builds(_transfer, skus, st.booleans(), quantities, whens)
entries = st.one_of(
    *(_single(kind) for kind in ("received", "returned", "sold", "removed")),
    _single("counted", quantity=st.integers(0, 30)),
    _single("adjusted", quantity=st.integers(-20, 20).filter(bool)),
    _single("opened", "last_incoming", "last_outgoing", quantity=st.integers(0, 40)),
    transfers,
)
stories = st.lists(entries, max_size=14)


@dataclass(frozen=True)
class Record:
    """Record some entries as one batch."""

    entries: list[Entry]
    allow_negative: bool


@dataclass(frozen=True)
class Reverse:
    """Reverse the event, or the whole batch, that many before the end of the log."""

    what: str
    back: int
    allow_negative: bool


@dataclass(frozen=True)
class Snapshot:
    """Take a snapshot."""

    as_of: date


Deed = Record | Reverse | Snapshot
deeds = st.one_of(
    st.builds(Record, st.lists(entries, min_size=1, max_size=1), st.booleans()),
    st.builds(Record, st.lists(entries, min_size=2, max_size=5), st.booleans()),
    st.builds(Reverse, st.sampled_from(["event", "batch"]), st.integers(0, 9), st.booleans()),
    st.builds(Snapshot, whens),
)
lives = st.lists(deeds, max_size=12)

# One ledger and the model, told the same.

ORIGIN = Origin("keeper", "test")
NOW = datetime(2023, 5, 1, 12, tzinfo=UTC)


@contextmanager
def new_ledger(zone: str, negative: str = "refuse") -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inventory.db"
        create_ledger(path, NOW, 0, zone, negative)
        with open_ledger(path, write=True) as ledger:
            yield ledger


def typed(when: date) -> str:
    return when.isoformat()


def cut_end(ledger: Ledger, when: date) -> str:
    return inclusive_end(parse_when(typed(when), NOW, ledger.zone), ledger.zone)


def drafts_of(entry: Entry, ledger: Ledger) -> list[Draft]:
    fact = entry[0]
    when = parse_when(typed(fact.on), NOW, ledger.zone)
    if fact.kind == "transferred":
        legs = (fact.sku, fact.location, entry[1].location, -fact.quantity)
        return list(transfer(*legs, when, ledger.zone, Facts()))
    reason = "miscount" if fact.kind == "adjusted" else None
    facts = Facts(reason, details=opening_details(fact))
    return [movement(fact.kind, fact.sku, fact.location, fact.quantity, when, ledger.zone, facts)]


def opening_details(fact: Fact) -> dict[str, str]:
    given = {"last_incoming": fact.last_incoming, "last_outgoing": fact.last_outgoing}
    return {name: day.isoformat() for name, day in given.items() if day is not None}


def event_of(slow: SlowLedger, fact: Fact) -> Event:
    """Return a fact of the model as the log would hold it."""
    return Event(
        fact.position,
        1,
        *fact.stream,
        fact.kind,
        fact.quantity,
        utc_text(slow.moment(fact)),
        int(not isinstance(fact.on, datetime)),
        *(None, None, None, None),
        fact.reverses,
        pack_details(opening_details(fact)),
    )


class Both:
    """A real ledger and the slow one beside it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.slow = SlowLedger(ZoneInfo(ledger.settings.timezone))
        # Of each batch, the positions that it recorded and when.
        self.batches: list[tuple[range, datetime]] = []
        # What a refusal should have said and did not, with what it said.
        self.unsaid: list[tuple[str, str]] = []

    def clock(self, now: datetime) -> Clock:
        """The clock by which something is recorded."""
        return lambda: now

    def do(self, deed: Deed, now: datetime = NOW) -> None:
        """Do it to both; what the one refuses, the other must refuse, and stay as it was."""
        before = (self.ledger.head(), stored_states(self.ledger))
        size = len(self.slow.facts)
        if isinstance(deed, Snapshot):
            end = cut_end(self.ledger, deed.as_of)
            take_snapshot(self.ledger, ORIGIN, None, end, self.clock(now))
            done = True
        elif isinstance(deed, Record):
            done = self._record(deed, now)
        else:
            done = self._reverse(deed, now)
        if done:
            last = self.batches[-1][1] if self.batches else NOW
            self.batches.append((range(size + 1, len(self.slow.facts) + 1), max(now, last)))
        else:
            assert (self.ledger.head(), stored_states(self.ledger)) == before

    def known_at(self, moment: datetime) -> int:
        """The last position that had been recorded by then."""
        return sum(len(positions) for positions, recorded in self.batches if recorded <= moment)

    def _record(self, deed: Record, now: datetime) -> bool:
        batch = [fact for entry in deed.entries for fact in entry]
        refusals = self.slow.refusals(batch, deed.allow_negative)
        variances = self.variances()
        drafts = [draft for entry in deed.entries for draft in drafts_of(entry, self.ledger)]
        if len(deed.entries) > 1:
            problems: dict[Stream, Problem] = {}
            try:
                clock = self.clock(now)
                appended = append(self.ledger, ORIGIN, lambda: drafts, clock, deed.allow_negative)
                assert appended is not None
                notes = appended.notes
            except Forbidden as error:
                problems = {(found.sku, found.location): found for found in error.problems}
            assert problems.keys() == refusals.keys()
            for stream, why in refusals.items():
                self.listen(problems[stream].text, [why])
                if isinstance(why, Shortage):
                    self.listen(problems[stream].at, [utc_text(why.moment)])
        else:
            said = ""
            try:
                request, clock = Request(tuple(drafts), True), self.clock(now)
                recording = record(self.ledger, ORIGIN, request, clock, deed.allow_negative)
                notes = recording.notes
            except Refused as refused:
                said = refused.message
            assert bool(said) == bool(refusals)
            self.listen(said, refusals.values())
        if refusals:
            return False
        self.slow.record(batch)
        self.agree_on_moved_counts(notes, variances)
        return True

    def _reverse(self, deed: Reverse, now: datetime) -> bool:
        count = len(self.slow.facts) if deed.what == "event" else len(self.batches)
        number = max(1, count - deed.back)
        if deed.what == "event":
            wanted = self.slow.legs(number) if count else []
            allowed = bool(wanted) and not any(map(self.slow.voided, wanted))
        else:
            positions = self.batches[number - 1][0] if count else []
            wanted = [position for position in positions if not self.slow.voided(position)]
            allowed = bool(wanted)
        if any(self.slow.facts[position - 1].kind == "reversed" for position in wanted):
            allowed = False
        batch = [self.slow.reversal(position) for position in wanted] if allowed else []
        refusals = self.slow.refusals(batch, deed.allow_negative)
        variances = self.variances()
        reverse = reverse_event if deed.what == "event" else reverse_batch
        why, clock = Facts("entered in error"), self.clock(now)
        try:
            done = reverse(self.ledger, ORIGIN, number, why, clock, deed.allow_negative)
        except Refused as refused:
            said = refused.message
            assert refusals or not allowed, said
            self.listen(said, refusals.values())
            return False
        assert allowed
        assert not refusals
        self.slow.record(batch)
        self.agree_on_moved_counts(done.notes, variances)
        return True

    def listen(self, said: str, reasons: Iterable[Shortage | str]) -> None:
        # With the blank before it, because `-1` and `11` end as `1` does.
        words = [f" {in_words(why)}" for why in reasons]
        self.unsaid += [(expected, said) for expected in words if expected not in f" {said}"]

    def variances(self) -> dict[int, int]:
        """The variance of every count that stands."""
        counts = {f.position for f in standing(self.slow.facts) if f.kind == "counted"}
        rows = [row for sku in SKUS for row in self.slow.history(sku)]
        return {position: change for position, change, _ in rows if position in counts}

    def agree_on_moved_counts(self, notes: Notes, before: dict[int, int]) -> None:
        found = (MOVED.search(text) for text in notes.one_by_one())
        said = {int(m[1]): (int(m[3]), int(m[2])) for m in found if m}
        now = self.variances()
        kept = before.keys() & now.keys()
        assert said == {n: (before[n], now[n]) for n in kept if before[n] != now[n]}


MOVED = re.compile(r"\(event (\d+)\) still stands; its variance is ([+-]?\d+), was ([+-]?\d+)")


def in_words(why: Shortage | str) -> str:
    if isinstance(why, str):
        return why
    return f"{why.on_hand} on hand then, {why.missing} missing"


def seen(ledger: Ledger, states: dict[Stream, State]) -> dict[Stream, Line]:
    """States as the model would say them."""

    def day(text: str | None) -> date | None:
        return date.fromisoformat(show_day(text, ledger.zone)) if text else None

    lines = {}
    for row in arrange(ledger, states, None, each_location=True):
        assert row.location is not None
        counted = states[row.sku, row.location].last_counted
        lines[row.sku, row.location] = Line(
            row.on_hand, day(row.last_incoming), day(row.last_outgoing), day(counted)
        )
    return lines


def totals(lines: dict[Stream, Line]) -> dict[str, tuple[int, str | None, str | None]]:
    """Lines of streams added up: what is on hand is the sum, the days are the latest."""

    def latest(days: Iterator[date | None]) -> str | None:
        return max((day.isoformat() for day in days if day), default=None)

    return {
        sku: (
            sum(line.on_hand for stream, line in lines.items() if stream[0] == sku),
            latest(line.last_incoming for stream, line in lines.items() if stream[0] == sku),
            latest(line.last_outgoing for stream, line in lines.items() if stream[0] == sku),
        )
        for sku in {stream[0] for stream in lines}
    }


def one(kind: str, quantity: int, **more: Any) -> Record:
    """Record one fact of the first stream on the first day."""
    return Record(
        [(Fact(kind, SKUS[0], LOCATIONS[0], quantity, more.pop("on", DAYS[0]), **more),)], False
    )


def live(both: Both, life: Sequence[Deed], ticks: Sequence[int]) -> None:
    """Do everything. The clock that stamps the batches may be set back meanwhile."""
    for number, deed in enumerate(life):
        both.do(deed, NOW + timedelta(seconds=ticks[number % len(ticks)]))


TEN = datetime.combine(DAYS[0], time(10))
clock_ticks = st.lists(st.integers(0, 5), min_size=1, max_size=12)


def possible(story: Sequence[Entry], zone: str) -> list[Entry]:
    """The entries without those that an opening balance forbids, in whatever order they come."""
    slow = SlowLedger(ZoneInfo(zone))
    kept = []
    for entry in story:
        if not slow.refusals(list(entry), allow_negative=True):
            slow.record(entry)
            kept.append(entry)
    return kept


def alone(entry: Entry, kept: Sequence[Entry], slow: SlowLedger) -> bool:
    """Whether no count of a stream meets another event of it at the same moment: the order of two
    such events is that in which they were recorded, because nothing else tells it.
    """
    return not any(
        fact.stream == other.stream
        and slow.moment(fact) == slow.moment(other)
        and "counted" in (fact.kind, other.kind)
        for fact in entry
        for others in kept
        for other in others
    )


def folded(events: Sequence[Event]) -> dict[Stream, State]:
    streams: dict[Stream, list[Event]] = {}
    for event in events:
        streams.setdefault((event.sku, event.location), []).append(event)
    return {stream: fold(effects(events)) for stream, events in streams.items()}


def tell(ledger: Ledger, entry: Entry) -> Batch:
    appended = append(
        ledger, ORIGIN, lambda: drafts_of(entry, ledger), lambda: NOW, allow_negative=True
    )
    assert appended is not None
    return appended.header
