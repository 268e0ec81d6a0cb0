"""Knows which rows of a file count, or open, one and the same, and how they are added up.

Must never know what has been recorded.
"""

from collections.abc import Iterable, Iterator

from inventory_cli.core.events import OPENING_DETAILS, Draft, pack_details, unpack_details
from inventory_cli.core.quantities import LARGEST_ON_HAND
from inventory_cli.importing.bad_rows import BadCell, BadRow
from inventory_cli.importing.rows import Packed, Row, pack, unpack
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Reading

# Of these a second one does not add to the first, so it is no row like others.
_ONCE = {"counted": "counts", "opened": "opens"}

_NO = (0, None, None)

# A kind, and where and when.
_Spot = tuple[str, str, str, str, int]


def _spot(draft: Draft) -> _Spot:
    # What is known by its day has one moment in it.
    return draft.kind, draft.sku, draft.location, draft.effective_at, draft.date_only


class Once:
    """The counts and openings of a file that were seen; `label` is that of its column of SKUs.

    Where one that says the `same` quantity again is taken for the same, only others are repeated.
    """

    def __init__(self, label: str, same: bool = False) -> None:
        self._label = label
        self._same = same
        self._first: dict[_Spot, tuple[int, str | None, int]] = {}

    def repeated(self, row: Row) -> BadRow | None:
        """Return what is wrong with a row that counts or opens what one before does, or None."""
        draft = row.drafts[0]
        already = self.said_before(row.line, draft)
        if already is None:
            return None
        more = ", with another figure" if self._same else "; --add-up adds them up"
        return BadRow(row.line, self._label, draft.sku, already + more)

    def is_same(self, row: Row) -> bool:
        """Tell whether a row is only a figure that was said before, and is to be taken once."""
        draft = row.drafts[0]
        return self._same and self._first.get(_spot(draft), _NO)[2] == draft.quantity

    def said_before(self, line: int, draft: Draft) -> str | None:
        """Return which earlier line counts or opens what a draft does, in words, or None.

        Where both have the same id they are one, or another is to say that they are not.
        """
        if draft.kind not in _ONCE:
            return None
        spot = _spot(draft)
        if spot not in self._first:
            self._first[spot] = (line, draft.id, draft.quantity)
            return None
        first, id, _ = self._first[spot]
        if id is not None and id == draft.id:
            return None
        when = "on the same day" if draft.date_only else "at the same moment"
        return f"line {first} {_ONCE[draft.kind]} {draft.sku} at {draft.location} {when} already"


def added_up(rows: Iterable[Row], reading: Reading) -> Iterator[Row]:
    """Give the rows, with one in the place of all that count, or open, the same: the first of them,
    with the sum of their quantities.

    What is not the same in all is that of the first, but for the dates of an opening balance, which
    are the last ones. What has an id of its own is not added to another: that would be forgotten.
    """
    sums: dict[_Spot, Row] = {}
    with Spool[Packed]() as waiting:
        for row in rows:
            draft = row.drafts[0]
            if draft.kind not in _ONCE:
                waiting.add(pack(row))
            elif (first := sums.get(_spot(draft))) is None:
                sums[_spot(draft)] = row
                waiting.add(pack(row))
            elif draft.id is not None and draft.id == first.drafts[0].id:
                # One row, or another is to say that they are not.
                waiting.add(pack(row))
            else:
                try:
                    sums[_spot(draft)] = _sum(first, row)
                except BadCell as bad:
                    reading.note_bad(BadRow.of(row.line, bad))
        for row in unpack(waiting.read()):
            draft = row.drafts[0]
            yield sums.pop(_spot(draft), row) if draft.kind in _ONCE else row


def _sum(first: Row, row: Row) -> Row:
    """Return what two rows say together. Raises BadCell where that cannot be said."""
    one, other = first.drafts[0], row.drafts[0]
    if one.id != other.id:
        reason = f"line {first.line} has another id, or none, and what is added up has only one"
        raise BadCell("id", other.id or "", reason)
    if one.unit_cost != other.unit_cost:
        reason = f"line {first.line} has another unit cost, and what is added up has only one"
        raise BadCell("unit_cost", other.unit_cost or "", reason)
    quantity = one.quantity + other.quantity
    if quantity > LARGEST_ON_HAND:
        raise BadCell("quantity", str(other.quantity), "the sum is too large to store")
    details, others = unpack_details(one.details), unpack_details(other.details)
    for field in OPENING_DETAILS:
        if days := [said[field] for said in (details, others) if field in said]:
            details[field] = max(days)
    draft = one._replace(quantity=quantity, details=pack_details(details))
    # A balance that a source states between them says nothing about the sum.
    return first._replace(
        drafts=(draft,),
        balances=(),
        guessed=first.guessed or row.guessed,
        added=first.added + 1,
    )
