"""Knows the command that tells what is said of a date now and was not said then.

Must never know how that is found.
"""

from typing import Annotated

import typer

from inventory_cli.actions.ask import cut_at
from inventory_cli.actions.restated import restated as restated_since
from inventory_cli.cli import options
from inventory_cli.cli.lazy import REQUIRED, But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Asked
from inventory_cli.core.dates import parse_cut, show_cut
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import note

_COLUMNS = (
    Column("sku"),
    Column("location"),
    Column("then", "quantity"),
    Column("now", "quantity"),
    Column("change", "change"),
    Column("positions", "numbers"),
)


def restated(
    context: typer.Context,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The date that is spoken of.")
    ],
    asked: Annotated[Asked, But(known_at=REQUIRED)],
) -> None:
    """
    Examples:
        inventory restated --as-of 2022-03-31 --known-at 2022-04-05
        inventory restated MUG-BLUE --as-of 2022-03-31 --known-at 2022-04-05
    """
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        date = parse_cut(as_of, moment, ledger.zone)
        known = parse_cut(asked.known_at or "", moment, ledger.zone)
        if asked.format == "table":
            zone = ledger.zone
            since = f"as of {show_cut(date, zone)}, recorded after {show_cut(known, zone)}"
            note(f"{since} ({ledger.settings.timezone})")
        skus = options.matching(ledger, asked.skus or [])
        found = restated_since(ledger, cut_at(ledger, date), known, skus, asked.location)
        rows = [
            (*stream, said.then, said.now, said.change, said.positions) for stream, said in found
        ]
        show(Answer(_COLUMNS, rows, ledger.decimals), asked.format)
        there = {row[0] for row in rows}
        missing = [sku for sku in skus if sku not in there]
        if missing or not rows:
            when = "up to that date was recorded since"
            options.note_nothing(ledger, missing, asked.location, when)
