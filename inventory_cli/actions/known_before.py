"""Knows what belongs to the ledgers before this one: what was recorded there under an id, and the
rows of a file that take effect in their time.

Must never know how a row is spelled.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import NamedTuple

from inventory_cli.audit.seam import Seam, read_seam
from inventory_cli.core.dates import show_cut, show_day
from inventory_cli.core.events import Draft
from inventory_cli.core.rules import content_of, same_moment
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.rows import Row
from inventory_cli.storage.carried_ids import CarriedId, carried_under
from inventory_cli.storage.known import place_in_words
from inventory_cli.storage.ledger_file import Ledger


class Before(NamedTuple):
    """What a ledger before this one, in `file`, recorded under an id; in what that differs from
    what is given, as text, or ""; and in which way what is given was read for that.
    """

    file: str
    carried: CarriedId
    differing: str
    said: Sequence[Draft]

    @property
    def in_words(self) -> str:
        """Where it stands, and whether it was voided."""
        return place_in_words(self.carried.position, self.carried.voided_by, self.file)


def find_before(
    ledger: Ledger,
    ways: Sequence[Sequence[Draft]],
    moment_given: bool,
    seam: Seam | None = None,
    standing: bool = False,
) -> Before | None:
    """Return what is the same, under their id, as one of the ways in which a request may be read,
    or else what was recorded last; what stands, if any does; None where there is nothing.

    What was voided is passed over where only what is `standing` is asked for. Whoever asks often
    has the seam at hand.
    """
    first = ways[0][0]
    known = carried_under(ledger, first.id) if first.id is not None else []
    known = sorted(
        (one for one in known if not (standing and one.voided_by is not None)),
        key=lambda one: one.voided_by is None,
    )
    if not known:
        return None
    contents = {content_of(way): way for way in ways}

    def differing(one: CarriedId) -> str:
        if one.content_sha256 not in contents:
            return "content"
        same = same_moment(first, one.effective_at, one.date_only, ledger.zone)
        return "" if same or not moment_given else "moment"

    found = next((one for one in reversed(known) if not differing(one)), known[-1])
    seam = seam or read_seam(ledger)
    file = seam.file_of(found) if seam else "a ledger before this one"
    return Before(file, found, differing(found), contents.get(found.content_sha256, ways[0]))


class Earlier:
    """The rows of a file that take effect in the time of the ledger on which this one follows."""

    def __init__(
        self,
        seam: Seam | None,
        overlap: str | None,
        zone: tzinfo,
        bad: Callable[[BadRow], object],
        left_out: Callable[[BadRow], object],
    ) -> None:
        self._seam = seam if overlap != "keep" else None
        self._skip = overlap == "skip"
        self._bad, self._left_out = bad, left_out
        self._zone = zone
        self._count = 0
        self._first = 0

    def takes(self, row: Row) -> bool:
        """Tell whether a row that is not known by its id is one of them, and say so."""
        draft = row.drafts[0]
        if self._seam is None or draft.effective_at > self._seam.cut:
            return False
        self._count += 1
        self._first = self._first or row.line
        if self._skip and draft.id is not None and self._seam.files:
            why = f"its day belongs to {self._seam.name}, where no such id was recorded"
            self._bad(BadRow(row.line, "id", draft.id, why))
        elif self._skip:
            day = show_day(draft.effective_at, self._zone)
            self._left_out(BadRow(row.line, "date", day, f"it belongs to {self._seam.name}"))
        return True

    def refuse(self, name: str) -> None:
        """Raise Refused where there were some, and nothing says what that means."""
        if self._seam is not None and self._count and not self._skip:
            raise Refused(
                f"{name}: {self._count} of the rows take effect up to "
                f"{show_cut(self._seam.cut, self._zone)}, which is the time of {self._seam.name}; "
                f"the first is line {self._first}",
                "--overlap skip leaves them out",
            )
