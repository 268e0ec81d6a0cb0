"""Knows what an import says of itself: what is counted while rows go by, and what comes of it.

Must never know how a row is read or recorded.
"""

from array import array
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from inventory_cli.actions.append import Appended
from inventory_cli.core.balances import Disagreement
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Event
from inventory_cli.core.judging import Problem
from inventory_cli.core.notes import Notes
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.columns import shortened
from inventory_cli.importing.rows import Row
from inventory_cli.storage.batches import Batch

# Stands among balances for none.
_NO_BALANCE = -(2**63)
# How much of a cell is shown.
_LONGEST_SHOWN = 300
# What is counted until all rows are read.
_OF_READING = (
    *("read", "bad", "left_out", "second_headers", "bad_rows", "unknown_types", "first_lines"),
    *("skus", "first", "last"),
)
# How many different words that are no kind of event are counted.
_MOST_TYPES = 1000


class Report(NamedTuple):
    """What an import did, or would have done. `batch` is None when nothing was appended.

    `refusal` is why the file was refused as a whole. `problems` are those of the streams that the
    rules refuse, with the line of the file that shows each, where it is one of this file's.
    `net_change` is None when the rules refuse. `left_out` of the skipped rows were left out by a
    rule of the profile. `unknown_types` are words that are no kind, with the number of their rows.
    `stands_for` says of how many of them a bad row is shown as the first, by its line. `compared`
    tells whether the rows of a file that is known were compared with the log one by one.
    """

    read: int
    appended: int
    skipped: int
    refused: int
    skus: int
    first_day: str | None
    last_day: str | None
    net_change: int | None
    batch: Batch | None
    known_as: Batch | None
    bad_rows: list[BadRow]
    bad_row_count: int
    problems: list[tuple[Problem, int | None]]
    refusal: Refused | None
    notes: Notes
    left_out: int
    second_headers: list[int]
    unknown_types: dict[str, int]
    disagreements: list[tuple[Disagreement, int]]
    stands_for: dict[int, int]
    compared: bool


class Lines:
    """The line of the file behind each event, in the order of their positions.

    Most rows are a line long and an event each; so only where that is not so a number is kept.
    """

    def __init__(self) -> None:
        self._count = 0
        # Lines minus events, where that changes: from which event on, and to what.
        self._ahead: int | None = None
        self._starts, self._aheads = array("I"), array("q")

    def append(self, line: int) -> None:
        if line - self._count != self._ahead:
            self._ahead = line - self._count
            self._starts.append(self._count)
            self._aheads.append(self._ahead)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, event: int) -> int:
        return event + self._aheads[bisect_right(self._starts, event) - 1]


