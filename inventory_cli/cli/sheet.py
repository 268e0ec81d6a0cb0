"""Knows what a sheet for a stock-take looks like. Must never know how one is read back."""

from collections.abc import Mapping

from inventory_cli.actions.ask import arrange, stock_now
from inventory_cli.cli import options
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import note

# Where a person writes the figure; a file has an empty cell there instead.
_TO_WRITE_ON = "_" * 10


def show_sheet(
    ledger: Ledger,
    location: str | None,
    blind: bool,
    format: str,
    names: Mapping[str, str] | None = None,
) -> None:
    """Print all that has ever been at a location, or anywhere, each with room for a figure.

    A `blind` sheet does not say how much should be there. `names` says what SKUs are called; there
    is no such column without. `reconcile` reads the CSV of it back.
    """
    today = options.end_of_today(ledger, options.moment_asked(ledger))
    found = arrange(ledger, stock_now(ledger, today, ()), location, each_location=True)
    figure = _TO_WRITE_ON if format == "table" else None
    cells: list[tuple[Column, list[object]]] = [
        (Column("sku"), [stock.sku for stock in found]),
        (Column("location"), [stock.location for stock in found]),
        (Column("quantity"), [figure for _ in found]),
    ]
    if not blind:
        cells.insert(2, (Column("on_hand", "quantity"), [stock.on_hand for stock in found]))
    if names:
        cells.insert(1, (Column("name"), [names.get(stock.sku) for stock in found]))
    columns = [column for column, _ in cells]
    rows = list(zip(*(values for _, values in cells), strict=True))
    show(Answer(columns, rows, ledger.decimals), format)
    if not found:
        options.note_nothing(ledger, (), location, "by then")
    options.note_cut(ledger, today, None, format)
    if format == "table":
        note("`--format csv` gives a file: filled in, `inventory reconcile FILE --count` reads it")
