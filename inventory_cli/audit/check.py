"""Knows what a check of the log is, what it is shown, and how it tells what it cannot read.

Must never know what is checked.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from inventory_cli.audit.finding import Finding
from inventory_cli.core.events import Event
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.anchors import Place
from inventory_cli.storage.failures import WRONG_TYPE, DatabaseError
from inventory_cli.storage.integrity import wrong_cell
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import BEFORE_ALL, SCANNED

# What is read of an event, with its stored hash behind it: after tampering its cells may be of any
# type.
Row = tuple[Any, ...]
POSITION, BATCH, SKU, LOCATION, KIND, QUANTITY, EFFECTIVE_AT, DATE_ONLY, REVERSES, DETAILS = range(
    len(SCANNED)
)
HASH = DETAILS + 1


class Piece:
    """Some events of the log, one after the other, at least one: by row, and by column, because
    what is seldom the case is ruled out for a whole column sooner than for each row. `texts` are
    their canonical texts, where SQLite has written them as this program does.
    """

    def __init__(self, rows: list[Row], texts: Sequence[str] | None) -> None:
        self.rows, self.texts = rows, texts
        self.columns = list(zip(*rows, strict=True))


# What reading a damaged or altered file may raise.
UNREADABLE = (DatabaseError, LedgerUnusable, *WRONG_TYPE)


class Check(Protocol):
    """A check of the whole log."""

    name: str

    def feed(self, piece: Piece) -> None:
        """Look at the next events of the log."""

    def finish(self) -> list[Finding]:
        """Return everything that was found."""


def unreadable(ledger: Ledger, error: Exception, what: str = "") -> Finding:
    """Return the finding that something, if it has a name, could not be read for a check."""
    why = str(error)
    if isinstance(error, WRONG_TYPE):
        try:
            why = wrong_cell(ledger.connection) or why
        except DatabaseError as damage:
            why = f"{why}; {damage}"
    return Finding("readable", f"{what} cannot be read to the end: {why}".lstrip())


def event_of(row: Row) -> Event:
    """Return the event of a row, without the texts that a scan does not read."""
    said = [*row[:REVERSES], None, None, None, None, row[REVERSES], row[DETAILS]]
    return Event(*said)


def batches_after(start: Place) -> int:
    """Return the number of a batch behind which a scan begins; from the start, behind none."""
    return start.batch or BEFORE_ALL
