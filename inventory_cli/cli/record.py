"""Knows the command that records what a script says, line by line, and how it answers.

Must never know what a line may say.
"""

from collections.abc import Iterator
from typing import Annotated, BinaryIO

import typer

from inventory_cli.actions.record import Recording, Request, record_together
from inventory_cli.actions.record import record as record_one
from inventory_cli.actions.requests import read_request
from inventory_cli.cli import options
from inventory_cli.cli.files import opened
from inventory_cli.cli.options import AllowNegative, By, KnownOnly, ledger_path
from inventory_cli.core.lines import NoLine, bounded_lines
from inventory_cli.core.names import NameRules
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.render import exact, show_line
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger

# In bytes.
_LONGEST = 1_000_000


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
    unless --one-batch is given.

    Examples:
        inventory record events.jsonl --one-batch
        inventory record - < events.jsonl
    """
    origin = options.origin(context, by)
    with opened(file) as stream, open_ledger(ledger_path(context), write=True) as ledger:
        take = _record_together if one_batch else _record_each
        rules = NameRules(known_only, 'say where, like "location": "depot"')
        refused = take(ledger, stream, origin, allow_negative, rules)
    if refused:
        raise typer.Exit(Refused.exit_code)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        for number, line in enumerate(bounded_lines(stream, _LONGEST), start=1):
            if line.strip():
                yield number, line
    except NoLine as error:
        raise Refused(f"line {number + 1}: {error}") from None


def _record_each(
    ledger: Ledger, stream: BinaryIO, origin: Origin, allow_negative: bool, rules: NameRules
) -> bool:
    """Record each line as it comes; return whether any was refused."""
    refused = False
    for number, text in _lines(stream):
        try:
            request = _read(ledger, text)
            recording = record_one(ledger, origin, request, options.now, allow_negative, rules)
        except (Refused, WrongUsage) as error:
            refused = True
            _refuse(number, error)
        else:
            _answer(ledger, number, recording)
    return refused


def _record_together(
    ledger: Ledger, stream: BinaryIO, origin: Origin, allow_negative: bool, rules: NameRules
) -> bool:
    """Record all lines as one batch, and answer each; or none, and answer those at fault."""
    requests: list[Request] = []
    numbers: list[int] = []
    refused = False
    for number, text in _lines(stream):
        try:
            requests.append(_read(ledger, text))
            numbers.append(number)
        except (Refused, WrongUsage) as error:
            refused = True
            _refuse(number, error)
    if refused:
        return True
    try:
        recordings = record_together(ledger, origin, requests, options.now, allow_negative, rules)
    except Refused as error:
        _refuse(None, error)
        return True
    for number, recording in zip(numbers, recordings, strict=True):
        _answer(ledger, number, recording)
    return False


def _read(ledger: Ledger, text: bytes) -> Request:
    return read_request(
        text, ledger.decimals, ledger.zone, options.present(ledger), options.usual_location()
    )


def _refuse(number: int | None, error: Refused | WrongUsage) -> None:
    show_line({"line": number, "ok": False, "error": error.message, "hint": error.hint})


def _answer(ledger: Ledger, number: int, recording: Recording) -> None:
    events = [
        {
            "position": event.position,
            "sku": event.sku,
            "location": event.location,
            "on_hand": exact(on_hand, ledger.decimals),
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
    show_line(answer)
