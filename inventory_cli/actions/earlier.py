"""Knows the rows of a file that take effect in the time of the ledger before this one.

Must never know how a row is spelled.
"""

from collections.abc import Callable
from datetime import tzinfo

from inventory_cli.audit.seam import Seam
from inventory_cli.core.dates import show_cut, show_day
from inventory_cli.core.events import Drafts
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.rows import Row


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

    def may_take(self, drafts: Drafts) -> bool:
        """Tell whether any of these takes effect in that time."""
        seam = self._seam
        return seam is not None and min(drafts.effective_at, default=seam.cut) <= seam.cut

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
