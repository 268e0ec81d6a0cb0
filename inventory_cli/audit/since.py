"""Knows the short audit: what came after a place on the chain that was proved before.

What lies before that place is not looked at again, and neither is the file as such. Must never
say more than was looked at.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial

from inventory_cli.audit.check import BATCH, LOCATION, POSITION, SKU, Piece
from inventory_cli.audit.finding import Finding
from inventory_cli.audit.replayed import unknown_kinds
from inventory_cli.audit.snapshots import Snapshots
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Stream, is_stock
from inventory_cli.core.replay import State, fold
from inventory_cli.core.wording import count_of
from inventory_cli.storage.anchors import Anchor, Place, find_place, start_of
from inventory_cli.storage.batches import first_batch, headers_with_hash
from inventory_cli.storage.chain import link_batch, link_event
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import (
    Base,
    first_position,
    read_effects,
    replay_log,
    stored_rows,
    whole_to,
)
from inventory_cli.storage.snapshots import Snapshot, as_kept, nearest_base


def last_place(ledger: Ledger, anchors: Sequence[Anchor]) -> Place | None:
    """Return the last place that the anchors prove, from which a scan may go on.

    None where one of them is not on the chain, where something stands before the first event or
    batch, and where what stands at the place has not the hash that is stored with it: its batch
    then says nothing of where to go on.
    """
    places = [find_place(ledger, anchor) for anchor in anchors]
    known = [place for place in places if place is not None]
    if not known or len(known) < len(places):
        return None
    if min(first_position(ledger), first_batch(ledger)) < 1:
        return None
    last = max(known)
    return last if last == start_of(ledger) or _hash_again(ledger, last) == last.hash else None


def _hash_again(ledger: Ledger, place: Place) -> bytes | None:
    """Return the hash of the event or header at a place, from its fields and the hash before it."""
    events = {
        row[POSITION]: row
        for rows in stored_rows(ledger, place.position, place.position - 2)
        for row in rows
    }
    headers = {
        header.batch: (header, link)
        for header, link in headers_with_hash(ledger, place.batch, place.batch - 2)
    }

    def link_of(batch: int) -> bytes:
        return headers[batch][1] if batch > 0 else ledger.start()

    event = events[place.position]
    if place.batch > 0 and link_of(place.batch) == place.hash:
        header, _ = headers[place.batch]
        if header.last_position is None:
            return link_batch(link_of(place.batch - 1), header)
        return link_batch(event[-1], header)
    before = events.get(place.position - 1)
    if before is not None and before[BATCH] == event[BATCH]:
        return link_event(before[-1], event[:-1])
    return link_event(link_of(place.batch), event[:-1])


class Recent:
    """The stock of the streams that had events since; of all, where a snapshot lies before."""

    name = "stock"

    def __init__(self, ledger: Ledger, last: int, place: Place) -> None:
        self._ledger = ledger
        self._last = last
        self._place = place
        self._touched: set[Stream] = set()
        self._found: list[Finding] = []
        self.states: dict[Stream, State] = {}

    @cached_property
    def _base(self) -> Base:
        place = self._place
        return nearest_base(self._ledger, place.position, END_OF_TIME, place.batch, per_line=0)

    def feed(self, piece: Piece) -> None:
        self._found += unknown_kinds(piece.rows)
        skus, locations = piece.columns[SKU], piece.columns[LOCATION]
        self._touched.update(filter(is_stock, zip(skus, locations, strict=True)))

    def finish(self) -> list[Finding]:
        if self._found:
            return self._found
        if self._base.states:
            replayed = replay_log(self._ledger, self._last, END_OF_TIME, self._base)
            self.states = as_kept(replayed)
        else:
            self.states = {
                stream: fold(read_effects(self._ledger, stream, self._last))
                for stream in self._touched
            }
        return []

    def comparable(
        self, stored: Mapping[Stream, State]
    ) -> tuple[Mapping[Stream, State], list[str]]:
        """Return what of the stored stock this check speaks of, and notes on what not."""
        if self._base.states:
            return as_kept(stored), []
        notes = []
        if len(stored) > len(self._touched):
            notes.append(
                f"compared {len(self._touched)} of {count_of(len(stored), 'stream')}, those with "
                "events since; with a snapshot before the anchor all are"
            )
        return {stream: stored[stream] for stream in self._touched & stored.keys()}, notes


def compare_recent(ledger: Ledger, watched: Snapshots, place: Place) -> None:
    """Compare the snapshots taken since with the log."""
    for snapshot in watched.unproved():
        watched.compare(snapshot, partial(_replay_recent, ledger, watched, place, snapshot))


def _replay_recent(
    ledger: Ledger, watched: Snapshots, place: Place, snapshot: Snapshot
) -> dict[Stream, State]:
    """Return what the log replays to for a snapshot, from one before the place if there is any."""
    position, as_of = snapshot.position, snapshot.as_of
    base = nearest_base(ledger, min(place.position, position), as_of, place.batch, per_line=0)
    # What takes effect by the date of the earlier snapshot does so by that of this one.
    watched.note_whole(snapshot, whole_to(ledger, position, as_of, base.whole_to))
    return replay_log(ledger, position, as_of, base)
