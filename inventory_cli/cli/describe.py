"""Knows the command that says what a SKU is. Must never know where that is used."""

from typing import Annotated

import typer

from inventory_cli.actions.descriptions import descriptions
from inventory_cli.actions.record import Request, record
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import Sku, facts_of, show_recording
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import TODAY, Given
from inventory_cli.core.descriptions import FACTS, description
from inventory_cli.core.names import NameRules
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.text import clean_name
from inventory_cli.render import Answer, Column, show, show_fields
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import note


def describe(
    context: typer.Context,
    sku: Sku,
    given: Annotated[Given, But("location", "cost", "allow_negative", on=TODAY)],
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What it is called.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="TEXT", help="In what it is counted.")
    ] = None,
    category: Annotated[str | None, typer.Option("--category", metavar="TEXT")] = None,
    supplier: Annotated[str | None, typer.Option("--supplier", metavar="TEXT")] = None,
    minimum: Annotated[
        str | None,
        typer.Option("--minimum", metavar="QTY", help="How much should always be there."),
    ] = None,
    barcode: Annotated[
        list[str] | None,
        typer.Option("--barcode", metavar="CODE", help="A code that `scan` knows; repeatable."),
    ] = None,
) -> None:
    """What is not said stays as it was, and '' takes it away. Without any of it, what is known is
    shown.

    Examples:
        inventory describe MUG-BLUE --name 'Blue mug' --unit piece --minimum 24
        inventory describe MUG-BLUE --barcode 4006381333931 --barcode 4006381333948
        inventory describe MUG-BLUE
    """
    told = (name, unit, category, supplier, minimum, " ".join(barcode) if barcode else None)
    said = {fact: text for fact, text in zip(FACTS, told, strict=True) if text is not None}
    if not said:
        with open_ledger(ledger_path(context)) as ledger:
            _show(ledger, clean_name(sku, "SKU"), given)
        return
    facts = facts_of(given)
    origin = options.origin(context, given.by)
    with open_to_record(ledger_path(context)) as ledger:
        when = parse_when_recorded(given.on, options.present(ledger), ledger.zone)
        draft = description(clean_name(sku, "SKU"), said, ledger.decimals, when, ledger.zone, facts)
        request = Request((draft,), given.on != TODAY)
        rules = NameRules(given.known_only)
        recording = record(ledger, origin, request, options.clock(ledger), False, rules)
        show_recording(ledger, recording, given.format)


def _show(ledger: Ledger, sku: str, given: Given) -> None:
    """Show what is known of a SKU at the end of a day."""
    cut = options.parse_known(ledger, given.on, options.moment_asked(ledger)) or ""
    known = descriptions(ledger, ledger.head().position, cut, [sku]).get(sku, {})
    columns = [Column("sku"), *(Column(fact) for fact in FACTS)]
    row = [sku, *(known.get(fact) for fact in FACTS)]
    answer = Answer(columns, [row] if known else [])
    if given.format == "table":
        show_fields(answer)
    else:
        show(answer, given.format)
    if not known:
        note(f"nothing is said of {sku}")
