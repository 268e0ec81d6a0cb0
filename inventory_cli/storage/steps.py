"""Knows whether a file has had the steps of the version that it says. Must never take one."""

from shlex import quote

from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage import schema
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger


def check_steps(ledger: Ledger) -> None:
    """Raise LedgerUnusable where the version of a file, or its record of steps, was set by hand."""
    version = schema.version(ledger.connection)
    try:
        taken = schema.recorded_steps(ledger.connection)
    except DatabaseError:
        taken = []
    if taken == list(schema.STEPS)[:version]:
        return
    said = f"{ledger.path} says that its schema is version {version}, but "
    for number in range(1, len(schema.STEPS) + 1):
        if taken == list(schema.STEPS)[:number]:
            raise LedgerUnusable(
                f"{said}has had the steps of version {number}; nothing was changed",
                "if nothing else was altered by hand, `sqlite-utils "
                f'{quote(str(ledger.path))} "PRAGMA user_version = {number}"` says so again; then '
                "run `inventory migrate` and `inventory verify`",
            )
    raise LedgerUnusable(
        f"{said}the steps on record are {', '.join(taken) or 'none'}; nothing was changed",
        "go back to the last good backup",
    )
