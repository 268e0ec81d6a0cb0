"""Knows the commands that tell what is there: now, and as of any date.

Must never know how an answer is computed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import Annotated, NamedTuple

import typer

from inventory_cli.actions.ask import Cut, Stock, arrange, cut_at, stock_as_of, stock_now
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Asked
from inventory_cli.core.dates import parse_cut
from inventory_cli.core.events import Stream
from inventory_cli.core.quantities import parse_quantity
from inventory_cli.core.replay import State
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.stock import has_sku
from inventory_cli.terminal import is_terminal


class Shown(NamedTuple):
    """Which rows of the stock are shown, how they are sorted, and with what."""

    by_location: Annotated[
        bool,
        typer.Option("--by-location", help="A line for each location, not only for the SKU."),
    ] = False
    below: Annotated[
        str | None, typer.Option("--below", metavar="QTY", help="Only what has less on hand.")
    ] = None
    out: Annotated[bool, typer.Option("--out", help="Only what has nothing on hand.")] = False
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Sort by it; -COLUMN, the largest first."),
    ] = None
    total: Annotated[bool, typer.Option("--total", help="A last line with the sum.")] = False
    spark: Annotated[bool, typer.Option("--spark", help="Draw on hand since the first event.")] = (
        False
    )
    names: Annotated[
        bool, typer.Option("--names", help="What each SKU is called, as a column.")
    ] = False


def stock(context: typer.Context, asked: Annotated[Asked, But("known_at")], shown: Shown) -> None:
    """
    Examples:
        inventory stock
        inventory stock XYZ-1 'MUG-*' --by-location
        inventory stock --location depot --format csv
        inventory stock --below 10 --sort on_hand
    """
    with open_ledger(ledger_path(context)) as ledger:
        today = options.end_of_today(ledger, options.moment_asked(ledger))
        skus = options.matching(ledger, asked.skus or [])
        cut = Cut(today, ledger.head().position)
        _show(ledger, stock_now(ledger, today, skus), asked._replace(skus=skus), shown, cut)


def as_of(
    context: typer.Context,
    date: Annotated[
        str, typer.Argument(metavar="DATE", help="Up to the end of that day, or that moment.")
    ],
    asked: Asked,
    shown: Shown,
) -> None:
    """
    Examples:
        inventory as-of 2022-03-15
        inventory as-of yesterday XYZ-1 MUG-BLUE --by-location
        inventory as-of 2022-03-15 --known-at 2022-03-31
    """
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        as_of = _cut(ledger, date, asked.skus or [], moment)
        known = options.parse_known(ledger, asked.known_at, moment)
        options.note_cut(ledger, as_of, known, asked.format)
        skus = options.matching(ledger, asked.skus or [])
        cut = cut_at(ledger, as_of, known)
        _show(ledger, stock_as_of(ledger, cut, skus), asked._replace(skus=skus), shown, cut)


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


def _show(
    ledger: Ledger, states: dict[Stream, State], asked: Asked, shown: Shown, cut: Cut
) -> None:
    found = arrange(ledger, states, asked.location, shown.by_location)
    there = {row.sku for row in found}
    missing = [sku for sku in asked.skus or [] if sku not in there]
    nothing = not found
    found = _sorted(_narrowed(found, shown, ledger.decimals), shown)
    skus = asked.skus or []
    called = _names(ledger, cut, skus) if shown.names or is_terminal() else {}
    columns = [
        Column("sku"),
        Column("name", "remark", None if shown.names else "terminal"),
        Column("location"),
        Column("on_hand", "level"),
        Column("last_incoming"),
        Column("last_outgoing"),
    ]
    rows: list[list[object]] = [[row.sku, called.get(row.sku), *row[1:]] for row in found]
    if shown.spark:
        lines = _sparklines(ledger, cut, skus, asked.location)
        columns.append(Column("spark"))
        for there_is, row in zip(found, rows, strict=True):
            row.append(lines.get(there_is.sku))
    if shown.total:
        total = sum(row.on_hand for row in found)
        label = "total" if asked.format == "table" else None
        rows.append([label, None, None, total, *[None] * (len(columns) - 4)])
    if not shown.by_location:
        del columns[2]
        for row in rows:
            del row[2]
    show(Answer(columns, rows, ledger.decimals), asked.format)
    if missing or nothing:
        options.note_nothing(ledger, missing, asked.location, "by then")


def _names(ledger: Ledger, cut: Cut, skus: Sequence[str]) -> Mapping[str, str]:
    from inventory_cli.actions.descriptions import names  # A program asks for them, or not.

    return names(ledger, cut.head, cut.as_of, skus)


def _sparklines(
    ledger: Ledger, cut: Cut, skus: Sequence[str], location: str | None
) -> Mapping[str, str]:
    from inventory_cli.actions.sparklines import sparklines  # Few ask for them.

    return sparklines(ledger, cut, skus, location)


def _narrowed(found: list[Stock], shown: Shown, decimals: int) -> list[Stock]:
    if shown.below is not None:
        below = parse_quantity(shown.below, decimals)
        found = [row for row in found if row.on_hand < below]
    return [row for row in found if row.on_hand <= 0] if shown.out else found


def _sorted(found: list[Stock], shown: Shown) -> list[Stock]:
    """Return the stock as it is to be sorted; what is not known sorts first."""
    if shown.sort is None:
        return found
    name = shown.sort.removeprefix("-")
    if name not in Stock._fields or (name == "location" and not shown.by_location):
        wanted = [field for field in Stock._fields if field != "location" or shown.by_location]
        raise WrongUsage(f"--sort {shown.sort!r} is not one of {', '.join(wanted)}")
    place = Stock._fields.index(name)
    return sorted(
        found,
        key=lambda row: (row[place] is not None, row[place]),
        reverse=shown.sort.startswith("-"),
    )
