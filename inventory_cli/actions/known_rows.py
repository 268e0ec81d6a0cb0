"""Knows which rows of a file the ledger has already. Must never know SQL or how a row is spelled.

A row with an id is known when that id is recorded: it is left out when it says the same as anything
that ever was under it, and a bad row when not. Any other row *looks* recorded when an event of the
same stream, kind, quantity and reference, of the same moment, or day if that is all that is known,
was there before the file; then the user decides. What was voided is still known: a row that equals
it is left out.

Each recorded event answers for one row only, so further occurrences are new. What an id matched is
claimed by it, and an event with an id never answers for a row with another one. So a row without an
id waits, where only events with an id may answer for it, until all ids of the file are known.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from inventory_cli.actions.earlier import Earlier
from inventory_cli.actions.known_before import find_before
from inventory_cli.audit.seam import Seam
from inventory_cli.core.dates import day_of
from inventory_cli.core.events import Draft, Event, Stream
from inventory_cli.core.rules import differing_in
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.rows import Packed, Row, pack, unpack
from inventory_cli.importing.spool import Spool
from inventory_cli.storage.insert import CHUNK
from inventory_cli.storage.known import (
    Forgotten,
    Looks,
    known_under_id,
    last_moment,
    latest_of,
    same_as,
    seen_between,
)
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import reversal_of

# How many recorded events are kept at hand to be compared with rows.
_MOST_AT_HAND = 100_000


_OWN_ID = "give each event an id of its own"


class Answer(NamedTuple):
    """The recorded event that answers for a row, and the one that voided it, if any; both are in
    the `file` of a ledger before this one, where that is said.
    """

    position: int
    voided_by: int | None = None
    file: str | None = None


class LeftOut(NamedTuple):
    """A row that is not recorded because it equals an event that was voided, in this ledger or in
    the `file` of one before it.
    """

    line: int
    position: int
    voided_by: int | None
    file: str | None = None


class Told(NamedTuple):
    """Who is told of the rows that are not recorded, and why: bad ones, those voided before, and
    those that belong to a ledger before this one, which may be known there by their id or not.
    """

    bad: Callable[[BadRow], object]
    voided: Callable[[LeftOut], object]
    before: Callable[[BadRow | None], object]


def without_known(
    ledger: Ledger,
    rows: Iterable[Row],
    overlap: str | None,
    name: str,
    told: Told,
    seam: Seam | None = None,
    into_closed: bool = False,
) -> Iterator[Row]:
    """Give the rows that are to be recorded, under the write lock.

    `overlap` is "skip", "keep" or None; what takes effect before the `seam` belongs to the ledger
    on which this one follows, unless it is meant for the closed period. Raises Refused after the
    last row when some look recorded, or belong there, and `overlap` does not say what that means.
    """
    earlier = Earlier(None if into_closed else seam, overlap, ledger.zone, told.bad, told.before)
    keep = overlap == "keep"
    overlaps = _Overlaps(ledger)
    ids = _Ids(ledger, seam, keep)
    # An empty log has nothing that could look like a row.
    compare = not keep and ledger.head().position > 0
    looked: list[tuple[int, int]] = []
    count = 0

    def is_new(row: Row, answer: Answer | None) -> bool:
        nonlocal count
        if answer is None:
            return True
        if answer.voided_by is not None:
            told.voided(LeftOut(row.line, *answer))
            return False
        count += 1
        if not looked:
            looked.append((row.line, answer.position))
        return False

    with Spool[Packed]() as waiting:
        for row in rows:
            if _is_known_by_id(row, ids, overlaps, told) or earlier.takes(row):
                continue
            if not compare or (alike := overlaps.like(row.drafts)) is None:
                yield row
            elif row.drafts[0].id is None and alike.any_with_id():
                waiting.add(pack(row))
            elif is_new(row, alike.answer(with_id=False)):
                yield row
        for row in unpack(waiting.read()):
            alike = overlaps.like(row.drafts)
            if alike is None or is_new(row, alike.answer(with_id=True)):
                yield row
    earlier.refuse(name)
    if looked and overlap is None:
        line, position = looked[0]
        raise Refused(
            f"{name}: {count} of the rows look recorded already; the first is line {line}, "
            f"which equals event {position}",
            "--overlap skip leaves them out, --overlap keep records them once more",
        )


def _is_known_by_id(row: Row, ids: "_Ids", overlaps: "_Overlaps", told: Told) -> bool:
    """Tell whether a row is not recorded because of its id, and say so where it is to be known."""
    id = row.drafts[0].id
    if id is None:
        return False
    try:
        answer = ids.find(id, row.drafts)
    except _IdTaken as taken:
        told.bad(BadRow(row.line, "id", id, str(taken)))
        return True
    if answer is None:
        return False
    if answer.voided_by is not None:
        told.voided(LeftOut(row.line, *answer))
    elif answer.file is not None:
        told.before(None)
    if answer.file is None:
        overlaps.claim(answer.position)
    return True


class _IdTaken(Exception):
    """The id of a row stands for something else already."""


class _Ids:
    """The ids recorded before the file and within it.

    What was voided before it is passed over where rows are to be kept.
    """

    def __init__(self, ledger: Ledger, seam: Seam | None, keep: bool) -> None:
        self._ledger = ledger
        self._seam = seam
        self._head = ledger.head().position
        self._keep = keep
        self._forgotten = Forgotten(ledger)
        # Rows given here reach the log chunk by chunk; those not there yet are among these.
        self._recent: dict[str, tuple[Draft, ...]] = {}
        self._older: dict[str, tuple[Draft, ...]] = {}

    def find(self, id: str, drafts: tuple[Draft, ...]) -> Answer | None:
        """Return what was recorded under an id and says the same: position 0 in the file itself.

        Raises _IdTaken where the id stands for something else.
        """
        recent = self._recent.get(id) or self._older.get(id)
        zone = self._ledger.zone
        if recent and not differing_in(drafts, [Event(0, 0, *said) for said in recent], True, zone):
            return Answer(0)
        known = [] if recent else known_under_id(self._ledger, id, self._forgotten)
        if self._keep:
            known = [one for one in known if one.voided_by is None]
        before = None
        if not recent:
            before = find_before(self._ledger, [drafts], True, self._seam, standing=self._keep)
        if before and not before.differing:
            return Answer(before.carried.position, before.carried.voided_by, before.file)
        if recent is None and not known and before is None:
            if len(self._recent) >= CHUNK:
                self._older, self._recent = self._recent, {}
            self._recent[id] = drafts
            return None
        if same := same_as(known, lambda one: not differing_in(drafts, one.events, True, zone)):
            return Answer(same.events[0].position, same.voided_by)
        latest = latest_of(known)
        if before and latest is None:
            raise _IdTaken(
                f"taken by {before.in_words}, which differs in its {before.differing}: {_OWN_ID}"
            )
        if latest is not None and latest.events[0].position <= self._head:
            differing = differing_in(drafts, latest.events, True, zone)
            where = f"taken by {latest.in_words}, which differs in its {differing}"
        else:
            where = "taken earlier in the file, for something else"
        raise _IdTaken(f"{where}: {_OWN_ID}")


class _Alike:
    """The events that look alike and have not answered for a row yet, the next one last.

    Those that stand come before those that were voided.
    """

    def __init__(self, overlaps: "_Overlaps") -> None:
        self._overlaps = overlaps
        self.without_id: list[tuple[int, bool]] = []
        self.with_id: list[tuple[int, bool]] = []

    def any_with_id(self) -> bool:
        """Tell whether one of them has an id."""
        return bool(self._unclaimed(self.with_id))

    def answer(self, with_id: bool) -> Answer | None:
        """Take the event that answers for the next row; one with an id only if that is allowed."""
        candidates = [self._unclaimed(self.without_id)]
        if with_id:
            candidates.append(self._unclaimed(self.with_id))
        # The first that stands, or the first that was voided.
        found = min(filter(None, candidates), key=lambda events: events[-1][1], default=None)
        if found is None:
            return None
        position, is_voided = found.pop()
        return self._overlaps.answer(position, is_voided)

    def _unclaimed(self, events: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
        while events and self._overlaps.is_claimed(events[-1][0]):
            events.pop()
        return events


# A stream, between which moments, and whether what is known by its day.
_Where = tuple[Stream, str, str, bool]


class _Overlaps:
    """The events that were there before the file, and which of them answer for a row already."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = ledger.head().position
        self._forgotten = Forgotten(ledger)
        self._last: dict[Stream, str] = {}
        # One bit for each event.
        self._claimed = bytearray(self._head // 8 + 1)
        # All events of one stream and moment, or day, are looked at once; the latest used last.
        self._at_hand: OrderedDict[_Where, dict[Looks, _Alike]] = OrderedDict()
        self._sizes: dict[_Where, int] = {}
        self._size = 0

    def like(self, drafts: tuple[Draft, ...]) -> _Alike | None:
        """Return the recorded events that look like a row; None where there are none."""
        draft = drafts[0]
        stream = draft.stream
        last = self._last.get(stream)
        if last is None:
            last = self._last[stream] = last_moment(self._ledger, stream)
        start = end = draft.effective_at
        if draft.date_only and last:
            start, end = day_of(start, self._ledger.zone)
        if start > last:
            return None
        where = (stream, start, end, bool(draft.date_only))
        seen = self._at_hand.get(where)
        if seen is None:
            seen = self._look(where)
        else:
            self._at_hand.move_to_end(where)
        target = drafts[1].location if len(drafts) > 1 else None
        return seen.get(Looks(draft.kind, draft.quantity, draft.reference, target))

    def _look(self, where: _Where) -> dict[Looks, _Alike]:
        found: dict[Looks, _Alike] = {}
        size = 1
        for event in seen_between(self._ledger, *where, self._head, self._forgotten):
            if not self.is_claimed(event.position):
                size += 1
                alike = found.get(event.looks) or found.setdefault(event.looks, _Alike(self))
                events = alike.with_id if event.has_id else alike.without_id
                events.append((event.position, event.is_voided))
        for alike in found.values():
            for events in (alike.with_id, alike.without_id):
                events.sort(key=lambda event: (not event[1], -event[0]))
        self._at_hand[where] = found
        self._sizes[where] = size
        self._size += size
        while self._size > _MOST_AT_HAND and len(self._at_hand) > 1:
            oldest, _ = self._at_hand.popitem(last=False)
            self._size -= self._sizes.pop(oldest)
        return found

    def answer(self, position: int, is_voided: bool) -> Answer:
        """Claim an event, and return it as an answer."""
        self.claim(position)
        return Answer(position, reversal_of(self._ledger, position) if is_voided else None)

    def claim(self, position: int) -> None:
        """Take an event as one that answers for a row; one of the file itself is none of these."""
        if 0 < position <= self._head:
            self._claimed[position // 8] |= 1 << position % 8

    def is_claimed(self, position: int) -> bool:
        """Tell whether an event answers for a row already."""
        return bool(self._claimed[position // 8] & 1 << position % 8)
