"""Knows all that is known of one event: what it says, who recorded it, what became of it.

Must never know how it is shown.
"""

from typing import NamedTuple

from inventory_cli.actions.ask import Cut, Entry, history
from inventory_cli.actions.corrected import corrected_by, correction_in
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Batch, read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_event


class Shown(NamedTuple):
    """An event in its stream's timeline, the header of its batch, and what takes whose place: the
    positions of the event that a correction has put in its place, and of the one in whose place
    it was put.
    """

    entry: Entry
    header: Batch
    corrected_by: int | None
    corrects: int | None


def show_event(ledger: Ledger, position: int) -> Shown:
    """Return all that is known of an event. Raises Refused where there is none."""
    event = read_event(ledger, position)
    header = event and read_batch(ledger, event.batch)
    if event is None or header is None:
        raise Refused(
            f"there is no event {position}: the log ends at {ledger.head().position}",
            "`inventory log` and `inventory history SKU` show positions",
        )
    cut = Cut(END_OF_TIME, ledger.head().position)
    timeline = history(ledger, event.sku, event.location, event.effective_at, cut)
    entry = next(entry for entry in timeline if entry.event.position == position)
    return Shown(
        entry,
        header,
        corrected_by(ledger, entry.voided_by) if entry.voided_by else None,
        _corrects(ledger, entry),
    )


def _corrects(ledger: Ledger, entry: Entry) -> int | None:
    found = correction_in(ledger, entry.event.batch)
    if found is None or entry.event.kind == "reversed":
        return None
    reversal = read_event(ledger, found.reversal_for(entry.event.position))
    return reversal.reverses if reversal else None
