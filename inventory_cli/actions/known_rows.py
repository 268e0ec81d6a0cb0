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

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from inventory_cli.actions.alike import Answer, Overlaps
from inventory_cli.actions.earlier import Earlier
from inventory_cli.actions.known_before import find_before
from inventory_cli.audit.seam import Seam
from inventory_cli.core.events import Draft, Event
from inventory_cli.core.rules import differing_in
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.chunks import Chunk, in_chunks
from inventory_cli.importing.rows import Packed, Row, pack, unpack
from inventory_cli.importing.spool import Spool
from inventory_cli.storage.carried_ids import any_carried
from inventory_cli.storage.insert import CHUNK
from inventory_cli.storage.known import (
    Forgotten,
    any_known,
    known_under_id,
    latest_of,
    same_as,
)
from inventory_cli.storage.ledger_file import Ledger

_OWN_ID = "give each event an id of its own"


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
    chunks: Iterable[Chunk],
    overlap: str | None,
    name: str,
    told: Told,
    last: int,
    seam: Seam | None = None,
    into_closed: bool = False,
) -> Iterator[Chunk]:
    """Give the rows that are to be recorded, under the write lock: those that do not look recorded
    up to the event at position `last`.

    `overlap` is "skip", "keep" or None; what takes effect before the `seam` belongs to the ledger
    on which this one follows, unless it is meant for the closed period. Raises Refused after the
    last row when some look recorded, or belong there, and `overlap` does not say what that means.
    """
    earlier = Earlier(None if into_closed else seam, overlap, ledger.zone, told.bad, told.before)
    keep = overlap == "keep"
    overlaps = Overlaps(ledger, last)
    ids = _Ids(ledger, seam, keep, last)
    # An empty log has nothing that could look like a row.
    compare = not keep and last > 0
    answered = _Answered(told)
    with Spool[Packed]() as waiting:

        def is_recorded(row: Row) -> bool:
            if _is_known_by_id(row, ids, overlaps, told) or earlier.takes(row):
                return False
            if not compare or (alike := overlaps.like(row.drafts)) is None:
                return True
            if row.drafts[0].id is None and alike.any_with_id():
                waiting.add(pack(row))
                return False
            return answered.is_new(row, alike.answer(with_id=False))

        def is_recorded_at_last(row: Row) -> bool:
            alike = overlaps.like(row.drafts)
            return alike is None or answered.is_new(row, alike.answer(with_id=True))

        for chunk in chunks:
            # Those before it are in the log by now.
            all_new = ids.are_new(chunk.ids) and not (
                earlier.may_take(chunk.drafts) or (compare and overlaps.may_hold(chunk.drafts))
            )
            yield chunk if all_new else chunk.only(is_recorded)
        for chunk in in_chunks(unpack(waiting.read())):
            yield chunk.only(is_recorded_at_last)
    earlier.refuse(name)
    if answered.count and overlap is None:
        raise Refused(
            f"{name}: {answered.count} of the rows look recorded already; the first is line "
            f"{answered.line}, which equals event {answered.position}",
            "--overlap skip leaves them out, --overlap keep records them once more",
        )


class _Answered:
    """How many rows look recorded already, and which is the first, of which line and event."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.count = self.line = self.position = 0

    def is_new(self, row: Row, answer: Answer | None) -> bool:
        """Tell whether a row that something looks like has no answer, and count it where it has."""
        if answer is None:
            return True
        if answer.voided_by is not None:
            self._told.voided(LeftOut(row.line, *answer))
            return False
        if not self.count:
            self.line, self.position = row.line, answer.position
        self.count += 1
        return False


def _is_known_by_id(row: Row, ids: "_Ids", overlaps: Overlaps, told: Told) -> bool:
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

    def __init__(self, ledger: Ledger, seam: Seam | None, keep: bool, last: int) -> None:
        self._ledger = ledger
        self._seam = seam
        self._head = last
        self._keep = keep
        self._forgotten = Forgotten(ledger)
        # Rows given here reach the log chunk by chunk; those not there yet are among these.
        self._recent: dict[str, tuple[Draft, ...]] = {}
        self._older: dict[str, tuple[Draft, ...]] = {}

    def are_new(self, ids: Sequence[str]) -> bool:
        """Tell whether none of the ids of a chunk was seen, here or there, or is in it twice."""
        if not ids:
            return True
        seen = self._recent.keys() | self._older.keys()
        return (
            len(set(ids)) == len(ids)
            and seen.isdisjoint(ids)
            and not any_known(self._ledger, ids)
            and not any_carried(self._ledger, ids)
        )

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
