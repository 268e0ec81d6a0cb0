"""Knows what a seam is: where a ledger follows on an older one. Must never make one."""

from typing import NamedTuple

from inventory_cli.core.events import CARRIED_IDS, CARRIED_ON, unpack_details
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.snapshots import read_snapshots

COMMAND = "rollover"


class Seam(NamedTuple):
    """What the first batch of a new ledger says of the old one: its file, its head, and the last
    moment (UTC text) that stayed there. What took effect up to `carried_on` had been recorded in a
    ledger before that. `knows_ids` tells whether ids were taken over from there.
    """

    name: str
    anchor: Anchor
    cut: str
    carried_on: str = ""
    knows_ids: bool = False

    def file_of(self, effective_at: str) -> str:
        """Return in which ledger was recorded what took effect at a moment up to the cut."""
        return f"a ledger before {self.name}" if effective_at <= self.carried_on else self.name


def read_seam(ledger: Ledger) -> Seam | None:
    """Return where a ledger follows on an older one; None when it does not."""
    header = read_batch(ledger, 1)
    if header is None or header.command != COMMAND or header.source is None:
        return None
    name, _, anchor = header.source.rpartition(" ")
    closing = next((s for s in read_snapshots(ledger) if (s.batch, s.closes) == (1, 1)), None)
    details = unpack_details(header.details)
    carried_on, knows_ids = details.get(CARRIED_ON, ""), CARRIED_IDS in details
    try:
        return closing and Seam(name, parse_anchor(anchor), closing.as_of, carried_on, knows_ids)
    except WrongUsage:
        return None
