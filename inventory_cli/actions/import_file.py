"""Knows how files become batches, or nothing: read, check, leave out what is known, append.

Must never know SQL, or how a row is spelled.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha256
from typing import BinaryIO

from inventory_cli.actions.append import append_parts
from inventory_cli.actions.errors_file import ListOf, errors_file
from inventory_cli.actions.file_lines import FileLines
from inventory_cli.actions.imported import Choices, Imported
from inventory_cli.actions.known_rows import Told, without_known
from inventory_cli.actions.named_rows import with_fit_names
from inventory_cli.actions.names import guard_of
from inventory_cli.actions.read_file import Found, Given, Task, known_as, reading_of
from inventory_cli.actions.stated_balances import Broken, compare_balances
from inventory_cli.audit.seam import read_seam
from inventory_cli.core.balances import Break
from inventory_cli.core.events import READ_AS, Drafts, Stream
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.names import Guard
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.progress import Progress, untold
from inventory_cli.core.quantities import format_quantity
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.chunks import Chunk
from inventory_cli.importing.named_day import dated_by_name
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.tally import Foremost, Reading
from inventory_cli.storage.batches import Origin, batch_of_source
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.snapshots import read_closings


class _Stopped(Exception):
    """A file is refused, as its `Imported` says by now; nothing is appended."""


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
    given = Given(file, origin.source or "-")
    (imported,) = import_each(ledger, [given], origin, profile, choices, clock, progress)
    return imported


def import_each(
    ledger: Ledger,
    files: Sequence[Given],
    origin: Origin,
    profile: Profile,
    choices: Choices,
    clock: Clock,
    progress: Progress = untold,
) -> Iterator[Imported]:
    """Record each file as a batch of its own, as `import_file` does, and give what became of it.

    None is read behind one that is refused.
    """
    with errors_file(choices.errors, len(files) > 1) as (list_error, flush):
        for given in files:
            tasks = _tasks([given], profile, choices, list_error)
            _import(ledger, tasks, origin, clock, flush, progress)
            yield tasks[0].imported
            if tasks[0].imported.is_refused:
                return


def import_together(
    ledger: Ledger,
    files: Sequence[Given],
    origin: Origin,
    profile: Profile,
    choices: Choices,
    clock: Clock,
    progress: Progress = untold,
) -> list[Imported]:
    """Record the rows of several files, in their order, as one batch, or nothing of any.

    A row that looks like one of a file before it is one that looks recorded already.
    """
    with errors_file(choices.errors, len(files) > 1) as (list_error, flush):
        tasks = _tasks(files, profile, choices, list_error)
        _import(ledger, tasks, origin, clock, flush, progress)
    all_imported = [task.imported for task in tasks]
    at_fault = [task.given.name for task in tasks if task.imported.is_refused]
    for task in tasks:
        task.imported.is_last = task is tasks[-1]
        if at_fault and not (task.imported.is_refused or task.imported.known_as):
            why = f"{task.given.name}: nothing was appended, because {at_fault[0]} is refused"
            task.imported.refusal = Refused(why, "all files are recorded, or none")
    return all_imported


def _tasks(
    files: Sequence[Given], profile: Profile, choices: Choices, list_error: ListOf
) -> list[Task]:
    tasks = []
    for given in files:
        listing = partial(list_error, given.name)
        imported = Imported(choices, Reading(listing))
        if "balance" in profile.columns:
            imported.broken = Broken(Foremost())
        tasks.append(Task(given, profile, imported, listing))
    return tasks


def _import(
    ledger: Ledger,
    tasks: Sequence[Task],
    origin: Origin,
    clock: Clock,
    flush: Callable[[], None],
    progress: Progress,
) -> None:
    """Record files as one batch, or nothing, and say in each of them which, and why."""
    try:
        with ExitStack() as stack:
            all_found = []
            for task in tasks:
                with _blaming(task.imported):
                    dated = task._replace(profile=dated_by_name(task.profile, task.given.name))
                    reading = reading_of(ledger, dated, clock(), flush, progress, len(tasks) == 1)
                    all_found.append((dated, stack.enter_context(reading)))
            _record(ledger, all_found, origin, clock)
    except _Stopped:
        pass
    except Forbidden as error:
        for one in error.problems:
            shows = [task.imported for task in tasks if task.imported.line_of(one) is not None]
            imported = [*shows, tasks[-1].imported][0]
            imported.problems.append((one, imported.line_of(one)))
    except Refused as error:
        tasks[0].imported.refusal = error
    for task in tasks:
        for problem, line in task.imported.problems:
            where = f"{problem.sku} at {problem.location}"
            task.list_error((line or "", "", where, problem.text))


@contextmanager
def _blaming(imported: Imported) -> Iterator[None]:
    """Say in what became of a file that it is the one at fault, where it is refused."""
    try:
        yield
    except Refused as error:
        imported.refusal = error
        raise _Stopped from None


def _record(
    ledger: Ledger, files: Sequence[tuple[Task, Found]], origin: Origin, clock: Clock
) -> None:
    choices = files[0][0].imported.choices
    wanted = _new_files(ledger, files)
    if not wanted or (choices.stops and any(task.imported.bad for task, _ in wanted)):
        return

    def inspect(streams: Iterable[Stream], first: int, last: int) -> None:
        for task, _ in files:
            with _blaming(task.imported):
                _compare_balances(ledger, task, streams, last)

    digest, way = _in_one(wanted)
    source = ", ".join(task.given.name for task, _ in wanted)
    outcome = append_parts(
        ledger,
        origin._replace(source=source, source_sha256=digest),
        lambda: _parts(ledger, files, clock),
        clock,
        choices.allow_negative,
        choices.dry_run,
        inspect,
        {READ_AS: way},
        len(files) > 1,
    )
    for task, found in files:
        imported = task.imported
        imported.outcome = outcome
        if not (outcome or imported.known_as or imported.bad):
            imported.known_as = batch_of_source(ledger, found.sha256, found.read_as)
            imported.compared = True


def _new_files(ledger: Ledger, files: Sequence[tuple[Task, Found]]) -> list[tuple[Task, Found]]:
    """Return the files that were not recorded before, by themselves or all together."""
    digest, way = _in_one(files)
    whole = known_as(ledger, files[0][0].profile, digest, way)
    for task, found in files:
        before = whole or known_as(ledger, task.profile, found.sha256, found.read_as)
        task.imported.known_as = before
    return [pair for pair in files if pair[0].imported.known_as is None]


def _parts(ledger: Ledger, files: Sequence[tuple[Task, Found]], clock: Clock) -> Iterator[Drafts]:
    """Give what is to be recorded, file by file, under the write lock. Raises _Stopped where there
    are bad rows that stop it.
    """
    choices = files[0][0].imported.choices
    last = ledger.head().position
    guard = guard_of(ledger, choices.names, clock)
    period = choices.into_closed
    closing = None if period is None else find_closing(read_closings(ledger), period)
    # Once more, now that nobody else can write.
    for task, found in _new_files(ledger, files):
        lines = task.imported.lines = FileLines(last + 1)
        with _blaming(task.imported):
            for chunk in _new_rows(ledger, task, found, guard, last):
                lines.add(chunk)
                if closing is None:
                    yield chunk.drafts
                else:
                    yield Drafts.of(meant_for(draft, closing) for draft in chunk.drafts.each())
        if task.imported.bad and choices.stops:
            raise _Stopped
        last += lines.events


def _in_one(files: Sequence[tuple[Task, Found]]) -> tuple[str, str]:
    """Return the SHA-256 of files and how they were read; of several, digests of theirs."""
    both = [*zip(*((found.sha256, found.read_as) for _, found in files), strict=True)]
    one, other = (
        said[0] if len(said) == 1 else sha256("\n".join(said).encode()).hexdigest() for said in both
    )
    return one, other


def _new_rows(ledger: Ledger, task: Task, found: Found, guard: Guard, last: int) -> Iterator[Chunk]:
    """Give the rows that the log does not have yet, up to its `last` event, and may have."""
    (_, name), profile, imported, list_error = task

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
    rows = without_known(ledger, found.rows(), profile.overlap, name, told, last, seam, into_closed)
    return with_fit_names(guard, rows, take_bad)


def _compare_balances(ledger: Ledger, task: Task, streams: Iterable[Stream], last: int) -> None:
    """Say where a balance of the file is not what the log says. Raises Refused where the profile
    wants them to agree.
    """
    (_, name), profile, imported, list_error = task
    if imported.lines is None or not imported.lines.state_balances:
        return

    def list_break(line: int, broken: Break, over_places: bool) -> None:
        column = ", ".join(profile.columns.get("balance", ()))
        stated = format_quantity(broken.stated, ledger.decimals)
        text = broken.in_words(ledger.decimals, ledger.zone, over_places)
        list_error((line, column, stated, text))

    imported.broken = compare_balances(ledger, imported.lines, streams, last, list_break)
    if imported.broken.breaks.count and profile.check_balances:
        raise Refused(
            f"{name}: {imported.broken.in_words()}, so nothing was appended",
            "without --check-balances it is only a warning",
        )
