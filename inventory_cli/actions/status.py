"""Knows what a ledger is, in a few facts: how much is in it, what came last, when it was proved.

Must never read the log as a whole: it is asked for often.
"""

from typing import NamedTuple

from inventory_cli.core.events import Event
from inventory_cli.storage.anchors import Anchor, find_place
from inventory_cli.storage.batches import Batch, End, read_batch, read_end
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import read_event
from inventory_cli.storage.stock import all_locations, all_skus


class Audited(NamedTuple):
    """What was the head when the log was last proved, as an anchor kept elsewhere says.

    `is_on_chain` tells whether the log still has it.
    """

    anchor: Anchor
    is_on_chain: bool


class Status(NamedTuple):
    """A ledger in a few facts. `last` is None in an empty log, and `batch` its header."""

    head: Head
    skus: int
    locations: int
    last: Event | None
    batch: Batch | None
    audited: Audited | None
    end: End | None


def status_of(ledger: Ledger, anchor: Anchor | None) -> Status:
    """Return what a ledger is. `anchor` is the last one that was kept, if it is known."""
    with ledger.reading():
        head = ledger.head()
        last = read_event(ledger, head.position)
        return Status(
            head,
            len(all_skus(ledger)),
            len(all_locations(ledger)),
            last,
            last and read_batch(ledger, last.batch),
            anchor and Audited(anchor, find_place(ledger, anchor) is not None),
            read_end(ledger),
        )
