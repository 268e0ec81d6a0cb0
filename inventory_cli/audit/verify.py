"""Knows the whole audit: its rules, the order in which they run, and what they say together.

`readable` holds in every check. `file` is looked at on another core, beside all the others; those
from `position` to `closed` are held against the log in one pass, piece by piece. The report puts
`anchor` and `previous` behind `chain`, because they are about the same thing. All of them run,
whatever the ones before found.

     1. readable: what a check reads is there, and every cell is of its column's type.

    file
     2. file: SQLite's own `integrity_check` finds nothing.

    schema
     3. schema: every table, index, view and guard is as it was made, and there is no other; the
        offsets of the time zone, for SQL, are some (a note where its rules say others here).

    positions
     4. position: the events have the positions 1, 2, 3 … to the head, none missing, none before.
     5. batch: the batches have the numbers 1, 2, 3 …
     6. claim: every event lies in a batch that claims it, and batches claim one after the other.
     7. recorded-at: no batch was recorded before the one before it.
     8. ended: nothing was recorded after the batch that ends the ledger.

    chain
     9. settings: the chain starts from the settings, of which there is one row.
    10. event-hash: the hash of every event follows from the one before it and from its fields.
    11. batch-hash: so does that of every batch header.
    12. carried-ids: the ids taken over from ledgers before have the digest in the first header.

    transfers
    13. transfer: what leaves one location arrives at another, and both legs stand or none.

    reversals
    14. reversal: a reversal names an earlier event of its stream and moment, and nothing else does.

    stock
    15. kind: every event is of a kind that can be replayed.
    16. stock: the stored stock is what the whole log replays to.

    snapshots
    17. snapshot-recorded: every snapshot was recorded by its batch, and is there with its lines.
    18. snapshot-digest: it has the digest that the header of that batch carries.
    19. snapshot-position: the log reaches to its position.
    20. snapshot-state: it is what the log replays to, at its position and as of its date.
    21. snapshot-whole: the log is whole up to where it says so.
    22. closed: what takes effect in a closed period and was recorded later says that this is meant.
    23. late: nothing was recorded later that takes effect before the date of a snapshot (a note,
        unless the audit is strict).

    anchor
    24. anchor: every anchor that was kept elsewhere lies on the chain.

    previous (`audit.previous`)
    25. follows: the ledger says on which older one it follows.
    26. previous-audit: the older one breaks none of these rules.
    27. previous-settings: both have the same settings.
    28. previous-head: the older one ends with the head that the new one names.
    29. previous-closed: its period was closed where the new one begins.
    30. opened: every stream is opened with what the older log replays to there, and as it is due.
    31. carried-costs: the openings of every SKU say what its stock cost, as the older log does.
    32. carried: every later event was carried, in order, with all its facts.
    33. goes-on: after what was carried, both logs replay to the same stock.
    34. opening-voided: no opening was voided since.
    35. previous-ids: the ids of what was not carried, and of reversals, are known, and no other.

    shared (`shared.compare`)
    36. shared-settings: the database of a shared log has the same settings, and carried ids.
    37. shared-batch: it has the same batches, up to the last of the file.
    38. shared-event: it has the same events.
    39. shared-snapshot: it has the same snapshots, with their lines.
    40. shared-head: what it holds as its head is its last batch.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from inventory_cli.audit.anchor_file import check_anchors
from inventory_cli.audit.carried_ids import check_digest
from inventory_cli.audit.check import POSITION, UNREADABLE, Check, Piece, Row, unreadable
from inventory_cli.audit.days import Days
from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.audit.links import Chain
from inventory_cli.audit.replayed import Replayed
from inventory_cli.audit.scan import Positions, Reversals, Transfers
from inventory_cli.audit.schema import check_schema
from inventory_cli.audit.since import Recent, compare_recent, last_place
from inventory_cli.audit.snapshots import Snapshots
from inventory_cli.audit.stock import compare_stock
from inventory_cli.core.events import Stream
from inventory_cli.core.notes import clock_in_words
from inventory_cli.core.replay import State
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.anchors import Anchor, Place, start_of
from inventory_cli.storage.batches import last_batch
from inventory_cli.storage.connection import journal_mode
from inventory_cli.storage.integrity import integrity_check
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import BEFORE_ALL, last_position, scanned
from inventory_cli.storage.names import second_names
from inventory_cli.storage.snapshots import Snapshot, find_snapshot, read_snapshots
from inventory_cli.storage.stock import stored_states

T = TypeVar("T")


class Audit(NamedTuple):
    """The outcome of all checks, up to the head that was fixed before them.

    The hash of the head is empty where it could not be read. `since` is where the checks began, if
    not with the first event.
    """

    head: Head
    checks: list[Checked]
    since: Place | None = None

    @property
    def ok(self) -> bool:
        """Whether no check found anything wrong."""
        return all(check.ok for check in self.checks)


class Fixed(NamedTuple):
    """What was read together before the checks began: the ends of the batches and of the events,
    the stored stock and the snapshots; a finding instead of what could not be read.
    """

    head: Head | Finding
    last: int | Finding
    stored: dict[Stream, State] | Finding
    snapshots: list[Snapshot] | Finding


Progress = Callable[[int, int], None]


class Asked(NamedTuple):
    """What of the whole audit was asked for.

    `snapshot` limits the check of snapshots to one; `strict` makes late arrivals a failure;
    `anchors` are what the log is held against, None if that is not asked; `since` is a place that
    they prove, and what lies before it is not looked at again. `now` is what the clock says.
    `any_types` tells whether cells may be of other types than their columns; the check of the file
    as such finds those too.
    """

    snapshot: Snapshot | None = None
    strict: bool = False
    anchors: Sequence[Anchor] | None = None
    since: Place | None = None
    now: str | None = None
    any_types: bool = True


def verify(
    ledger: Ledger,
    snapshot: str | None = None,
    strict: bool = False,
    progress: Progress = lambda done, total: None,
    anchors: Sequence[Anchor] | None = None,
    since_anchor: bool = False,
    now: str | None = None,
) -> Audit:
    """Run every check, whatever the ones before it found.

    `snapshot` is a number or name; `progress` is told how many events have been read, of how many;
    `now` (UTC text) is what the clock says.
    With `since_anchor` what the anchors prove is not looked at again, nor is the file as such;
    where they prove nothing, or one of them is not on the chain, all is.
    """
    asked = Asked(None if snapshot is None else _find(ledger, snapshot), strict, anchors, now=now)
    if since_anchor:
        since = _read(ledger, lambda: last_place(ledger, anchors or ()))
        if isinstance(since, Place):
            return _check_contents(ledger, asked._replace(since=since), progress)
    with integrity_check(ledger.path) as integrity_faults:
        rest = _check_contents(ledger, asked._replace(any_types=False), progress)
        file = _check(ledger, "file", lambda: _findings("file", integrity_faults()))
    if not file.ok:
        # That a cell is of a wrong type is one of the faults.
        rest = _check_contents(ledger, asked, progress)
    file.notes.extend(_notes_on_file(ledger))
    return rest._replace(checks=[file, *rest.checks])


def _notes_on_file(ledger: Ledger) -> list[str]:
    """Return what keeps a file from being written to, or did: no fault of what it holds."""
    notes = []
    if _read(ledger, lambda: journal_mode(ledger.connection)) == "wal":
        notes.append("it is in WAL mode, which another program has set; recording sets it back")
    if count := second_names(ledger.path):
        notes.append(
            f"it has {count_of(count, 'other name')} (hard links), so nothing is recorded into it: "
            "its journal would have one of them only"
        )
    return notes


_OF_THE_LOG = ("positions", "chain", "anchor", "snapshots", "stock", "transfers", "reversals")


def _check_contents(ledger: Ledger, asked: Asked, progress: Progress) -> Audit:
    """Run all checks but that of the file as such."""
    tables = check_schema(ledger)
    # What is compared with the log is read together with its head, so that all is of one moment.
    with ledger.reading():
        fixed = Fixed(
            _read(ledger, ledger.head),
            _read(ledger, lambda: last_position(ledger)),
            _read(ledger, lambda: stored_states(ledger)),
            _read(ledger, lambda: read_snapshots(ledger)),
        )
        head = _head_of(ledger, fixed)
    found = _scan(ledger, asked, head, fixed, progress)
    if asked.anchors is not None:
        anchors, name = asked.anchors, "anchor"
        found[name] = _check(ledger, name, lambda: check_anchors(ledger, head, anchors))
        if not anchors:
            found[name].notes.append("there is no anchor yet to hold the log against")
    wanted = [name for name in _OF_THE_LOG if name != "anchor" or asked.anchors is not None]
    return Audit(head, [tables, *(found[name] for name in wanted)], asked.since)


def _read(ledger: Ledger, read: Callable[[], T]) -> T | Finding:
    try:
        return read()
    except UNREADABLE as error:
        return unreadable(ledger, error)


def _check(ledger: Ledger, name: str, check: Callable[[], list[Finding]]) -> Checked:
    found = _read(ledger, check)
    return Checked(name, [found] if isinstance(found, Finding) else found, [])


def _findings(rule: str, texts: Sequence[str]) -> list[Finding]:
    return [Finding(rule, text) for text in texts]


def _find(ledger: Ledger, key: str) -> Snapshot:
    snapshot = find_snapshot(ledger, key)
    if snapshot is None:
        raise WrongUsage(f"there is no snapshot {key!r}", "`inventory snapshot list` shows them")
    return snapshot


def _head_of(ledger: Ledger, fixed: Fixed) -> Head:
    """Return the head, or how far batches and events go where it cannot be read."""
    if isinstance(fixed.head, Head):
        return fixed.head
    last = 0 if isinstance(fixed.last, Finding) else fixed.last
    batch = _read(ledger, lambda: last_batch(ledger))
    return Head(last, 0 if isinstance(batch, Finding) else batch, "", b"")


def _scan(
    ledger: Ledger, asked: Asked, head: Head, fixed: Fixed, progress: Progress
) -> dict[str, Checked]:
    """Feed the log to the checks of it; return the outcome of each by its name."""
    last = 0 if isinstance(fixed.last, Finding) else fixed.last
    begin = _read(ledger, lambda: start_of(ledger)) if asked.since is None else asked.since
    start = Place(0, 0, "", b"") if isinstance(begin, Finding) else begin
    stored = [] if isinstance(fixed.snapshots, Finding) else fixed.snapshots
    snapshots = [asked.snapshot] if asked.snapshot else stored
    proved = asked.since.batch if asked.since else None
    watched = Snapshots(ledger, head, snapshots, asked.snapshot is None, proved)
    if asked.since:
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
        days := Days(ledger),
    ]
    # What stops this stops that check too, which says so.
    if asked.since:
        _read(ledger, lambda: compare_recent(ledger, watched, start))
    after = asked.since.position if asked.since else BEFORE_ALL
    scan = scanned(ledger, last, after, asked.any_types)
    found = _feed(ledger, checks, scan, range(max(after, 0), last), progress)
    for problem in _check(ledger, "chain", lambda: check_digest(ledger)).problems:
        if problem not in found["chain"].problems:
            found["chain"].problems.append(problem)
    found["positions"].notes.extend(days.notes())
    if (now := asked.now) and head.hash:
        ahead = _read(ledger, lambda: clock_in_words(now, head.recorded_at))
        if isinstance(ahead, str):
            found["positions"].notes.append(ahead)
    if found["stock"].ok:
        found["stock"] = compare_stock(ledger, stock, fixed.stored, chain.broken)
    _add(found["positions"], fixed.head)
    _add(found["snapshots"], fixed.snapshots)
    late = watched.late_arrivals()
    if asked.strict:
        found["snapshots"].problems.extend(_findings("late", late))
    else:
        found["snapshots"].notes.extend(late)
    return found


def _add(check: Checked, read: object) -> None:
    """Add to a check that something it needs could not be read, unless it says so already."""
    if isinstance(read, Finding) and read not in check.problems:
        check.problems.insert(0, read)


def _feed(
    ledger: Ledger,
    checks: Sequence[Check],
    scan: Iterable[tuple[list[Row], Sequence[str] | None]],
    positions: range,
    progress: Progress,
) -> dict[str, Checked]:
    """Show a scan of some positions to checks; return what each found, by its name."""
    faults: dict[str, Finding] = {}
    try:
        for rows, texts in scan:
            piece = Piece(rows, texts)
            for check in checks:
                if check.name in faults:
                    continue
                try:
                    check.feed(piece)
                except UNREADABLE as error:
                    faults[check.name] = unreadable(ledger, error)
            progress(rows[-1][POSITION] - positions.start, positions.stop - positions.start)
    except UNREADABLE as error:
        fault = unreadable(ledger, error)
        faults = {check.name: fault for check in checks} | faults
    return {check.name: _finish(ledger, check, faults.get(check.name)) for check in checks}


def _finish(ledger: Ledger, check: Check, fault: Finding | None) -> Checked:
    done = _check(ledger, check.name, check.finish)
    if fault is not None and fault not in done.problems:
        done.problems.append(fault)
    return done
