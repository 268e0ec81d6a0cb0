"""Knows the command that tells what to buy. Must never know how that is worked out."""

from typing import Annotated, Any

import typer

from inventory_cli.actions import reorder as action
from inventory_cli.actions.ask import cut_at
from inventory_cli.actions.descriptions import names
from inventory_cli.cli import options
from inventory_cli.cli.options import ledger_path, parse_number
from inventory_cli.cli.shared import Between
from inventory_cli.core.quantities import format_ratio
from inventory_cli.core.reorder import Order
from inventory_cli.core.spans import parse_between
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.stock import has_sku
from inventory_cli.terminal import note

_COLUMNS = (
    Column("sku"),
    Column("name", "remark", only="terminal"),
    Column("on_hand", "quantity"),
    Column("minimum", "quantity"),
    Column("sold_per_day", "number"),
    Column("days_of_cover", "number"),
    Column("suggested", "quantity"),
)


def reorder(
    context: typer.Context,
    between: Between,
    cover: Annotated[
        str, typer.Option("--cover", metavar="DAYS", help="For how many days it should last.")
    ] = "0",
) -> None:
    """
    Examples:
        inventory reorder
        inventory reorder --cover 30
        inventory reorder MUG-BLUE --cover 14 --from 2022-02 --to 2022-04
    """
    days = parse_number(cover, "--cover")
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        begins, ends = parse_between(between.start, between.end, moment, ledger.zone)
        known = options.parse_known(ledger, between.known_at, moment)
        options.note_between(ledger, begins, ends, known, between.format)
        skus = options.matching(ledger, between.skus or [])
        cut = cut_at(ledger, ends, known)
        found = action.reorder(ledger, begins, cut, days, between.location, skus)
        called = names(ledger, cut.head, cut.as_of, skus)
        rows = [_row(order, called.get(order.sku), ledger.decimals) for order in found]
        show(Answer(_COLUMNS, rows, ledger.decimals), between.format)
        unknown = [sku for sku in skus if not has_sku(ledger, sku)]
        if unknown or not rows:
            options.note_nothing(ledger, unknown, between.location, "by then")
    if not rows and not unknown:
        hint = "" if days else "; `--cover 30` asks for what sells in 30 days"
        note(f"nothing to buy: on hand is enough{hint}")


def _row(order: Order, name: str | None, decimals: int) -> tuple[Any, ...]:
    return (
        order.sku,
        name,
        order.on_hand,
        order.minimum,
        None if order.sold_per_day is None else format_ratio(order.sold_per_day, decimals),
        None if order.days_of_cover is None else format_ratio(order.days_of_cover),
        order.suggested,
    )
