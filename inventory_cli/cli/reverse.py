"""Knows the command that voids events."""

from typing import Annotated

import typer

from inventory_cli.actions.reverse import reverse_batch, reverse_event
from inventory_cli.cli import options
from inventory_cli.cli.movements import note_each, show_recording
from inventory_cli.cli.options import (
    AllowNegative,
    By,
    Details,
    Format,
    Id,
    IntoClosed,
    Reference,
    ledger_path,
)
from inventory_cli.core.rules import clean_facts
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import line

_COLUMNS = tuple(
    Column(name, "number") for name in ("batch", "reversed", "first_position", "last_position")
)


def reverse(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it never was.")],
    position: Annotated[
        str | None, typer.Argument(metavar="POSITION", help="The event to void.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="N", help="Void all that still stands of a batch."),
    ] = None,
    reference: Reference = None,
    id: Id = None,
    by: By = None,
    detail: Details = None,
    into_closed: IntoClosed = None,
    allow_negative: AllowNegative = False,
    format: Format = "table",
) -> None:
    """Void an event, or a whole batch, as if it had never happened; both stay in the log."""
    options.check_format(format)
    if (position is None) == (batch is None):
        raise WrongUsage("give either the POSITION of an event or --batch N")
    # Of a batch only those events say it that take effect in that period.
    details = options.parse_details(detail, None if batch else into_closed)
    facts = clean_facts(reason, reference, None, id, details)
    if facts.reason is None:
        raise WrongUsage("a reversal needs a reason", "say why, like --reason 'entered twice'")
    recorder = options.origin(context, by)
    with open_ledger(ledger_path(context), write=True) as ledger:
        if position is not None:
            number = options.parse_number(position, "position")
            recording = reverse_event(ledger, recorder, number, facts, options.now, allow_negative)
            show_recording(ledger, recording, format)
            return
        if id is not None:
            raise WrongUsage("--id names one event, not a batch")
        number = options.parse_number(batch or "", "batch")
        appended = reverse_batch(
            ledger, recorder, number, facts, options.now, allow_negative, into_closed
        )
        header = appended.header
        if format == "table":
            line(
                f"reversed {count_of(len(header.positions), 'event')} of batch {number} "
                f"(batch {header.batch}, events {header.first_position} to {header.last_position})"
            )
        else:
            row = (header.batch, len(header.positions), header.first_position, header.last_position)
            show(Answer(_COLUMNS, [row]), format)
        note_each(appended.notes)


COMMANDS = {"reverse": reverse}
