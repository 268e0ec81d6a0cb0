"""Knows how one file becomes one batch, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import BinaryIO, NamedTuple

from inventory_cli.actions.append import append_parts
from inventory_cli.actions.errors_file import List, errors_file
from inventory_cli.actions.file_lines import FileLines
from inventory_cli.actions.imported import Choices, Imported
from inventory_cli.actions.known_rows import Told, without_known
from inventory_cli.actions.named_rows import with_fit_names
from inventory_cli.actions.names import guard_of
from inventory_cli.audit.seam import read_seam
from inventory_cli.core.ahead import can_read_ahead
from inventory_cli.core.balances import Disagreement, first_disagreement
from inventory_cli.core.events import READ_AS, Drafts, Stream
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.present import present_at
from inventory_cli.core.progress import Progress, half, untold
from inventory_cli.core.wording import count_of
from inventory_cli.errors import Refused
from inventory_cli.importing.ahead import digest_ahead, read_ahead
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.chunks import Chunk, pack_chunk, unpack_chunk
from inventory_cli.importing.movements import Measures, open_source, read_chunks
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.read_as import read_as
from inventory_cli.importing.rows import Packed
from inventory_cli.importing.spool import Spool
from inventory_cli.importing.tally import Reading
from inventory_cli.storage.batches import Batch, Origin, batch_of_source
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import read_stream
from inventory_cli.storage.snapshots import read_closings


class _BadRows(Exception):
    """Rows turned out bad only when they were compared with the log; nothing is appended."""


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
    with errors_file(choices.errors) as (list_error, flush):
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
    """A file that is read, or is being read: its SHA-256, how it is read, and its rows, which are
    given once.
    """

    name: str
    sha256: str
    read_as: str
    rows: Callable[[], Iterator[Chunk]]


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
    choices, reading = imported.choices, imported.reading
    present = present_at(now, ledger.head().recorded_at)
    measures = Measures(ledger.decimals, ledger.zone, present, choices.usual_location)
    way = read_as(profile, measures)

    def counted(reading: Reading) -> None:
        imported.reading = reading

    if can_read_ahead(file):
        sha256 = digest_ahead(file)
        source = open_source(file, name, profile)
        # What is known is not going to be recorded.
        if not _known_as(ledger, profile, sha256, way):
            with read_ahead(
                source,
                profile,
                measures,
                reading,
                choices.stops,
                sha256,
                flush,
                counted,
                progress,
            ) as chunks:
                yield _Found(name, sha256, way, lambda: chunks)
            return
    source = open_source(file, name, profile, half(progress, 0))
    with Spool[Packed](at_once=1) as spool:
        for chunk in read_chunks(source, profile, measures, reading, choices.stops):
            spool.add(pack_chunk(chunk))
        packed = spool.read(half(progress, 1))
        yield _Found(name, source.sha256(), way, lambda: map(unpack_chunk, packed))


def _known_as(ledger: Ledger, profile: Profile, sha256: str, way: str) -> Batch | None:
    """Return the batch that recorded the same file, if that makes this import a no-op.

    Under --overlap skip each row is compared instead, so that what a recorded file holds and the
    log does not, because it was left out, can still be brought in; under keep all are recorded.
    """
    return None if profile.overlap else batch_of_source(ledger, sha256, way)


def _record(
    ledger: Ledger,
    found: _Found,
    imported: Imported,
    origin: Origin,
    profile: Profile,
    clock: Clock,
    list_error: List,
) -> None:
    choices = imported.choices
    imported.known_as = _known_as(ledger, profile, found.sha256, found.read_as)
    if imported.known_as or (imported.bad and choices.stops):
        return

    def plan() -> Iterator[Drafts]:
        # Once more, now that nobody else can write.
        imported.known_as = _known_as(ledger, profile, found.sha256, found.read_as)
        if imported.known_as:
            return
        lines = imported.lines = FileLines(ledger.head().position + 1)
        period = choices.into_closed
        closing = None if period is None else find_closing(read_closings(ledger), period)
        for chunk in _new_rows(ledger, found, imported, profile, clock, list_error):
            lines.add(chunk)
            if closing is None:
                yield chunk.drafts
            else:
                yield Drafts.of(meant_for(draft, closing) for draft in chunk.drafts.each())
        if imported.bad and choices.stops:
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
    details = {READ_AS: found.read_as}
    imported.outcome = append_parts(
        ledger, origin, plan, clock, choices.allow_negative, choices.dry_run, inspect, details
    )
    if not (imported.outcome or imported.known_as or imported.bad):
        imported.known_as = batch_of_source(ledger, found.sha256, found.read_as)
        imported.compared = True


def _new_rows(
    ledger: Ledger,
    found: _Found,
    imported: Imported,
    profile: Profile,
    clock: Clock,
    list_error: List,
) -> Iterator[Chunk]:
    """Give the rows that the log does not have yet, and may have."""

    def take_bad(row: BadRow) -> None:
        list_error(row)
        imported.taken.add(row)

    def take_older(row: BadRow | None) -> None:
        imported.before += 1
        if row is not None:
            list_error(row)

    seam = read_seam(ledger)
    imported.older = seam and seam.name
    told = Told(take_bad, imported.voided.add, take_older)
    into_closed = imported.choices.into_closed is not None
    rows = without_known(ledger, found.rows(), profile.overlap, found.name, told, seam, into_closed)
    return with_fit_names(guard_of(ledger, imported.choices.names, clock), rows, take_bad)


def _disagreements(
    ledger: Ledger, lines: FileLines | None, streams: Iterable[Stream], last: int
) -> list[tuple[Disagreement, int]]:
    """Return, for each stream, the first balance of the file that is not what the log says."""
    disagreements = []
    if lines is not None and lines.state_balances:
        for stream in streams:
            events = chain.from_iterable(read_stream(ledger, stream, last))
            if found := first_disagreement(events, lines.stated, ledger.zone):
                disagreements.append((found, lines.line_of(found.event.position) or 0))
    return sorted(disagreements, key=lambda pair: pair[1])
