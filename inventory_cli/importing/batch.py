"""Knows how one file becomes one batch, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

import csv
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from inventory_cli.core.dates import END_OF_TIME, show_day
from inventory_cli.core.events import Draft
from inventory_cli.core.rules import MOST_SHOWN, MovedCount, Problem
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.known import without_known
from inventory_cli.importing.native import BadCell, BadRow, RowReader, match_header
from inventory_cli.importing.source import Source
from inventory_cli.importing.spool import Spool
from inventory_cli.storage.append import Appended, Origin, append
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import Batch, batch_of_source


class Choices(NamedTuple):
    """What the user decided about an import."""

    skip_bad: bool = False
    overlap: str | None = None
    errors: Path | None = None
    dry_run: bool = False
    allow_negative: bool = False


class Report(NamedTuple):
    """What an import did, or would have done. `batch` is None when nothing was appended.

    `refusal` is why the file was refused as a whole. `problems` are those of the streams that the
    rules refuse, with the line of the file that shows each, where it is one of this file's.
    `net_change` is None when the rules refuse.
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
    moved_counts: list[MovedCount]


class _BadRows(Exception):
    """Rows turned out bad only when they were compared with the log; nothing is appended."""


class _Tally:
    """What is counted while rows go by."""

    def __init__(self, list_error: Callable[[Sequence[object]], object]) -> None:
        self._list_error = list_error
        self.read = 0
        self.bad = 0
        self.kept = 0
        self.bad_rows: list[BadRow] = []
        self.skus: set[str] = set()
        # The days as shown; ISO days sort as text.
        self.days: tuple[str, str] | None = None
        self.known_as: Batch | None = None
        # The line of each draft that was kept, in the order of their positions.
        self.lines = array("I")

    def note_bad(self, row: BadRow) -> None:
        """Count a bad row, list it where the user asked for that, and keep the first to show."""
        self.bad += 1
        if len(self.bad_rows) < MOST_SHOWN:
            self.bad_rows.append(row)
        self._list_error(row)


def import_file(
    ledger: Ledger,
    file: BinaryIO,
    origin: Origin,
    choices: Choices,
    clock: Clock,
    progress: Callable[[int], None] = lambda count: None,
) -> Report:
    """Record the rows of a native CSV file as one batch, or nothing; the report says which.

    `origin.source` names the file. `progress` is told how much is done of twice the bytes of the
    file, for they are read first and recorded then.
    """
    appended = None
    refusal = None
    source = Source(file, origin.source or "-", progress)
    with Spool() as spool, _errors_file(choices.errors) as list_error:
        tally = _Tally(list_error)
        try:
            appended = _append_rows(ledger, source, spool, tally, origin, choices, clock, progress)
        except _BadRows:
            pass  # They are in the tally.
        except Refused as error:
            refusal = error
        report = _report(tally, appended, choices, refusal)
        for found, line in report.problems:
            where = f"{found.sku} at {found.location}"
            list_error((line or "", "", where, found.text))
    return report


def _append_rows(
    ledger: Ledger,
    source: Source,
    spool: Spool,
    tally: _Tally,
    origin: Origin,
    choices: Choices,
    clock: Clock,
    progress: Callable[[int], None],
) -> Appended | None:
    _read_rows(ledger, source, spool, tally)
    sha256 = source.sha256()
    tally.known_as = batch_of_source(ledger, sha256)
    # A rehearsal goes on to the rules with the good rows, to say what they would refuse.
    if tally.known_as or (tally.bad and not choices.skip_bad and not choices.dry_run):
        return None
    size = source.size()

    def plan() -> Iterator[Draft]:
        # Once more, now that nobody else can write.
        tally.known_as = batch_of_source(ledger, sha256)
        if tally.known_as:
            return
        rows = spool.read(lambda part: progress(size + int(size * part)))
        new = without_known(ledger, rows, choices.overlap, source.name, tally.note_bad)
        for line, drafts in new:
            tally.kept += 1
            for draft in drafts:
                tally.lines.append(line)
                yield draft
        if tally.bad and not choices.skip_bad and not choices.dry_run:
            raise _BadRows

    origin = origin._replace(source_sha256=sha256)
    return append(ledger, origin, plan, clock, choices.allow_negative, choices.dry_run)


def _read_rows(ledger: Ledger, source: Source, spool: Spool, tally: _Tally) -> None:
    """Read all rows into the spool, and note the bad ones."""
    first, last = END_OF_TIME, ""
    with closing(source.records()) as records:
        header = next(records, None)
        if header is None:
            raise Refused(f"{source.name} is empty", "a movements file begins with a header line")
        columns = match_header(source.name, source.line, header)
        reader = RowReader(columns, ledger.decimals, ledger.zone)
        for record in records:
            tally.read += 1
            try:
                drafts = reader.read(record)
            except BadCell as bad:
                tally.note_bad(BadRow(source.line, bad.column, bad.value, bad.reason))
                continue
            spool.add(source.line, drafts)
            tally.skus.add(drafts[0].sku)
            first, last = min(first, drafts[0].effective_at), max(last, drafts[0].effective_at)
    if last:
        tally.days = (show_day(first, ledger.zone), show_day(last, ledger.zone))


@contextmanager
def _errors_file(path: Path | None) -> Iterator[Callable[[Sequence[object]], object]]:
    """Give what writes a line to the file of errors that the user asked for, if any."""
    if path is None:
        yield lambda row: None
        return
    with _writing_errors(path):
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def write(row: Sequence[object]) -> None:
        with _writing_errors(path):
            csv.writer(file, lineterminator="\n").writerow(row)

    try:
        write(BadRow._fields)
        yield write
    finally:
        with _writing_errors(path):
            file.close()


@contextmanager
def _writing_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WrongUsage(f"--errors {path} cannot be written: {error.strerror}") from error


def _net_change(tally: _Tally, appended: Appended | None) -> int | None:
    if appended is None:
        return None if tally.bad and not tally.known_as else 0
    return None if appended.problems else appended.net_change


def _report(
    tally: _Tally, appended: Appended | None, choices: Choices, refusal: Refused | None
) -> Report:
    problems = appended.problems if appended else []
    refused_whole = bool(refusal or problems) or (
        tally.bad > 0 and not choices.skip_bad and not tally.known_as
    )
    recorded = appended is not None and not problems and not refused_whole
    good = tally.read - tally.bad
    first = (appended and appended.header.first_position) or 0
    return Report(
        read=tally.read,
        appended=tally.kept if recorded else 0,
        skipped=0 if refused_whole else good - tally.kept,
        refused=tally.read if refusal or problems else tally.bad,
        skus=len(tally.skus),
        first_day=tally.days and tally.days[0],
        last_day=tally.days and tally.days[1],
        net_change=_net_change(tally, appended),
        batch=appended.header if appended and recorded and not choices.dry_run else None,
        known_as=tally.known_as,
        bad_rows=tally.bad_rows,
        bad_row_count=tally.bad,
        problems=[
            (found, tally.lines[found.position - first] if found.position >= first else None)
            for found in problems
        ],
        refusal=refusal,
        moved_counts=appended.moved_counts if appended else [],
    )
