"""Knows the command that voids events. Must never know what voiding one does."""

from typing import Annotated

import typer

from inventory_cli.actions.reverse import reverse_batch, reverse_event
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import facts_of, note_each, show_recording
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Given
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
    given: Annotated[Given, But("on", "location", "reason", "cost")],
    position: Annotated[
        str | None, typer.Argument(metavar="POSITION", help="The event to void.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="N", help="Void all that still stands of a batch."),
    ] = None,
) -> None:
    """
    Examples:
        inventory reverse 333 --reason duplicate
        inventory reverse --batch 1 --reason 'the wrong file'
    """
    if (position is None) == (batch is None):
        raise WrongUsage("give either the POSITION of an event or --batch N")
    # Of a batch only those events say it that take effect in that period.
    closed = None if batch else given.into_closed
    facts = facts_of(given._replace(reason=reason, into_closed=closed))
    if facts.reason is None:
        raise WrongUsage("a reversal needs a reason", "say why, like --reason 'entered twice'")
    origin = options.origin(context, given.by)
    with open_ledger(ledger_path(context), write=True) as ledger:
        if position is not None:
            number = options.parse_number(position, "position")
            recording = reverse_event(
                ledger, origin, number, facts, options.now, given.allow_negative
            )
            show_recording(ledger, recording, given.format)
            return
        if given.id is not None:
            raise WrongUsage("--id names one event, not a batch")
        number = options.parse_number(batch or "", "batch")
        appended = reverse_batch(
            ledger, origin, number, facts, options.now, given.allow_negative, given.into_closed
        )
        header = appended.header
        if given.format == "table":
            line(
                f"reversed {count_of(len(header.positions), 'event')} of batch {number} "
                f"(batch {header.batch}, events {header.first_position} to {header.last_position})"
            )
        else:
            row = (header.batch, len(header.positions), header.first_position, header.last_position)
            show(Answer(_COLUMNS, [row]), given.format)
        note_each(appended.notes)
