"""Knows the commands that tell what happened: a SKU's timeline, the log, its batches.

Must never know how the log is read.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Annotated, Any

import typer

from inventory_cli.actions import ask
from inventory_cli.actions.ask import Entry, LogLine
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_kind, complete_sku
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import Format, ledger_path
from inventory_cli.cli.shared import Asked
from inventory_cli.core.dates import (
    END_OF_TIME,
    inclusive_start,
    parse_cut,
    parse_when,
    show_effective,
    show_moment,
)
from inventory_cli.core.events import COMMAND_KINDS, KINDS
from inventory_cli.core.periods import named_in
from inventory_cli.errors import INTERRUPTED, WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger

_HISTORY = (
    Column("position", "number"),
    Column("effective_at", "moment"),
    Column("kind"),
    Column("location"),
    Column("change", "change"),
    Column("on_hand", "quantity"),
    Column("", "bar", only="terminal", spare=True),
    Column("reason"),
    Column("reference"),
    Column("recorded_at", "moment", spare=True),
    Column("note", only="table"),
)


def history(
    context: typer.Context,
    sku: Annotated[
        str,
        typer.Argument(
            metavar="SKU",
            help="The SKU, to the letter.",
            callback=options.clean_sku,
            autocompletion=complete_sku,
        ),
    ],
    asked: Annotated[Asked, But("skus")],
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Only from that date on.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Only up to that date, inclusive.")
    ] = None,
) -> None:
    """
    Examples:
        inventory history XYZ-1
        inventory history XYZ-1 --from 2022-03-01 --to 2022-03-31
        inventory history MUG-BLUE --location shop --format jsonl
    """
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        first = ""
        if start is not None:
            first = inclusive_start(parse_when(start, moment, ledger.zone), ledger.zone)
        last = END_OF_TIME if end is None else parse_cut(end, moment, ledger.zone)
        known = options.parse_known(ledger, asked.known_at, moment)
        cut = ask.cut_at(ledger, last, known)
        entries = ask.history(ledger, sku, asked.location, first, cut)
        first_entry = list(islice(entries, 1))
        rows = (_history_row(ledger, entry) for entry in chain(first_entry, entries))
        show(Answer(_HISTORY, rows, ledger.decimals), asked.format, _history_style)
        if not first_entry:
            options.note_nothing(ledger, [sku], asked.location, "in that time")


def _history_row(ledger: Ledger, entry: Entry) -> tuple[Any, ...]:
    event = entry.event
    return (
        event.position,
        show_effective(event.effective_at, event.date_only, ledger.zone),
        event.kind,
        event.location,
        entry.change,
        entry.on_hand,
        entry.on_hand,
        event.reason,
        event.reference,
        show_moment(entry.recorded_at, ledger.zone),
        _note(entry),
    )


def _note(entry: Entry) -> str:
    notes = ["late"] if entry.late else []
    if closed := named_in(entry.event.details):
        notes.append(f"into closed {closed}")
    if entry.event.kind == "reversed":
        notes.insert(0, f"voids {entry.event.reverses}")
    if entry.voided_by is not None:
        notes.append(f"voided by {entry.voided_by}")
    return ", ".join(notes)


def _history_style(row: Sequence[Any]) -> str | None:
    note = row[-1]
    if note.startswith("voids"):
        return "dim"
    if "voided by" in note:
        return "dim strike"
    return "yellow" if note else None


_LOG_KINDS = {
    "position": "number",
    "batch": "number",
    "recorded_at": "moment",
    "effective_at": "moment",
    "quantity": "quantity",
    "reverses": "number",
    "details": "details",
}
LOG_COLUMNS = tuple(Column(name, _LOG_KINDS.get(name, "text")) for name in LogLine._fields)


def log(
    context: typer.Context,
    after: Annotated[
        str, typer.Option("--after", metavar="N", help="Only events behind this position.")
    ] = "0",
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="N", help="Only events of this batch.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="Only events of this kind.",
            autocompletion=complete_kind,
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is recorded from now on.")
    ] = False,
    format: Format = "table",
) -> None:
    """
    Examples:
        inventory log
        inventory log --after 300 --format jsonl
        inventory log --batch 1 --kind sold
    """
    if follow and format == "json":
        raise WrongUsage("--follow never ends, so it cannot be one JSON list", "use jsonl")
    position = options.parse_number(after, "position")
    number = None if batch is None else options.parse_number(batch, "batch")
    name = None if kind is None else COMMAND_KINDS.get(kind, kind)
    if name is not None and name not in KINDS:
        raise WrongUsage(f"--kind {kind!r} is not one of {', '.join(KINDS)}")
    with open_ledger(ledger_path(context)) as ledger:
        if follow:
            lines = _follow(ledger, position, number, name)
            try:
                show(Answer(LOG_COLUMNS, lines, ledger.decimals), format, live=True)
            except KeyboardInterrupt:
                raise typer.Exit(INTERRUPTED) from None  # This is how it is meant to end.
        rows = chain.from_iterable(ask.read_log(ledger, position, number, name))
        show(Answer(LOG_COLUMNS, rows, ledger.decimals), format)


def _follow(
    ledger: Ledger, position: int, batch: int | None, kind: str | None
) -> Iterator[LogLine]:
    """Give what is recorded, and then wait for more, until interrupted."""
    while True:
        for lines in ask.read_log(ledger, position, batch, kind):
            yield from lines
            position = lines[-1].position
        ledger.check_place()
        time.sleep(0.5)


_BATCHES = (
    Column("batch", "number"),
    Column("recorded_at", "moment"),
    Column("actor"),
    Column("command"),
    Column("source"),
    Column("events", "number"),
    Column("first_position", "number"),
    Column("last_position", "number"),
    Column("note", only="table"),
)


def batches(context: typer.Context, format: Format = "table") -> None:
    """
    Examples:
        inventory batches
        inventory batches --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        show(Answer(_BATCHES, ask.list_batches(ledger)), format)
