"""Knows how one file becomes one batch, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.file_lines import FileLines
from inventory_cli.actions.known_rows import LeftOut, Told, without_known
from inventory_cli.actions.named_rows import with_fit_names
from inventory_cli.actions.names import guard_of
from inventory_cli.core.balances import Disagreement, first_disagreement
from inventory_cli.core.events import Draft, Stream
from inventory_cli.core.judging import Forbidden, Problem
from inventory_cli.core.names import ANY_NAMES, NameRules
from inventory_cli.core.notes import Notes
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.present import present_at
from inventory_cli.core.progress import Progress, half, untold
from inventory_cli.core.wording import MOST_SHOWN, count_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.ahead import can_read_ahead, digest_ahead, read_ahead
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.movements import Measures, open_source, read_rows
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.rows import Packed, Row, pack, unpack
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Foremost, Reading
from inventory_cli.storage.batches import Batch, Origin, batch_of_source
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import read_stream
from inventory_cli.storage.snapshots import read_closings


class Choices(NamedTuple):
    """What the user decided about an import."""

    skip_bad: bool = False
    errors: Path | None = None
    dry_run: bool = False
    allow_negative: bool = False
    into_closed: str | None = None
    names: NameRules = ANY_NAMES
    usual_location: str | None = None


@dataclass
class Imported:
    """What an import did, or would have done: what reading counted, and what recording did.

    `taken` are the rows whose id stands for something else in the log, or whose names or place are
    refused because of what is in it; `voided` those that say what was voided there. `lines` are
    None as long as no row is to be recorded. `known_as` is the batch that recorded the same file
    before, and `compared` tells whether its rows were then compared with the log one by one.
    `refusal` is why the file was refused as a whole; `problems` are those of the streams that the
    rules refuse, with the line of the file that shows each, where it is one of this file's;
    `disagreements` the first balance of a stream, with its line, that is not what the log says.
    """

    choices: Choices
    reading: Reading
    taken: Foremost[BadRow] = field(default_factory=Foremost[BadRow])
    voided: Foremost[LeftOut] = field(default_factory=Foremost[LeftOut])
    lines: FileLines | None = None
    known_as: Batch | None = None
    compared: bool = False
    outcome: Appended | None = None
    refusal: Refused | None = None
    problems: list[tuple[Problem, int | None]] = field(default_factory=list)
    disagreements: list[tuple[Disagreement, int]] = field(default_factory=list)

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
        return self.outcome.notes if self.outcome else Notes()

    def line_of(self, found: Problem) -> int | None:
        """Return the line of the file that shows a problem, where it is one of this file's."""
        return self.lines.line_of(found.position) if self.lines else None


class _BadRows(Exception):
    """Rows turned out bad only when they were compared with the log; nothing is appended."""


# Writes a line to the file of errors that the user wants.
_List = Callable[[Sequence[object]], object]


def import_file(
    ledger: Ledger,
    file: BinaryIO,
    origin: Origin,
    profile: Profile,
    choices: Choices,
    clock: Clock,
    progress: Progress = untold,
) -> Imported:
    """Record the rows of a CSV file as one batch, or nothing; what is returned says which.

    `profile` says what its columns mean; an empty one that they are the native ones.
    `origin.source` names the file. `progress` is told how far it is.
    """
    name = origin.source or "-"
    with _errors_file(choices.errors) as (list_error, flush):
        imported = Imported(choices, Reading(list_error))
        try:
            with _reading(ledger, file, name, profile, imported, clock(), flush, progress) as found:
                _record(ledger, found, imported, origin, profile, clock, list_error)
        except _BadRows:
            pass  # They are counted.
        except Forbidden as error:
            imported.problems = [(one, imported.line_of(one)) for one in error.problems]
        except Refused as error:
            imported.refusal = error
        for problem, line in imported.problems:
            where = f"{problem.sku} at {problem.location}"
            list_error((line or "", "", where, problem.text))
    return imported


class _Found(NamedTuple):
    """A file that is read, or is being read: its SHA-256, and its rows, which are given once."""

    name: str
    sha256: str
    rows: Callable[[], Iterator[Row]]


