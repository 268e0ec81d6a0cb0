"""Knows the whole audit: which checks there are, in which order, and what they say together."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from inventory_cli.audit.anchor_file import check_anchors
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
from inventory_cli.audit.since import Recent, compare_recent, last_place
from inventory_cli.audit.snapshots import Snapshots
from inventory_cli.core.differences import compare, describe
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.errors import WrongUsage
from inventory_cli.storage import schema
from inventory_cli.storage.anchors import Anchor, Place, start_of
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.integrity import integrity_check
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import BEFORE_ALL, last_position, pieces
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
    """The outcome of all checks, up to the head that was fixed before them.

    `since` is where they began, if not with the first event.
    """

    head: Head
    checks: list[Checked]
    since: Place | None = None

    @property
    def ok(self) -> bool:
        """Whether no check found anything wrong."""
        return all(check.ok for check in self.checks)


class Fault(str):
    """Why something of the file could not be read."""

    __slots__ = ()


class Fixed(NamedTuple):
    """What was read together before the checks began: the ends of the batches and of the events,
    the stored stock and the snapshots.
    """

    head: Head
    last: int
    stored: "dict[Stream, State] | Fault"
    snapshots: "list[Snapshot] | Fault"


Progress = Callable[[int, int], None]


class Asked(NamedTuple):
    """What of the whole audit was asked for.

    `snapshot` limits the check of snapshots to one; `strict` makes late arrivals a failure;
    `anchors` are what the log is held against, None if that is not asked; `since` is a place that
    they prove, and what lies before it is not looked at again.
    """

    snapshot: Snapshot | None = None
    strict: bool = False
    anchors: Sequence[Anchor] | None = None
    since: Place | None = None


def verify(
    ledger: Ledger,
    snapshot: str | None = None,
    strict: bool = False,
    progress: Progress = lambda done, total: None,
    anchors: Sequence[Anchor] | None = None,
    since_anchor: bool = False,
) -> Audit:
    """Run every check, whatever the ones before it found.

    `snapshot` is a number or name; `progress` is told how many events have been read, of how many.
    With `since_anchor` what the anchors prove is not looked at again, nor is the file as such;
    where they prove nothing, or one of them is not on the chain, all is.
    """
    asked = Asked(None if snapshot is None else _find(ledger, snapshot), strict, anchors)
    if since_anchor:
        since = _or_fault(lambda: last_place(ledger, anchors or ()))
        if isinstance(since, Place):
            return _check_contents(ledger, asked._replace(since=since), progress)
    with integrity_check(ledger.path) as integrity_faults:
        rest = _check_contents(ledger, asked, progress)
        file = _checked("file", lambda: (integrity_faults(), []))
    return rest._replace(checks=[file, *rest.checks])


_OF_THE_LOG = ("positions", "chain", "anchor", "snapshots", "stock", "transfers", "reversals")


def _check_contents(ledger: Ledger, asked: Asked, progress: Progress) -> Audit:
    """Run all checks but that of the file as such."""
    tables = _checked("schema", lambda: (schema.differences(ledger.connection), []))
    # What is compared with the log is read together with its head, so that all is of one moment.
    with ledger.reading():
        head = _or_fault(ledger.head)
        last = _or_fault(lambda: last_position(ledger))
        stored = _or_fault(lambda: stored_states(ledger))
        snapshots = _or_fault(lambda: read_snapshots(ledger))
    wanted = [name for name in _OF_THE_LOG if name != "anchor" or asked.anchors is not None]
    if isinstance(head, Fault) or isinstance(last, Fault):
        # Without batches or events there is nothing to look at.
        fault = head if isinstance(head, Fault) else last
        return Audit(
            Head(0, 0, "", b""), [tables, *(Checked(name, [str(fault)], []) for name in wanted)]
        )
    found = _scan(ledger, asked, Fixed(head, last, stored, snapshots), progress)
    if asked.anchors is not None:
        found["anchor"] = _checked("anchor", lambda: _against_anchors(ledger, head, asked))
    return Audit(head, [tables, *(found[name] for name in wanted)], asked.since)


def _against_anchors(ledger: Ledger, head: Head, asked: Asked) -> tuple[list[str], list[str]]:
    anchors = asked.anchors or ()
    notes = [] if anchors else ["there is no anchor yet to hold the log against"]
    return check_anchors(ledger, head, anchors), notes


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


def _scan(ledger: Ledger, asked: Asked, fixed: Fixed, progress: Progress) -> dict[str, Checked]:
    """Feed the log to the checks of it; return the outcome of each by its name."""
    head, last = fixed.head, fixed.last
    start = asked.since or start_of(ledger)
    snapshots = [asked.snapshot] if asked.snapshot else fixed.snapshots
    known = [] if isinstance(snapshots, Fault) else snapshots
    watched = Snapshots(ledger, head, known, known is fixed.snapshots, start.batch)
    if asked.since:
        compare_recent(ledger, watched, known, asked.since)
        stock: Recent | Replayed = Recent(ledger, last, asked.since)
    else:
        stock = Replayed(ledger, last, watched.stops())
    chain = Chain(ledger, head, start)
    checks: list[Check] = [
        Positions(ledger, head, start),
        chain,
        Transfers(ledger, last, start),
        Reversals(ledger),
        stock,
        watched,
    ]
    after = asked.since.position if asked.since else BEFORE_ALL
    problems = _feed(ledger, checks, after, last, progress)
    found = {name: Checked(name, texts, []) for name, texts in problems.items()}
    if found["stock"].ok:
        found["stock"] = _checked(
            "stock", lambda: _check_stock(ledger, stock, _require(fixed.stored), chain.broken)
        )
    unread = [str(snapshots)] if isinstance(snapshots, Fault) else []
    late = watched.late_arrivals()
    of_snapshots = unread + problems["snapshots"] + (late if asked.strict else [])
    found["snapshots"] = Checked("snapshots", of_snapshots, [] if asked.strict else late)
    return found


def _feed(
    ledger: Ledger, checks: Sequence[Check], after: int, last: int, progress: Progress
) -> dict[str, list[str]]:
    """Read the log behind a position piece by piece; return what each check found, by its name."""
    faults: dict[str, Exception] = {}
    done = max(after, 0)
    try:
        for rows in pieces(ledger, COLUMNS, last, after):
            for check in checks:
                if check.name in faults:
                    continue
                try:
                    check.feed(rows)
                except UNREADABLE as error:
                    faults[check.name] = error
            progress(rows[-1][0] - done, last - done)
    except DatabaseError as error:
        faults = {check.name: error for check in checks} | faults
    return {check.name: _finish(check, faults.get(check.name)) for check in checks}


def _finish(check: Check, fault: Exception | None) -> list[str]:
    try:
        problems = check.finish()
    except UNREADABLE as error:
        return [unreadable(error)]
    return problems if fault is None else [*problems, unreadable(fault)]


def _check_stock(
    ledger: Ledger,
    stock: Recent | Replayed,
    stored: Mapping[Stream, State],
    broken: Mapping[Stream, int],
) -> tuple[list[str], list[str]]:
    comparable, notes = stock.comparable(stored)
    problems = []
    for difference in compare(stock.states, comparable):
        text = describe(difference, ledger.decimals, ledger.zone)
        if position := broken.get(difference.stream):
            text += f"; the first event of it that cannot be trusted is {position}"
        problems.append(text)
    return problems, notes
