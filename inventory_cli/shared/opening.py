"""Knows how a ledger is opened to record: its file alone, or with the database that holds its log.

The only place where that makes a difference. Must never make a local ledger pay for it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path

from inventory_cli.core.events import BEGUN, SHARED, STOPPED
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.settings import Settings


@contextmanager
def open_to_record(path: Path) -> Iterator[Ledger]:
    """Open a ledger to record into it. One that is shared is connected, and up to date.

    Raises LedgerUnusable where that cannot be, as where the database cannot be reached.
    """
    with open_ledger(path, write=True, kind=_to_record) as ledger:
        if type(ledger) is Ledger:
            yield ledger
            return
        from inventory_cli.shared.attached import up_to_date  # Few logs are shared.

        with up_to_date(ledger):
            yield ledger


@contextmanager
def open_to_follow(path: Path) -> Iterator[Ledger]:
    """Open a ledger to read what comes into it: a replica together with its database."""
    with open_ledger(path) as ledger:
        if ledger.sharing().get(SHARED) != BEGUN:
            yield ledger
            return
    from inventory_cli.shared.attached import open_replica

    with open_replica(path) as replica:
        yield replica


def _to_record(
    path: Path, connection: sqlite3.Connection, settings: Settings, zone: tzinfo
) -> Ledger:
    ledger = Ledger(path, connection, settings, zone)
    if ledger.sharing().get(SHARED) not in (BEGUN, STOPPED):
        return ledger
    from inventory_cli.shared.attached import attached
    from inventory_cli.shared.failures import refuse_stopped

    refuse_stopped(ledger)
    return attached(path, connection, settings, zone)
