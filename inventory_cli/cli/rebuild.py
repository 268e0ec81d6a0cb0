"""Knows the command that makes the projection anew. Must never know how that is done."""

import typer

from inventory_cli.actions.rebuild import rebuild as rebuild_ledger
from inventory_cli.cli.options import ledger_path
from inventory_cli.core.wording import count_of
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import line, note


def rebuild(context: typer.Context) -> None:
    """
    Examples:
        inventory rebuild
    """
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
