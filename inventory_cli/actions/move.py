"""Knows how a whole ledger is moved: restored from an export, copied, brought up to date.

Must never change what a log says.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from inventory_cli.core.ahead import can_read_ahead, opened_again, run_ahead
from inventory_cli.core.lines import bounded_lines
from inventory_cli.errors import Refused
from inventory_cli.storage import backup, schema
from inventory_cli.storage.failures import file_failures
from inventory_cli.storage.ledger_file import Head, Ledger, Written, open_ledger
from inventory_cli.storage.offsets import store_offsets
from inventory_cli.storage.plain_events import PlainEvents, read_claimed
from inventory_cli.storage.restore import LONGEST_LINE, BadExport, restore_log
from inventory_cli.storage.steps import check_steps

_NOT_RESTORED = "nothing was restored: make the export once more, or take an earlier one"


def restore(path: Path, name: str, file: BinaryIO) -> Head:
    """Make a new ledger at `path` from an export called `name`, and return its head.

    Raises Refused with the number of the first line that does not fit; then no file is left behind.
    """
    try:
        with _ahead(file, name) as ahead:
            return restore_log(path, _lines(file), ahead)
    except BadExport as bad:
        raise Refused(f"{name}, line {bad.line}: {bad.reason}", _NOT_RESTORED) from None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return bounded_lines(file, LONGEST_LINE, growing=True)


@contextmanager
def _ahead(file: BinaryIO, name: str) -> Iterator[Iterator[PlainEvents | None]]:
    """Read the events of a large export on another core: `restore_log` looks whether they fit."""
    with ExitStack() as stack:
        if can_read_ahead(file) and (again := opened_again(file)):
            stack.enter_context(again)
            yield stack.enter_context(run_ahead(lambda: read_claimed(_lines(again)), name))
        else:
            yield iter(())


def back_up(
    ledger: Ledger, path: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> Head:
    """Copy a ledger to a new file, and return the head of both.

    `progress` is told how many pages are copied, of how many. Raises Refused when the file is the
    ledger itself, NotFree when there is another of that name.
    """
    with file_failures(path):
        if path.exists() and path.samefile(ledger.path):
            raise Refused(f"{path} is the ledger itself", "name a file that does not exist yet")
    return backup.back_up(ledger, path, progress)


class Migrated(NamedTuple):
    """What was done: the steps by name, and where the copy of the file before them is, if any."""

    steps: list[str]
    copy: Path | None


def migrate(path: Path, keep_copy: bool) -> Migrated:
    """Take all steps that a ledger lacks, in one transaction, after copying it to a file beside it.

    The log is left as it is: the head before and after is the same. The copy is named for the
    version of its schema. Raises Refused when there is another such file already, LedgerUnusable
    when the version was set by hand, or the file cannot be written; then nothing is changed.
    """
    with open_ledger(path, write=True, outdated=True) as ledger, ledger.writing():
        version = schema.version(ledger.connection)
        check_steps(ledger)
        steps = list(schema.STEPS)[version:]
        if not steps:
            return Migrated([], None)
        copy = path.with_name(f"{path.name}.schema-{version}") if keep_copy else None
        if copy:
            _keep(path, copy, ledger.head())
        schema.migrate(ledger.connection)
        store_offsets(ledger.connection, ledger.zone)
        ledger.commit(
            Written(
                lambda: schema.version(ledger.connection) == schema.SCHEMA_VERSION,
                "the new schema",
                "run `inventory migrate` again",
            )
        )
    return Migrated(steps, copy)


def _keep(path: Path, copy: Path, head: Head) -> None:
    """Copy a ledger under its lock, so that it is the very state that is migrated."""
    if not os.path.lexists(copy):
        with open_ledger(path, outdated=True) as reader:
            backup.back_up(reader, copy)
        return
    # One that was broken off between the copy and the steps may be run again.
    with open_ledger(copy, outdated=True) as kept:
        if kept.head() != head:
            raise Refused(
                f"{copy} exists already, and is not what {path} is now",
                "move it away, or migrate with --no-copy",
            )
