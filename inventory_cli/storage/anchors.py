"""Knows anchors, `POSITION:HASH`, and where on the stored chain one lies.

Must never know where anchors are kept: that is outside of the ledger, or they prove nothing.
"""

from typing import NamedTuple

from inventory_cli.errors import WrongUsage
from inventory_cli.storage.batches import headers_with_hash, read_batch
from inventory_cli.storage.ledger_file import Ledger


class Anchor(NamedTuple):
    """What was once the head of a log: its last position and its hash."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"


def parse_anchor(text: str) -> Anchor:
    """Return an anchor from `POSITION:HASH`. Raises WrongUsage where it is none."""
    position, _, hexadecimal = text.strip().partition(":")
    try:
        link = bytes.fromhex(hexadecimal)
    except ValueError:
        link = b""
    if not (
        position.isascii() and position.isdecimal() and len(position) <= 18 and len(link) == 32
    ):
        raise WrongUsage(
            f"{text.strip()!r} is not an anchor",
            "an anchor is POSITION:HASH, with 64 hexadecimal digits, as `inventory head` prints it",
        )
    return Anchor(int(position), link)


class Place(NamedTuple):
    """A place on the chain: behind an event and the last batch that is closed there."""

    position: int
    batch: int
    recorded_at: str
    hash: bytes


def start_of(ledger: Ledger) -> Place:
    """Return the place before the first event and batch."""
    return Place(0, 0, "", ledger.start())


def find_place(ledger: Ledger, anchor: Anchor) -> Place | None:
    """Return where the stored chain has the hash of an anchor at its position; None if nowhere.

    There are several hashes at one position: that of the event, of the header that closes its
    batch, and of the snapshots recorded before the next event.
    """
    batch = 1
    if anchor.position == 0:
        place = start_of(ledger)
        if place.hash == anchor.hash:
            return place
    else:
        row = ledger.connection.execute(
            "SELECT batch, hash FROM events WHERE position = ?", (anchor.position,)
        ).fetchone()
        if row is None:
            return None
        batch = row[0]
        if row[1] == anchor.hash:
            before = read_batch(ledger, batch - 1) if batch > 1 else None
            return Place(anchor.position, batch - 1, before.recorded_at if before else "", row[1])
    # Few at a time: the right one is among the first, and there may be thousands of anchors.
    for header, link in headers_with_hash(ledger, 2**62, after=batch - 1, piece=10):
        closes = header.last_position in (anchor.position, None)
        if not closes:
            return None
        if link == anchor.hash:
            return Place(anchor.position, header.batch, header.recorded_at, link)
    return None
