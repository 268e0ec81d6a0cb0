"""Knows how one file becomes one batch, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.known_rows import without_known
from inventory_cli.core.balances import first_disagreement
from inventory_cli.core.dates import show_day
from inventory_cli.core.events import Draft, Stream
from inventory_cli.core.judging import Forbidden, Problem
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.wording import count_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.ahead import (
    Waiting,
    can_read_ahead,
    digest_ahead,
    pack,
    read_ahead,
    unpack,
)
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.movements import Settings, open_source, read_rows
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Report, Tally, make_report
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


class _BadRows(Exception):
    """Rows turned out bad only when they were compared with the log; nothing is appended."""


def import_file(
    ledger: Ledger,
    file: BinaryIO,
    origin: Origin,
    profile: Profile,
    choices: Choices,
    clock: Clock,
    progress: Callable[[int], None] = lambda count: None,
) -> Report:
    """Record the rows of a CSV file as one batch, or nothing; the report says which.

    `profile` says what its columns mean; an empty one that they are the native ones.
    `origin.source` names the file. `progress` is told how much is done of twice the bytes of the
    file, for they are read first and recorded then.
    """
    appended = None
    refusal = None
    problems: list[Problem] = []
    name = origin.source or "-"
    with _errors_file(choices.errors) as (list_error, flush):
        tally = Tally(list_error)
        try:
            with _reading(ledger, file, name, profile, tally, clock(), flush, progress) as found:
                appended = _append_rows(ledger, found, tally, origin, profile, choices, clock)
        except _BadRows:
            pass  # They are in the tally.
        except Forbidden as error:
            problems = list(error.problems)
        except Refused as error:
            refusal = error
        days = None
        if tally.last:
            days = (show_day(tally.first, ledger.zone), show_day(tally.last, ledger.zone))
        report = make_report(
            tally,
            appended,
            problems,
            ledger.head().position + 1,
            refusal,
            days,
            choices.skip_bad,
            choices.dry_run,
        )
        for problem, line in report.problems:
            where = f"{problem.sku} at {problem.location}"
            list_error((line or "", "", where, problem.text))
    return report


class _Found(NamedTuple):
    """A file that is read: its SHA-256, and its rows as they wait to be recorded."""

    name: str
    sha256: str
    rows: Callable[[], Iterator[Waiting]]


@contextmanager
def _reading(
    ledger: Ledger,
    file: BinaryIO,
    name: str,
    profile: Profile,
    tally: Tally,
    now: datetime,
    flush: Callable[[], None],
    progress: Callable[[int], None],
) -> Iterator[_Found]:
    """Read all rows of a file before any is recorded; of a large one, ahead of those recorded."""
    settings = Settings(ledger.decimals, ledger.zone, now)
    if can_read_ahead(file):
        sha256 = digest_ahead(file)
        source = open_source(file, name, profile, lambda done: None)
        # What is known is not going to be recorded.
        if not _known_as(ledger, profile, sha256):
            with read_ahead(source, profile, settings, tally, sha256, flush, progress) as rows:
                yield _Found(name, sha256, lambda: rows)
            return
    source = open_source(file, name, profile, progress)
    with Spool[Waiting]() as spool:
        for row in read_rows(source, profile, settings, tally):
            tally.note_read(row)
            spool.add(pack(row))
        sha256 = source.sha256()
        size = source.size()
        yield _Found(
            name,
            sha256,
            lambda: spool.read(lambda part: progress(size + int(size * part))),
        )


def _known_as(ledger: Ledger, profile: Profile, sha256: str) -> Batch | None:
    """Return the batch that recorded the same file, if that makes this import a no-op.

    Under --overlap skip each row is compared instead, so that what a recorded file holds and the
    log does not, because it was left out or meant otherwise, can still be brought in.
    """
    return None if profile.overlap == "skip" else batch_of_source(ledger, sha256)


def _append_rows(
    ledger: Ledger,
    found: _Found,
    tally: Tally,
    origin: Origin,
    profile: Profile,
    choices: Choices,
    clock: Clock,
) -> Appended | None:
    tally.known_as = _known_as(ledger, profile, found.sha256)
    # A rehearsal goes on to the rules with the good rows, to say what they would refuse.
    stops = not choices.skip_bad and not choices.dry_run
    if tally.known_as or (tally.bad and stops):
        return None

    def plan() -> Iterator[Draft]:
        # Once more, now that nobody else can write.
        tally.known_as = _known_as(ledger, profile, found.sha256)
        if tally.known_as:
            return
        period = choices.into_closed
        closing = None if period is None else find_closing(read_closings(ledger), period)
        rows = unpack(found.rows())
        for row in without_known(ledger, rows, profile.overlap, found.name, tally.note_bad):
            tally.note_kept(row)
            yield from (
                row.drafts
                if closing is None
                else (meant_for(draft, closing) for draft in row.drafts)
            )
        if tally.bad and stops:
            raise _BadRows

    def inspect(streams: Iterable[Stream], first: int, last: int) -> None:
        _compare_balances(ledger, tally, streams, first, last)
        if tally.disagreements and profile.check_balances:
            raise Refused(
                f"{found.name}: the balances of {count_of(len(tally.disagreements), 'stream')} "
                "are not those of the log, so nothing was appended",
                "without --check-balances it is only a warning",
            )

    origin = origin._replace(source_sha256=found.sha256)
    appended = append(ledger, origin, plan, clock, choices.allow_negative, choices.dry_run, inspect)
    if appended is None and not tally.known_as and not tally.bad:
        tally.known_as, tally.compared = batch_of_source(ledger, found.sha256), True
    return appended


def _compare_balances(
    ledger: Ledger, tally: Tally, streams: Iterable[Stream], first: int, last: int
) -> None:
    """Note, for each stream, the first balance of the file that is not what the log says."""
    if not tally.balances:
        return
    for stream in streams:
        events = read_stream(ledger, stream, last)
        if stated := tally.stated(events, first):
            found = first_disagreement(events, stated, ledger.zone)
            if found:
                line = tally.lines[found.event.position - first]
                tally.disagreements.append((found, line))
    tally.disagreements.sort(key=lambda pair: pair[1])


@contextmanager
def _errors_file(
    path: Path | None,
) -> Iterator[tuple[Callable[[Sequence[object]], object], Callable[[], None]]]:
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
