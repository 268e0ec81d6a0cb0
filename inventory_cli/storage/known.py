"""Knows how what was recorded before is found again: under its id, or by what it looks like.

An event that was voided is found too; one of an import that was voided as a whole is not. Must
never know what that means for a row or a command.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from inventory_cli.core.events import Event, Stream
from inventory_cli.storage.batches import forgotten_in, read_batch
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, PIECE, read_event


class Known(NamedTuple):
    """What was recorded under an id: an event, or the two legs of a transfer or of its reversal.

    `voided_by` is the position of the reversal, if it was voided; `file` the ledger before this one
    in which it was recorded, if it was not here.
    """

    events: Sequence[Event]
    voided_by: int | None
    file: str | None = None

    @property
    def in_words(self) -> str:
        """The first of its events, and whether it was voided."""
        return place_in_words(self.events[0].position, self.voided_by)


def place_in_words(position: int, voided_by: int | None, file: str | None = None) -> str:
    """Return where an event stands, in which file if not in this one, and whether it was voided."""
    where = f"event {position}" if file is None else f"event {position} of {file}"
    return where if voided_by is None else f"{where} (voided by {voided_by})"


class Forgotten:
    """Tells which voided events are as if they had never been recorded: those of an import that
    was voided as a whole.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # By each batch that voided something, the import that it forgets.
        self._said: dict[int, int | None] = {}

    def has(self, batch: int, voided_in: int) -> bool:
        """Tell whether an event of a batch, voided by a reversal in another, is forgotten."""
        if voided_in not in self._said:
            self._said[voided_in] = forgotten_in(read_batch(self._ledger, voided_in))
        return self._said[voided_in] == batch


def known_under_id(ledger: Ledger, id: str, forgotten: Forgotten | None = None) -> list[Known]:
    """Return all that was ever recorded under the user's own key, in the order of positions.

    The other leg of a transfer, or its reversal, has no key of its own and is returned with it.
    """
    rows = ledger.connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM events WHERE id = ? ORDER BY position", (id,)
    ).fetchall()
    known: list[Known] = []
    forgotten = forgotten or Forgotten(ledger)
    for event in (Event(*row) for row in rows):
        voided_by, voided_in = _voided(ledger, event.position)
        if voided_in is None or not forgotten.has(event.batch, voided_in):
            known.append(Known(_with_other_leg(ledger, event), voided_by))
    return known


def any_known(ledger: Ledger, ids: Sequence[str]) -> bool:
    """Tell whether anything was ever recorded under any of some ids."""
    # One after the other is looked up: to compare with a list, SQLite would sort that first.
    query = "SELECT 1 FROM json_each(?) AS one CROSS JOIN events ON events.id = one.value LIMIT 1"
    return ledger.connection.execute(query, (json.dumps(ids),)).fetchone() is not None


def ids_of(ledger: Ledger) -> Iterator[str]:
    """Give every id of the log once, in order, read in pieces."""
    after = ""
    while rows := ledger.connection.execute(
        "SELECT DISTINCT id FROM events WHERE id > ? ORDER BY id LIMIT ?", (after, PIECE)
    ).fetchall():
        yield from (id for (id,) in rows)
        if rows[-1][0] <= after:
            raise DatabaseError("ids are out of order")
        after = rows[-1][0]


def with_ids(ledger: Ledger, head: int) -> Iterator[tuple[Event, int | None, int | None]]:
    """Give the events with an id up to position `head`, by id and position, read in pieces; each
    with the position and the batch of the reversal that voids it there.
    """
    after = ("", 0)
    columns = ", ".join(f"e.{name}" for name in Event._fields)
    while rows := ledger.connection.execute(
        f"SELECT {columns}, r.position, r.batch FROM events AS e"
        " LEFT JOIN events AS r ON r.reverses = e.position AND r.position <= ?"
        # By the index of ids, or SQLite would read and sort all events up to the head each time.
        " WHERE e.id IS NOT NULL AND (e.id, e.position) > (?, ?) AND +e.position <= ?"
        " ORDER BY e.id, e.position LIMIT ?",
        (head, *after, head, PIECE),
    ).fetchall():
        events = [(Event(*row[:-2]), *row[-2:]) for row in rows]
        yield from events
        last = events[-1][0]
        if (place := (str(last.id), last.position)) <= after:
            raise DatabaseError("ids are out of order")
        after = place


def same_as(known: Iterable[Known], is_same: Callable[[Known], bool]) -> Known | None:
    """Return what of all that was recorded under an id says the same; what stands, if any does."""
    same = [one for one in known if is_same(one)]
    return next((one for one in same if one.voided_by is None), same[0] if same else None)


def latest_of(known: Sequence[Known]) -> Known | None:
    """Return what was recorded last under an id; what stands, if any does."""
    standing = [one for one in known if one.voided_by is None]
    return next(reversed(standing or known), None)


def _voided(ledger: Ledger, position: int) -> tuple[int | None, int | None]:
    """Return the position and the batch of the reversal that voids an event."""
    row = ledger.connection.execute(
        "SELECT position, batch FROM events WHERE reverses = ?", (position,)
    ).fetchone()
    return row or (None, None)


def _with_other_leg(ledger: Ledger, first: Event) -> list[Event]:
    second = read_event(ledger, first.position + 1)
    if (
        second is not None
        and (second.batch, second.kind, second.id) == (first.batch, first.kind, None)
        and (
            (first.kind == "transferred" and second.quantity == -first.quantity)
            or (first.reverses is not None and second.reverses == first.reverses + 1)
        )
    ):
        return [first, second]
    return [first]


class Looks(NamedTuple):
    """By what an event looks like another of its stream and time; a transfer, where it goes to."""

    kind: str
    quantity: int
    reference: str | None
    target: str | None


class Seen(NamedTuple):
    """A recorded event as it looks, and what else counts: whether it has an id or was voided."""

    position: int
    looks: Looks
    has_id: bool
    is_voided: bool


def last_moment(ledger: Ledger, stream: Stream) -> str:
    """Return the last moment at which anything took effect in a stream, voided or not; or ""."""
    row = ledger.connection.execute(
        "SELECT effective_at FROM events WHERE sku = ? AND location = ?"
        " ORDER BY effective_at DESC LIMIT 1",
        stream,
    ).fetchone()
    return row[0] if row else ""


def seen_between(
    ledger: Ledger,
    stream: Stream,
    start: str,
    end: str,
    by_day: bool,
    head: int,
    forgotten: Forgotten,
) -> Iterator[Seen]:
    """Give the events up to position `head` of a stream between two moments (UTC text) that are
    known by their day, or those that are not; no reversals. In the order of positions.
    """
    rows = ledger.connection.execute(
        "SELECT e.position, e.batch, e.kind, e.quantity, e.reference, e.id IS NOT NULL, r.batch,"
        " (SELECT a.location FROM events AS a WHERE e.kind = 'transferred'"
        " AND a.position = e.position + 1)"
        " FROM events AS e LEFT JOIN events AS r ON r.reverses = e.position"
        " WHERE e.sku = ? AND e.location = ? AND e.effective_at BETWEEN ? AND ?"
        " AND (e.date_only > 0) = ? AND e.kind <> 'reversed' AND e.position <= ?"
        " ORDER BY e.position",
        (*stream, start, end, by_day, head),
    )
    for position, batch, kind, quantity, reference, has_id, voided_in, target in rows:
        if voided_in is None or not forgotten.has(batch, voided_in):
            looks = Looks(kind, quantity, reference, target)
            yield Seen(position, looks, bool(has_id), voided_in is not None)
