"""Knows how one file becomes one batch, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

import csv
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from inventory_cli.core.dates import END_OF_TIME, show_day
from inventory_cli.core.events import Draft
from inventory_cli.core.rules import MovedCount, Problem, is_arrival
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.known import without_known
from inventory_cli.importing.native import BadCell, BadRow, RowReader, match_header
from inventory_cli.importing.source import Source
from inventory_cli.importing.spool import Spool
from inventory_cli.storage.append import Appended, Origin, append
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import Batch, batch_of_source

# How many bad rows, overlapping rows and problems are kept to be shown.
MOST_SHOWN = 20


class Choices(NamedTuple):
    """What the user decided about an import."""

    skip_bad: bool = False
    overlap: str | None = None
    errors: Path | None = None
    dry_run: bool = False
    allow_negative: bool = False


class Report(NamedTuple):
    """What an import did, or would have done. `batch` is None when nothing was appended.

    `problems` are those of the first streams that the rules refuse, with the line of the file
    that shows each, where it is one of this file's.
    """

    read: int
    appended: int
    skipped: int
    refused: int
    skus: int
    first_day: str | None
    last_day: str | None
    net_change: int
    batch: Batch | None
    known_as: Batch | None
    bad_rows: list[BadRow]
    problems: list[tuple[Problem, int | None]]
    moved_counts: list[MovedCount]


class _Tally:
    """What is counted while rows go by."""

    def __init__(self) -> None:
        self.read = 0
        self.refused = 0
        self.kept = 0
        self.bad_rows: list[BadRow] = []
        self.skus: set[str] = set()
        # The days as shown; ISO days sort as text.
        self.days: tuple[str, str] | None = None
        self.known_as: Batch | None = None
        # The line of each draft that was kept, in the order of their positions.
        self.lines = array("I")


def import_file(
    ledger: Ledger,
    file: BinaryIO,
    origin: Origin,
    choices: Choices,
    now: datetime,
    progress: Callable[[int], None] = lambda count: None,
) -> Report:
    """Record the rows of a native CSV file as one batch, or nothing.

    `origin.source` names the file. Bad rows, and a refusal by the rules, are in the report. Raises
    Refused for a file that cannot be read as CSV, for rows that look recorded already, and for an
    id that was used for something else. `progress` is told how much is done of twice the bytes of
    the file, for they are read first and recorded then.
    """
    name = origin.source or "-"
    source = Source(file, name, progress)
    tally = _Tally()
    with Spool() as spool:
        _read_rows(ledger, source, spool, tally, choices.errors)
        if tally.refused and not choices.skip_bad:
            return _report(tally, None, choices)
        origin = origin._replace(source_sha256=source.sha256())

        def plan() -> Iterator[Draft]:
            tally.known_as = batch_of_source(ledger, origin.source_sha256 or "")
            size = source.size()
            rows = (
                iter(())
                if tally.known_as
                else spool.read(lambda part: progress(size + int(size * part)))
            )
            for line, draft in without_known(ledger, rows, choices.overlap, name):
                tally.lines.append(line)
                tally.kept += not is_arrival(draft)
                yield draft

        appended = append(ledger, origin, plan, now, choices.allow_negative, choices.dry_run)
        return _report(tally, appended, choices)


def _read_rows(
    ledger: Ledger, source: Source, spool: Spool, tally: _Tally, errors: Path | None
) -> None:
    """Read all rows into the spool; note the bad ones, and write them to the file of errors."""
    first, last = END_OF_TIME, ""
    with closing(source.records()) as records, _errors_file(errors) as report:
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
                row = BadRow(source.line, bad.column, bad.value, bad.reason)
                tally.refused += 1
                if len(tally.bad_rows) < MOST_SHOWN:
                    tally.bad_rows.append(row)
                report(row)
                continue
            for draft in drafts:
                spool.add(source.line, draft)
            tally.skus.add(drafts[0].sku)
            first, last = min(first, drafts[0].effective_at), max(last, drafts[0].effective_at)
    if last:
        tally.days = (show_day(first, ledger.zone), show_day(last, ledger.zone))


@contextmanager
def _errors_file(path: Path | None) -> Iterator[Callable[[BadRow], None]]:
    """Give what writes a bad row to the file that the user asked for, if any."""
    if path is None:
        yield lambda row: None
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(BadRow._fields)
            yield writer.writerow
    except OSError as error:
        raise WrongUsage(f"--errors {path} cannot be written: {error.strerror}") from error


def _report(tally: _Tally, appended: Appended | None, choices: Choices) -> Report:
    problems = appended.problems if appended else []
    recorded = appended is not None and not problems
    stopped = tally.refused > 0 and not choices.skip_bad
    first = appended.header.first_position or 0 if appended else 0
    return Report(
        read=tally.read,
        appended=tally.kept if recorded else 0,
        skipped=0 if stopped else tally.read - tally.refused - tally.kept,
        refused=tally.refused,
        skus=len(tally.skus),
        first_day=tally.days and tally.days[0],
        last_day=tally.days and tally.days[1],
        net_change=appended.net_change if appended else 0,
        batch=appended.header if appended and recorded and not choices.dry_run else None,
        known_as=tally.known_as,
        bad_rows=tally.bad_rows,
        problems=[
            (found, tally.lines[found.position - first] if found.position >= first else None)
            for found in problems[:MOST_SHOWN]
        ],
        moved_counts=appended.moved_counts if appended else [],
    )
