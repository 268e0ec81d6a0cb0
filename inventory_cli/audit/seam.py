"""Knows what a seam is: where a ledger follows on an older one. Must never make one."""

from typing import NamedTuple

from inventory_cli.errors import WrongUsage
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.snapshots import read_snapshots

COMMAND = "rollover"


class Seam(NamedTuple):
    """What the first batch of a new ledger says of the old one: its file, its head, and the last
    moment (UTC text) that stayed there.
    """

    name: str
    anchor: Anchor
    cut: str


def read_seam(ledger: Ledger) -> Seam | None:
    """Return where a ledger follows on an older one; None when it does not."""
    header = read_batch(ledger, 1)
    if header is None or header.command != COMMAND or header.source is None:
        return None
    name, _, anchor = header.source.rpartition(" ")
    closing = next((s for s in read_snapshots(ledger) if (s.batch, s.closes) == (1, 1)), None)
    try:
        return closing and Seam(name, parse_anchor(anchor), closing.as_of)
    except WrongUsage:
        return None
