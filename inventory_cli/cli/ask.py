"""Knows the commands that tell what is there: now, and as of any date."""

from typing import Annotated

import typer

from inventory_cli.actions.ask import arrange, cut_at, stock_as_of, stock_now
from inventory_cli.cli import options
from inventory_cli.cli.options import Format, KnownAt, Location, Skus, ledger_path
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import note

ByLocation = Annotated[
    bool, typer.Option("--by-location", help="A line for each location, not only for the SKU.")
]


def stock(
    context: typer.Context,
    skus: Skus = None,
    location: Location = None,
    by_location: ByLocation = False,
    format: Format = "table",
) -> None:
    """Show what is on hand now, with the days of the last arrival and departure."""
    options.check_format(format)
    wanted = options.clean_skus(skus)
    location = options.clean_location(location)
    with open_ledger(ledger_path(context)) as ledger:
        today = options.end_of_today(ledger, options.now())
        states = stock_now(ledger, today, wanted)
        _show(ledger, states, wanted, location, by_location, format)


def as_of(
    context: typer.Context,
    date: Annotated[
        str, typer.Argument(metavar="DATE", help="Up to the end of that day, or that moment.")
    ],
    skus: Skus = None,
    location: Location = None,
    by_location: ByLocation = False,
    known_at: KnownAt = None,
    format: Format = "table",
) -> None:
    """Show what was on hand at a date, inclusive, by replaying the log."""
    options.check_format(format)
    wanted = options.clean_skus(skus)
    location = options.clean_location(location)
    moment = options.now()
    with open_ledger(ledger_path(context)) as ledger:
        cut = options.parse_cut(ledger, date, moment)
        known = options.parse_cut(ledger, known_at, moment) if known_at is not None else None
        options.note_cut(ledger, cut, known, format)
        states = stock_as_of(ledger, cut_at(ledger, cut, known), wanted)
        _show(ledger, states, wanted, location, by_location, format)


def _show(
    ledger: Ledger,
    states: dict[Stream, State],
    skus: list[str],
    location: str | None,
    by_location: bool,
    format: str,
) -> None:
    found = arrange(ledger, states, location, by_location)
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
    show(Answer(columns, rows, ledger.decimals), format)
    for sku in skus:
        if all(row.sku != sku for row in found):
            note(f"no event of {sku}" + (f" at {location}" if location else "") + " by then")


COMMANDS = {"stock": stock, "as-of": as_of}
