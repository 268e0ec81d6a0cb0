"""Knows the tables of the page: their columns, and how each figure is written.

Cells are text as the commands write it, so that the page can be held against them to the letter.
Must never work out a figure; a total is the sum of the rows above it.
"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from fractions import Fraction
from operator import attrgetter
from typing import Any, NamedTuple

from inventory_cli.actions.report import Few, Figures, Found
from inventory_cli.core.dates import say_effective
from inventory_cli.core.insights import Insight
from inventory_cli.core.money import show_money
from inventory_cli.core.periods import named_in
from inventory_cli.core.quantities import format_quantity, format_ratio
from inventory_cli.core.rollforward import CHANGING, Rolled
from inventory_cli.core.wording import signed

# How many SKUs each table of movers has.
_MOST_MOVERS = 15


class Table(NamedTuple):
    """Rows of text under columns that have the names that the command gives them; the first cell
    of a row is its head. `whole` is how many rows there would be if all were shown.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    whole: int
    total: Sequence[str] = ()


class Written(NamedTuple):
    """How figures are written in a ledger: its decimals and its zone, and what SKUs are called."""

    decimals: int
    zone: tzinfo
    names: Mapping[str, str]

    def quantity(self, value: int | None) -> str:
        """Return a quantity, given in smallest units; empty where there is none."""
        return "" if value is None else format_quantity(value, self.decimals)

    def ratio(self, value: Fraction | None, decimals: int = 0) -> str:
        """Return a ratio or a mean; empty where there is none."""
        return "" if value is None else format_ratio(value, decimals)

    def of_skus(
        self,
        columns: Sequence[str],
        rows: Sequence[tuple[str, Sequence[str]]],
        whole: int | None = None,
        total: Sequence[str] = (),
    ) -> Table:
        """Return a table of SKUs, each with its cells; with what they are called, if any is."""
        named = bool(self.names)
        return Table(
            ("sku", *["name"] * named, *columns),
            [(sku, *[self.names.get(sku, "")] * named, *cells) for sku, cells in rows],
            len(rows) if whole is None else whole,
            total and ("total", *[""] * named, *total),
        )


def tables(figures: Figures, written: Written) -> dict[str, Table]:
    """Return the tables of the page by name."""
    told = figures.told
    in_common = ("effective_at", "recorded_at", "kind", "sku", "location", "change", "reason")
    voiding = ("voids", "kind", "quantity", "sku", "location", "effective_at", "recorded_at")
    counting = ("effective_at", "sku", "location", "counted", "variance", "reason")
    return {
        **_of_stock(figures, written),
        "movements": _movements(figures, written),
        **_movers(figures, written),
        "reorder": _reorder(figures, written),
        "value": _value(figures, written),
        "late": _entries(told.late, in_common, written),
        "closed": _entries(told.into_closed, (*in_common, "period"), written),
        "reversals": _entries(told.reversals, (*voiding, "reason"), written),
        "counts": _entries(told.counts, counting, written),
    }


def _of_stock(figures: Figures, written: Written) -> dict[str, Table]:
    """Return what is there, with sparklines in letters, and what is not."""
    days = {row.sku: (row.last_incoming or "", row.last_outgoing or "") for row in figures.stock}
    there = {row.sku: written.quantity(row.on_hand) for row in figures.stock}
    out = [row.sku for row in figures.stock if row.on_hand <= 0]
    return {
        "stock": written.of_skus(
            ("on_hand", "spark", "last_incoming", "last_outgoing"),
            [(sku, (there[sku], figures.sparks.get(sku, ""), *days[sku])) for sku in there],
        ),
        "out": written.of_skus(
            ("on_hand", "last_incoming", "last_outgoing"),
            [(sku, (there[sku], *days[sku])) for sku in out],
        ),
    }


def _movements(figures: Figures, written: Written) -> Table:
    """Return the roll-forward; a kind that changed nothing has no column."""
    found, total = figures.movements
    shown = [n for n in range(len(CHANGING)) if any(line.rolled.changes[n] for line in found)]

    def cells(rolled: Rolled) -> list[str]:
        moved = [signed(rolled.changes[n], written.decimals) for n in shown]
        return [written.quantity(rolled.opening), *moved, written.quantity(rolled.closing)]

    return written.of_skus(
        ("opening", *(CHANGING[n] for n in shown), "closing"),
        [(line.sku, cells(line.rolled)) for line in found],
        total=cells(total),
    )


