"""Knows how the log is told as it was recorded: its events, and its batches.

Must never change anything, or know how answers are shown.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import islice
from typing import NamedTuple

from inventory_cli.core.dates import show_effective, show_moment
from inventory_cli.core.events import Event, unpack_details
from inventory_cli.core.replay import SIGNS
from inventory_cli.storage.batches import read_batch, read_batches, recorded_times
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import events_between
from inventory_cli.storage.search import Wanted, find_events, standing_before
from inventory_cli.storage.snapshots import late_by_batch


class LogLine(NamedTuple):
    """An event as it was recorded, with its moments in the ledger's zone."""

    position: int
    batch: int
    recorded_at: str
    effective_at: str
    kind: str
    sku: str
    location: str
    quantity: int
    reason: str | None
    reference: str | None
    unit_cost: str | None
    id: str | None
    reverses: int | None
    details: dict[str, str] | None


class Found(NamedTuple):
    """An event as it was recorded; by how much it changes on hand, 0 where it was voided, and of a
    count the variance; and the position of the reversal that voids it.
    """

    line: LogLine
    change: int
    voided_by: int | None


def read_log(
    ledger: Ledger,
    wanted: Wanted = Wanted(),  # noqa: B008 (it cannot be changed)
    after: int = 0,
    batch: int | None = None,
    newest_first: bool = False,
    last: int | None = None,
) -> Iterator[Found]:
    """Give the events behind position `after`, up to `last` or the end, that say what is wanted, as
    they were recorded.
    """
    positions = positions_asked(ledger, after, batch, last)
    for events in find_events(ledger, positions, wanted, newest_first):
        recorded = _recorded(ledger, (event for event, _ in events))
        for event, voided_by in events:
            line = _log_line(event, recorded[event.batch], ledger.zone)
            yield Found(line, _change(ledger, event, voided_by), voided_by)


def positions_asked(
    ledger: Ledger, after: int, batch: int | None = None, last: int | None = None
) -> range:
    """Return the positions behind `after`, up to `last` or the end; of one batch, if named."""
    end = ledger.head().position if last is None else last
    if batch is None:
        return range(after + 1, end + 1)
    header = read_batch(ledger, batch)
    its_own = header.positions if header else range(0)
    return range(max(after + 1, its_own.start), min(its_own.stop, end + 1))


def last_of(found: Iterable[Found], count: int | None, newest_first: bool) -> Iterator[Found]:
    """Give events that come newest first, no more than so many, in the order that is asked for."""
    few = found if count is None else islice(found, count)
    if newest_first:
        yield from few
    else:
        kept = deque(few)
        while kept:
            yield kept.pop()


def _change(ledger: Ledger, event: Event, voided_by: int | None) -> int:
    if voided_by is not None:
        return 0
    if event.kind != "counted":
        return SIGNS.get(event.kind, 0) * event.quantity
    book = 0
    for kind, quantity in standing_before(ledger, event):
        book = quantity if kind == "counted" else book + SIGNS.get(kind, 0) * quantity
    return event.quantity - book


def exported_lines(ledger: Ledger) -> Iterator[LogLine]:
    """Give all events as they were recorded."""
    for events in events_between(ledger, range(1, ledger.head().position + 1)):
        recorded = _recorded(ledger, events)
        for event in events:
            yield _log_line(event, recorded[event.batch], ledger.zone)


def _recorded(ledger: Ledger, events: Iterable[Event]) -> dict[int, str]:
    """Return when the batch of each event was recorded, in the ledger's zone."""
    times = recorded_times(ledger, {event.batch for event in events})
    return {batch: show_moment(time, ledger.zone) for batch, time in times.items()}


def _log_line(event: Event, recorded_at: str, zone: tzinfo) -> LogLine:
    return LogLine(
        event.position,
        event.batch,
        recorded_at,
        show_effective(event.effective_at, event.date_only, zone),
        event.kind,
        event.sku,
        event.location,
        event.quantity,
        event.reason,
        event.reference,
        event.unit_cost,
        event.id,
        event.reverses,
        unpack_details(event.details) or None,
    )


class BatchLine(NamedTuple):
    """Who recorded what, when, from which file; and how much of it into a closed period."""

    batch: int
    recorded_at: str
    actor: str
    command: str
    source: str | None
    events: int
    first_position: int | None
    last_position: int | None
    note: str | None


def list_batches(ledger: Ledger) -> list[BatchLine]:
    """Return a line for every batch, in order."""
    late = late_by_batch(ledger)
    return [
        BatchLine(
            header.batch,
            show_moment(header.recorded_at, ledger.zone),
            header.actor,
            header.command,
            header.source,
            len(header.positions),
            header.first_position,
            header.last_position,
            f"{late[header.batch]} into a closed period" if header.batch in late else None,
        )
        for header in read_batches(ledger)
    ]
