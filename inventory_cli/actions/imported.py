"""Knows what a user decides about an import, and what became of it. Must never know how."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from inventory_cli.actions.append import Appended
from inventory_cli.actions.file_lines import FileLines
from inventory_cli.actions.known_rows import LeftOut
from inventory_cli.actions.stated_balances import Broken
from inventory_cli.core.names import ANY_NAMES, NameRules
from inventory_cli.core.notes import Notes
from inventory_cli.core.timeline import Problem
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.tally import Foremost, Reading
from inventory_cli.storage.batches import Batch


class Choices(NamedTuple):
    """What the user decided about an import."""

    skip_bad: bool = False
    errors: Path | None = None
    dry_run: bool = False
    allow_negative: bool = False
    into_closed: str | None = None
    names: NameRules = ANY_NAMES
    usual_location: str | None = None

    @property
    def stops(self) -> bool:
        """Whether a bad row keeps all others from being recorded.

        A rehearsal goes on to the rules with the good ones, to say what they would refuse.
        """
        return not self.skip_bad and not self.dry_run


@dataclass
class Imported:
    """What an import did, or would have done: what reading counted, and what recording did.

    `taken` are the rows whose id stands for something else in the log, or whose names or place are
    refused because of what is in it; `voided` those that say what was voided there; `before` counts
    those that belong to the `older` ledger, on which this one follows. `lines` are None as long as
    no row is to be recorded. `known_as` is the batch that recorded the same file before, and
    `compared` tells whether its rows were then compared with the log one by one. `refusal` is why
    the file was refused as a whole; `problems` are those of the streams that the rules refuse, with
    the line of the file that shows each, where it is one of this file's; `broken` are its balances
    that are not those of the log, where it has a column of balances. Of several files in one batch,
    what became of that is said of the one that `is_last`.
    """

    choices: Choices
    reading: Reading
    taken: Foremost[BadRow] = field(default_factory=Foremost[BadRow])
    voided: Foremost[LeftOut] = field(default_factory=Foremost[LeftOut])
    before: int = 0
    older: str | None = None
    lines: FileLines | None = None
    known_as: Batch | None = None
    compared: bool = False
    outcome: Appended | None = None
    is_last: bool = True
    refusal: Refused | None = None
    problems: list[tuple[Problem, int | None]] = field(default_factory=list)
    broken: Broken | None = None

    @property
    def bad(self) -> int:
        """How many rows are bad."""
        return self.reading.bad.count + self.taken.count

    @property
    def bad_rows(self) -> list[BadRow]:
        """The first of the bad rows."""
        return sorted([*self.reading.bad.first, *self.taken.first])[:MOST_SHOWN]

    @property
    def is_refused(self) -> bool:
        """Whether none of the rows is recorded because of some."""
        stops = self.bad > 0 and not self.choices.skip_bad and not self.known_as
        return bool(self.refusal or self.problems or stops)

    @property
    def would_append(self) -> int:
        """How many rows are recorded, or would be without --dry-run."""
        return 0 if self.is_refused or not self.outcome or not self.lines else self.lines.rows

    @property
    def appended(self) -> int:
        """How many rows were recorded."""
        return 0 if self.choices.dry_run else self.would_append

    @property
    def skipped(self) -> int:
        """How many good rows the log has already."""
        kept = self.lines.rows if self.lines else 0
        return 0 if self.is_refused else self.reading.read - self.bad - kept

    @property
    def refused(self) -> int:
        """How many rows are refused: the bad ones, or all of them."""
        return self.reading.read if self.refusal or self.problems else self.bad

    @property
    def net_change(self) -> int | None:
        """How much more there is of everything; None where nothing can be said."""
        if not self.is_last:
            return None
        if self.outcome is None:
            return None if self.problems or (self.bad and not self.known_as) else 0
        return self.outcome.net_change

    @property
    def batch(self) -> Batch | None:
        """The batch that was recorded, if any."""
        return self.outcome.header if self.outcome and self.appended else None

    @property
    def notes(self) -> Notes:
        """What is worth a word of the batch."""
        return self.outcome.notes if self.outcome and self.is_last else Notes()

    def line_of(self, found: Problem) -> int | None:
        """Return the line of the file that shows a problem, where it is one of this file's."""
        return self.lines.line_of(found.position) if self.lines else None
