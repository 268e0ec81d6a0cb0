"""Knows which rows of a file the ledger has already. Must never know SQL or how a row is spelled.

Two rules. A row with an id is known when that id is recorded: it is left out when it says the
same, and a bad row when not. Any other row *looks* recorded when a standing event of the same
stream, moment, kind, quantity and reference was there before the file; then the user decides.
Each recorded event answers for one row only, so further occurrences are new.
"""

from collections.abc import Callable, Iterable, Iterator

from inventory_cli.core.events import Draft
from inventory_cli.core.rules import differing_in
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.rows import Row
from inventory_cli.storage.insert import CHUNK
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import events_under_id, next_similar, read_event
from inventory_cli.storage.stock import stored_state


def without_known(
    ledger: Ledger,
    rows: Iterable[Row],
    overlap: str | None,
    name: str,
    bad: Callable[[BadRow], None],
) -> Iterator[Row]:
    """Give the rows that are to be recorded, under the write lock.

    `overlap` is "skip", "keep" or None; `bad` is told of every row whose id says something else.
    Raises Refused after the last row when some look recorded and `overlap` does not say what that
    means.
    """
    ids = _Ids(ledger)
    # An empty log has nothing that could look like a row.
    compare = overlap != "keep" and ledger.head().position > 0
    overlaps = _Overlaps(ledger)
    first: tuple[int, int] | None = None
    count = 0
    for row in rows:
        line, drafts = row.line, row.drafts
        try:
            if drafts[0].id is not None and ids.has(drafts):
                continue
        except _IdTaken as taken:
            bad(BadRow(line, "id", drafts[0].id or "", str(taken)))
            continue
        position = overlaps.claim(drafts) if compare else None
        if position is None:
            yield row
            continue
        count += 1
        first = first or (line, position)
    if first is not None and overlap is None:
        line, position = first
        raise Refused(
            f"{name}: {count} of the rows look recorded already; the first is line {line}, "
            f"which equals event {position}",
            "--overlap skip leaves them out, --overlap keep records them once more",
        )


class _IdTaken(Exception):
    """The id of a row stands for something else already."""


class _Ids:
    """The ids recorded before the file and within it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = ledger.head().position
        # Rows given here reach the log chunk by chunk; those not there yet are among these.
        self._recent: dict[str, tuple[Draft, ...]] = {}
        self._older: dict[str, tuple[Draft, ...]] = {}

    def has(self, drafts: tuple[Draft, ...]) -> bool:
        id = drafts[0].id or ""
        recent = self._recent.get(id) or self._older.get(id)
        if recent == drafts:
            return True
        known = [] if recent else events_under_id(self._ledger, id)
        if recent is None and not known:
            if len(self._recent) >= CHUNK:
                self._older, self._recent = self._recent, {}
            self._recent[id] = drafts
            return False
        if known and not (differing := differing_in(drafts, known, True, self._ledger.zone)):
            return True
        if known and known[0].position <= self._head:
            where = f"taken by event {known[0].position}, which differs in its {differing}"
        else:
            where = "taken earlier in the file, for something else"
        raise _IdTaken(f"{where}: give each event an id of its own")


class _Overlaps:
    """The events that were there before the file, and which of them answer for a row already."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = ledger.head().position
        self._last_effective: dict[tuple[str, str], str] = {}
        # One bit for each event, and, so that many equal rows need not be passed over again for
        # each, where the search for the latest ones ended.
        self._claimed = bytearray(self._head // 8 + 1)
        self._ends: dict[tuple[Draft, ...], int] = {}

    def claim(self, drafts: tuple[Draft, ...]) -> int | None:
        """Return the position of a recorded event that looks like a row, each only once."""
        draft = drafts[0]
        stream = (draft.sku, draft.location)
        last = self._last_effective.get(stream)
        if last is None:
            stored = stored_state(self._ledger, stream)
            last = self._last_effective[stream] = stored.last_effective if stored else ""
        if draft.effective_at > last:
            return None
        key = tuple(d._replace(reason=None, unit_cost=None, id=None, details=None) for d in drafts)
        after = self._ends.get(key, 0)
        while event := next_similar(self._ledger, draft, after, self._head):
            after = event.position
            byte, bit = after // 8, 1 << after % 8
            if not self._claimed[byte] & bit and self._arrives_alike(after, drafts):
                self._claimed[byte] |= bit
                self._remember(key, after)
                return after
        self._remember(key, after)
        return None

    def _arrives_alike(self, position: int, drafts: tuple[Draft, ...]) -> bool:
        if len(drafts) == 1:
            return True
        arrival = read_event(self._ledger, position + 1)
        return arrival is not None and arrival.location == drafts[1].location

    def _remember(self, key: tuple[Draft, ...], after: int) -> None:
        if len(self._ends) >= CHUNK:
            self._ends.clear()
        self._ends[key] = after
