"""Knows the command that brings a replica up to date. Must never know how."""

from typing import Annotated

import typer

from inventory_cli.cli.options import ledger_path
from inventory_cli.core.dates import show_moment
from inventory_cli.core.wording import count_of
from inventory_cli.shared.beside import write_beside
from inventory_cli.shared.opening import open_replica
from inventory_cli.storage.batches import Batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import line, note, say


def sync(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay up to date, and say what comes. Ctrl-C ends.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where the database is from now on."),
    ] = None,
) -> None:
    """
    Examples:
        inventory sync
        inventory sync --follow
        inventory sync --url postgresql://till@db.example.com/stock
    """
    with open_replica(ledger_path(context), url) as ledger:
        if follow:
            from inventory_cli.shared.follow import follow as follow_log

            for came in follow_log(ledger):
                if came is None:
                    note("the database is reached again")
                elif isinstance(came, list):
                    _tell(ledger, came)
                else:
                    note(f"{came.message}; trying again")
        taken = ledger.pull()
        if url is not None:
            _, timeline = ledger.look()
            write_beside(ledger.path, ledger.beside._replace(timeline=timeline))
        _tell(ledger, taken)
        line(f"{ledger.path} is up to date: {ledger.head().anchor}")


def _tell(ledger: Ledger, taken: list[Batch]) -> None:
    for header in taken:
        when = show_moment(header.recorded_at, ledger.zone)[: len("2022-03-15T14:30")]
        what = count_of(len(header.positions), "event") if header.positions else header.command
        say(f"batch {header.batch}: {what} by {header.actor}, {when.replace('T', ' ')}")
