"""How a SKU sells, worked out day by day in the slowest and most obvious way, to compare with.

Shares no code with `inventory_cli`. It follows the definitions of the guide's page `answers`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median

from tests.properties.slow_model import Fact, SlowLedger, on_hand, standing

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The first and last moment of a period (`begins` None for all); what place, known when."""

    begins: datetime | None
    ends: datetime
    location: str | None = None
    position: int | None = None


@dataclass(frozen=True)
class Told:
    """How a SKU sold. `letter` is its class."""

    on_hand: int
    sales: int
    sold: int
    returned: int
    first_sale: date | None
    last_sale: date | None
    days_since_sale: int | None
    mean: Fraction | None
    median: Fraction | None
    sold_per_day: Fraction | None
    days_out_of_stock: int
    days_of_cover: Fraction | None
    share: Fraction | None
    letter: str | None
    shrinkage: int


class SlowInsights:
    """All answers for one period of one ledger."""

    def __init__(self, slow: SlowLedger, period: Period) -> None:
        self.slow = slow
        self.period = period
        # What stands, of all SKUs, in the order in which it took effect.
        self.facts = [
            fact
            for fact in standing(slow.cut(period.ends, period.position))
            if period.location in (None, fact.location)
        ]

    def told(self) -> dict[str, Told]:
        return {sku: self.told_of(sku) for sku in {fact.sku for fact in self.facts}}

    def told_of(self, sku: str) -> Told:
        facts = [fact for fact in self.facts if fact.sku == sku]
        sales = [fact for fact in self.within(facts) if fact.kind == "sold"]
        sale_days = [self.day(fact) for fact in sales]
        mean, middle = self.gaps(sales)
        days = self.days(facts)
        out = [day for day in days if not self.on_offer(facts, day)]
        net = self.net(sku)
        a_day = Fraction(net, len(days) - len(out)) if len(days) > len(out) else None
        there = self.there(facts)
        share, letter = self.rank(net)
        return Told(
            there,
            len(sales),
            self.units(sku, "sold"),
            self.units(sku, "returned"),
            min(sale_days, default=None),
            max(sale_days, default=None),
            (self.local_day(self.period.ends) - max(sale_days)).days if sales else None,
            mean,
            middle,
            a_day,
            len(out),
            max(there, 0) / a_day if a_day else None,
            share,
            letter,
            self.shrinkage(facts),
        )

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.slow.zone).date()

    def day(self, fact: Fact) -> date:
        return self.local_day(self.slow.moment(fact))

    def within(self, facts: list[Fact]) -> list[Fact]:
        begins = self.period.begins
        return [fact for fact in facts if begins is None or self.slow.moment(fact) >= begins]

    def there(self, facts: list[Fact]) -> int:
        places = {fact.location for fact in facts}
        return sum(on_hand([f for f in facts if f.location == place]) for place in places)

    def units(self, sku: str, kind: str) -> int:
        facts = self.within(self.facts)
        return sum(fact.quantity for fact in facts if (fact.sku, fact.kind) == (sku, kind))

    def net(self, sku: str) -> int:
        return max(self.units(sku, "sold") - self.units(sku, "returned"), 0)

    def gaps(self, sales: list[Fact]) -> tuple[Fraction | None, Fraction | None]:
        if all(isinstance(fact.on, datetime) for fact in sales):
            moments = sorted({self.slow.moment(fact) for fact in sales})
            gaps = [in_days(b - a) for a, b in pairwise(moments)]
        else:
            days = sorted({self.day(fact) for fact in sales})
            gaps = [in_days(b - a) for a, b in pairwise(days)]
        return (sum(gaps) / Fraction(len(gaps)), median(gaps)) if gaps else (None, None)

    def days(self, facts: list[Fact]) -> list[date]:
        first = self.day(facts[0])
        if self.period.begins is not None:
            first = max(first, self.local_day(self.period.begins))
        last = self.local_day(self.period.ends)
        return [first + n * ONE_DAY for n in range((last - first).days + 1)]

    def on_offer(self, facts: list[Fact], day: date) -> bool:
        """Whether it was above 0 at the start of that day or after any event, or was sold."""
        begin = self.slow.start_of(day)
        if self.period.begins is not None:
            begin = max(begin, self.period.begins)
        before = [fact for fact in facts if self.slow.moment(fact) < begin]
        today = [fact for fact in facts if self.day(fact) == day and fact not in before]
        heights = [self.there(before + today[:count]) for count in range(len(today) + 1)]
        return max(heights) > 0 or any(fact.kind == "sold" for fact in today)

    def rank(self, net: int) -> tuple[Fraction | None, str | None]:
        all_nets = [self.net(sku) for sku in {fact.sku for fact in self.facts}]
        whole = sum(all_nets)
        if whole == 0:
            return None, None
        above = Fraction(sum(other for other in all_nets if other > net), whole)
        letter = "C"
        if net > 0 and above < Fraction(80, 100):
            letter = "A"
        elif net > 0 and above < Fraction(95, 100):
            letter = "B"
        return Fraction(net, whole), letter

    def shrinkage(self, facts: list[Fact]) -> int:
        lost = 0
        for fact in self.within(facts):
            before = [f for f in facts[: facts.index(fact)] if f.location == fact.location]
            if fact.kind == "adjusted":
                lost -= fact.quantity
            elif fact.kind == "counted" and before:
                lost -= fact.quantity - on_hand(before)
        return lost


def in_days(gap: timedelta) -> Fraction:
    return Fraction(gap // timedelta(milliseconds=1), 24 * 60 * 60 * 1000)
