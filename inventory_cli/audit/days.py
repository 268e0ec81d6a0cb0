"""Knows whether events that are known by their day still stand in it, at the time of their kind.

Time zones change their rules, for the past too; what was recorded by its day under the old ones
may then lie on another. Must never know what the events add up to.
"""

from collections.abc import Iterator
from datetime import date

from inventory_cli.audit.check import (
    BATCH,
    DATE_ONLY,
    EFFECTIVE_AT,
    KIND,
    POSITION,
    QUANTITY,
    Piece,
    Row,
)
from inventory_cli.audit.finding import Finding
from inventory_cli.audit.seam import COMMAND
from inventory_cli.core.dates import When, effective_at, show_day
from inventory_cli.core.events import KINDS, START_OF_DAY, time_of_day
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.ledger_file import Ledger


class Days:
    """What is shown the log beside the checks of it, and makes notes alone."""

    name = "days"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # What was found in its place: most is of few days and kinds.
        self._in_place: set[tuple[str, str, int, bool]] = set()
        self._days: dict[int, str | None] = {}
        self._moved = 0
        self._first = 0

    def feed(self, piece: Piece) -> None:
        """Look at the next events of the log."""
        moments, kinds, date_only, quantities = (
            piece.columns[column] for column in (EFFECTIVE_AT, KIND, DATE_ONLY, QUANTITY)
        )

        def each() -> Iterator[tuple[str, str, int, bool]]:
            return zip(moments, kinds, date_only, map((0).__gt__, quantities), strict=True)

        new = {
            what: row
            for what, row in dict(zip(each(), piece.rows, strict=True)).items()
            if what[2] and what not in self._in_place
        }
        odd = {what for what, row in new.items() if not self._stands(row)}
        self._in_place |= new.keys() - odd
        if not odd:
            return
        for what, row in zip(each(), piece.rows, strict=True):
            if what in odd and not self._stands(row):
                self._first = self._first or row[POSITION]
                self._moved += 1

    def _stands(self, row: Row) -> bool:
        moment, kind, zone = row[EFFECTIVE_AT], row[KIND], self._ledger.zone
        day = show_day(moment, zone)
        if kind not in KINDS or kind == "reversed":
            return True  # A reversal stands where the event does that it names.
        if row[DATE_ONLY] == 2:
            # Brought forward, because it was recorded on its very day; unless it was carried.
            recorded_on = self._recorded_on(row[BATCH])
            return recorded_on in (None, day)
        times = {time_of_day(kind, row[QUANTITY])}
        if kind == "adjusted":
            times.add(START_OF_DAY)  # As what is missing where a ledger is begun anew.
        when = When(date.fromisoformat(day), None)
        return any(effective_at(when, time, zone)[0] == moment for time in times)

    def _recorded_on(self, batch: int) -> str | None:
        """Return the day on which a batch was recorded; None for one that carried what was."""
        if batch not in self._days:
            header = read_batch(self._ledger, batch)
            self._days[batch] = (
                None
                if header is None or header.command == COMMAND
                else show_day(header.recorded_at, self._ledger.zone)
            )
        return self._days[batch]

    def finish(self) -> list[Finding]:
        """Return nothing: nobody is to blame for it."""
        return []

    def notes(self) -> list[str]:
        """Return what is to be known of them."""
        if not self._moved:
            return []
        is_one = self._moved == 1
        return [
            f"{self._moved} {'event' if is_one else 'events'} known by the day alone no longer "
            f"{'stands' if is_one else 'stand'} where its kind does in a day, the first is event "
            f"{self._first}: the rules of {self._ledger.settings.timezone} have changed since"
        ]
