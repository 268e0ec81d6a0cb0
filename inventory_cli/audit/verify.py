"""Knows the whole audit: which checks there are, in which order, and what they say together."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from inventory_cli.audit.compare import compare, describe
from inventory_cli.audit.scan import (
    COLUMNS,
    UNREADABLE,
    Chain,
    Check,
    Positions,
    Replayed,
    Reversals,
    Transfers,
    unreadable,
)
from inventory_cli.audit.snapshots import Snapshots
from inventory_cli.core.replay import State, Stream
from inventory_cli.errors import WrongUsage
from inventory_cli.storage import schema
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.integrity import integrity_check
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import last_position, pieces
from inventory_cli.storage.snapshots import Snapshot, find_snapshot, read_snapshots
from inventory_cli.storage.stock import stored_states

T = TypeVar("T")


class Checked(NamedTuple):
    """The outcome of one check. Notes are worth knowing, and no failure."""

    name: str
    problems: list[str]
    notes: list[str]

    @property
    def ok(self) -> bool:
        """Whether the check found nothing wrong."""
        return not self.problems


class Audit(NamedTuple):
    """The outcome of all checks, up to the head that was fixed before them."""

    head: Head
    checks: list[Checked]

    @property
    def ok(self) -> bool:
        """Whether no check found anything wrong."""
        return all(check.ok for check in self.checks)


def verify(
    ledger: Ledger,
    snapshot: str | None = None,
    strict: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Audit:
    """Run every check, whatever the ones before it found.

    `snapshot` limits the check of snapshots to one, by number or name; `strict` makes their late
    arrivals a failure. `progress` is told how many events have been read, of how many.
    """
    chosen = None if snapshot is None else _find(ledger, snapshot)
    with integrity_check(ledger.path) as integrity_faults:
        rest = _check_contents(ledger, chosen, strict, progress)
        file = _checked("file", lambda: (integrity_faults(), []))
    return rest._replace(checks=[file, *rest.checks])


def _check_contents(
    ledger: Ledger,
    chosen: Snapshot | None,
    strict: bool,
    progress: Callable[[int, int], None],
) -> Audit:
    """Run all checks but that of the file as such."""
    tables = _checked("schema", lambda: (schema.differences(ledger.connection), []))
    # What is compared with the log is read together with its head, so that all is of one moment.
    with ledger.reading():
        head = _or_fault(ledger.head)
        last = _or_fault(lambda: last_position(ledger))
        stored = _or_fault(lambda: stored_states(ledger))
        snapshots = [chosen] if chosen else _or_fault(lambda: read_snapshots(ledger))
    if isinstance(head, Fault) or isinstance(last, Fault):
        # Without batches or events there is nothing to look at.
        fault = head if isinstance(head, Fault) else last
        rest = [Checked(name, [str(fault)], []) for name in _OF_THE_LOG]
        return Audit(Head(0, 0, "", b""), [tables, *rest])
    if isinstance(snapshots, Fault):
        watched, faults = Snapshots(ledger, head, [], are_all=False), [str(snapshots)]
    else:
        watched, faults = Snapshots(ledger, head, snapshots, chosen is None), []
    found = _scan(ledger, head, last, stored, watched, progress)
    late = watched.late_arrivals()
    checks = {name: Checked(name, problems, []) for name, problems in found.items()}
    of_snapshots = faults + found["snapshots"] + (late if strict else [])
    checks["snapshots"] = Checked("snapshots", of_snapshots, [] if strict else late)
    return Audit(head, [tables, *(checks[name] for name in _OF_THE_LOG)])


_OF_THE_LOG = ("positions", "chain", "snapshots", "stock", "transfers", "reversals")


class Fault(str):
    """Why something of the file could not be read."""

    __slots__ = ()


def _or_fault(read: Callable[[], T]) -> T | Fault:
    try:
        return read()
    except UNREADABLE as error:
        return Fault(unreadable(error))


def _require(value: T | Fault) -> T:
    if isinstance(value, Fault):
        raise DatabaseError(value)
    return value


def _checked(name: str, check: Callable[[], tuple[list[str], list[str]]]) -> Checked:
    try:
        return Checked(name, *check())
    except UNREADABLE as error:
        return Checked(name, [unreadable(error)], [])


def _find(ledger: Ledger, key: str) -> Snapshot:
    snapshot = find_snapshot(ledger, key)
    if snapshot is None:
        raise WrongUsage(f"there is no snapshot {key!r}", "`inventory snapshot list` shows them")
    return snapshot


def _scan(
    ledger: Ledger,
    head: Head,
    last: int,
    stored: "dict[Stream, State] | Fault",
    snapshots: Snapshots,
    progress: Callable[[int, int], None],
) -> dict[str, list[str]]:
    """Feed the whole log to the checks of it; return what each found, by its name."""
    replayed, chain = Replayed(ledger, last, snapshots.stops()), Chain(ledger, head)
    checks: list[Check] = [
        Positions(ledger, head),
        chain,
        Transfers(ledger, last),
        Reversals(ledger),
        replayed,
        snapshots,
    ]
    faults: dict[str, Exception] = {}
    try:
        for rows in pieces(ledger, COLUMNS, last, after=-(2**63)):
            for check in checks:
                if check.name in faults:
                    continue
                try:
                    check.feed(rows)
                except UNREADABLE as error:
                    faults[check.name] = error
            progress(rows[-1][0], last)
    except DatabaseError as error:
        faults = {check.name: error for check in checks} | faults
    found = {check.name: _finish(check, faults.get(check.name)) for check in checks}
    if not found["stock"]:
        found["stock"] = _checked(
            "stock",
            lambda: (_check_stock(ledger, replayed.states, _require(stored), chain.broken), []),
        ).problems
    return found


def _finish(check: Check, fault: Exception | None) -> list[str]:
    try:
        problems = check.finish()
    except UNREADABLE as error:
        return [unreadable(error)]
    return problems if fault is None else [*problems, unreadable(fault)]


def _check_stock(
    ledger: Ledger,
    replayed: dict[Stream, State],
    stored: dict[Stream, State],
    broken: dict[Stream, int],
) -> list[str]:
    problems = []
    for difference in compare(replayed, stored):
        text = describe(difference, ledger.decimals, ledger.zone)
        if position := broken.get(difference.stream):
            text += f"; the first event of it that cannot be trusted is {position}"
        problems.append(text)
    return problems
