"""Knows the commands that record one event each, and how their line of answer reads."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import typer

from inventory_cli.actions.record import Recorded, Recording, Request, record
from inventory_cli.cli import options
from inventory_cli.cli.options import (
    AllowNegative,
    By,
    Details,
    Format,
    Id,
    IntoClosed,
    Reason,
    Reference,
    ledger_path,
)
from inventory_cli.core.dates import parse_when, show_effective
from inventory_cli.core.events import COMMAND_KINDS, DEFAULT_LOCATION
from inventory_cli.core.notes import Notes
from inventory_cli.core.quantities import format_quantity, parse_quantity
from inventory_cli.core.rules import Facts, clean_facts, movement
from inventory_cli.core.rules import transfer as both_legs
from inventory_cli.core.text import clean_name
from inventory_cli.core.wording import recorded_in_words
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import line, note

Sku = Annotated[str, typer.Argument(metavar="SKU", help="The SKU, kept to the letter.")]
Quantity = Annotated[str, typer.Argument(metavar="QTY", help="How much, exact.")]
On = Annotated[str, typer.Option("--on", metavar="DATE", help="When it happened.")]
At = Annotated[str, typer.Option("-l", "--location", metavar="NAME", help="Where it happened.")]
Cost = Annotated[
    str | None, typer.Option("--cost", metavar="AMOUNT", help="What one unit cost, exact.")
]


# When an event happened whose date is not given. An opening balance is of the whole day, so that
# whatever else happened today can still be recorded by its date alone.
NOW, TODAY = "now", "today"


class Given(NamedTuple):
    """What was typed for any recording command beside SKU and quantity."""

    on: str
    reason: str | None
    reference: str | None
    cost: str | None
    id: str | None
    by: str | None
    details: dict[str, str]
    allow_negative: bool
    format: str

    def facts(self) -> Facts:
        """Return what the event carries, checked."""
        return clean_facts(self.reason, self.reference, self.cost, self.id, self.details)


def _simple(kind: str, text: str) -> Callable[..., None]:
    """Return the command of a kind that has no options of its own."""

    def command(
        context: typer.Context,
        sku: Sku,
        quantity: Quantity,
        on: On = NOW,
        location: At = DEFAULT_LOCATION,
        reason: Reason = None,
        reference: Reference = None,
        cost: Cost = None,
        id: Id = None,
        by: By = None,
        detail: Details = None,
        into_closed: IntoClosed = None,
        allow_negative: AllowNegative = False,
        format: Format = "table",
    ) -> None:
        details = options.parse_details(detail, into_closed)
        given = Given(on, reason, reference, cost, id, by, details, allow_negative, format)
        _record_one(context, kind, sku, quantity, location, given)

    command.__doc__ = text
    return command


def open_balance(
    context: typer.Context,
    sku: Sku,
    quantity: Quantity,
    on: On = TODAY,
    last_incoming: Annotated[
        str | None,
        typer.Option("--last-incoming", metavar="DATE", help="When stock last came in before."),
    ] = None,
    last_outgoing: Annotated[
        str | None,
        typer.Option("--last-outgoing", metavar="DATE", help="When stock last left before."),
    ] = None,
    location: At = DEFAULT_LOCATION,
    reason: Reason = None,
    reference: Reference = None,
    cost: Cost = None,
    id: Id = None,
    by: By = None,
    detail: Details = None,
    into_closed: IntoClosed = None,
    allow_negative: AllowNegative = False,
    format: Format = "table",
) -> None:
    """Record an opening balance: nothing of that SKU and location takes effect before it."""
    details = options.parse_details(detail, into_closed)
    given = Given(on, reason, reference, cost, id, by, details, allow_negative, format)
    dates = {"last_incoming": last_incoming, "last_outgoing": last_outgoing}
    _record_one(context, "opened", sku, quantity, location, given, dates)


def adjust(
    context: typer.Context,
    sku: Sku,
    quantity: Annotated[str, typer.Argument(metavar="±QTY", help="The change, with its sign.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it happened.")],
    on: On = NOW,
    location: At = DEFAULT_LOCATION,
    reference: Reference = None,
    cost: Cost = None,
    id: Id = None,
    by: By = None,
    detail: Details = None,
    into_closed: IntoClosed = None,
    allow_negative: AllowNegative = False,
    format: Format = "table",
) -> None:
    """Record a correction by a signed quantity, and why: `adjust XYZ-1 -20 --reason miscount`."""
    details = options.parse_details(detail, into_closed)
    given = Given(on, reason, reference, cost, id, by, details, allow_negative, format)
    _record_one(context, "adjusted", sku, quantity, location, given)


def transfer(
    context: typer.Context,
    sku: Sku,
    quantity: Quantity,
    source: Annotated[str, typer.Option("--from", metavar="NAME", help="Where it leaves.")],
    target: Annotated[str, typer.Option("--to", metavar="NAME", help="Where it arrives.")],
    on: On = NOW,
    reason: Reason = None,
    reference: Reference = None,
    cost: Cost = None,
    id: Id = None,
    by: By = None,
    detail: Details = None,
    into_closed: IntoClosed = None,
    allow_negative: AllowNegative = False,
    format: Format = "table",
) -> None:
    """Record a transfer between two locations: both legs in one batch."""
    details = options.parse_details(detail, into_closed)
    given = Given(on, reason, reference, cost, id, by, details, allow_negative, format)
    options.check_format(format)
    moment = options.now()
    with open_ledger(ledger_path(context), write=True) as ledger:
        drafts = both_legs(
            clean_name(sku, "SKU"),
            clean_name(source, "location after --from"),
            clean_name(target, "location after --to"),
            parse_quantity(quantity, ledger.decimals),
            parse_when(on, moment, ledger.zone),
            ledger.zone,
            given.facts(),
        )
        recorder = options.origin(context, by)
        recording = record(
            ledger, recorder, Request(drafts, on != NOW), options.now, allow_negative
        )
        show_recording(ledger, recording, format)


def _record_one(
    context: typer.Context,
    kind: str,
    sku: str,
    quantity: str,
    location: str,
    given: Given,
    opening_dates: dict[str, str | None] | None = None,
) -> None:
    options.check_format(given.format)
    moment = options.now()
    with open_ledger(ledger_path(context), write=True) as ledger:
        facts = given.facts()
        for field, text in (opening_dates or {}).items():
            if text is not None:
                day = parse_when(text, moment, ledger.zone).day.isoformat()
                facts = facts._replace(details={**facts.details, field: day})
        draft = movement(
            kind,
            clean_name(sku, "SKU"),
            clean_name(location, "location"),
            parse_quantity(quantity, ledger.decimals),
            parse_when(given.on, moment, ledger.zone),
            ledger.zone,
            facts,
        )
        recording = record(
            ledger,
            options.origin(context, given.by),
            Request((draft,), given.on != (TODAY if kind == "opened" else NOW)),
            options.now,
            given.allow_negative,
        )
        show_recording(ledger, recording, given.format)


_COLUMNS = (
    Column("position", "number"),
    Column("batch", "number"),
    Column("effective_at"),
    Column("kind"),
    Column("sku"),
    Column("location"),
    Column("quantity", "quantity"),
    Column("on_hand", "quantity"),
)


def show_recording(ledger: Ledger, recording: Recording, format: str) -> None:
    """Write a line for each event that was recorded, with its position and the new on hand."""
    if format == "table":
        for recorded in recording.events:
            line(_sentence(ledger, recorded))
    else:
        rows = [
            (
                event.position,
                event.batch,
                show_effective(event.effective_at, event.date_only, ledger.zone),
                event.kind,
                event.sku,
                event.location,
                event.quantity,
                on_hand,
            )
            for event, on_hand in recording.events
        ]
        show(Answer(_COLUMNS, rows, ledger.decimals), format)
    if recording.already:
        note("recorded before under the same id; nothing was appended")
    note_each(recording.notes)


def note_each(notes: Notes) -> None:
    """Write what is worth a word to standard error, a line each."""
    for text in notes.one_by_one():
        note(text)


def _sentence(ledger: Ledger, recorded: Recorded) -> str:
    event, on_hand = recorded
    have = format_quantity(on_hand, ledger.decimals)
    what = recorded_in_words(event, ledger.decimals, ledger.zone)
    return f"event {event.position}: {what}; on hand {have}"


_SIMPLE_HELP = {
    "receive": "Record stock that came in.",
    "return": "Record stock that a customer brought back.",
    "sell": "Record stock that was sold.",
    "remove": "Record stock that left otherwise: to the supplier, used up, scrapped.",
    "count": "Record what was counted: on hand becomes it, and history shows the variance.",
}

COMMANDS: dict[str, Callable[..., None]] = {
    "open": open_balance,
    **{name: _simple(COMMAND_KINDS[name], text) for name, text in _SIMPLE_HELP.items()},
    "adjust": adjust,
    "transfer": transfer,
}