def _movers(figures: Figures, written: Written) -> dict[str, Table]:
    """Return what sells most a day; and what is in stock and lasts longest, first what does not
    sell at all.
    """
    found, ranks = figures.insights
    fast = sorted(
        (told for told in found if told.net), key=lambda t: (-(t.sold_per_day or 0), t.sku)
    )
    there = sorted((told for told in found if told.on_hand > 0), key=lambda t: (-t.on_hand, t.sku))
    slow = sorted(there, key=lambda t: (t.days_of_cover is not None, -(t.days_of_cover or 0)))

    def cells(told: Insight) -> list[str]:
        return [
            written.quantity(told.on_hand),
            str(told.sales),
            written.quantity(told.sold),
            written.ratio(told.sold_per_day, written.decimals),
            written.ratio(told.days_of_cover),
            "" if told.days_since_sale is None else str(told.days_since_sale),
            ranks[told.sku].letter if told.sku in ranks else "",
        ]

    columns = ("on_hand", "sales", "sold", "sold_per_day", "days_of_cover", "days_since_sale")
    return {
        name: written.of_skus(
            (*columns, "class"),
            [(told.sku, cells(told)) for told in movers[:_MOST_MOVERS]],
            len(movers),
        )
        for name, movers in (("fast", fast), ("slow", slow))
    }


def _reorder(figures: Figures, written: Written) -> Table:
    rows = []
    for order in figures.orders:
        a_day = written.ratio(order.sold_per_day, written.decimals)
        cover = written.ratio(order.days_of_cover)
        on_hand, minimum, buy = map(
            written.quantity, (order.on_hand, order.minimum, order.suggested)
        )
        rows.append((order.sku, (on_hand, minimum, a_day, cover, buy)))
    columns = ("on_hand", "minimum", "sold_per_day", "days_of_cover", "suggested")
    return written.of_skus(columns, rows)


def _value(figures: Figures, written: Written) -> Table:
    """Return what each SKU is worth of which any cost is known."""
    names = ("opening_value", "incoming_cost", "sold_cost", "other_cost", "closing_value")
    amounts = attrgetter(*names)
    costed = [line for line in figures.worth if any(amounts(line))]
    rows = [
        (
            line.sku,
            (
                written.quantity(line.on_hand),
                *map(show_money, amounts(line)),
                written.quantity(line.without_cost),
                written.quantity(line.sold_without_cost),
            ),
        )
        for line in costed
    ]
    sums = [show_money(sum(column)) for column in zip(*map(amounts, costed), strict=True)]
    return written.of_skus(
        ("on_hand", *names, "without_cost", "sold_without_cost"),
        rows,
        len(figures.worth),
        ("", *sums, "", "") if sums else (),
    )


def _entries(few: Few, columns: Sequence[str], written: Written) -> Table:
    rows = []
    for found in few.foremost():
        cells = _cells(found, written)
        rows.append([cells[name] for name in ("position", *columns)])
    return Table(("position", *columns), rows, few.count)


def _cells(found: Found, written: Written) -> dict[str, Any]:
    """Return all that a table may tell of an entry; kind and quantity of a reversal are those of
    what it voids.
    """
    entry, about = found
    event = entry.event
    return {
        "position": str(event.position),
        "effective_at": say_effective(event.effective_at, about.event.date_only, written.zone),
        "recorded_at": say_effective(entry.recorded_at, 0, written.zone),
        "kind": about.event.kind,
        "sku": event.sku,
        "location": event.location,
        "change": signed(entry.change, written.decimals),
        "period": named_in(event.details) or "",
        "reason": event.reason or "",
        "voids": str(event.reverses),
        "quantity": written.quantity(about.event.quantity),
        "counted": written.quantity(event.quantity),
        "variance": signed(entry.change, written.decimals),
    }
