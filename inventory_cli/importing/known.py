"""Knows which rows of a file the ledger has already. Must never know SQL or how a row is spelled.

Two rules. A row with an id is known when that id is recorded: it is left out when it says the
same, and refused when not. A row without one *looks* recorded when a standing event of the same
stream, moment, kind, quantity and reference was there before the file; then the user decides.
Each recorded event answers for one row only, so further occurrences are new.
"""

from collections.abc import Iterable, Iterator

from inventory_cli.core.events import Draft
from inventory_cli.core.rules import is_arrival, same_content
from inventory_cli.errors import Refused
from inventory_cli.storage.append import CHUNK
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import event_by_id, similar_positions
from inventory_cli.storage.stock import stored_state

Row = tuple[int, Draft]


def without_known(
    ledger: Ledger, rows: Iterable[Row], overlap: str | None, name: str
) -> Iterator[Row]:
    """Give the rows that are to be recorded, under the write lock.

    `overlap` is "skip", "keep" or None. Raises Refused for an id with different content, and,
    after the last row, when some look recorded and `overlap` does not say what that means.
    """
    ids = _Ids(ledger, name)
    overlaps = _Overlaps(ledger)
    first: tuple[int, int] | None = None
    count = 0
    leave_out_arrival = False
    for line, draft in rows:
        if leave_out_arrival:
            leave_out_arrival = False
            continue
        known = False
        if draft.id is not None:
            known = ids.has(line, draft)
        elif overlap != "keep" and not is_arrival(draft):
            position = overlaps.claim(draft)
            if position is not None:
                known = True
                count += 1
                first = first or (line, position)
        if known:
            leave_out_arrival = draft.kind == "transferred"
        else:
            yield line, draft
    if first is not None and overlap is None:
        line, position = first
        raise Refused(
            f"{name}: {count} of the rows look recorded already; the first is line {line}, "
            f"which equals event {position}",
            "--overlap skip leaves them out, --overlap keep records them once more",
        )


class _Ids:
    """The ids recorded before the file and within it."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name
        self._head = ledger.head().position
        # Rows given here reach the log chunk by chunk; those not there yet are among these.
        self._recent: dict[str, Draft] = {}
        self._older: dict[str, Draft] = {}

    def has(self, line: int, draft: Draft) -> bool:
        id = draft.id or ""
        recent = self._recent.get(id) or self._older.get(id)
        event = None if recent else event_by_id(self._ledger, id)
        if recent is None and event is None:
            if len(self._recent) >= CHUNK:
                self._older, self._recent = self._recent, {}
            self._recent[id] = draft
            return False
        if recent == draft or (event and same_content(draft, event, moment_given=True)):
            return True
        taken = f"by event {event.position}" if event else "earlier in the file"
        if event and event.position > self._head:
            taken = "earlier in the file"
        raise Refused(
            f"{self._name}, line {line}: the id {id!r} is taken {taken}, for something else",
            "give each event an id of its own",
        )


class _Overlaps:
    """The events that were there before the file, and which of them answer for a row already."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = ledger.head().position
        # One bit for each event.
        self._claimed = bytearray(self._head // 8 + 1)
        self._last_effective: dict[tuple[str, str], str] = {}

    def claim(self, draft: Draft) -> int | None:
        """Return the position of a recorded event that looks like the draft, each only once."""
        stream = (draft.sku, draft.location)
        last = self._last_effective.get(stream)
        if last is None:
            stored = stored_state(self._ledger, stream)
            last = self._last_effective[stream] = stored.last_effective if stored else ""
        if draft.effective_at > last:
            return None
        for position in similar_positions(self._ledger, draft, self._head):
            byte, bit = position // 8, 1 << position % 8
            if not self._claimed[byte] & bit:
                self._claimed[byte] |= bit
                return position
        return None
