"""Knows what was recorded after a snapshot was taken, but takes effect by its date.

Must never know what the snapshot says, nor read the log more than once for all of them.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from functools import cached_property

from inventory_cli.audit.check import DETAILS, EFFECTIVE_AT, POSITION, Piece, Row
from inventory_cli.audit.finding import Finding
from inventory_cli.core.dates import show_effective
from inventory_cli.core.events import Event
from inventory_cli.core.periods import Closing, is_allowed, named_in
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_event
from inventory_cli.storage.snapshots import Snapshot, read_closings


class Late:
    """The late arrivals of snapshots, shown the log from its first event to its last.

    How many there are of each is counted for all snapshots of later dates at once, so that the
    time it takes does not grow with their number.
    """

    def __init__(self, ledger: Ledger, snapshots: Sequence[Snapshot]) -> None:
        self._ledger = ledger
        self._snapshots = sorted(snapshots, key=lambda snapshot: snapshot.position)
        # All by date. How many late arrivals there are for that place and all behind it; and of
        # each snapshot that the log has passed, how many of them came before it.
        self._by_date = sorted(snapshots, key=_date)
        self._from_place = [0] * len(snapshots)
        self._before: dict[int, int] = {}
        self._latest = ""
        # Of those that the log has passed, by date: which have room to show more, which close.
        self._with_room: list[Snapshot] = []
        self._closing: list[Snapshot] = []
        self._shown: dict[int, list[str]] = {}
        self.intruders: list[Finding] = []

    def feed(self, piece: Piece) -> None:
        """Look at the next events of the log."""
        latest = max(self._latest, *self._dates_before(piece.rows[-1][POSITION]), "")
        if latest and min(piece.columns[EFFECTIVE_AT]) <= latest:
            for row in piece.rows:
                self._pass_before(row[POSITION])
                if row[EFFECTIVE_AT] <= self._latest:
                    self._note(row)
        self._pass_before(piece.rows[-1][POSITION])

    def _dates_before(self, position: int) -> list[str]:
        found = []
        for snapshot in self._snapshots[len(self._before) :]:
            if snapshot.position >= position:
                break
            found.append(snapshot.as_of)
        return found

    def _pass_before(self, position: int) -> None:
        """Note which snapshots were taken before an event."""
        while (passed := len(self._before)) < len(self._snapshots):
            snapshot = self._snapshots[passed]
            if snapshot.position >= position:
                return
            self._before[snapshot.snapshot] = self._counted(snapshot)
            self._latest = max(self._latest, snapshot.as_of)
            insort(self._with_room, snapshot, key=_date)
            if snapshot.closes:
                insort(self._closing, snapshot, key=_date)

    def _counted(self, snapshot: Snapshot) -> int:
        return sum(self._from_place[: bisect_right(self._by_date, snapshot.as_of, key=_date)])

    def _note(self, row: Row) -> None:
        effective_at = row[EFFECTIVE_AT]
        self._from_place[bisect_left(self._by_date, effective_at, key=_date)] += 1
        first = bisect_left(self._with_room, effective_at, key=_date)
        closing = self._closing[bisect_left(self._closing, effective_at, key=_date) :]
        if closing and self._is_allowed(effective_at, row[DETAILS]):
            closing = []
        if first == len(self._with_room) and not closing:
            return
        event = read_event(self._ledger, row[POSITION])
        if event is None:
            return
        for snapshot in self._with_room[first:]:
            shown = self._shown.setdefault(snapshot.snapshot, [])
            shown.append(self._describe(event, why=bool(snapshot.closes)))
            if len(shown) == MOST_SHOWN:
                self._with_room.remove(snapshot)
        for snapshot in closing:
            text = (
                f"{self._describe(event)} takes effect in the period that {name_of(snapshot)} had "
                "closed, and does not say that this is meant"
            )
            self.intruders.append(
                Finding("closed", text, event.sku, event.location, event.position)
            )

    def _is_allowed(self, effective_at: str, details: str | None) -> bool:
        closing = self._closings.get(named_in(details) or "")
        return closing is not None and is_allowed(effective_at, details, [closing])

    @cached_property
    def _closings(self) -> dict[str, Closing]:
        return {closing.name: closing for closing in read_closings(self._ledger)}

    def _describe(self, event: Event, why: bool = False) -> str:
        on = show_effective(event.effective_at, event.date_only, self._ledger.zone)
        reason = f": {event.reason}" if why and event.reason else ""
        return (
            f"event {event.position} ({event.kind} {event.sku} at {event.location} on {on}{reason})"
        )

    def in_words(self) -> list[str]:
        """Return what was recorded after each snapshot but took effect before its date."""
        notes = []
        for snapshot in sorted(self._snapshots):
            if shown := self._shown.get(snapshot.snapshot):
                count = self._counted(snapshot) - self._before[snapshot.snapshot]
                rest = count - len(shown)
                more = f", and {rest} more" if rest else ""
                closed = ", and its period was closed" if snapshot.closes else ""
                notes.append(
                    f"{name_of(snapshot)}: recorded since, but effective before{closed}: "
                    f"{', '.join(shown)}{more}"
                )
        return notes


def _date(snapshot: Snapshot) -> str:
    return snapshot.as_of


def name_of(snapshot: Snapshot) -> str:
    """Return how reports speak of a snapshot."""
    return f"snapshot {snapshot.snapshot}" + (f" ({snapshot.name})" if snapshot.name else "")
