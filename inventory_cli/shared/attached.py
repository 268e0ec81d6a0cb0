"""Knows how a file whose log is shared is opened together with its database.

Must never be needed where nothing is shared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.beside import Beside, beside_path, new_machine, read_beside
from inventory_cli.shared.failures import ServerUnusable, require_driver, require_shared
from inventory_cli.storage.ledger_file import Ledger, open_ledger

if TYPE_CHECKING:
    from inventory_cli.shared.ledger import SharedLedger
    from inventory_cli.shared.server import Server


@contextmanager
def open_replica(path: Path, url: str | None = None) -> "Iterator[SharedLedger]":
    """Open a ledger whose log is shared, or was until that was stopped, to bring it up to date; its
    database may be said. Raises WrongUsage where it is not shared.
    """

    def with_url(*file: object) -> Ledger:
        return attached(*file, url=url)

    with open_ledger(path, write=True, kind=with_url) as ledger, _connected(ledger) as shared:
        yield shared


@contextmanager
def up_to_date(ledger: Ledger) -> Iterator[None]:
    """Bring an attached ledger up to date, to record into it. Raises LedgerUnusable where that
    cannot be.
    """
    with _connected(ledger) as shared:
        try:
            shared.pull()
        except ServerUnusable as error:
            raise error.adding("; nothing was appended") from error
        yield


@contextmanager
def database_of(ledger: Ledger) -> "Iterator[Server]":
    """Connect to the database that holds the log of an open file, to look at it. Raises WrongUsage
    where there is none.
    """
    require_driver()
    from inventory_cli.shared.server import Server

    server = Server(_beside_of(ledger, None).url)
    try:
        _ = server.connection
        yield server
    finally:
        server.close()


def attached(*file: object, url: str | None = None) -> Ledger:
    """Return a replica with what is known of its database, or with this URL of it."""
    require_driver()
    from inventory_cli.shared.ledger import SharedLedger

    ledger = SharedLedger(*file)
    ledger.attach(_beside_of(ledger, url))
    return ledger


def _beside_of(ledger: Ledger, url: str | None) -> Beside:
    """Return what is kept beside a replica, with another URL if one is given."""
    require_shared(ledger)
    path = ledger.path
    beside = read_beside(path)
    if url is not None:
        known = beside or Beside(url, new_machine(), "")
        beside = known._replace(url=url)
    if beside is None:
        raise LedgerUnusable(
            f"the log of {path} is shared, and {beside_path(path)}, which says where, is missing",
            f"`inventory --ledger {quote(str(path))} sync --url URL` says it again",
        )
    return beside


@contextmanager
def _connected(ledger: Ledger) -> "Iterator[SharedLedger]":
    from inventory_cli.shared.ledger import SharedLedger

    assert isinstance(ledger, SharedLedger)
    try:
        yield ledger
    finally:
        ledger.close()
