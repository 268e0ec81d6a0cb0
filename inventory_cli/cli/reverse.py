"""Knows the commands that void events, and that correct one. Must never know what that does."""

from collections.abc import Sequence
from typing import Annotated

import typer

from inventory_cli.actions.reverse import (
    find_whole,
    last_recorded,
    reverse_batch,
    reverse_event,
    standing_in,
    would_reverse,
)
from inventory_cli.cli import options
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import facts_of, note_each, show_recording
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Given
from inventory_cli.core.events import Event
from inventory_cli.core.rules import Facts
from inventory_cli.core.wording import count_of, first_of, recorded_in_words
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import agreed, line

_COLUMNS = tuple(
    Column(name, "number") for name in ("batch", "reversed", "first_position", "last_position")
)
_WOULD = (Column("position", "number"), Column("event"))

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


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
    last: Annotated[bool, typer.Option("--last", help="Void the batch recorded last.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be voided.")
    ] = False,
    yes: Yes = False,
) -> None:
    """To void more than one event asks on a terminal.

    Examples:
        inventory reverse 333 --reason duplicate
        inventory reverse --batch 1 --reason 'the wrong file' --dry-run
        inventory reverse --last --reason 'a slip'
    """
    if [position is None, batch is None, not last].count(False) != 1:
        raise WrongUsage("give either the POSITION of an event, --batch N or --last")
    # Of a batch only those events say it that take effect in that period.
    closed = None if position is None else given.into_closed
    facts = facts_of(given._replace(reason=reason, into_closed=closed))
    if facts.reason is None:
        raise WrongUsage("a reversal needs a reason", "say why, like --reason 'entered twice'")
    if given.id is not None and position is None:
        raise WrongUsage(
            "--id names one event, not a batch", "leave it out: no event is voided twice"
        )
    origin = options.origin(context, given.by)
    with open_to_record(ledger_path(context)) as ledger:
        number = options.parse_number(position or batch or "0", "position" if position else "batch")
        if last:
            number = last_recorded(ledger)
        if dry_run:
            events = find_whole(ledger, number) if position else list(standing_in(ledger, number))
            _rehearse(ledger, origin, events, facts, given)
        elif position is not None:
            recording = reverse_event(
                ledger, origin, number, facts, options.clock(ledger), given.allow_negative
            )
            show_recording(ledger, recording, given.format)
        else:
            _ask(ledger, list(standing_in(ledger, number)), yes)
            _reverse_batch(ledger, origin, number, facts, given)


def _rehearse(
    ledger: Ledger, origin: Origin, events: Sequence[Event], facts: Facts, given: Given
) -> None:
    if not events:
        raise Refused("nothing of it still stands")
    would_reverse(ledger, origin, events, facts, options.clock(ledger), given.allow_negative)
    rows = [(e.position, recorded_in_words(e, ledger.decimals, ledger.zone)) for e in events]
    if given.format == "table":
        for number, text in rows:
            line(f"would void event {number}: {text}")
    else:
        show(Answer(_WOULD, rows), given.format)


def _ask(ledger: Ledger, events: Sequence[Event], yes: bool) -> None:
    """Ask on a terminal before more than one event is voided. Raises Refused where the answer is
    no.
    """
    if yes or len(events) < 2:
        return
    shown = [
        f"event {event.position}: {recorded_in_words(event, ledger.decimals, ledger.zone)}"
        for event in events
    ]
    if not agreed(first_of(shown), f"void {len(events)} events?"):
        raise Refused("not confirmed; nothing was appended")


def _reverse_batch(ledger: Ledger, origin: Origin, number: int, facts: Facts, given: Given) -> None:
    appended = reverse_batch(
        ledger,
        origin,
        number,
        facts,
        options.clock(ledger),
        given.allow_negative,
        given.into_closed,
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
