"""Knows the commands that prove, store and mend: snapshots, verify, rebuild."""

from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from inventory_cli.audit.anchors import add_anchor, read_anchors
from inventory_cli.audit.rebuild import rebuild as rebuild_ledger
from inventory_cli.audit.snapshots import name_of, take_snapshot
from inventory_cli.audit.verify import Audit
from inventory_cli.audit.verify import verify as verify_ledger
from inventory_cli.cli import options
from inventory_cli.cli.lazy import Command, Group
from inventory_cli.cli.options import By, Format, ledger_path
from inventory_cli.core.dates import show_day, show_moment
from inventory_cli.core.quantities import count_of
from inventory_cli.errors import DIFFERENCE_FOUND, WrongUsage
from inventory_cli.render import Answer, Column, line, note, progress, show, show_object
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.log import read_batch
from inventory_cli.storage.snapshots import Snapshot, find_snapshot, read_lines, read_snapshots

snapshot = typer.Typer(
    cls=Group,
    help="Store what is on hand, to be checked against the log later.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
)


@snapshot.command("take", cls=Command)
def take(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A name for it, if wanted.")
    ] = None,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="What took effect by then.")
    ] = "today",
    close: Annotated[
        bool,
        typer.Option("--close", help="Close the period: no more events up to that date."),
    ] = False,
    by: By = None,
    format: Format = "table",
) -> None:
    """Store the state at the present end of the log, as of a date."""
    options.check_format(format)
    moment = options.now()
    with open_ledger(ledger_path(context), write=True) as ledger:
        cut = options.parse_cut(ledger, as_of, moment)
        if close:
            options.check_over(ledger, cut, as_of, moment)
        origin = options.origin(context, by)
        taken, lines = take_snapshot(ledger, origin, name, cut, options.now, close)
        if format == "table":
            stored = f"{count_of(len(lines), 'line')} as of {options.show_cut(ledger, cut)}"
            place = f"at position {taken.position} (batch {taken.batch})"
            line(f"{name_of(taken)}: {stored}, {place}")
            if close:
                line(f"the period up to {options.show_cut(ledger, cut)} is closed")
        else:
            row = (*_header_row(ledger, taken), len(lines))
            show(Answer((*_HEADER, Column("lines", "number")), [row]), format)


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
    as_of = options.show_cut(ledger, taken.as_of).removeprefix("the end of ")
    return (taken.snapshot, taken.name, as_of, "yes" if taken.closes else "no", taken.position)


@snapshot.command("list", cls=Command)
def list_snapshots(context: typer.Context, format: Format = "table") -> None:
    """Show which snapshots there are."""
    options.check_format(format)
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


@snapshot.command("show", cls=Command)
def show_snapshot(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Its number or its name.")],
    format: Format = "table",
) -> None:
    """Show what a snapshot stored of each SKU and location."""
    options.check_format(format)
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


def verify(
    context: typer.Context,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="ID", help="Check this snapshot only, of all."),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            "--previous", metavar="FILE", help="Check where it follows on that older ledger, too."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Late arrivals for a snapshot are a failure.")
    ] = False,
    anchor: Annotated[
        str | None,
        typer.Option(
            "--anchor", metavar="FILE", help="Hold the log against these anchors; add the head."
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="POSITION:HASH", help="Hold the log against this anchor."),
    ] = None,
    since_anchor: Annotated[
        bool, typer.Option("--since-anchor", help="Only what came after the last anchor: quick.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing when all is well: for cron.")
    ] = False,
    format: Format = "table",
) -> int:
    """Check that the file, the log, the snapshots and the stock all agree; exit 1 if not."""
    options.check_format(format)
    if since_anchor and anchor is None and expect is None:
        raise WrongUsage("--since-anchor needs an anchor", "name one by --anchor FILE or --expect")
    if since_anchor and snapshot is not None:
        raise WrongUsage("--snapshot is checked by a whole audit", "leave out --since-anchor")
    kept = None if anchor is None else Path(anchor)
    # Before the head is looked at: what is added to the file meanwhile is not for this audit.
    anchors = read_anchors(kept) if kept else []
    expected = [parse_anchor(expect)] if expect is not None else []
    against = [*anchors, *expected] if kept or expected else None
    with open_ledger(ledger_path(context), audit=True) as ledger:
        with progress("verifying") as advance:
            audit = verify_ledger(ledger, snapshot, strict, advance, against, since_anchor)
        if previous is not None:
            from inventory_cli.audit.previous import with_previous

            with (
                open_ledger(Path(previous), audit=True) as old,
                progress(f"verifying {previous}") as advance,
            ):
                audit = with_previous(audit, ledger, old, advance)
        if not (quiet and audit.ok):
            _show_audit(audit, format)
    if not audit.ok:
        return DIFFERENCE_FOUND
    if kept:
        add_anchor(kept, anchors, audit.head)
    return 0


_CHECKS = (Column("name"), Column("ok"), Column("problem"), Column("note"))


def _show_audit(audit: Audit, format: str) -> None:
    since = audit.since and Anchor(audit.since.position, audit.since.hash)
    if format == "json":
        show_object(
            {
                "ok": audit.ok,
                "head": audit.head.anchor,
                **({"since": str(since)} if since else {}),
                "checks": [
                    {
                        "name": check.name,
                        "ok": check.ok,
                        "problems": check.problems,
                        "notes": check.notes,
                    }
                    for check in audit.checks
                ],
            }
        )
        return
    if format != "table":
        rows = [
            (check.name, check.ok, problem, note)
            for check in audit.checks
            for problem, note in zip_longest(check.problems or (None,), check.notes)
        ]
        show(Answer(_CHECKS, rows), format)
        return
    if since:
        line(f"{'since':<10} {since}")
    for check in audit.checks:
        line(f"{check.name:<10} {'ok' if check.ok else 'FAILED'}")
        for text in check.problems:
            line(f"    {text}")
        for text in check.notes:
            line(f"    note: {text}")
    line(f"{'head':<10} {audit.head.anchor}")


def rebuild(context: typer.Context) -> None:
    """Make anew everything that is not the log, by replaying it, and say what had differed."""
    with open_ledger(ledger_path(context), write=True) as ledger:
        streams, differed, remaining = rebuild_ledger(ledger)
    for text in differed:
        line(f"differed: {text}")
    line(
        f"rebuilt the stock of {count_of(streams, 'stream')}; "
        f"{count_of(len(differed), 'difference')} mended"
    )
    for text in remaining:
        note(f"not mended, because it is not derived from the log: {text}")


def head(context: typer.Context) -> None:
    """Print the anchor of the present end of the log, POSITION:HASH, to be kept elsewhere."""
    with open_ledger(ledger_path(context)) as ledger:
        line(ledger.head().anchor)


COMMANDS = {"snapshot": snapshot, "verify": verify, "head": head, "rebuild": rebuild}