@contextmanager
def _reading(
    ledger: Ledger,
    file: BinaryIO,
    name: str,
    profile: Profile,
    imported: Imported,
    now: datetime,
    flush: Callable[[], None],
    progress: Progress,
) -> Iterator[_Found]:
    """Read all rows of a file before any is recorded; of a large one, ahead of those recorded."""
    usual_location = imported.choices.usual_location
    present = present_at(now, ledger.head().recorded_at)
    measures = Measures(ledger.decimals, ledger.zone, present, usual_location)

    def counted(reading: Reading) -> None:
        imported.reading = reading

    if can_read_ahead(file):
        sha256 = digest_ahead(file)
        source = open_source(file, name, profile)
        # What is known is not going to be recorded.
        if not _known_as(ledger, profile, sha256):
            with read_ahead(
                source, profile, measures, imported.reading, sha256, flush, counted, progress
            ) as rows:
                yield _Found(name, sha256, lambda: rows)
            return
    source = open_source(file, name, profile, half(progress, 0))
    with Spool[Packed]() as spool:
        for row in read_rows(source, profile, measures, imported.reading):
            spool.add(pack(row))
        yield _Found(name, source.sha256(), lambda: unpack(spool.read(half(progress, 1))))


def _known_as(ledger: Ledger, profile: Profile, sha256: str) -> Batch | None:
    """Return the batch that recorded the same file, if that makes this import a no-op.

    Under --overlap skip each row is compared instead, so that what a recorded file holds and the
    log does not, because it was left out or meant otherwise, can still be brought in.
    """
    return None if profile.overlap == "skip" else batch_of_source(ledger, sha256, "")


def _record(
    ledger: Ledger,
    found: _Found,
    imported: Imported,
    origin: Origin,
    profile: Profile,
    clock: Clock,
    list_error: _List,
) -> None:
    choices = imported.choices
    imported.known_as = _known_as(ledger, profile, found.sha256)
    # A rehearsal goes on to the rules with the good rows, to say what they would refuse.
    stops = not choices.skip_bad and not choices.dry_run
    if imported.known_as or (imported.bad and stops):
        return

    def take_bad(row: BadRow) -> None:
        list_error(row)
        imported.taken.add(row)

    def plan() -> Iterator[Draft]:
        # Once more, now that nobody else can write.
        imported.known_as = _known_as(ledger, profile, found.sha256)
        if imported.known_as:
            return
        lines = imported.lines = FileLines(ledger.head().position + 1)
        period = choices.into_closed
        closing = None if period is None else find_closing(read_closings(ledger), period)
        told = Told(take_bad, imported.voided.add)
        rows = without_known(ledger, found.rows(), profile.overlap, found.name, told)
        for row in with_fit_names(guard_of(ledger, choices.names, clock), rows, take_bad):
            lines.add(row)
            yield from (
                row.drafts
                if closing is None
                else (meant_for(draft, closing) for draft in row.drafts)
            )
        if imported.bad and stops:
            raise _BadRows

    def inspect(streams: Iterable[Stream], first: int, last: int) -> None:
        imported.disagreements = _disagreements(ledger, imported.lines, streams, last)
        if imported.disagreements and profile.check_balances:
            raise Refused(
                f"{found.name}: the balances of {count_of(len(imported.disagreements), 'stream')} "
                "are not those of the log, so nothing was appended",
                "without --check-balances it is only a warning",
            )

    origin = origin._replace(source_sha256=found.sha256)
    outcome = append(ledger, origin, plan, clock, choices.allow_negative, choices.dry_run, inspect)
    if outcome is None and not imported.known_as and not imported.bad:
        imported.known_as, imported.compared = batch_of_source(ledger, found.sha256, ""), True
    imported.outcome = outcome


def _disagreements(
    ledger: Ledger, lines: FileLines | None, streams: Iterable[Stream], last: int
) -> list[tuple[Disagreement, int]]:
    """Return, for each stream, the first balance of the file that is not what the log says."""
    disagreements = []
    if lines is not None and lines.state_balances:
        for stream in streams:
            events = read_stream(ledger, stream, last)
            if stated := lines.stated(events):
                found = first_disagreement(events, stated, ledger.zone)
                if found:
                    disagreements.append((found, lines.line_of(found.event.position) or 0))
    return sorted(disagreements, key=lambda pair: pair[1])


@contextmanager
def _errors_file(
    path: Path | None,
) -> Iterator[tuple[_List, Callable[[], None]]]:
    """Give what writes a line to the file of errors that the user wants, and what flushes it."""
    if path is None:
        yield (lambda row: None), (lambda: None)
        return
    with _writing_errors(path):
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def write(row: Sequence[object]) -> None:
        with _writing_errors(path):
            csv.writer(file, lineterminator="\n").writerow(row)

    def flush() -> None:
        with _writing_errors(path):
            file.flush()

    try:
        write(BadRow._fields)
        yield write, flush
    finally:
        with _writing_errors(path):
            file.close()


@contextmanager
def _writing_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WrongUsage(f"--errors {path} cannot be written: {error.strerror}") from error
