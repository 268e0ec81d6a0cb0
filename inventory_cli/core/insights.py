"""Knows how a SKU sells: its sales, the time between them, the days without stock, what was lost.

Must never know where events lie, or how an answer is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import cache, lru_cache
from itertools import groupby
from operator import attrgetter, sub
from typing import NamedTuple

from inventory_cli.core.dates import END_OF_TIME, When, inclusive_end, local_time
from inventory_cli.core.moves import Move

# A class holds what is sold until all that sold more makes up this part of it.
_CLASSES = (("A", 80), ("B", 95))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1) // _MILLISECOND
# There are many moves: these read them without a step in Python for each.
_at, _by_day = attrgetter("effective_at"), attrgetter("date_only")
_change, _quantity = attrgetter("change"), attrgetter("quantity")


class Insight(NamedTuple):
    """How a SKU sold in a period; quantities in smallest units, ratios and means exact.

    `days` are those in which it could be sold: it was in stock, or something was sold. The reasons
    of shrinkage are "" where none was given, and add up to it.
    """

    sku: str
    on_hand: int
    sales: int
    sold: int
    returned: int
    first_sale: date | None
    last_sale: date | None
    days_since_sale: int | None
    days_between_mean: Fraction | None
    days_between_median: Fraction | None
    days: int
    days_out_of_stock: int
    shrinkage: int
    shrinkage_by_reason: Mapping[str, int]

    @property
    def net(self) -> int:
        """What was sold and not brought back, at least 0."""
        return max(0, self.sold - self.returned)

    @property
    def sold_per_day(self) -> Fraction | None:
        """What is sold a day, in smallest units; None where there was no day to sell it."""
        return Fraction(self.net, self.days) if self.days else None

    @property
    def days_of_cover(self) -> Fraction | None:
        """For how long on hand lasts; None where nothing sells."""
        a_day = self.sold_per_day
        return max(0, self.on_hand) / a_day if a_day else None


def insight(sku: str, moves: Sequence[Move], begins: str, ends: str, zone: tzinfo) -> Insight:
    """Return how a SKU sold from one moment to another (UTC text; `begins` "" for all).

    The moves are all up to `ends`, at least one, by (effective at, position).
    """
    before = next((n for n, move in enumerate(moves) if move.effective_at >= begins), len(moves))
    there = sum(map(_change, moves[:before]))
    within = moves[before:]
    sales = [move for move in within if move.kind == "sold"]
    mean, median = _time_between(sales, zone)
    last_day = _day(ends, zone)
    first_day = _local_day(max(begins, moves[0].effective_at), zone)
    days = last_day - first_day.number + 1
    out = _days_out(there, within, first_day, last_day, zone)
    lost = _lost(within)
    return Insight(
        sku,
        there + sum(map(_change, within)),
        len(sales),
        sum(map(_quantity, sales)),
        sum(move.quantity for move in within if move.kind == "returned"),
        date.fromordinal(_day(sales[0].effective_at, zone)) if sales else None,
        date.fromordinal(_day(sales[-1].effective_at, zone)) if sales else None,
        last_day - _day(sales[-1].effective_at, zone) if sales else None,
        mean,
        median,
        days - out,
        out,
        sum(lost.values()),
        lost,
    )


def _day(moment: str, zone: tzinfo) -> int:
    """Return the local day of a moment (UTC text) as an ordinal."""
    return _local_day(moment, zone).number


class _Day(NamedTuple):
    """A local day as an ordinal, and its last moment (UTC text)."""

    number: int
    ends: str


def _local_day(moment: str, zone: tzinfo) -> _Day:
    """Return the local day of a moment: one of the two that its day of UTC meets."""
    first, second = _local_days(moment[: len("2022-03-15")], zone)
    return first if moment <= first.ends else second


@cache
def _local_days(day: str, zone: tzinfo) -> tuple[_Day, _Day]:
    if END_OF_TIME.startswith(day):
        last = _Day(date.max.toordinal(), END_OF_TIME)
        return last, last
    first = local_time(f"{day}T00:00:00.000Z", zone).date()
    second = local_time(f"{day}T23:59:59.999Z", zone).date()
    return (
        _Day(first.toordinal(), inclusive_end(When(first, None), zone)),
        _Day(second.toordinal(), inclusive_end(When(second, None), zone)),
    )


def _time_between(sales: Sequence[Move], zone: tzinfo) -> tuple[Fraction | None, Fraction | None]:
    """Return mean and median of the days between successive moments of sale.

    Where one of them is known by its day alone, all are taken by their days.
    """
    moments = dict.fromkeys(map(_at, sales))
    if any(map(_by_day, sales)):
        points, a_day = list(dict.fromkeys(_day(moment, zone) for moment in moments)), 1
    else:
        points, a_day = list(map(_milliseconds, moments)), _DAY
    if len(points) < 2:
        return None, None
    gaps = sorted(map(sub, points[1:], points))
    middle = gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]
    return Fraction(points[-1] - points[0], len(gaps) * a_day), Fraction(middle, 2 * a_day)


@lru_cache(maxsize=65536)
def _milliseconds(moment: str) -> int:
    return (local_time(moment, UTC) - _EPOCH) // _MILLISECOND


def _days_out(there: int, within: Iterable[Move], first: _Day, last: int, zone: tzinfo) -> int:
    """Return on how many days of a period there was nothing to sell.

    `there` is what is on hand as it begins.
    """
    out = 0
    day, ends = first
    on_offer = there > 0
    for move in within:
        if move.effective_at > ends:
            today, ends = _local_day(move.effective_at, zone)
            out += (not on_offer) + (today - day - 1 if there <= 0 else 0)
            day, on_offer = today, there > 0
        there += move.change
        if there > 0 or move.kind == "sold":
            on_offer = True
    return out + (not on_offer) + (last - day if there <= 0 else 0)


def _lost(within: Iterable[Move]) -> dict[str, int]:
    """Return what counts and adjustments took away, by reason, without those that make up for
    each other. A count with nothing before it in its stream takes nothing away.
    """
    lost: dict[str, int] = {}
    for move in within:
        if move.kind == "adjusted" or (move.kind == "counted" and not move.begins):
            reason = move.reason or ""
            lost[reason] = lost.get(reason, 0) - move.change
    return {reason: lost[reason] for reason in sorted(lost) if lost[reason]}


class Rank(NamedTuple):
    """A SKU's part of all that was sold, exact, and its class: A, B or C."""

    share: Fraction
    letter: str


def ranks(net: Mapping[str, int]) -> dict[str, Rank]:
    """Return the rank of each SKU, given what was sold of each; none if nothing was.

    The class goes by the share of all that sold more, so that equal sales are of one class.
    """
    found: dict[str, Rank] = {}
    whole = sum(net.values())
    more = 0
    best_first = sorted(net.items(), key=lambda pair: -pair[1])
    for amount, equals in groupby(best_first, key=lambda pair: pair[1]):
        letter = next((name for name, percent in _CLASSES if more * 100 < whole * percent), "C")
        for sku, _ in equals:
            if whole:
                found[sku] = Rank(Fraction(amount, whole), letter)
            more += amount
    return found