class Tally:
    """What is counted while rows go by."""

    def __init__(self, list_error: Callable[[Sequence[object]], object]) -> None:
        self._list_error = list_error
        self.read = 0
        self.bad = 0
        self.kept = 0
        self.left_out = 0
        self.second_headers: list[int] = []
        self.bad_rows: list[BadRow] = []
        self.unknown_types: Counter[str] = Counter()
        self.first_lines: dict[str, int] = {}
        self.skus: set[str] = set()
        # The first and the last moment, as UTC text.
        self.first, self.last = END_OF_TIME, ""
        self.known_as: Batch | None = None
        self.compared = False
        # The line of each draft that was kept, and the balance that its row states, in the order
        # of their positions.
        self.lines = Lines()
        self.balances = array("q")
        # What does not agree with them, and the line that states it.
        self.disagreements: list[tuple[Disagreement, int]] = []

    def note_bad(self, row: BadRow, unknown_type: bool = False) -> None:
        """Count a bad row, list it where the user asked for that, and keep the first to be shown.

        Of the rows with a type that is not understood, one for each such type is enough.
        """
        self.bad += 1
        self._list_error(row)
        if unknown_type:
            word = shortened(row.value.strip(), _LONGEST_SHOWN)
            if word not in self.unknown_types and len(self.unknown_types) >= _MOST_TYPES:
                return
            self.unknown_types[word] += 1
            if self.unknown_types[word] > 1:
                return
            self.first_lines[word] = row.line
        value, reason = (shortened(text, _LONGEST_SHOWN) for text in (row.value, row.reason))
        row = row._replace(value=value, reason=reason)
        # Rows are found bad in more than one pass over the file.
        insort(self.bad_rows, row)
        del self.bad_rows[MOST_SHOWN:]

    def what_was_read(self) -> dict[str, Any]:
        """Return what is counted until all rows are read, for `take_over` in another process."""
        return {name: getattr(self, name) for name in _OF_READING}

    def take_over(self, read: Mapping[str, Any]) -> None:
        """Take into account what another process counted that read the rows."""
        bad_rows, bad = self.bad_rows, self.bad
        for name, value in read.items():
            setattr(self, name, value)
        # Rows may have turned out bad here in the meantime.
        self.bad += bad
        self.bad_rows = sorted([*self.bad_rows, *bad_rows])[:MOST_SHOWN]

    def stands_for(self) -> dict[int, int]:
        """Return, by line, how many rows have the type whose first row that is."""
        return {line: self.unknown_types[word] for word, line in self.first_lines.items()}

    def note_read(self, row: Row) -> None:
        """Take a good row into account."""
        draft = row.drafts[0]
        self.skus.add(draft.sku)
        effective_at = draft.effective_at
        if effective_at > self.last:
            self.last = effective_at
        if effective_at < self.first:
            self.first = effective_at

    def note_kept(self, row: Row) -> None:
        """Take into account that the drafts of a row are to be recorded next."""
        if not row.balances and not self.balances and len(row.drafts) == 1:
            # Most rows are as plain as this.
            self.kept += 1
            self.lines.append(row.line)
            return
        self.kept += 1 if row.arrival_line is None else 2
        for number, _ in enumerate(row.drafts):
            self.lines.append((row.arrival_line if number else None) or row.line)
            balance = row.balances[number] if row.balances else None
            if balance is not None or self.balances:
                self._note_balance(balance)

    def _note_balance(self, balance: int | None) -> None:
        # Rows before the first one that states a balance state none.
        self.balances.extend([_NO_BALANCE] * (len(self.lines) - 1 - len(self.balances)))
        self.balances.append(_NO_BALANCE if balance is None else balance)

    def stated(self, stream: Sequence[Event], first: int) -> dict[int, int]:
        """Return the balances that the file states for events of a stream, by position.

        `first` is the position of the first event that the file appends.
        """
        balances, size = self.balances, len(self.balances)
        places = (event.position - first for event in stream)
        return {
            first + place: balances[place]
            for place in places
            if 0 <= place < size and balances[place] != _NO_BALANCE
        }


def make_report(
    tally: Tally,
    appended: Appended | None,
    problems: list[Problem],
    first: int,
    refusal: Refused | None,
    days: tuple[str, str] | None,
    skip_bad: bool,
    dry_run: bool,
) -> Report:
    """Return what an import says of itself."""
    refused_whole = bool(refusal or problems) or (
        tally.bad > 0 and not skip_bad and not tally.known_as
    )
    recorded = appended is not None and not problems and not refused_whole
    good = tally.read - tally.bad
    return Report(
        read=tally.read,
        appended=tally.kept if recorded else 0,
        skipped=0 if refused_whole else good - tally.kept,
        refused=tally.read if refusal or problems else tally.bad,
        skus=len(tally.skus),
        first_day=days and days[0],
        last_day=days and days[1],
        net_change=_net_change(tally, appended, problems),
        batch=appended.header if appended and recorded and not dry_run else None,
        known_as=tally.known_as,
        bad_rows=tally.bad_rows,
        bad_row_count=tally.bad,
        problems=[
            (found, tally.lines[found.position - first] if found.position >= first else None)
            for found in problems
        ],
        refusal=refusal,
        notes=appended.notes if appended else Notes(),
        left_out=tally.left_out,
        second_headers=tally.second_headers,
        unknown_types=dict(tally.unknown_types),
        disagreements=tally.disagreements,
        stands_for=tally.stands_for(),
        compared=tally.compared,
    )


def _net_change(tally: Tally, appended: Appended | None, problems: list[Problem]) -> int | None:
    if appended is None:
        return None if problems or (tally.bad and not tally.known_as) else 0
    return appended.net_change
