"""Knows how snapshots are taken, and how each is checked against the log it was taken of."""

from inventory_cli.audit.compare import compare, describe
from inventory_cli.core.dates import show_effective
from inventory_cli.core.events import clean_name
from inventory_cli.core.replay import State, Stream
from inventory_cli.core.rules import MOST_SHOWN
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.append import Origin
from inventory_cli.storage.chain import digest_lines
from inventory_cli.storage.ledger_file import Clock, Head, Ledger
from inventory_cli.storage.log import last_position, pieces, read_batch, replay_log
from inventory_cli.storage.snapshots import (
    Line,
    Snapshot,
    lines_of,
    orphaned_lines,
    read_lines,
    snapshot_batches,
    store_snapshot,
)


def take_snapshot(
    ledger: Ledger, origin: Origin, name: str | None, as_of: str, clock: Clock
) -> tuple[Snapshot, list[Line]]:
    """Store the replayed state at the present head, effective up to `as_of` (UTC text)."""
    if name is not None:
        name = clean_name(name, "snapshot name")
        if name.isdecimal():
            raise WrongUsage(
                f"a snapshot cannot be named {name!r}", "a bare number is a snapshot's id"
            )
    head = ledger.head().position
    lines = lines_of(replay_log(ledger, head, as_of))
    return store_snapshot(ledger, origin, name, as_of, head, lines, clock), lines


def check_snapshots(
    ledger: Ledger, head: Head, snapshots: list[Snapshot], are_all: bool, strict: bool
) -> tuple[list[str], list[str]]:
    """Return the problems of snapshots, and notes of what arrived late for them.

    `are_all` tells whether these are all that there were when the head was read.
    """
    problems: list[str] = []
    notes: list[str] = []
    if are_all:
        known = {snapshot.batch for snapshot in snapshots}
        problems += [
            f"the snapshot that batch {batch} recorded is missing"
            for batch in snapshot_batches(ledger, head.batch)
            if batch not in known
        ]
        problems += [
            f"snapshot {number} has lines, but was never recorded"
            for number in orphaned_lines(ledger)
        ]
    for snapshot in snapshots:
        problems += _check_snapshot(ledger, head, snapshot)
        late = _late_arrivals(ledger, snapshot)
        (problems if strict else notes).extend(late)
    return problems, notes


def _check_snapshot(ledger: Ledger, head: Head, snapshot: Snapshot) -> list[str]:
    label = name_of(snapshot)
    header = read_batch(ledger, snapshot.batch)
    if header is None or header.lines_sha256 is None:
        return [f"{label}: batch {snapshot.batch} did not record it"]
    problems = []
    lines = read_lines(ledger, snapshot.snapshot)
    if digest_lines(snapshot, lines) != header.lines_sha256:
        problems.append(f"{label} was altered: it does not have the digest in its batch header")
    if snapshot.position > head.position:
        problems.append(
            f"{label} was taken at position {snapshot.position}, but the log ends at "
            f"{head.position}"
        )
    replayed = replay_log(ledger, snapshot.position, snapshot.as_of)
    # A line keeps everything of a state but its last effective moment.
    expected = {stream: state._replace(last_effective="") for stream, state in replayed.items()}
    found: dict[Stream, State] = {(line.sku, line.location): State(*line[2:]) for line in lines}
    return problems + [
        f"{label}: {describe(difference, ledger.decimals, ledger.zone)}"
        for difference in compare(expected, found)
    ]


def _late_arrivals(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    """Describe what was recorded after a snapshot but took effect before its date."""
    shown: list[str] = []
    count = 0
    columns = "position, kind, sku, location, effective_at, date_only"
    last = last_position(ledger)
    for rows in pieces(
        ledger, columns, last, snapshot.position, "effective_at <= ?", snapshot.as_of
    ):
        count += len(rows)
        for position, kind, sku, location, effective_at, date_only in rows:
            if len(shown) == MOST_SHOWN:
                break
            on = show_effective(effective_at, date_only, ledger.zone)
            shown.append(f"event {position} ({kind} {sku} at {location} on {on})")
    if not shown:
        return []
    more = f", and {count - len(shown)} more" if count > len(shown) else ""
    return [f"{name_of(snapshot)}: recorded since, but effective before: {', '.join(shown)}{more}"]


def name_of(snapshot: Snapshot) -> str:
    """Return how reports speak of a snapshot."""
    return f"snapshot {snapshot.snapshot}" + (f" ({snapshot.name})" if snapshot.name else "")
