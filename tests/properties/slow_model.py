"""What a ledger should say, worked out in the slowest and most obvious way, to compare with.

Shares no code with `inventory_cli`: every answer sorts and adds up all facts again, and nothing is
kept between two questions. It follows section 3 of the contract.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Stream = tuple[str, str]
COMES = {"received", "returned"}
LEAVES = {"sold", "removed"}
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Fact:
    """One event as a person would note it. `on` is a day, or a local clock time without zone.

    `quantity` has a sign for `adjusted` and for the two legs of `transferred` only.
    """

    kind: str
    sku: str
    location: str
    quantity: int
    on: date
    last_incoming: date | None = None
    last_outgoing: date | None = None
    reverses: int | None = None
    position: int = 0

    @property
    def stream(self) -> Stream:
        return self.sku, self.location


@dataclass(frozen=True)
class Line:
    """What is there: on hand, and the days on which stock last came in, left, was counted."""

    on_hand: int = 0
    last_incoming: date | None = None
    last_outgoing: date | None = None
    last_counted: date | None = None


@dataclass(frozen=True)
class Shortage:
    """Why a stream refuses a batch: when it first falls short, and by how much.

    `on_hand` is what is there then for what the batch wants at that moment; where it wants nothing
    at that moment, what would be there without the batch.
    """

    moment: datetime
    on_hand: int
    missing: int


FORBIDDEN_BY_OPENING = "opening balance"


@dataclass
class SlowLedger:
    """All facts in the order in which they were recorded, and what follows from them."""

    zone: ZoneInfo
    facts: list[Fact] = field(default_factory=list)

    def record(self, batch: Iterable[Fact]) -> None:
        for fact in batch:
            self.facts.append(replace(fact, position=len(self.facts) + 1))

    def moment(self, fact: Fact) -> datetime:
        """When a fact took effect. Of a mere day: arrivals at its start, transfers at noon,
        departures two milliseconds before its end, and a count in its last millisecond.
        """
        if fact.reverses is not None:
            return self.moment(self.facts[fact.reverses - 1])
        if isinstance(fact.on, datetime):
            return fact.on.replace(tzinfo=self.zone).astimezone(UTC)
        if fact.kind == "counted":
            return self.end_of(fact.on)
        if fact.kind in LEAVES or (fact.kind == "adjusted" and fact.quantity < 0):
            return self.end_of(fact.on) - MILLISECOND
        clock = time(12) if fact.kind == "transferred" else time(0)
        return datetime.combine(fact.on, clock, self.zone).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        return self.start_of(day + timedelta(days=1)) - MILLISECOND

    def cut(self, as_of: datetime | None = None, position: int | None = None) -> list[Fact]:
        """The facts effective up to a moment, known up to a position, in the order of effect."""
        found = [
            fact
            for fact in self.facts
            if (as_of is None or self.moment(fact) <= as_of)
            and (position is None or fact.position <= position)
        ]
        return sorted(found, key=lambda fact: (self.moment(fact), fact.position))

    def line(self, facts: list[Fact]) -> Line:
        """What is there after the facts of one stream, given in the order of effect."""
        facts = standing(facts)

        def last_day(kinds: set[str]) -> date | None:
            moments = [self.moment(fact) for fact in facts if fact.kind in kinds]
            return max(moments).astimezone(self.zone).date() if moments else None

        openings = [fact for fact in facts if fact.kind == "opened"]
        return Line(
            on_hand(facts),
            last_day(COMES) or (openings[0].last_incoming if openings else None),
            last_day(LEAVES) or (openings[0].last_outgoing if openings else None),
            last_day({"counted"}),
        )

    def stock(
        self, as_of: datetime | None = None, position: int | None = None
    ) -> dict[Stream, Line]:
        """What is there in every stream that has a fact up to the cut."""
        facts = self.cut(as_of, position)
        return {
            stream: self.line([fact for fact in facts if fact.stream == stream])
            for stream in {fact.stream for fact in facts}
        }

    def history(
        self,
        sku: str,
        location: str | None = None,
        as_of: datetime | None = None,
        position: int | None = None,
    ) -> list[tuple[int, int, int]]:
        """(position, change, on hand after it) of every fact of a SKU, in the order of effect.

        On hand is that of all the streams shown together; the change of a count is its variance.
        """
        shown = [
            fact
            for fact in self.cut(as_of, position)
            if fact.sku == sku and location in (None, fact.location)
        ]
        rows = []
        before = 0
        for count, fact in enumerate(shown, 1):
            passed = [f for f in standing(shown) if f in shown[:count]]
            streams = {f.stream for f in passed}
            after = sum(on_hand([f for f in passed if f.stream == stream]) for stream in streams)
            rows.append((fact.position, after - before, after))
            before = after
        return rows

    def voided(self, position: int) -> bool:
        return any(fact.reverses == position for fact in self.facts)

    def legs(self, position: int) -> list[int]:
        """The positions that are reversed together: of a transfer, both legs, leaving one first."""
        fact = self.facts[position - 1]
        if fact.kind != "transferred":
            return [position]
        return [position, position + 1] if fact.quantity < 0 else [position - 1, position]

    def reversal(self, position: int) -> Fact:
        fact = self.facts[position - 1]
        return replace(fact, kind="reversed", quantity=0, reverses=position)

    def refusals(self, batch: list[Fact], allow_negative: bool) -> dict[Stream, Shortage | str]:
        """Why a batch is refused, for each stream that refuses it; nothing when it is not.

        A moment is judged as a whole, after its last event. A batch is not to blame for what
        was as short without it.
        """
        after = SlowLedger(self.zone, list(self.facts))
        after.record(batch)
        refused: dict[Stream, Shortage | str] = {}
        for stream in {fact.stream for fact in batch}:
            facts = [fact for fact in after.cut() if fact.stream == stream]
            openings = [fact for fact in standing(facts) if fact.kind == "opened"]
            earliest = min(map(after.moment, standing(facts)), default=None)
            if len(openings) > 1 or any(after.moment(fact) != earliest for fact in openings):
                refused[stream] = FORBIDDEN_BY_OPENING
                continue
            for moment in sorted({after.moment(fact) for fact in facts}):
                by_then = [fact for fact in facts if after.moment(fact) <= moment]
                new = [fact for fact in by_then if fact.position > len(self.facts)]
                new_now = [fact for fact in new if after.moment(fact) == moment]
                have, had = left(by_then, []), left(by_then, new)
                if not allow_negative and have < 0 and have < had:
                    refused[stream] = Shortage(moment, left(by_then, new_now or new), -have)
                    break
        return refused


def standing(facts: list[Fact]) -> list[Fact]:
    """The facts that no reversal among them voids, without the reversals."""
    voided = {fact.reverses for fact in facts}
    return [fact for fact in facts if fact.kind != "reversed" and fact.position not in voided]


def left(facts: list[Fact], out: list[Fact]) -> int:
    """What the facts of one stream add up to, some of them left out."""
    return on_hand(standing([fact for fact in facts if fact not in out]))


def on_hand(facts: Iterable[Fact]) -> int:
    """What standing facts of one stream, given in the order of effect, add up to."""
    there = 0
    for fact in facts:
        if fact.kind == "counted":
            there = fact.quantity
        elif fact.kind in LEAVES:
            there -= fact.quantity
        else:
            there += fact.quantity
    return there
