"""Knows the command that tells what stock is worth, and what was sold did cost.

Must never know how costs add up.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from inventory_cli.actions.ask import cut_at
from inventory_cli.actions.value import Worth, worth
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_method
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Between
from inventory_cli.core.dates import parse_cut
from inventory_cli.core.money import show_money
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.spans import parse_between
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import note

# The names of the columns at a date, and over a span, with the fields that they show.
_AT_A_DATE = {
    "sku": "sku",
    "on_hand": "on_hand",
    "unit_cost": "unit_cost",
    "value": "closing_value",
    "without_cost": "without_cost",
}
_OVER_A_SPAN = {name: name for name in Worth._fields if name != "unit_cost"}
_QUANTITIES = ("on_hand", "without_cost", "sold_without_cost")
# Without these a narrow terminal can do: what has no cost is named in a note too.
_SPARE = ("opening_value", "incoming_cost", "other_cost", "without_cost", "sold_without_cost")
# How many SKUs are named that have something without a cost.
_MOST_NAMED = 3


def value(
    context: typer.Context,
    between: Annotated[Between, But("location")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="At the end of that day; now if not given."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="fifo|average",
            help="Whether the oldest units leave first, or at the average cost.",
            autocompletion=complete_method,
        ),
    ] = "fifo",
) -> None:
    """
    Examples:
        inventory value
        inventory value XYZ-1 --as-of 2022-03-31 --method average
        inventory value --from 2022-03 --to 2022-03 --format csv
    """
    is_span = between.start is not None or between.end is not None
    if is_span and as_of is not None:
        raise WrongUsage("--as-of is one date, and --from and --to a span", "give one or the other")
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        known = options.parse_known(ledger, between.known_at, moment)
        begins = ""
        if is_span:
            begins, ends = parse_between(between.start, between.end, moment, ledger.zone)
            options.note_between(ledger, begins, ends, known, between.format)
        else:
            ends = parse_cut("today" if as_of is None else as_of, moment, ledger.zone)
            options.note_cut(ledger, ends, known, between.format)
        skus = options.matching(ledger, between.skus or [])
        found = worth(ledger, method, cut_at(ledger, ends, known), begins, skus)
        _show(ledger, found, _OVER_A_SPAN if is_span else _AT_A_DATE, between.format)
        if between.format == "table" and len(found) > 1:
            total = show_money(sum(line.closing_value for line in found))
            note(f"{count_of(len(found), 'SKU')} worth {total} together, by {method}")
        _note_without_cost(ledger, found, is_span)
        missing = set(skus) - {line.sku for line in found}
        if missing or not found:
            options.note_nothing(ledger, filter(missing.__contains__, skus), None, "by then")


def _show(ledger: Ledger, found: Sequence[Worth], shown: dict[str, str], format: str) -> None:
    """Show one row for each SKU; money is exact text in every format."""
    columns = [
        Column(
            name,
            "text" if name == "sku" else "quantity" if name in _QUANTITIES else "number",
            spare=name in _SPARE,
        )
        for name in shown
    ]
    rows = [
        [
            show_money(figure) if column.kind == "number" and figure is not None else figure
            for column, figure in (
                (column, getattr(line, shown[column.name])) for column in columns
            )
        ]
        for line in found
    ]
    show(Answer(columns, rows, ledger.decimals), format)


def _note_without_cost(ledger: Ledger, found: Sequence[Worth], is_span: bool) -> None:
    """Name the SKUs of which something is in no amount, and how much."""
    there = [(line.sku, line.without_cost) for line in found if line.without_cost > 0]
    short = [(line.sku, -line.without_cost) for line in found if line.without_cost < 0]
    sold = [(line.sku, line.sold_without_cost) for line in found if line.sold_without_cost]
    for named, what in (
        (there, "on hand without cost"),
        (short, "below zero, which has no cost until more arrives"),
        (sold if is_span else [], "sold without cost"),
    ):
        if named:
            words = [f"{sku} {format_quantity(n, ledger.decimals)}" for sku, n in named]
            rest = len(words) - _MOST_NAMED
            more = f"; and {count_of(rest, 'more SKU')}" if rest > 0 else ""
            note(f"{what}: {'; '.join(words[:_MOST_NAMED])}{more}")
