"""Knows how a ledger that an older program wrote is brought to the present schema.

The log is left as it is: the head before and after is the same. Must never know what the steps do.
"""

import os
from pathlib import Path
from typing import NamedTuple

from inventory_cli.errors import Refused
from inventory_cli.storage import schema
from inventory_cli.storage.backup import back_up
from inventory_cli.storage.ledger_file import Head, open_ledger


class Migrated(NamedTuple):
    """What was done: the steps by name, and where the copy of the file before them is, if any."""

    steps: list[str]
    copy: Path | None


def migrate(path: Path, keep_copy: bool) -> Migrated:
    """Take all steps that a ledger lacks, in one transaction, after copying it to a file beside it.

    The copy is named for the version of its schema. Raises Refused when there is another such file
    already; then nothing is changed.
    """
    with open_ledger(path, write=True, outdated=True) as ledger, ledger.writing():
        version = schema.version(ledger.connection)
        steps = list(schema.STEPS)[version:]
        if not steps:
            return Migrated([], None)
        copy = path.with_name(f"{path.name}.schema-{version}") if keep_copy else None
        if copy:
            _keep(path, copy, ledger.head())
        schema.migrate(ledger.connection)
        ledger.commit()
    return Migrated(steps, copy)


def _keep(path: Path, copy: Path, head: Head) -> None:
    """Copy a ledger under its lock, so that it is the very state that is migrated."""
    if not os.path.lexists(copy):
        with open_ledger(path, outdated=True) as reader:
            back_up(reader, copy)
        return
    # One that was broken off between the copy and the steps may be run again.
    with open_ledger(copy, outdated=True) as kept:
        if kept.head() != head:
            raise Refused(
                f"{copy} exists already, and is not what {path} is now",
                "move it away, or migrate with --no-copy",
            )
