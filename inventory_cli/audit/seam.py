"""Knows what a seam is: where a ledger follows on an older one. Must never make one."""

from itertools import count, takewhile
from typing import NamedTuple

from inventory_cli.core.events import CARRIED_FROM, ROLLOVER, unpack_details
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.carried_ids import CarriedId
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.snapshots import read_snapshots

COMMAND = ROLLOVER


class Seam(NamedTuple):
    """What the first batch of a new ledger says of the old one: its file, its head, and the last
    moment (UTC text) that stayed there. Where ids were taken over, `files` are those of the ledgers
    that they are from, the oldest first.
    """

    name: str
    anchor: Anchor
    cut: str
    files: tuple[str, ...] = ()

    def file_of(self, carried: CarriedId) -> str:
        """Return in the file of which ledger an id was recorded that was taken over."""
        known = 0 < carried.ledger <= len(self.files)
        return self.files[carried.ledger - 1] if known else f"a ledger before {self.name}"


def read_seam(ledger: Ledger) -> Seam | None:
    """Return where a ledger follows on an older one; None when it does not."""
    header = read_batch(ledger, 1)
    if header is None or header.command != COMMAND or header.source is None:
        return None
    name, _, anchor = header.source.rpartition(" ")
    closing = next((s for s in read_snapshots(ledger) if (s.batch, s.closes) == (1, 1)), None)
    details = unpack_details(header.details)
    named = takewhile(details.__contains__, map(CARRIED_FROM.format, count(1)))
    files = tuple(details[name] for name in named)
    try:
        return closing and Seam(name, parse_anchor(anchor), closing.as_of, files)
    except WrongUsage:
        return None
