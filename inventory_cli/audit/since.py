"""Knows the short audit: what came after a place on the chain that was proved before.

What lies before that place is not looked at again, and neither is the file as such. Must never
say more than was looked at.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from inventory_cli.audit.scan import Row
from inventory_cli.audit.snapshots import Snapshots
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import KINDS, Stream
from inventory_cli.core.replay import State, UnknownKind, fold
from inventory_cli.core.wording import count_of
from inventory_cli.storage.anchors import Anchor, Place, find_place
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_stream, replay_log, whole_to
from inventory_cli.storage.snapshots import Snapshot, as_kept, nearest_base


def last_place(ledger: Ledger, anchors: Sequence[Anchor]) -> Place | None:
    """Return the last place that the anchors prove; None where one of them is not on the chain."""
    places = [find_place(ledger, anchor) for anchor in anchors]
    known = [place for place in places if place is not None]
    return max(known) if known and len(known) == len(places) else None


class Recent:
    """The stock of the streams that had events since; of all, where a snapshot lies before."""

    name = "stock"

    def __init__(self, ledger: Ledger, last: int, place: Place) -> None:
        self._ledger = ledger
        self._last = last
        self._base = nearest_base(ledger, place.position, END_OF_TIME, place.batch, per_line=0)
        self._touched: set[Stream] = set()
        self._problems: list[str] = []
        self.states: dict[Stream, State] = {}

    def feed(self, rows: list[Row]) -> None:
        self._problems += [
            UnknownKind(row[0], row[4]).message for row in rows if row[4] not in KINDS
        ]
        self._touched.update((row[2], row[3]) for row in rows)

    def finish(self) -> list[str]:
        if self._problems:
            return self._problems
        if self._base.states:
            replayed = replay_log(self._ledger, self._last, END_OF_TIME, self._base)
            self.states = as_kept(replayed)
        else:
            self.states = {
                stream: fold(read_stream(self._ledger, stream, self._last))
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


def compare_recent(
    ledger: Ledger, watched: Snapshots, snapshots: Sequence[Snapshot], place: Place
) -> None:
    """Compare the snapshots taken since with the log, replayed from one before the place if any."""
    for snapshot in snapshots:
        if snapshot.batch <= place.batch:
            continue
        base = nearest_base(
            ledger, min(place.position, snapshot.position), snapshot.as_of, place.batch, per_line=0
        )
        cut = (ledger, snapshot.position, snapshot.as_of)
        watched.compare(snapshot, partial(replay_log, *cut, base))
        # What takes effect by the date of the earlier snapshot does so by that of this one.
        watched.note_whole(snapshot, whole_to(*cut, base.whole_to))
