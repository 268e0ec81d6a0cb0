"""Knows the commands that tell what is there: now, and as of any date.

Must never know how an answer is computed.
"""

from collections.abc import Sequence
from datetime import datetime
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.actions.ask import arrange, cut_at, stock_as_of, stock_now
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Asked
from inventory_cli.core.dates import parse_cut
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.stock import has_sku

ByLocation = Annotated[
    bool, typer.Option("--by-location", help="A line for each location, not only for the SKU.")
]


def stock(
    context: typer.Context,
    asked: Annotated[Asked, But("known_at")],
    by_location: ByLocation = False,
) -> None:
    """
    Examples:
        inventory stock
        inventory stock XYZ-1 --by-location
        inventory stock --location depot --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        today = options.end_of_today(ledger, options.moment_asked(ledger))
        _show(ledger, stock_now(ledger, today, asked.skus or []), asked, by_location)


def as_of(
    context: typer.Context,
    date: Annotated[
        str, typer.Argument(metavar="DATE", help="Up to the end of that day, or that moment.")
    ],
    asked: Asked,
    by_location: ByLocation = False,
) -> None:
    """
    Examples:
        inventory as-of 2022-03-15
        inventory as-of yesterday XYZ-1 MUG-BLUE --by-location
        inventory as-of 2022-03-15 --known-at 2022-03-31
    """
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        cut = _cut(ledger, date, asked.skus or [], moment)
        known = options.parse_known(ledger, asked.known_at, moment)
        options.note_cut(ledger, cut, known, asked.format)
        states = stock_as_of(ledger, cut_at(ledger, cut, known), asked.skus or [])
        _show(ledger, states, asked, by_location)


def _cut(ledger: Ledger, date: str, skus: Sequence[str], moment: datetime) -> str:
    """Return the cut at a typed date. Raises WrongUsage, with what was meant where a SKU stands
    in its place.
    """
    try:
        return parse_cut(date, moment, ledger.zone)
    except WrongUsage as error:
        dated = next((word for word in skus if options.is_date(ledger, word)), None)
        if dated is None and not has_sku(ledger, date):
            raise
        others = [quote(word) for word in (date, *skus) if word != dated]
        meant = f"`inventory as-of {quote(dated or 'today')} {' '.join(others)}`"
        raise WrongUsage(error.message, f"the date comes first: {meant}") from None


def _show(ledger: Ledger, states: dict[Stream, State], asked: Asked, by_location: bool) -> None:
    found = arrange(ledger, states, asked.location, by_location)
    columns = [
        Column("sku"),
        Column("location"),
        Column("on_hand", "quantity"),
        Column("last_incoming"),
        Column("last_outgoing"),
    ]
    rows: list[tuple[object, ...]] = list(found)
    if not by_location:
        del columns[1]
        rows = [(row.sku, *row[2:]) for row in found]
    show(Answer(columns, rows, ledger.decimals), asked.format)
    there = {row.sku for row in found}
    missing = [sku for sku in asked.skus or [] if sku not in there]
    if missing or not found:
        options.note_nothing(ledger, missing, asked.location, "by then")
