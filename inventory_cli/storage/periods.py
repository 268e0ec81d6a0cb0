"""Knows which periods are closed: the snapshots that close one. Must never know what that means."""

from collections import Counter

from inventory_cli.core.events import INTO_CLOSED
from inventory_cli.core.periods import Closing
from inventory_cli.errors import Refused
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import pieces


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


def late_by_batch(ledger: Ledger) -> Counter[int]:
    """Return how many events each batch recorded into a period that had been closed before."""
    row = ledger.connection.execute("SELECT min(position) FROM snapshots WHERE closes = 1")
    (closed,) = row.fetchone()
    counts: Counter[int] = Counter()
    if closed is not None:
        marked = "instr(details, ?)", f'"{INTO_CLOSED}":'
        for rows in pieces(ledger, "position, batch", ledger.head().position, closed, *marked):
            counts.update(batch for _, batch in rows)
    return counts
