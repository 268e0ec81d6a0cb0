"""Knows the command that tells how SKUs sell. Must never know how that is worked out."""

from datetime import date
from fractions import Fraction
from typing import Any

import typer

from inventory_cli.actions import insights as action
from inventory_cli.actions.ask import cut_at
from inventory_cli.cli import options
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Between
from inventory_cli.core.insights import Insight, Rank
from inventory_cli.core.quantities import exact, format_ratio
from inventory_cli.core.spans import parse_between
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import open_ledger

# The order is the contract's; a narrow terminal does without those that say least.
_COLUMNS = (
    Column("sku"),
    Column("on_hand", "quantity"),
    Column("sales", "number", spare=True),
    Column("sold", "quantity"),
    Column("returned", "quantity", spare=True),
    Column("first_sale", spare=True),
    Column("last_sale", spare=True),
    Column("days_since_sale", "number", spare=True),
    Column("days_between_mean", "number", spare=True),
    Column("days_between_median", "number", spare=True),
    Column("sold_per_day", "number"),
    Column("days_out_of_stock", "number", spare=True),
    Column("days_of_cover", "number"),
    Column("share", "number", spare=True),
    Column("class"),
    Column("shrinkage", "quantity", spare=True),
    Column("shrinkage_by_reason", "details", only="json"),
)


def insights(context: typer.Context, between: Between) -> None:
    """
    Examples:
        inventory insights
        inventory insights XYZ-1 --from 2022-02 --to 2022-04
        inventory insights --from -90d --location shop --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        skus = options.matching(ledger, between.skus or [])
        moment = options.moment_asked(ledger)
        begins, ends = parse_between(between.start, between.end, moment, ledger.zone)
        known = options.parse_known(ledger, between.known_at, moment)
        options.note_between(ledger, begins, ends, known, between.format)
        cut = cut_at(ledger, ends, known)
        told = action.insights(ledger, begins, cut, between.location, skus)
        rows = [_row(found, told.ranks.get(found.sku), ledger.decimals) for found in told.found]
        show(Answer(_COLUMNS, rows, ledger.decimals), between.format)
        there = {found.sku for found in told.found}
        missing = [sku for sku in skus if sku not in there]
        if missing or not rows:
            options.note_nothing(ledger, missing, between.location, "by then")


def _row(found: Insight, rank: Rank | None, decimals: int) -> tuple[Any, ...]:
    return (
        found.sku,
        found.on_hand,
        found.sales,
        found.sold,
        found.returned,
        _day(found.first_sale),
        _day(found.last_sale),
        found.days_since_sale,
        _ratio(found.days_between_mean),
        _ratio(found.days_between_median),
        _ratio(found.sold_per_day, decimals),
        found.days_out_of_stock,
        _ratio(found.days_of_cover),
        rank and format_ratio(rank.share),
        rank and rank.letter,
        found.shrinkage,
        {reason: exact(lost, decimals) for reason, lost in found.shrinkage_by_reason.items()},
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _ratio(value: Fraction | None, decimals: int = 0) -> str | None:
    return None if value is None else format_ratio(value, decimals)
