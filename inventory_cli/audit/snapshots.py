"""Knows how each snapshot is checked against the log it was taken of.

Must never take one for right because of a number in it.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, partial

from inventory_cli.audit.check import EFFECTIVE_AT, POSITION, UNREADABLE, Row, event_of, unreadable
from inventory_cli.audit.finding import Finding
from inventory_cli.audit.replayed import Stop
from inventory_cli.core.dates import show_effective
from inventory_cli.core.differences import compare, describe, values_of
from inventory_cli.core.events import Event, Stream
from inventory_cli.core.periods import Closing, is_allowed
from inventory_cli.core.replay import State
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.chain import digest_lines
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.snapshots import (
    Snapshot,
    as_kept,
    orphaned_lines,
    read_closings,
    read_lines,
    snapshot_batches,
    states_of,
)


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
        # Those that the log has passed, by date; and by number what came late, and how much of it.
        self._passed = 0
        self._by_date: list[Snapshot] = []
        self._late: dict[int, list[str]] = {}
        self._late_count: Counter[int] = Counter()
        self._intruders: list[Finding] = []
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

    def feed(self, rows: list[Row]) -> None:
        while self._passed < len(self._snapshots) and (
            self._snapshots[self._passed].position < rows[-1][POSITION]
        ):
            insort(self._by_date, self._snapshots[self._passed], key=_date)
            self._passed += 1
        latest = self._by_date[-1].as_of if self._by_date else ""
        for row in rows:
            effective_at = row[EFFECTIVE_AT]
            if latest and effective_at <= latest:
                self._note_late(event_of(row))
            while self._whole and effective_at > self._whole[-1].as_of:
                self.note_whole(self._whole.pop(), row[POSITION] - 1)

    def _note_late(self, event: Event) -> None:
        allowed: bool | None = None
        for snapshot in self._by_date[bisect_left(self._by_date, event.effective_at, key=_date) :]:
            if event.position > snapshot.position:
                self._late_count[snapshot.snapshot] += 1
                shown = self._late.setdefault(snapshot.snapshot, [])
                if len(shown) < MOST_SHOWN:
                    shown.append(self._describe(event, why=bool(snapshot.closes)))
                if snapshot.closes and allowed is None:
                    allowed = is_allowed(event.effective_at, event.details, self._closings)
                if snapshot.closes and not allowed:
                    text = (
                        f"{self._describe(event)} takes effect in the period that "
                        f"{name_of(snapshot)} had closed, and does not say that this is meant"
                    )
                    self._intruders.append(
                        Finding("closed", text, event.sku, event.location, event.position)
                    )

    @cached_property
    def _closings(self) -> list[Closing]:
        return read_closings(self._ledger)

    def _describe(self, event: Event, why: bool = False) -> str:
        on = show_effective(event.effective_at, event.date_only, self._ledger.zone)
        reason = f": {event.reason}" if why and event.reason else ""
        return (
            f"event {event.position} ({event.kind} {event.sku} at {event.location} on {on}{reason})"
        )

    def note_whole(self, snapshot: Snapshot, position: int) -> None:
        """Note up to which position nothing takes effect after the date of a snapshot.

        What was noted first holds: a log that is read from an anchor on shows less than all of it.
        """
        self._whole_to.setdefault(snapshot.snapshot, min(position, snapshot.position))

    def finish(self) -> list[Finding]:
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
        return found + self._intruders

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
        notes = []
        for snapshot in sorted(self._snapshots):
            if shown := self._late.get(snapshot.snapshot):
                rest = self._late_count[snapshot.snapshot] - len(shown)
                more = f", and {rest} more" if rest else ""
                closed = ", and its period was closed" if snapshot.closes else ""
                notes.append(
                    f"{name_of(snapshot)}: recorded since, but effective before{closed}: "
                    f"{', '.join(shown)}{more}"
                )
        return notes


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


def _date(snapshot: Snapshot) -> str:
    return snapshot.as_of


def name_of(snapshot: Snapshot) -> str:
    """Return how reports speak of a snapshot."""
    return f"snapshot {snapshot.snapshot}" + (f" ({snapshot.name})" if snapshot.name else "")
