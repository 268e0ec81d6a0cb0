"""Knows the commands that record one event each, and how their line of answer reads.

Must never know what the rules refuse.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.actions.record import Recorded, Recording, Request, record
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_location, complete_sku
from inventory_cli.cli.lazy import REQUIRED, But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import NOW, TODAY, Given
from inventory_cli.core.dates import parse_when, show_effective
from inventory_cli.core.events import COMMAND_KINDS, DEFAULT_LOCATION
from inventory_cli.core.names import NameRules
from inventory_cli.core.notes import Notes
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.quantities import format_quantity, parse_quantity
from inventory_cli.core.rules import Facts, clean_facts, movement
from inventory_cli.core.rules import transfer as both_legs
from inventory_cli.core.text import clean_name
from inventory_cli.core.wording import recorded_in_words
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import line, note

Sku = Annotated[
    str,
    typer.Argument(metavar="SKU", help="The SKU, kept to the letter.", autocompletion=complete_sku),
]
Quantity = Annotated[str, typer.Argument(metavar="QTY", help="How much, exact.")]


def make_command(name: str) -> Callable[..., None]:
    """Return the command of a kind that has no options of its own."""

    def command(context: typer.Context, sku: Sku, quantity: Quantity, given: Given) -> None:
        _record_one(context, COMMAND_KINDS[name], sku, quantity, given)

    command.__doc__ = f"""
    Examples:
        inventory {name} XYZ-1 20
        inventory {name} XYZ-1 20 --on 2022-03-15 --location depot --ref 4711
        inventory {name} XYZ-1 20 --id till-7-000123 --by 'Anna' --detail shelf=B4
    """
    return command


def open_(
    context: typer.Context,
    sku: Sku,
    quantity: Quantity,
    given: Annotated[Given, But(on=TODAY)],
    last_incoming: Annotated[
        str | None,
        typer.Option("--last-incoming", metavar="DATE", help="When stock last came in before."),
    ] = None,
    last_outgoing: Annotated[
        str | None,
        typer.Option("--last-outgoing", metavar="DATE", help="When stock last left before."),
    ] = None,
) -> None:
    """
    Examples:
        inventory open XYZ-2 100 --on 2022-02-01
        inventory open XYZ-2 100 --last-incoming 2022-01-01 --last-outgoing 2022-02-01
    """
    dates = {"last_incoming": last_incoming, "last_outgoing": last_outgoing}
    _record_one(context, "opened", sku, quantity, given, dates)


def adjust(
    context: typer.Context,
    sku: Sku,
    quantity: Annotated[str, typer.Argument(metavar="±QTY", help="The change, with its sign.")],
    given: Annotated[Given, But(reason=REQUIRED)],
) -> None:
    """
    Examples:
        inventory adjust XYZ-1 -20 --reason miscount
        inventory adjust XYZ-1 +3 --reason 'found behind the shelf' --on 2022-04-01
    """
    _record_one(context, "adjusted", sku, quantity, given)


def transfer(
    context: typer.Context,
    sku: Sku,
    quantity: Quantity,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="Where it leaves.", autocompletion=complete_location
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="Where it arrives.", autocompletion=complete_location
        ),
    ],
    given: Annotated[Given, But("location")],
) -> None:
    """
    Examples:
        inventory transfer MUG-BLUE 12 --from depot --to shop
        inventory transfer MUG-BLUE 12 --from depot --to shop --on 2022-04-29
    """
    facts = facts_of(given)
    with open_to_record(ledger_path(context)) as ledger:
        legs = both_legs(
            clean_name(sku, "SKU"),
            clean_name(source, "location after --from"),
            clean_name(target, "location after --to"),
            _quantity(context, ledger, sku, quantity),
            parse_when_recorded(given.on, options.present(ledger), ledger.zone),
            ledger.zone,
            facts,
        )
        _record(context, ledger, Request(legs, given.on != NOW), given)


def _record_one(
    context: typer.Context,
    kind: str,
    sku: str,
    quantity: str,
    given: Given,
    opening_dates: Mapping[str, str | None] | None = None,
) -> None:
    facts = facts_of(given)
    with open_to_record(ledger_path(context)) as ledger:
        present = options.present(ledger)
        place = DEFAULT_LOCATION if given.location is None else given.location
        for field, text in (opening_dates or {}).items():
            if text is not None:
                day = parse_when(text, present.now, ledger.zone).day.isoformat()
                facts = facts._replace(details={**facts.details, field: day})
        draft = movement(
            kind,
            clean_name(sku, "SKU"),
            clean_name(place, "location"),
            _quantity(context, ledger, sku, quantity),
            parse_when_recorded(given.on, present, ledger.zone),
            ledger.zone,
            facts,
        )
        unsaid = TODAY if kind == "opened" else NOW
        request = Request((draft,), given.on != unsaid, given.location is not None)
        _record(context, ledger, request, given)


def _quantity(context: typer.Context, ledger: Ledger, sku: str, quantity: str) -> int:
    """Return the quantity that was typed. Raises WrongUsage, with what was meant where the words
    stand in another order.
    """
    try:
        return parse_quantity(quantity, ledger.decimals)
    except WrongUsage as error:
        command = f"inventory {options.command_name(context)}"
        hint = error.hint
        if options.is_date(ledger, quantity):
            hint = f"a date goes behind --on: `{command} {quote(sku)} QTY --on {quote(quantity)}`"
        elif options.is_date(ledger, sku):
            hint = f"a date goes behind --on: `{command} {quote(quantity)} QTY --on {quote(sku)}`"
        with suppress(WrongUsage):
            parse_quantity(sku, ledger.decimals)
            hint = f"the SKU comes first: `{command} {quote(quantity)} {quote(sku)}`"
        raise WrongUsage(error.message, hint) from None


def _record(context: typer.Context, ledger: Ledger, request: Request, given: Given) -> None:
    origin = options.origin(context, given.by)
    rules = NameRules(given.known_only)
    recording = record(ledger, origin, request, options.clock(ledger), given.allow_negative, rules)
    show_recording(ledger, recording, given.format)


def facts_of(given: Given) -> Facts:
    """Return what an event carries, as it was typed, checked."""
    details = options.parse_details(given.detail, given.into_closed)
    return clean_facts(given.reason, given.reference, given.cost, given.id, details)


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
            line(_sentence(ledger, recorded, recording.file))
    else:
        rows = [
            (
                event.position,
                event.batch if recording.file is None else None,
                show_effective(event.effective_at, event.date_only, ledger.zone),
                event.kind,
                event.sku or None,
                event.location or None,
                event.quantity,
                on_hand,
            )
            for event, on_hand in recording.events
        ]
        show(Answer(_COLUMNS, rows, ledger.decimals), format)
    if recording.already:
        note(f"recorded before under the same id{_known_as(recording)}; nothing was appended")
    note_each(recording.notes)


def _known_as(recording: Recording) -> str:
    if recording.file is None and recording.voided_by is None:
        return ""
    where = "" if recording.file is None else f", in {recording.file}"
    by = recording.voided_by
    voided = "" if by is None else f", which was voided by event {by}"
    return f"{where} as event {recording.events[0].event.position}{voided}"


def note_each(notes: Notes) -> None:
    """Write what is worth a word to standard error, a line each."""
    for text in notes.one_by_one():
        note(text)


def _sentence(ledger: Ledger, recorded: Recorded, file: str | None) -> str:
    event, on_hand = recorded
    where = f"event {event.position}" + ("" if file is None else f" of {file}")
    if not event.sku:
        return f"{where}: reversed event {event.reverses}"
    what = recorded_in_words(event, ledger.decimals, ledger.zone)
    have = "" if on_hand is None else f"; on hand {format_quantity(on_hand, ledger.decimals)}"
    return f"{where}: {what}{have}"
