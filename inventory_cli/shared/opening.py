"""Knows how a ledger is opened to record: its file alone, or with the database that holds its log.

The only place where that makes a difference. Must never make a local ledger pay for it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from inventory_cli.core.events import BEGUN, SHARED, STOPPED
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.settings import Settings

if TYPE_CHECKING:
    from inventory_cli.shared.ledger import SharedLedger


@contextmanager
def open_to_record(path: Path) -> Iterator[Ledger]:
    """Open a ledger to record into it. One that is shared is connected, and up to date.

    Raises LedgerUnusable where that cannot be, as where the database cannot be reached.
    """
    with open_ledger(path, write=True, kind=_to_record) as ledger:
        if type(ledger) is Ledger:
            yield ledger
            return
        with _connected(ledger) as shared:
            from inventory_cli.shared.failures import ServerUnusable

            try:
                shared.pull()
            except ServerUnusable as error:
                raise error.adding("; nothing was appended") from error
            yield shared


@contextmanager
def open_replica(path: Path, url: str | None = None) -> "Iterator[SharedLedger]":
    """Open a ledger whose log is shared, or was until that was stopped, to bring it up to date; its
    database may be said. Raises WrongUsage where it is not shared.
    """

    def attached(*file: object) -> Ledger:
        return _attached(*file, url=url)

    with open_ledger(path, write=True, kind=attached) as ledger, _connected(ledger) as shared:
        yield shared


def _to_record(
    path: Path, connection: sqlite3.Connection, settings: Settings, zone: tzinfo
) -> Ledger:
    ledger = Ledger(path, connection, settings, zone)
    state = ledger.sharing().get(SHARED)
    if state == STOPPED:
        from inventory_cli.shared.failures import refuse_stopped

        refuse_stopped(ledger)
    return _attached(path, connection, settings, zone) if state == BEGUN else ledger


def _attached(*file: object, url: str | None = None) -> Ledger:
    """Return a replica with what is known of its database."""
    from inventory_cli.shared.failures import require_driver

    require_driver()
    from inventory_cli.shared.beside import Beside, beside_path, new_machine, read_beside
    from inventory_cli.shared.ledger import SharedLedger

    ledger = SharedLedger(*file)
    path = ledger.path
    if ledger.sharing().get(SHARED) not in (BEGUN, STOPPED):
        raise WrongUsage(f"{path} is not shared", "`inventory share URL` shares it")
    beside = read_beside(path)
    if url is not None:
        known = beside or Beside(url, new_machine(), "")
        beside = known._replace(url=url)
    if beside is None:
        raise LedgerUnusable(
            f"the log of {path} is shared, and {beside_path(path)}, which says where, is missing",
            f"`inventory --ledger {quote(str(path))} sync --url URL` says it again",
        )
    ledger.attach(beside)
    return ledger


@contextmanager
def _connected(ledger: Ledger) -> "Iterator[SharedLedger]":
    from inventory_cli.shared.ledger import SharedLedger

    assert isinstance(ledger, SharedLedger)
    try:
        yield ledger
    finally:
        ledger.server.close()
