"""Knows which recorded events look like the rows of a file, and which of them answer for one.

An event *looks* like a row when it is of the same stream, kind, quantity and reference, and of the
same moment, or day if that is all that is known. Must never know what that means for the row.
"""

from collections import OrderedDict
from typing import NamedTuple

from inventory_cli.core.dates import day_of
from inventory_cli.core.events import Draft, Drafts, Stream, is_stock
from inventory_cli.storage.known import Forgotten, Looks, last_moment, seen_between
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import reversal_of

# How many recorded events are kept at hand to be compared with rows.
_MOST_AT_HAND = 100_000


class Answer(NamedTuple):
    """The recorded event that answers for a row, and the one that voided it, if any; both are in
    the `file` of a ledger before this one, where that is said.
    """

    position: int
    voided_by: int | None = None
    file: str | None = None


class Alike:
    """The events that look alike and have not answered for a row yet, the next one last.

    Those that stand come before those that were voided.
    """

    def __init__(self, overlaps: "Overlaps") -> None:
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


class Overlaps:
    """The events that were there before the file, up to position `last`, and which of them answer
    for a row already.
    """

    def __init__(self, ledger: Ledger, last: int) -> None:
        self._ledger = ledger
        self._head = last
        self._forgotten = Forgotten(ledger)
        self._last: dict[Stream, str] = {}
        # One bit for each event.
        self._claimed = bytearray(self._head // 8 + 1)
        # All events of one stream and moment, or day, are looked at once; the latest used last.
        self._at_hand: OrderedDict[_Where, dict[Looks, Alike]] = OrderedDict()
        self._sizes: dict[_Where, int] = {}
        self._size = 0

    def may_hold(self, drafts: Drafts) -> bool:
        """Tell whether any of these is not later than all that was recorded in its stream."""
        times = zip(drafts.sku, drafts.location, drafts.effective_at, drafts.date_only, strict=True)
        return any(
            self._span((sku, location), moment, date_only)
            for sku, location, moment, date_only in times
        )

    def _span(self, stream: Stream, moment: str, date_only: int) -> tuple[str, str] | None:
        """Return between which moments lies what looks like a draft; None where nothing can."""
        if not is_stock(stream):
            return None
        last = self._last.get(stream)
        if last is None:
            last = self._last[stream] = last_moment(self._ledger, stream)
        start = end = moment
        if date_only and last:
            start, end = day_of(start, self._ledger.zone)
        return (start, end) if start <= last else None

    def like(self, drafts: tuple[Draft, ...]) -> Alike | None:
        """Return the recorded events that look like a row; None where there are none."""
        draft = drafts[0]
        span = self._span(draft.stream, draft.effective_at, draft.date_only)
        if span is None:
            return None
        where = (draft.stream, *span, bool(draft.date_only))
        seen = self._at_hand.get(where)
        if seen is None:
            seen = self._look(where)
        else:
            self._at_hand.move_to_end(where)
        target = drafts[1].location if len(drafts) > 1 else None
        return seen.get(Looks(draft.kind, draft.quantity, draft.reference, target))

    def _look(self, where: _Where) -> dict[Looks, Alike]:
        found: dict[Looks, Alike] = {}
        size = 1
        for event in seen_between(self._ledger, *where, self._head, self._forgotten):
            if not self.is_claimed(event.position):
                size += 1
                alike = found.get(event.looks) or found.setdefault(event.looks, Alike(self))
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
