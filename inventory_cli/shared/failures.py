"""Knows what can be wrong with a shared log, and what to do about each.

Must never know how that was found.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from inventory_cli.core.events import BEGUN, GOES_ON_IN, SHARED, STOPPED
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.storage.ledger_file import Head, Ledger


class ServerUnusable(LedgerUnusable):
    """The database cannot be reached, or not be used: it is down, foreign, newer, refuses. What it
    said has a code of SQL, and maybe some detail; where the connection `is_lost`, what was asked
    may be done or not.
    """

    sqlstate: str | None = None
    detail: str = ""
    is_lost = False

    def adding(self, consequence: str) -> "ServerUnusable":
        """Return this failure with what follows from it."""
        found = ServerUnusable(self.message + consequence, self.hint)
        found.sqlstate, found.detail, found.is_lost = self.sqlstate, self.detail, self.is_lost
        return found


@contextmanager
def adding(consequence: str) -> Iterator[None]:
    """Say of what fails at the database what follows from it."""
    try:
        yield
    except ServerUnusable as error:
        raise error.adding(consequence) from error


class InDoubt(LedgerUnusable):
    """A batch may be recorded, or not; or it is, but its standby did not confirm that."""


class ServerChanged(LedgerUnusable):
    """The server is not the one, or not on the timeline, on which the ledger was last used.

    `here` is the timeline of the server, `used` the one before.
    """

    def __init__(self, place: str, here: str, used: str, missing: str) -> None:
        super().__init__(
            f"{place} is not the server that this ledger was last used on, or was put back: it "
            f"says {here}, and was {used}; {missing}",
            "when it is sure which server goes on, `inventory sync --replay` takes this one and "
            "records again what it lacks; first on the machine that is furthest: "
            "`inventory status` shows the head",
        )
        self.here = here
        self.used = used


class BatchesMissing(LedgerUnusable):
    """The database does not hold the last batch that this machine saw acknowledged."""

    def __init__(self, place: str, mine: Head, theirs: Head) -> None:
        super().__init__(
            f"{place} does not hold batch {mine.batch} of this machine, which it had acknowledged: "
            f"it ends at batch {theirs.batch}, {theirs.anchor}",
            "`inventory sync --replay` records again what it lacks, where nothing else was "
            "recorded since; else `inventory sync --reset` sets this file aside and clones anew",
        )
        self.mine = mine
        self.theirs = theirs


def require_shared(ledger: Ledger) -> None:
    """Raise WrongUsage where the log of a file is not shared, nor was until that was stopped."""
    if ledger.sharing().get(SHARED) not in (BEGUN, STOPPED):
        raise WrongUsage(f"{ledger.path} is not shared", "`inventory share URL` shares it")


def refuse_stopped(ledger: Ledger) -> None:
    """Raise LedgerUnusable where the log of a file goes on in another one."""
    said = ledger.sharing()
    if said.get(SHARED) == STOPPED:
        raise LedgerUnusable(
            f"{ledger.path} is shared no more: its log goes on in {said.get(GOES_ON_IN)}",
            "record there; if it is this file, `inventory share --stop` completes that",
        )


def does_not_fit(place: str, what: str) -> LedgerUnusable:
    """Return the failure that something in the database is not what the chain says."""
    return LedgerUnusable(
        f"{place} holds {what}, which does not fit the chain",
        "`inventory verify --shared` says more; nothing was taken over",
    )


def require_driver() -> None:
    """Raise LedgerUnusable where the package that talks to PostgreSQL is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise LedgerUnusable(
            f"a shared ledger needs the package psycopg, which cannot be used here ({error})",
            "`pip install 'inventory-cli[postgres]'`",
        ) from None
