"""Knows the commands that move a whole ledger: out as text and back in, or as it is."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.asking import read_log
from inventory_cli.cli import options
from inventory_cli.cli.options import By, ledger_path
from inventory_cli.cli.reading import opened
from inventory_cli.cli.timeline import LOG_COLUMNS
from inventory_cli.core.dates import inclusive_end, parse_when
from inventory_cli.core.quantities import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, line, note, progress, show
from inventory_cli.storage.backup import back_up
from inventory_cli.storage.export import export_lines
from inventory_cli.storage.export import restore as restore_ledger
from inventory_cli.storage.ledger_file import open_ledger


def export(
    context: typer.Context,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="jsonl|csv",
            help="jsonl can be restored; csv is the events alone, to be read.",
        ),
    ] = "jsonl",
) -> None:
    """Write the whole log to standard output: settings, events, batches, snapshots, hashes."""
    if format not in ("jsonl", "csv"):
        raise WrongUsage(f"--format {format!r} is neither jsonl nor csv")
    with open_ledger(ledger_path(context)) as ledger:
        if format == "csv":
            rows = (row for rows in read_log(ledger) for row in rows)
            show(Answer(LOG_COLUMNS, rows, ledger.decimals), format)
            return
        for text in export_lines(ledger):
            sys.stdout.write(text + "\n")


def restore(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="An export, or - for standard input.")
    ],
) -> None:
    """Make a new ledger from an export, every hash checked as it is written."""
    path = ledger_path(context)
    with opened(file) as (stream, _):
        # A byte that is not UTF-8 becomes a lone surrogate, which no line of an export holds.
        text = (data.decode(errors="surrogateescape") for data in stream)
        head = restore_ledger(path, file, text)
    line(f"restored {path}: {count_of(head.position, 'event')}, head {head.anchor}")


def backup(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The copy to make; it must not exist yet.")
    ],
) -> None:
    """Copy the ledger, as it is at this moment, to a new file, while others go on recording."""
    if file == "-":
        raise WrongUsage("a backup is a file", "`inventory export` writes to standard output")
    with (
        open_ledger(ledger_path(context), audit=True) as ledger,
        progress("backing up") as advance,
    ):
        head = back_up(ledger, Path(file), advance)
    line(
        f"backed up {ledger.path} to {file}: {count_of(head.position, 'event')}, head {head.anchor}"
    )


def rollover(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="NEW", help="The ledger to make; it must not exist yet.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The last day that stays in the old one.")
    ],
    by: By = None,
) -> None:
    """Make a new ledger that begins with what was there at the end of a day."""
    from inventory_cli.audit.rollover import roll_over

    if file == "-":
        raise WrongUsage("a ledger is a file, not standard output")
    path, moment = Path(file), options.now()
    with (
        open_ledger(ledger_path(context), write=True) as old,
        progress("rolling over") as advance,
    ):
        when = parse_when(as_of, moment, old.zone)
        if when.instant is not None:
            raise WrongUsage(
                f"--as-of {as_of} is a time of day, but a ledger ends with a whole day"
            )
        cut = inclusive_end(when, old.zone)
        options.check_over(old, cut, as_of, moment)
        origin = options.origin(context, by)
        done = roll_over(old, path, origin, cut, options.now, advance)
        end = options.show_cut(old, cut)
    if done.closed_now:
        line(f"closed {old.path} up to {end} ({done.closing.name})")
    line(
        f"made {path}: {count_of(done.opened, 'stream')} opened after {end}, "
        f"{count_of(done.carried, 'later event')} carried"
    )
    line(f"{old.path} ends at {done.old_head.anchor}")
    words = (quote(str(path)), quote(str(old.path)))
    note(
        f"record into {path} from now on; before {old.path} is put away, check the seam with "
        "`inventory --ledger {} verify --previous {}`".format(*words)
    )


COMMANDS = {"export": export, "restore": restore, "backup": backup, "rollover": rollover}
