"""Knows the commands that tell what was recorded: the events of the log, and its batches.

Must never know how the log is read.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import typer

from inventory_cli.actions.feed import read_feed, require_position
from inventory_cli.actions.log import Found, LogLine, last_of, list_batches, read_log
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_format, complete_kind
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import Format, ledger_path
from inventory_cli.cli.shared import Between
from inventory_cli.core.events import COMMAND_KINDS, KINDS
from inventory_cli.core.spans import parse_from, parse_to
from inventory_cli.errors import INTERRUPTED, WrongUsage
from inventory_cli.render import Answer, Column, show, show_lines
from inventory_cli.shared.opening import open_to_follow
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.search import Wanted

_KINDS = {
    "position": "number",
    "batch": "number",
    "recorded_at": "moment",
    "effective_at": "moment",
    "quantity": "quantity",
    "reverses": "number",
    "details": "details",
    "reason": "remark",
    "reference": "remark",
    "id": "remark",
}
# What gives way on a narrow terminal, the first of these first.
_SPARE = (
    *("recorded_at", "reference", "details", "id", "unit_cost", "reverses", "batch", "reason"),
    *("location", "quantity", "voided_by"),
)


def _spare(name: str) -> int:
    return len(_SPARE) - _SPARE.index(name) if name in _SPARE else 0


EXPORTED = tuple(
    Column(name, _KINDS.get(name, "text"), spare=_spare(name)) for name in LogLine._fields
)
_COLUMNS = (
    *EXPORTED,
    Column("change", "change"),
    Column("voided_by", "number", spare=_spare("voided_by")),
)
_Row = tuple[Any, ...]


class Sought(NamedTuple):
    """What events of the log are to say, beside SKU, place and time."""

    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="Only events of this kind.",
            autocompletion=complete_kind,
        ),
    ] = None
    reference: Annotated[
        str | None, typer.Option("--ref", metavar="TEXT", help="Only of this document.")
    ] = None
    id: Annotated[
        str | None, typer.Option("--id", metavar="KEY", help="Only what has this id.")
    ] = None
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Only what that person recorded.")
    ] = None


# The format that only this command has.
FEED = "cloudevents"


def _check_format(format: str) -> str:
    return format if format == FEED else options.check_format(format)


class Read(NamedTuple):
    """Which part of the log is read, in which order, and how it is shown."""

    after: Annotated[
        str, typer.Option("--after", metavar="N", help="Only events behind this position.")
    ] = "0"
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="N", help="Only events of this batch.")
    ] = None
    last: Annotated[
        str | None, typer.Option("--last", metavar="N", help="Only the last N of them.")
    ] = None
    reverse: Annotated[bool, typer.Option("--reverse", help="The newest first.")] = False
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is recorded from now on.")
    ] = False
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="table|json|jsonl|csv|cloudevents",
            envvar="INVENTORY_FORMAT",
            help="How to show the answer; cloudevents is the feed for other programs.",
            callback=_check_format,
            autocompletion=complete_format,
        ),
    ] = "table"

    @property
    def is_turned(self) -> bool:
        """Whether it is read from the end."""
        return self.reverse or self.last is not None


def log(
    context: typer.Context,
    asked: Annotated[Between, But("known_at", "format")],
    sought: Sought,
    read: Read,
) -> None:
    """
    Examples:
        inventory log --last 10
        inventory log --after 300 --format jsonl
        inventory log --after 3 --format cloudevents
        inventory log 'MUG-*' --batch 1 --kind sold
        inventory log --from 2022-03 --to 2022-03 --location shop --by anna
    """
    if read.follow and read.format == "json":
        raise WrongUsage("--follow never ends, so it cannot be one JSON list", "use jsonl")
    if read.is_turned and (read.follow or read.format == FEED):
        goes_on = "--follow" if read.follow else f"--format {FEED}"
        raise WrongUsage(
            f"{goes_on} goes on in the order of positions, without --last or --reverse",
            f"leave them out, or leave out {goes_on}",
        )
    after = options.parse_number(read.after, "position")
    batch = None if read.batch is None else options.parse_number(read.batch, "batch")
    count = None if read.last is None else options.parse_number(read.last, "--last")
    path = ledger_path(context)
    with open_ledger(path) as ledger:
        wanted = _wanted(ledger, asked, sought)
        if read.format == FEED:
            require_position(ledger, after)
        if read.is_turned:
            found = read_log(ledger, wanted, after, batch, newest_first=True)
            rows = map(_row, last_of(found, count, read.reverse))
            show(Answer(_COLUMNS, rows, ledger.decimals), read.format)
        elif not read.follow:
            _show(ledger, wanted, batch, read, [(after, ledger.head().position)])
    if read.follow:
        with open_to_follow(path) as ledger, suppress(KeyboardInterrupt):
            _show(ledger, wanted, batch, read, _growing(ledger, after))
        raise typer.Exit(INTERRUPTED)  # This is how it is meant to end.


def _show(
    ledger: Ledger,
    wanted: Wanted,
    batch: int | None,
    read: Read,
    spans: Iterable[tuple[int, int]],
) -> None:
    """Show the events of spans, each from behind a position up to another, as they come."""
    if read.format == FEED:
        for after, last in spans:
            for events in read_feed(ledger, wanted, after, batch, last):
                show_lines(events)
        return
    rows = (
        _row(found)
        for after, last in spans
        for found in read_log(ledger, wanted, after, batch, last=last)
    )
    show(Answer(_COLUMNS, rows, ledger.decimals), read.format, live=read.follow)


def _wanted(ledger: Ledger, asked: Between, sought: Sought) -> Wanted:
    kind = None if sought.kind is None else COMMAND_KINDS.get(sought.kind, sought.kind)
    if kind is not None and kind not in KINDS:
        raise WrongUsage(f"--kind {kind!r} is not one of {', '.join(KINDS)}")
    moment = options.moment_asked(ledger)
    return Wanted(
        options.matching(ledger, asked.skus or []),
        kind,
        asked.location,
        parse_from(asked.start, moment, ledger.zone),
        parse_to(asked.end, moment, ledger.zone),
        sought.reference,
        sought.id,
        sought.by,
    )


def _row(found: Found) -> _Row:
    return (*found.line, found.change, found.voided_by)


def _growing(ledger: Ledger, after: int) -> Iterator[tuple[int, int]]:
    """Give the span of what is recorded, and of what comes whenever more is, until interrupted."""
    for _ in _looks(ledger):
        ledger.check_place()
        last = ledger.head().position
        if last > after:
            yield after, last
            after = last


def _looks(ledger: Ledger) -> Iterator[object]:
    """Give whenever there may be more; a replica takes it over from its database."""
    if type(ledger) is Ledger:
        while True:
            yield ledger
            time.sleep(0.5)
    from inventory_cli.cli.sync import following

    yield from following(ledger)


_BATCHES = (
    Column("batch", "number"),
    Column("recorded_at", "moment", spare=1),
    Column("actor"),
    Column("command"),
    Column("source", "remark", spare=4),
    Column("events", "number"),
    Column("first_position", "number", spare=3),
    Column("last_position", "number", spare=2),
    Column("note", "remark"),
)


def batches(context: typer.Context, format: Format = "table") -> None:
    """
    Examples:
        inventory batches
        inventory batches --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        show(Answer(_BATCHES, list_batches(ledger)), format)
