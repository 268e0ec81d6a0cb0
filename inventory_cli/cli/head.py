"""Knows the command that tells where the log ends. Must never know how a hash is made."""

import typer

from inventory_cli.cli.options import ledger_path
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import line


def head(context: typer.Context) -> None:
    """
    Examples:
        inventory head >> anchors.txt
    """
    with open_ledger(ledger_path(context)) as ledger:
        line(ledger.head().anchor)
