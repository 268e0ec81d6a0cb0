"""Knows the command that corrects an event. Must never know what a correction is."""

from typing import Annotated

import typer

from inventory_cli.actions.correct import correct_event
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import facts_of, show_recording
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Given
from inventory_cli.core.corrections import Changes
from inventory_cli.core.names import NameRules
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.quantities import parse_quantity, parse_unit_cost
from inventory_cli.core.text import clean_name
from inventory_cli.errors import WrongUsage
from inventory_cli.shared.opening import open_to_record


def correct(
    context: typer.Context,
    position: Annotated[str, typer.Argument(metavar="POSITION", help="The event to correct.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it was wrong.")],
    given: Annotated[Given, But("on", "location", "reason", "reference", "cost", "id", "detail")],
    quantity: Annotated[
        str | None, typer.Option("--quantity", metavar="QTY", help="How much it was.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="When it happened.")
    ] = None,
    sku: Annotated[
        str | None, typer.Option("--sku", metavar="SKU", help="Which SKU it was.")
    ] = None,
    location: Annotated[
        str | None, typer.Option("-l", "--location", metavar="NAME", help="Where it happened.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option("--cost", metavar="AMOUNT", help="What one unit cost.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--ref", metavar="TEXT", help="The document.")
    ] = None,
) -> None:
    """The event is voided, and recorded as it should have been, in one batch. What is not named
    stays: its moment, its reason, its id. --cost '' and --ref '' take away what was said.

    Examples:
        inventory correct 333 --quantity 12 --reason 'a slip of the pen'
        inventory correct 333 --on 2022-04-02 --ref 4712 --reason 'wrong form'
    """
    facts = facts_of(given._replace(reason=reason))
    if facts.reason is None:
        raise WrongUsage("a correction needs a reason", "say why, like --reason 'a slip'")
    origin = options.origin(context, given.by)
    number = options.parse_number(position, "position")
    with open_to_record(ledger_path(context)) as ledger:
        present = options.present(ledger)
        changes = Changes(
            None if quantity is None else parse_quantity(quantity, ledger.decimals),
            None if on is None else parse_when_recorded(on, present, ledger.zone),
            None if sku is None else clean_name(sku, "SKU"),
            None if location is None else clean_name(location, "location"),
            cost and parse_unit_cost(cost),
            reference and clean_name(reference, "reference"),
        )
        recording = correct_event(
            ledger,
            origin,
            number,
            changes,
            facts,
            options.clock(ledger),
            given.allow_negative,
            NameRules(given.known_only),
            given.into_closed,
        )
        show_recording(ledger, recording, given.format)
