"""Knows the command that shows one event. Must never know how what is shown was found."""

from typing import Annotated

import typer

from inventory_cli.actions.show import show_event
from inventory_cli.cli import options
from inventory_cli.cli.options import Format, ledger_path
from inventory_cli.core.dates import show_effective, show_moment
from inventory_cli.core.events import unpack_details
from inventory_cli.render import Answer, Column, show_fields
from inventory_cli.render import show as show_answer
from inventory_cli.storage.ledger_file import open_ledger

_KINDS = {
    "position": "number",
    "batch": "number",
    "quantity": "quantity",
    "change": "change",
    "on_hand": "quantity",
    "voided_by": "number",
    "corrected_by": "number",
    "reverses": "number",
    "corrects": "number",
    "details": "details",
    "late": "flag",
}


def show(
    context: typer.Context,
    position: Annotated[str, typer.Argument(metavar="POSITION", help="Which event.")],
    format: Format = "table",
) -> None:
    """
    Examples:
        inventory show 333
        inventory show 333 --format json
    """
    number = options.parse_number(position, "position")
    with open_ledger(ledger_path(context)) as ledger:
        (event, change, on_hand, recorded_at, voided_by, late), header, corrected_by, corrects = (
            show_event(ledger, number)
        )
        fields = {
            "position": event.position,
            "kind": event.kind,
            "sku": event.sku,
            "location": event.location,
            "quantity": event.quantity,
            "effective_at": show_effective(event.effective_at, event.date_only, ledger.zone),
            "change": change,
            "on_hand": on_hand,
            "reason": event.reason,
            "reference": event.reference,
            "unit_cost": event.unit_cost,
            "id": event.id,
            "details": unpack_details(event.details) or None,
            "late": late,
            "voided_by": voided_by,
            "corrected_by": corrected_by,
            "reverses": event.reverses,
            "corrects": corrects,
            "batch": event.batch,
            "recorded_at": show_moment(recorded_at, ledger.zone),
            "actor": header.actor,
            "command": header.command,
            "source": header.source,
        }
        columns = [Column(name, _KINDS.get(name, "text")) for name in fields]
        answer = Answer(columns, [list(fields.values())], ledger.decimals)
        if format == "table":
            show_fields(answer)
        else:
            show_answer(answer, format)
