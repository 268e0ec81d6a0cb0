"""Knows the command that records what a script says, line by line, and how it answers.

Must never know what a line may say.
"""

from typing import Annotated

import typer

from inventory_cli.actions.record import Recording, Request, as_meant, record_together
from inventory_cli.actions.record_lines import record_waiting
from inventory_cli.actions.requests import read_request
from inventory_cli.cli import options
from inventory_cli.cli.files import opened
from inventory_cli.cli.options import AllowNegative, By, KnownOnly, ledger_path
from inventory_cli.cli.waiting import Lines
from inventory_cli.core.names import NameRules
from inventory_cli.core.quantities import exact
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.once import Once
from inventory_cli.render import show_lines
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger


def record(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON Lines, or - for standard input.")
    ],
    one_batch: Annotated[
        bool, typer.Option("--one-batch", help="Record all lines as one batch, or none.")
    ] = False,
    by: By = None,
    allow_negative: AllowNegative = False,
    known_only: KnownOnly = False,
) -> None:
    """Keys: type, sku, quantity and, if wanted, date, location, to_location, reason, reference,
    unit_cost, id, by, last_incoming, last_outgoing, details. Without location it is at
    $INVENTORY_LOCATION, else main. Each line is a batch of its own, durable when it is answered,
    unless --one-batch is given. Lines that wait are written to the disk together, which is faster.

    Examples:
        inventory record events.jsonl --one-batch
        inventory record - < events.jsonl
    """
    origin = options.origin(context, by)
    with opened(file) as stream, open_to_record(ledger_path(context)) as ledger:
        take = _record_together if one_batch else _record_each
        rules = NameRules(known_only, 'say where, like "location": "depot"')
        refused = take(ledger, Lines(stream), origin, allow_negative, rules)
    if refused:
        raise typer.Exit(Refused.exit_code)


def _record_each(
    ledger: Ledger, lines: Lines, origin: Origin, allow_negative: bool, rules: NameRules
) -> bool:
    """Record each line as it comes; return whether any was refused."""
    refused = False
    for group in lines.together():
        became = record_waiting(
            ledger,
            origin,
            group,
            lambda line: _read(ledger, line.text),
            options.clock(ledger),
            allow_negative,
            rules,
        )
        refused |= not all(isinstance(one, Recording) for _, one in became)
        show_lines(
            _answer(ledger, line.number, one)
            if isinstance(one, Recording)
            else _refusal(line.number, one)
            for line, one in became
        )
    return refused


def _record_together(
    ledger: Ledger, lines: Lines, origin: Origin, allow_negative: bool, rules: NameRules
) -> bool:
    """Record all lines as one batch, and answer each; or none, and answer those at fault."""
    requests: list[Request] = []
    numbers: list[int] = []
    once = Once("sku")
    refused = False
    for number, text in lines:
        try:
            request = _read(ledger, text)
            if already := once.said_before(number, as_meant(request)[0]):
                raise Refused(already, "add them up in one line, or record each as its own batch")
            requests.append(request)
            numbers.append(number)
        except (Refused, WrongUsage) as error:
            refused = True
            show_lines([_refusal(number, error)])
    if refused:
        return True
    try:
        recordings = record_together(
            ledger, origin, requests, options.clock(ledger), allow_negative, rules
        )
    except Refused as error:
        show_lines([_refusal(None, error)])
        return True
    show_lines(
        _answer(ledger, number, recording)
        for number, recording in zip(numbers, recordings, strict=True)
    )
    return False


def _read(ledger: Ledger, text: bytes) -> Request:
    return read_request(
        text, ledger.decimals, ledger.zone, options.present(ledger), options.usual_location()
    )


def _refusal(number: int | None, error: Refused | WrongUsage) -> dict[str, object]:
    return {"line": number, "ok": False, "error": error.message, "hint": error.hint}


def _answer(ledger: Ledger, number: int, recording: Recording) -> dict[str, object]:
    events = [
        {
            "position": event.position,
            "sku": event.sku or None,
            "location": event.location or None,
            "on_hand": None if on_hand is None else exact(on_hand, ledger.decimals),
        }
        for event, on_hand in recording.events
    ]
    batch = recording.events[0].event.batch if recording.file is None else None
    answer: dict[str, object] = {
        "line": number,
        "ok": True,
        "batch": batch,
        "already": recording.already,
        "events": events,
        "notes": recording.notes.one_by_one(),
    }
    if recording.voided_by is not None:
        answer["voided_by"] = recording.voided_by
    if recording.file is not None:
        answer["recorded_in"] = recording.file
    return answer
