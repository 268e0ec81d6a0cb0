"""Knows the command that tells what a period did to each SKU, from opening to closing.

Must never know how that is added up.
"""

from typing import Annotated, Any

import typer

from inventory_cli.actions.ask import cut_at
from inventory_cli.actions.rollforward import Line
from inventory_cli.actions.rollforward import movements as movements_between
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_period
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Between
from inventory_cli.core.rollforward import CHANGING
from inventory_cli.core.spans import parse_between
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import open_ledger


def movements(
    context: typer.Context,
    between: Between,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="day|week|month|quarter|year",
            help="A line for each such period in which something happened.",
            autocompletion=complete_period,
        ),
    ] = None,
) -> None:
    """
    Examples:
        inventory movements --from 2022-03 --to 2022-03
        inventory movements XYZ-1 --by month
        inventory movements --from 2022-Q1 --to 2022-Q1 --location shop --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        begins, ends = parse_between(between.start, between.end, moment, ledger.zone)
        known = options.parse_known(ledger, between.known_at, moment)
        skus = options.matching(ledger, between.skus or [])
        cut = cut_at(ledger, ends, known)
        found = movements_between(ledger, begins, cut, skus, between.location, by)
        options.note_between(ledger, begins, ends, known, between.format)
        rows = [(*_row(line), line.rolled.closing) for line in found.lines]
        total = (*_row(Line("total", "" if by else "total", found.total)), "")
        columns = _columns(found.lines)
        if by is None:
            # Neither a name of the period nor a bar: there is one.
            columns, rows, total = columns[1:-1], [row[1:-1] for row in rows], total[1:-1]
        several = len(found.lines) > 1
        show(Answer(columns, rows, ledger.decimals, total if several else None), between.format)
        there = {line.sku for line in found.lines}
        missing = [sku for sku in skus if sku not in there]
        if missing or not rows:
            when = "in that time" if by else "by then"
            options.note_nothing(ledger, missing, between.location, when)


def _columns(lines: list[Line]) -> list[Column]:
    """Return the columns. Of a kind that changed nothing a narrow terminal shows none."""
    return [
        Column("period"),
        Column("sku"),
        Column("opening", "quantity"),
        *(
            Column(kind, "change", spare=not any(line.rolled.changes[place] for line in lines))
            for place, kind in enumerate(CHANGING)
        ),
        Column("closing", "quantity"),
        Column("", "bar", only="terminal", spare=True),
    ]


def _row(line: Line) -> tuple[Any, ...]:
    opening, changes, closing = line.rolled
    return line.period, line.sku, opening, *changes, closing
