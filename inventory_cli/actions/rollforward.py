"""Knows how it is answered what happened in a period, per SKU, from opening to closing.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Callable, Sequence
from datetime import date, tzinfo
from functools import cache
from typing import NamedTuple

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.each_sku import ask_each_sku
from inventory_cli.core.dates import show_day
from inventory_cli.core.moves import Move
from inventory_cli.core.rollforward import Rolled, roll, roll_each, total_of
from inventory_cli.core.spans import namer_of
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import streams_with_events


class Line(NamedTuple):
    """What a period did to a SKU; `period` is its name, None where the span is not parted."""

    period: str | None
    sku: str
    rolled: Rolled


class Movements(NamedTuple):
    """The lines, by period and SKU, and the total of all SKUs over the whole span."""

    lines: list[Line]
    total: Rolled


def movements(
    ledger: Ledger,
    begins: str,
    cut: Cut,
    skus: Sequence[str] = (),
    location: str | None = None,
    by: str | None = None,
) -> Movements:
    """Return what happened from a moment (UTC text) to a cut, of all SKUs or of some, over all
    locations or at one; parted by one of PERIODS or not.

    A SKU that has an event up to the cut has a line; where the span is parted, a line for each
    period in which an event of it stands. Raises WrongUsage.
    """
    period_of = None if by is None else _periods(by, ledger.zone)

    def rolled(sku: str, moves: Sequence[Move]) -> tuple[str, Rolled, list[Line]]:
        each = {} if period_of is None else roll_each(moves, begins, period_of)
        return sku, roll(moves, begins), [Line(name, sku, part) for name, part in each.items()]

    whole: dict[str, Rolled] = {}
    parts: list[Line] = []
    for sku, rolled_up, of_periods in ask_each_sku(ledger, cut, rolled, skus, location):
        whole[sku] = rolled_up
        parts += of_periods
    total = total_of(whole.values())
    if period_of is not None:
        return Movements(sorted(parts), total)
    streams = streams_with_events(ledger, cut.head, cut.as_of, skus)
    listed = {sku: Rolled() for sku, place in streams if location in (None, place)}
    return Movements([Line(None, sku, whole.get(sku, none)) for sku, none in listed.items()], total)


def _periods(by: str, zone: tzinfo) -> Callable[[str], str]:
    """Return what names the period of a moment (UTC text)."""
    name = namer_of(by)
    name_of_day = cache(lambda day: name(date.fromisoformat(day)))
    return lambda moment: name_of_day(show_day(moment, zone))
