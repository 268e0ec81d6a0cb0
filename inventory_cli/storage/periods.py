"""Knows which periods are closed: the snapshots that close one. Must never know what that means."""

from inventory_cli.core.periods import Closing
from inventory_cli.errors import Refused
from inventory_cli.storage.ledger_file import Ledger


def read_closings(ledger: Ledger) -> list[Closing]:
    """Return the closed periods, sorted by date."""
    rows = ledger.connection.execute(
        "SELECT name, as_of FROM snapshots WHERE closes = 1 ORDER BY as_of"
    )
    return [Closing(*row) for row in rows.fetchall()]


def find_closing(ledger: Ledger, name: str) -> Closing:
    """Return the closed period of a name. Raises Refused when there is none."""
    for closing in read_closings(ledger):
        if closing.name == name:
            return closing
    raise Refused(f"no period was closed as {name!r}", "`inventory snapshot list` shows which were")
