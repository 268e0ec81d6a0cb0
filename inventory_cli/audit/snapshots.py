"""Knows how each snapshot is checked against the log it was taken of.

Must never take one for right because of a number in it.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import chain, groupby
from operator import itemgetter

from inventory_cli.audit.check import EFFECTIVE_AT, POSITION, UNREADABLE, Piece, unreadable
from inventory_cli.audit.finding import Finding
from inventory_cli.audit.late import Late, name_of
from inventory_cli.audit.replayed import Stop
from inventory_cli.core.differences import compare, describe, values_of
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.core.states_at import Moment, StatesAt
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.chain import begin_digest, digest_lines, line_text
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import replay_log
from inventory_cli.storage.snapshots import (
    Snapshot,
    as_kept,
    digests_as_stored,
    orphaned_lines,
    read_lines,
    snapshot_batches,
    states_of,
)
from inventory_cli.storage.timeline import by_stream


class Snapshots:
    """Every snapshot is what the log replays to, at its position and as of its date.

    It is shown the replay when that has come to the position of each, and then the rest of the
    log, for what was recorded since but took effect before. `are_all` tells whether these are all
    snapshots that there were when the head was read. What batches up to `proved` recorded is known
    to be right, None of it where that is None; all else is compared.
    """

    name = "snapshots"

    def __init__(
        self,
        ledger: Ledger,
        head: Head,
        snapshots: Sequence[Snapshot],
        are_all: bool,
        proved: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._head = head
        self._given = snapshots
        self._snapshots = sorted(filter(_is_sound, snapshots), key=lambda found: found.position)
        self._are_all = are_all
        self._proved = proved
        self._found: dict[int, list[Finding]] = {}
        self._late = Late(ledger, self._snapshots)
        # Those of which the log has held nothing yet that takes effect later, latest date first.
        self._whole = sorted(self._snapshots, key=lambda snapshot: snapshot.as_of, reverse=True)
        self._whole_to: dict[int, int] = {}

    def stops(self) -> list[Stop]:
        """Return where the replay is to be looked at."""
        return [
            Stop(snapshot.position, snapshot.as_of, partial(self.compare, snapshot))
            for snapshot in self._snapshots
        ]

    @cached_property
    def _recorded(self) -> list[int]:
        """The batches that recorded a snapshot, in order."""
        return snapshot_batches(self._ledger, self._head.batch)

    def unproved(self) -> list[Snapshot]:
        """Return the snapshots that no batch recorded of which all is known to be right."""
        known = {n for n in self._recorded if self._proved is not None and n <= self._proved}
        return [snapshot for snapshot in self._snapshots if snapshot.batch not in known]

    def compare(self, snapshot: Snapshot, states: Callable[[], dict[Stream, State]]) -> None:
        """Compare a snapshot with the states that the log replays to, at its position and date."""
        try:
            found = _check_snapshot(self._ledger, self._head, snapshot, states())
        except UNREADABLE as error:
            found = [unreadable(self._ledger, error, name_of(snapshot))]
        self._found[snapshot.snapshot] = found

    def _compare_rest(self) -> None:
        """Compare what was not compared on the way, in one pass over the log stream by stream.

        What the log comes to must have the digest in the batch header, and so must what is stored.
        Where either has not, or cannot be told, that snapshot is compared line by line.
        """
        rest = [found for found in self._snapshots if found.snapshot not in self._found]
        if not rest:
            return
        ledger, unknown = self._ledger, [None] * len(rest)
        recorded = [_recorded_digest(ledger, self._head, snapshot) for snapshot in rest]
        try:
            expected: Sequence[str | None] = _expected_digests(ledger, rest)
            stored: Sequence[str | None] = [*digests_as_stored(ledger, rest)]
        except UNREADABLE:
            expected = stored = unknown
        for snapshot, *digests in zip(rest, recorded, expected, stored, strict=True):
            if None not in digests and len({*digests}) == 1:
                self._found[snapshot.snapshot] = []
            else:
                position, as_of = snapshot.position, snapshot.as_of
                self.compare(snapshot, partial(replay_log, ledger, position, as_of))

    def feed(self, piece: Piece) -> None:
        self._late.feed(piece)
        if self._whole and max(piece.columns[EFFECTIVE_AT]) > self._whole[-1].as_of:
            for row in piece.rows:
                while self._whole and row[EFFECTIVE_AT] > self._whole[-1].as_of:
                    self.note_whole(self._whole.pop(), row[POSITION] - 1)

    def note_whole(self, snapshot: Snapshot, position: int) -> None:
        """Note up to which position nothing takes effect after the date of a snapshot.

        What was noted first holds: a log that is read from an anchor on shows less than all of it.
        """
        self._whole_to.setdefault(snapshot.snapshot, min(position, snapshot.position))

    def finish(self) -> list[Finding]:
        if self._proved is None:
            self._compare_rest()
        found = self._check_all() if self._are_all else []
        for snapshot in self._given:
            if not _is_sound(snapshot):
                text = f"{name_of(snapshot)} was altered: a value in it is of a wrong type"
                found.append(Finding("snapshot-digest", text))
        for snapshot in sorted(self.unproved()):
            text = f"{name_of(snapshot)} was not compared: the log cannot be replayed to it"
            unseen = [Finding("snapshot-state", text)]
            found += self._found.get(snapshot.snapshot, unseen)
            found += self._check_whole(snapshot)
        return found + self._late.intruders

    def _check_all(self) -> list[Finding]:
        """Return what of the snapshots that were recorded is missing, and lines that belong to
        none.
        """
        known = {snapshot.batch for snapshot in self._given}
        texts = [
            f"the snapshot that batch {batch} recorded is missing"
            for batch in self._recorded
            if batch not in known
        ]
        texts += [
            f"snapshot {number} has lines, but was never recorded"
            for number in orphaned_lines(self._ledger)
        ]
        return [Finding("snapshot-recorded", text) for text in texts]

    def _check_whole(self, snapshot: Snapshot) -> list[Finding]:
        whole_to = self._whole_to.get(snapshot.snapshot, snapshot.position)
        if snapshot.whole_to in (None, whole_to):
            return []
        text = (
            f"{name_of(snapshot)} says that up to event {snapshot.whole_to} nothing takes effect "
            f"after its date; that is so up to event {whole_to}"
        )
        return [Finding("snapshot-whole", text, expected=whole_to, found=snapshot.whole_to)]

    def late_arrivals(self) -> list[str]:
        """Return what was recorded after each snapshot but took effect before its date."""
        return self._late.in_words()


def _is_sound(snapshot: Snapshot) -> bool:
    """Tell whether all that a check reckons with is of its type."""
    numbers = (snapshot.batch, snapshot.position, snapshot.whole_to or 0)
    return isinstance(snapshot.as_of, str) and all(isinstance(number, int) for number in numbers)


def _check_snapshot(
    ledger: Ledger, head: Head, snapshot: Snapshot, replayed: dict[Stream, State]
) -> list[Finding]:
    label = name_of(snapshot)
    header = read_batch(ledger, snapshot.batch)
    if header is None or header.lines_sha256 is None:
        text = f"{label}: batch {snapshot.batch} did not record it"
        return [Finding("snapshot-recorded", text)]
    found = []
    lines = read_lines(ledger, snapshot.snapshot)
    digest = digest_lines(snapshot, lines)
    if digest != header.lines_sha256:
        text = f"{label} was altered: it does not have the digest in its batch header"
        expected = str(header.lines_sha256)
        found.append(Finding("snapshot-digest", text, expected=expected, found=digest))
    if snapshot.position > head.position:
        text = (
            f"{label} was taken at position {snapshot.position}, but the log ends at "
            f"{head.position}"
        )
        found.append(Finding("snapshot-position", text, position=snapshot.position))
    for difference in compare(as_kept(replayed), states_of(lines)):
        text = f"{label}: {describe(difference, ledger.decimals, ledger.zone)}"
        values = values_of(difference, ledger.decimals, ledger.zone)
        found.append(Finding("snapshot-state", text, *difference.stream, None, *values))
    return found


def _recorded_digest(ledger: Ledger, head: Head, snapshot: Snapshot) -> str | None:
    """Return the digest in the header of the batch that recorded a snapshot; None where that is
    none, and where the log does not reach to its position.
    """
    header = read_batch(ledger, snapshot.batch)
    return header.lines_sha256 if header and snapshot.position <= head.position else None


def _expected_digests(ledger: Ledger, snapshots: Sequence[Snapshot]) -> list[str]:
    """Return the digests that snapshots have if their lines are what the log comes to."""
    digests = [begin_digest(snapshot) for snapshot in snapshots]
    states_at = StatesAt([Moment(snapshot.position, snapshot.as_of) for snapshot in snapshots])
    last = max(snapshot.position for snapshot in snapshots)
    rows = chain.from_iterable(by_stream(ledger, last))
    for stream, of_stream in groupby(rows, key=itemgetter(0, 1)):
        for state, places in states_at.of_stream(row[2:] for row in of_stream):
            text = line_text((*stream, *state[:-1]))
            for place in places:
                digests[place].update(text)
    return [digest.hexdigest() for digest in digests]
