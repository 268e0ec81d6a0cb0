"""Knows how a batch enters the log: all of it or nothing, in one transaction.

Must never decide what a user meant; the drafts come ready from the rules.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from inventory_cli.core.dates import utc_text
from inventory_cli.core.events import Draft
from inventory_cli.core.judging import MovedCount, Problem, check_stream, moved_counts
from inventory_cli.core.periods import watched
from inventory_cli.core.projection import Projected, projected_anew
from inventory_cli.core.quantities import LARGEST_ON_HAND
from inventory_cli.core.replay import State, Stream
from inventory_cli.storage.batches import Batch, Origin, close_batch
from inventory_cli.storage.chain import link_event
from inventory_cli.storage.insert import insert_events, put_aside, put_back
from inventory_cli.storage.ledger_file import Clock, Head, Ledger
from inventory_cli.storage.log import read_stream
from inventory_cli.storage.snapshots import read_closings
from inventory_cli.storage.stock import store_states, stored_state

# How many events are inserted at a time.
CHUNK = 5_000


class Appended(NamedTuple):
    """What an append did: the stored state of each stream that it touched, the counts whose
    variance it moved, and the problems for which it was refused, if any.
    """

    header: Batch
    events: int
    states: dict[Stream, State]
    net_change: int
    moved_counts: list[MovedCount]
    problems: list[Problem]


class _Touched:
    """A stream that a batch touches, brought forward as long as events come in order."""

    __slots__ = ("before", "projected", "settled")

    def __init__(self, stored: State | None) -> None:
        self.before = stored.on_hand if stored else 0
        self.projected = Projected(stored or State())
        self.settled = True


def append(
    ledger: Ledger,
    origin: Origin,
    plan: Callable[[], Iterable[Draft]],
    clock: Clock,
    allow_negative: bool = False,
    dry_run: bool = False,
    inspect: Callable[[Iterable[Stream], int, int], None] | None = None,
) -> Appended | None:
    """Record a batch, or refuse it whole.

    `plan` is called under the write lock, so that it may look at the log before it says which
    events to record; None is returned when it says none. The state of each stream that the batch
    touches is brought forward, and judged over its whole timeline where events come late. `clock`
    is read under the lock too: what was asked before did not know of it. `inspect` may look at
    the streams that were touched, and the first and last position, before anything is final; when
    it raises, nothing was appended.
    Raises LedgerUnusable when the file cannot be written; then nothing was appended.
    """
    allow_negative = allow_negative or ledger.settings.negative == "allow"
    with ledger.writing():
        head = ledger.head()
        touched: dict[Stream, _Touched] = {}
        drafts, closed = plan(), list[Problem]()
        closings = read_closings(ledger)
        drafts = watched(drafts, head.position + 1, closings, ledger.zone, closed)
        last, link = _insert_events(ledger, head, drafts, touched, allow_negative)
        if last == head.position:
            return None
        problems, moved = _settle(ledger, head.position + 1, last, touched, allow_negative)
        problems = closed or problems
        states = {stream: touch.projected.state() for stream, touch in touched.items()}
        if inspect is not None and not problems:
            inspect(states, head.position + 1, last)
        net_change = sum(touch.projected.on_hand - touch.before for touch in touched.values())
        recorded_at = max(utc_text(clock()), head.recorded_at)
        header = Batch(head.batch + 1, recorded_at, *origin, head.position + 1, last, None)
        if not problems and not dry_run:
            store_states(ledger, states)
            close_batch(ledger, header, link)
    return Appended(header, last - head.position, states, net_change, moved, problems)


def _insert_events(
    ledger: Ledger,
    head: Head,
    drafts: Iterable[Draft],
    touched: dict[Stream, _Touched],
    allow_negative: bool,
) -> tuple[int, bytes]:
    """Insert the drafts at the next positions; return the last position and the last hash."""
    batch, position, link = head.batch + 1, head.position, head.hash
    iterator = iter(drafts)
    aside: list[str] | None = None
    while chunk := list(islice(iterator, CHUNK)):
        if aside is None and position > head.position:
            # A second chunk: this is a large one.
            aside = put_aside(ledger.connection, log_is_empty=head.position == 0)
        values: list[object] = []
        for draft in chunk:
            position += 1
            fields = (position, batch, *draft)
            link = link_event(link, fields)
            values += fields
            values.append(link)
            stream = draft[:2]
            touch = touched.get(stream)
            if touch is None:
                touch = touched[stream] = _Touched(stored_state(ledger, stream))
            if touch.settled:
                touch.settled = _bring_forward(touch.projected, draft, allow_negative)
        insert_events(ledger.connection, values)
    if aside:
        put_back(ledger.connection, aside)
    return position, link


def _bring_forward(projected: Projected, draft: Draft, allow_negative: bool) -> bool:
    """Apply an event to its stream and tell whether that settles it.

    It does not when the event comes out of order, or when what was on hand before it may be too
    little: then the stream has to be folded, and judged, as a whole.
    """
    last_effective = projected.last_effective
    if (
        draft.effective_at < last_effective
        or draft.kind == "reversed"
        or (draft.kind == "opened" and last_effective)
        or (projected.on_hand < 0 and not allow_negative)
    ):
        return False
    projected.advance(draft.kind, draft.quantity, draft.effective_at, draft.details)
    return -LARGEST_ON_HAND <= projected.on_hand <= LARGEST_ON_HAND


def _settle(
    ledger: Ledger, first_new: int, last: int, touched: dict[Stream, _Touched], allow_negative: bool
) -> tuple[list[Problem], list[MovedCount]]:
    """Fold every stream that is not settled, and judge its whole timeline."""
    problems: list[Problem] = []
    moved: list[MovedCount] = []
    for stream, touch in touched.items():
        if touch.settled and (touch.projected.on_hand >= 0 or allow_negative):
            continue
        events = read_stream(ledger, stream, last)
        found = check_stream(events, first_new, allow_negative, ledger.decimals, ledger.zone)
        if found:
            problems.append(found)
            continue
        moved += moved_counts(events, first_new)
        touch.projected = projected_anew(events)
    return sorted(problems, key=lambda found: (found.at, found.position)), moved
