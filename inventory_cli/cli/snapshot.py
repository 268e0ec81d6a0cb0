"""Knows the commands that take, list and show snapshots. Must never know how one is checked."""

from shlex import quote
from typing import Annotated, Any

import typer

from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.audit.late import name_of
from inventory_cli.cli import options
from inventory_cli.cli.options import By, Format, ledger_path
from inventory_cli.core.dates import (
    END_OF_TIME,
    parse_cut,
    show_cut,
    show_day,
    show_moment,
    utc_text,
)
from inventory_cli.core.periods import likely_last_day
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, Column, show
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.snapshots import (
    Snapshot,
    find_snapshot,
    read_closings,
    read_lines,
    read_snapshots,
)
from inventory_cli.terminal import line


def snapshot_take(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A name for it, if wanted.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="What took effect by then, if not today."),
    ] = None,
    close: Annotated[
        bool,
        typer.Option("--close", help="Close the period: no more events up to that date."),
    ] = False,
    by: By = None,
    format: Format = "table",
) -> None:
    """
    Examples:
        inventory snapshot take
        inventory snapshot take april --as-of 2022-04-30 --close
    """
    with open_to_record(ledger_path(context)) as ledger:
        if as_of is None:
            if close:
                raise _no_last_day(ledger, name)
            as_of = "today"
        cut = parse_cut(as_of, options.moment_asked(ledger), ledger.zone)
        if close and cut != END_OF_TIME:
            # What cannot be taken back is not to depend on a clock that is wrong.
            parse_when_recorded(as_of, options.present(ledger), ledger.zone)
        origin = options.origin(context, by)
        taken, lines = take_snapshot(ledger, origin, name, cut, options.clock(ledger), close)
        if format == "table":
            stored = f"{count_of(len(lines), 'line')} as of {show_cut(cut, ledger.zone)}"
            place = f"at position {taken.position} (batch {taken.batch})"
            line(f"{name_of(taken)}: {stored}, {place}")
            if close:
                line(f"the period up to {show_cut(cut, ledger.zone)} is closed")
        else:
            row = (*_header_row(ledger, taken), len(lines))
            show(Answer((*_HEADER, Column("lines", "number")), [row]), format)


def _no_last_day(ledger: Ledger, name: str | None) -> WrongUsage:
    day = likely_last_day(utc_text(options.present(ledger).now), read_closings(ledger), ledger.zone)
    words = f"`inventory snapshot take {quote(name) if name else 'NAME'} --as-of {day or 'DATE'}"
    return WrongUsage(
        "what closes a period needs its last day, and today is not over", f"{words} --close`"
    )


_HEADER = (
    Column("snapshot", "number"),
    Column("name"),
    Column("as_of"),
    Column("closes"),
    Column("position", "number"),
)


_SNAPSHOTS = (
    *_HEADER,
    Column("batch", "number"),
    Column("recorded_at", "moment"),
    Column("actor"),
)


_LINES = (
    Column("sku"),
    Column("location"),
    Column("on_hand", "quantity"),
    Column("last_incoming"),
    Column("last_outgoing"),
    Column("last_counted"),
)


def _header_row(ledger: Ledger, taken: Snapshot) -> tuple[Any, ...]:
    # A cut is shown as a day where it is the end of one, else as a moment.
    as_of = show_cut(taken.as_of, ledger.zone).removeprefix("the end of ")
    return (taken.snapshot, taken.name, as_of, "yes" if taken.closes else "no", taken.position)


def snapshot_list(context: typer.Context, format: Format = "table") -> None:
    """
    Examples:
        inventory snapshot list
    """
    with open_ledger(ledger_path(context)) as ledger:
        rows = []
        for taken in read_snapshots(ledger):
            header = read_batch(ledger, taken.batch)
            rows.append(
                (
                    *_header_row(ledger, taken),
                    taken.batch,
                    header and show_moment(header.recorded_at, ledger.zone),
                    header and header.actor,
                )
            )
        show(Answer(_SNAPSHOTS, rows), format)


def snapshot_show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Its number or its name.")],
    format: Format = "table",
) -> None:
    """
    Examples:
        inventory snapshot show march
        inventory snapshot show 1 --format csv
    """
    with open_ledger(ledger_path(context)) as ledger:
        found = find_snapshot(ledger, id)
        if found is None:
            raise WrongUsage(f"there is no snapshot {id!r}", "`inventory snapshot list` shows them")
        options.note_cut(ledger, found.as_of, None, format)
        rows = [
            (*row[:3], *(text and show_day(text, ledger.zone) for text in row[3:]))
            for row in read_lines(ledger, found.snapshot)
        ]
        show(Answer(_LINES, rows, ledger.decimals), format)
