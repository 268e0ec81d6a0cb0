"""Knows the commands that move a whole ledger: out as text and back in, or as it is.

Must never know how an export reads, or how a copy is made while others record.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.actions.ask import read_log
from inventory_cli.actions.journal import journal
from inventory_cli.actions.move import back_up
from inventory_cli.actions.move import restore as restore_ledger
from inventory_cli.cli.files import opened
from inventory_cli.cli.history import LOG_COLUMNS
from inventory_cli.cli.options import ledger_path
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.render import Answer, show
from inventory_cli.storage.export import export_text
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import line, progress

_FORMATS = ("jsonl", "csv", "hledger")


def export(
    context: typer.Context,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="jsonl|csv|hledger",
            help="jsonl can be restored; csv is the events alone, hledger a journal of them.",
        ),
    ] = "jsonl",
) -> None:
    """
    Examples:
        inventory export > log.jsonl
        inventory export --format csv > events.csv
        inventory export --format hledger > stock.journal
    """
    if format not in _FORMATS:
        raise WrongUsage(f"--format {format!r} is not one of {', '.join(_FORMATS)}")
    with open_ledger(ledger_path(context)) as ledger:
        if format == "csv":
            rows = (row for rows in read_log(ledger) for row in rows)
            show(Answer(LOG_COLUMNS, rows, ledger.decimals), format)
            return
        for text in journal(ledger) if format == "hledger" else export_text(ledger):
            sys.stdout.write(text)


def restore(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="An export, or - for standard input.")
    ],
) -> None:
    """
    Examples:
        inventory --ledger again.db restore log.jsonl
        inventory export | inventory --ledger copy.db restore -
    """
    path = ledger_path(context)
    with opened(file) as stream:
        head = restore_ledger(path, file, stream)
    line(f"restored {path}: {count_of(head.position, 'event')}, head {head.anchor}")


def backup(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The copy to make; it must not exist yet.")
    ],
) -> None:
    """
    Examples:
        inventory backup backup-2022-04-30.db
    """
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
