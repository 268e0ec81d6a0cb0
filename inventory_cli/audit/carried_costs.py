"""Knows how the costs are proved that a ledger takes over: the openings of each SKU must come to
what the older log does, by every method.

Both are read stream by stream and added up. Must never ask the code that takes them over.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from inventory_cli.audit.finding import Finding
from inventory_cli.core.events import CARRIED_COSTS, KINDS, Event, Stream
from inventory_cli.core.money import show_money
from inventory_cli.core.moves import Move
from inventory_cli.core.replay import steps
from inventory_cli.core.valuation import METHODS, Costs, Departure, costs_after
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_stream


class Side(NamedTuple):
    """A ledger as it stood at a position, up to a moment (UTC text)."""

    ledger: Ledger
    position: int
    as_of: str

    def moves(self, streams: Iterable[Stream]) -> list[Move]:
        """Return what stands in the streams of a SKU, by (effective at, position)."""
        return sorted(
            Move(
                step.event.effective_at,
                step.event.position,
                step.event.location,
                step.event.kind,
                step.change,
                step.event.quantity,
                step.event.date_only,
                step.event.unit_cost,
                step.event.reason,
                step.event.details if step.event.kind == "opened" else None,
                False,
            )
            for stream in streams
            for step in steps(self._events(stream))
            if step.voided_by is None and step.event.kind != "reversed"
        )

    def _events(self, stream: Stream) -> Iterator[tuple[Event, int | None]]:
        pieces = read_stream(self.ledger, stream, self.position, self.as_of)
        return (found for piece in pieces for found in piece if found[0].kind in KINDS)


def compare_costs(old: Side, new: Side, streams: Iterable[Stream]) -> Iterator[Finding]:
    """Give each SKU whose costs do not go on as they were, of those that have these streams."""
    for sku, group in groupby(sorted(streams), key=lambda stream: stream[0]):
        of_sku = list(group)
        sides = [(side.moves(of_sku), side.ledger.decimals) for side in (old, new)]
        for method in METHODS:
            due, found = (_said(costs_after(moves, method, places)) for moves, places in sides)
            if due != found:
                text = f"the costs of {sku} are carried otherwise, by {method}: "
                text += _difference(due, found)
                yield Finding("carried-costs", text, sku, None, None, due.value, found.value)
                break


def carries_any(new: Side, streams: Iterable[Stream]) -> bool:
    """Tell whether any opening carries costs, as those of an earlier version do not."""
    moves = (move for stream in streams for move in new.moves([stream]))
    return any(CARRIED_COSTS in (move.details or "") for move in moves)


class _Said(NamedTuple):
    """What there is to say of costs; two that are equal go on alike."""

    value: str
    layers: tuple[tuple[int, int | None], ...]
    latest_departure: tuple[int, int] | None
    latest_sale: tuple[int, int] | None
    shortage: tuple[tuple[str, int, int, int], ...]


def _difference(due: _Said, found: _Said) -> str:
    if due.value != found.value:
        return f"value expected {due.value}, found {found.value}"
    odd = (name for name, a, b in zip(due._fields, due, found, strict=True) if a != b)
    return f"another {next(odd).replace('_', ' ')}"


def _said(costs: Costs) -> _Said:
    return _Said(
        show_money(costs.value),
        tuple(costs.layers),
        _figures(costs.latest),
        _figures(costs.latest_sale),
        tuple((left.account, n, left.units, left.cost) for left, n in costs.short),
    )


def _figures(departure: Departure | None) -> tuple[int, int] | None:
    return None if departure is None else (departure.units, departure.cost)
