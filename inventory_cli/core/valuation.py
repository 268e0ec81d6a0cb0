"""Knows what the stock of a SKU cost, as its moves add up: first in, first out, or by the average.

A move belongs to an account: what came in, what was sold (less what came back), what was lost (less
what was found). Money is in millionths, quantities are in smallest units. Must never guess: what
has no cost stays without one. Must never know where moves lie.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inventory_cli.core.carried_costs import Carried, Cost, carried_with, openings_in
from inventory_cli.core.events import INCOMING, KINDS, OTHER, SOLD
from inventory_cli.core.money import cost_of, share
from inventory_cli.core.moves import Move

METHODS = ("fifo", "average")


class Totals(NamedTuple):
    """What costs have come to since the beginning, by account; `incoming` − `sold` − `other` is
    the value. `sold_without` are the net units sold of which `sold` has no cost.
    """

    incoming: int = 0
    sold: int = 0
    other: int = 0
    sold_without: int = 0

    @property
    def value(self) -> int:
        """What the stock that is there cost."""
        return self.incoming - self.sold - self.other


class Departure:
    """Units that left on one account: how many of them had a cost so far, and how much."""

    __slots__ = ("account", "cost", "units")

    def __init__(self, account: str, units: int = 0, cost: int = 0) -> None:
        self.account = account
        self.units = units
        self.cost = cost


class Costs:
    """What is there of one SKU and what that cost, move by move.

    `layers` are units that came together, the oldest first, each with what they cost, None where
    that is not known; `short` are the departures of units that were not there, the oldest first.
    There are never both. By the average a layer's own cost is not kept, only that it has one.
    """

    def __init__(self, method: str, decimals: int) -> None:
        self._by_average = method == "average"
        self._decimals = decimals
        self.layers: deque[tuple[int, int | None]] = deque()
        self.short: deque[tuple[Departure, int]] = deque()
        self.on_hand = 0
        # The units that have a cost, and what they cost together.
        self.costed = 0
        self.value = 0
        self.latest: Departure | None = None
        self.latest_sale: Departure | None = None
        self._flows = {INCOMING: 0, SOLD: 0, OTHER: 0}
        self._sold_without = 0

    @property
    def totals(self) -> Totals:
        """What costs have come to so far."""
        flows = self._flows
        return Totals(flows[INCOMING], -flows[SOLD], -flows[OTHER], self._sold_without)

    def pass_by(self, move: Move) -> None:
        """Take one more move."""
        self.on_hand += move.change
        account = KINDS[move.kind].account
        if account is None or move.change == 0:
            return
        if move.change > 0:
            self._arrive(account, move.change, self._cost_of(move, account))
        else:
            if account == SOLD:
                self._sold_without -= move.change
            self._depart(Departure(account), -move.change)

    def _cost_of(self, move: Move, account: str) -> int | None:
        """Return what arrives with a move cost."""
        quantity = move.change
        if move.unit_cost is not None:
            return cost_of(quantity, self._decimals, move.unit_cost)
        if account == INCOMING:
            return None
        if account == SOLD and self.latest_sale:
            return share(self.latest_sale.cost, quantity, self.latest_sale.units)
        if self.costed:
            return share(self.value, quantity, self.costed)
        return share(self.latest.cost, quantity, self.latest.units) if self.latest else None

    def _arrive(self, account: str, quantity: int, cost: int | None) -> None:
        if account == SOLD and cost is None:
            self._sold_without -= quantity
        self._flows[account] += cost or 0
        while quantity and self.short:
            departure, missing = self.short[0]
            part = min(quantity, missing)
            if cost is not None:
                paid = share(cost, part, quantity)
                cost -= paid
                self._charge(departure, part, paid)
            quantity -= part
            if part == missing:
                self.short.popleft()
            else:
                self.short[0] = departure, missing - part
        if quantity:
            self._add_layer(quantity, cost)

    def _add_layer(self, quantity: int, cost: int | None) -> None:
        if cost is not None:
            self.costed += quantity
            self.value += cost
            self.layers.append((quantity, 0 if self._by_average else cost))
        elif self.layers and self.layers[-1][1] is None:
            self.layers[-1] = self.layers[-1][0] + quantity, None
        else:
            self.layers.append((quantity, None))

    def _depart(self, departure: Departure, quantity: int) -> None:
        units, cost, missing = self._take(quantity)
        if units:
            self._charge(departure, units, cost)
        if missing:
            self.short.append((departure, missing))

    def _take(self, quantity: int) -> tuple[int, int, int]:
        """Take the oldest units; return how many of them have a cost and what that is, and how many
        were not there.
        """
        units = cost = 0
        while quantity and self.layers:
            there, its_cost = self.layers[0]
            part = min(quantity, there)
            quantity -= part
            paid = None if its_cost is None else share(its_cost, part, there)
            if paid is not None:
                units += part
                cost += paid
            if part == there:
                self.layers.popleft()
            else:
                self.layers[0] = there - part, None if its_cost is None else its_cost - (paid or 0)
        if self._by_average and units:
            cost = share(self.value, units, self.costed)
        self.costed -= units
        self.value -= cost
        return units, cost, quantity

    def _charge(self, departure: Departure, units: int, cost: int) -> None:
        """Say what units cost that have left."""
        departure.units += units
        departure.cost += cost
        self._flows[departure.account] -= cost
        self.latest = departure
        if departure.account == SOLD:
            self.latest_sale = departure
            self._sold_without -= units

    def go_on(self, openings: Sequence[Move]) -> None:
        """Go on with what the openings of a rollover carry of this SKU.

        Where they were corrected since, what they have less is the oldest, and what they have more
        is without cost.
        """
        more = sum(move.change for move in openings)
        self.on_hand += more
        for carried in map(carried_with, openings):
            more -= carried.on_hand
            self._take_over(carried)
        if more > 0:
            self._arrive(INCOMING, more, None)
        else:
            _, cost, missing = self._take(-more)
            self._flows[INCOMING] -= cost
            if missing:
                self.short.append((Departure(OTHER), missing))

    def _take_over(self, carried: Carried) -> None:
        total = carried.average
        for quantity, cost in carried.layers:
            if self._by_average and cost is not None:
                cost, total = total, 0
            self._arrive(INCOMING, quantity, cost)
        if carried.latest_sale:
            self.latest_sale = self._departure(SOLD, carried.latest_sale)
        if carried.latest:
            self.latest = self._departure(OTHER, carried.latest)
        for place, (account, quantity) in enumerate(carried.short):
            departure = Departure(account)
            if carried.is_begun and place == 0 and carried.latest:
                departure = self._departure(account, carried.latest)
            self._depart(departure, quantity)

    def _departure(self, account: str, cost: Cost) -> Departure:
        return Departure(account, cost.units, cost.average if self._by_average else cost.fifo)


class Valued(NamedTuple):
    """What is there of a SKU at the end of a span, how much of it has a cost, and what costs had
    come to before the span and at its end.
    """

    on_hand: int
    costed: int
    before: Totals
    after: Totals


def value_of(moves: Sequence[Move], method: str, decimals: int, begins: str = "") -> Valued:
    """Return what the moves of a SKU, by (effective at, position), come to by one of METHODS;
    `begins` (UTC text) is the first moment of the span.

    What a rollover carried was there before a span that begins with it. Raises LedgerUnusable.
    """
    costs, before = Costs(method, decimals), None
    for moment, part in _in_order(moves):
        if before is None and moment >= begins:
            before = costs.totals
        _pass(costs, part)
    after = costs.totals
    return Valued(costs.on_hand, costs.costed, after if before is None else before, after)


def costs_after(moves: Sequence[Move], method: str, decimals: int) -> Costs:
    """Return what is there of a SKU after its moves, by (effective at, position), and its cost."""
    costs = Costs(method, decimals)
    for _, part in _in_order(moves):
        _pass(costs, part)
    return costs


def carried_after(moves: Sequence[Move], decimals: int) -> Carried:
    """Return what is to be carried on of a SKU after its moves, by (effective at, position)."""
    by_fifo, by_average = (costs_after(moves, method, decimals) for method in METHODS)
    return Carried(
        tuple(by_fifo.layers),
        by_average.value,
        _both(by_fifo.latest, by_average.latest),
        _both(by_fifo.latest_sale, by_average.latest_sale),
        tuple((departure.account, quantity) for departure, quantity in by_fifo.short),
        bool(by_fifo.short) and by_fifo.short[0][0].units > 0,
    )


def _both(by_fifo: Departure | None, by_average: Departure | None) -> Cost | None:
    if by_fifo is None or by_average is None:
        return None
    return Cost(by_fifo.units, by_fifo.cost, by_average.cost)


def _pass(costs: Costs, part: Move | Sequence[Move]) -> None:
    if isinstance(part, Move):
        costs.pass_by(part)
    else:
        costs.go_on(part)


def _in_order(moves: Sequence[Move]) -> Iterator[tuple[str, Move | Sequence[Move]]]:
    """Give the moves, each with its moment, and in their place as one those that carry costs."""
    openings = openings_in(moves)
    if not openings:
        yield from ((move.effective_at, move) for move in moves)
        return
    at = openings[0].effective_at
    rest = [move for move in moves if move not in openings]
    yield from ((move.effective_at, move) for move in rest if move.effective_at < at)
    # Without its last letter it sorts before the moment, and behind all that are earlier.
    yield at[:-1], openings
    yield from ((move.effective_at, move) for move in rest if move.effective_at >= at)
