"""What stock cost, unit by unit, as a person with a box of tags would find it out.

A second implementation of the rules, slow and obvious, which shares no code with the program. Each
unit on hand is a tag with the number of the lot that it came with; each unit that was not there is
a tag with the number of the departure that wanted it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from inventory_cli.core.events import Event

ACCOUNTS = {
    "opened": "incoming",
    "received": "incoming",
    "sold": "sold",
    "returned": "sold",
    "removed": "other",
    "adjusted": "other",
    "counted": "other",
}


def rounded(amount: Fraction) -> Fraction:
    """To six places, half to the even."""
    return Fraction(round(amount * 10**6), 10**6)


@dataclass
class Entry:
    """A line of the book: what was added to an account, when; of sales also units without cost."""

    moment: str
    account: str
    amount: Fraction = Fraction(0)
    without: int = 0


@dataclass
class Left:
    """A departure: the units of it that had a cost, and what they cost."""

    account: str
    units: int = 0
    cost: Fraction = Fraction(0)


@dataclass
class SlowCosts:
    """The box of one SKU, and the book beside it."""

    method: str
    tags: list[int] = field(default_factory=list)
    lots: dict[int, Fraction | None] = field(default_factory=dict)
    pool: Fraction = Fraction(0)
    wanted: list[Left] = field(default_factory=list)
    departures: list[Left] = field(default_factory=list)
    book: list[Entry] = field(default_factory=list)

    def with_cost(self) -> int:
        return sum(self.lots[tag] is not None for tag in self.tags)

    def worth(self) -> Fraction:
        return (
            self.pool
            if self.method == "average"
            else sum((cost or Fraction(0) for cost in self.lots.values()), Fraction(0))
        )

    def arrives(self, event: Event, units: int) -> None:
        account = ACCOUNTS[event.kind]
        cost = self.cost_of(event, account, units)
        self.book.append(Entry(event.effective_at, account, cost or Fraction(0)))
        if cost is None and account == "sold":
            self.book.append(Entry(event.effective_at, "sold", without=-units))
        while units and self.wanted:
            left = self.wanted[0]
            part = min(units, sum(other is left for other in self.wanted))
            del self.wanted[:part]
            if cost is not None:
                paid = rounded(cost * part / units)
                cost -= paid
                self.pay(event.effective_at, left, part, paid)
            units -= part
        lot = event.position
        if units:
            self.tags += [lot] * units
            self.lots[lot] = cost
            self.pool += cost or 0

    def cost_of(self, event: Event, account: str, units: int) -> Fraction | None:
        if event.unit_cost is not None:
            return rounded(units * Fraction(event.unit_cost))
        if account == "incoming":
            return None
        sales = [left for left in self.departures if left.account == "sold"]
        if account == "sold" and sales:
            return rounded(sales[-1].cost * units / sales[-1].units)
        if self.with_cost():
            return rounded(self.worth() * units / self.with_cost())
        if self.departures:
            return rounded(self.departures[-1].cost * units / self.departures[-1].units)
        return None

    def leaves(self, event: Event, units: int) -> None:
        left = Left(ACCOUNTS[event.kind])
        if left.account == "sold":
            self.book.append(Entry(event.effective_at, "sold", without=units))
        taken, self.tags = self.tags[:units], self.tags[units:]
        self.wanted += [left] * (units - len(taken))
        stays = Counter(self.tags)
        part, cost = 0, Fraction(0)
        for lot, number in Counter(taken).items():
            there = self.lots[lot]
            if there is not None:
                part += number
                paid = rounded(there * number / (number + stays[lot]))
                self.lots[lot] = there - paid
                cost += paid
            if not stays[lot]:
                del self.lots[lot]
        if part:
            if self.method == "average":
                cost = rounded(self.pool * part / (part + self.with_cost()))
            self.pool -= cost
            self.pay(event.effective_at, left, part, cost)

    def pay(self, moment: str, left: Left, units: int, cost: Fraction) -> None:
        left.units += units
        left.cost += cost
        self.departures = [*(d for d in self.departures if d is not left), left]
        without = -units if left.account == "sold" else 0
        self.book.append(Entry(moment, left.account, -cost, without))


@dataclass(frozen=True)
class SlowWorth:
    """What there is to say of a SKU."""

    on_hand: int
    unit_cost: Fraction | None
    opening: Fraction
    incoming: Fraction
    sold: Fraction
    other: Fraction
    closing: Fraction
    without_cost: int
    sold_without_cost: int


def slow_worth(
    log: Sequence[Event], method: str, as_of: str, begins: str = ""
) -> dict[str, SlowWorth]:
    """What each SKU of a log is worth at a moment, and what it cost from another moment on."""
    found = {}
    for sku in sorted({event.sku for event in log if event.effective_at <= as_of}):
        voided = {event.reverses for event in log}
        standing = sorted(
            (
                event
                for event in log
                if event.sku == sku
                and event.effective_at <= as_of
                and event.kind != "reversed"
                and event.position not in voided
            ),
            key=lambda event: (event.effective_at, event.position),
        )
        box = SlowCosts(method)
        there: Counter[str] = Counter()
        for event in standing:
            change = event.quantity
            if event.kind in ("sold", "removed"):
                change = -change
            if event.kind == "counted":
                change -= there[event.location]
            there[event.location] += change
            if event.kind != "transferred" and change > 0:
                box.arrives(event, change)
            elif event.kind != "transferred" and change < 0:
                box.leaves(event, -change)
        found[sku] = _summed_up(box, sum(there.values()), begins)
    return found


def _summed_up(box: SlowCosts, on_hand: int, begins: str) -> SlowWorth:
    inside = [entry for entry in box.book if entry.moment >= begins]

    def total(account: str) -> Fraction:
        return sum((e.amount for e in inside if e.account == account), Fraction(0))

    costed = box.with_cost()
    assert len(box.tags) - len(box.wanted) == on_hand
    return SlowWorth(
        on_hand,
        rounded(box.worth() / costed) if costed else None,
        sum((e.amount for e in box.book if e.moment < begins), Fraction(0)),
        total("incoming"),
        -total("sold"),
        -total("other"),
        box.worth(),
        on_hand - costed,
        sum(entry.without for entry in inside),
    )
