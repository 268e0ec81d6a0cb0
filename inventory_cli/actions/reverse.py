"""Knows how an event, or a whole batch, is voided. Must never take anything out of the log."""

from collections.abc import Iterator, Sequence

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.corrected import refuse_correction
from inventory_cli.actions.record import Recording, record_once
from inventory_cli.core.events import FORGETS, Draft, Event
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.rules import Facts, reversal, reversals_of, transfer_partner
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Batch, Origin, read_batch
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import events_between, read_event, reversal_of, voided_between
from inventory_cli.storage.snapshots import read_closings


def reverse_event(
    ledger: Ledger,
    origin: Origin,
    position: int,
    facts: Facts,
    clock: Clock,
    allow_negative: bool,
) -> Recording:
    """Record the reversal of one event; of both legs where the event is one of a transfer."""

    def plan() -> list[Draft]:
        first, *others = find_whole(ledger, position)
        # The id stands for the whole command, so only the first event carries it.
        rest = facts._replace(id=None)
        return [reversal(first, facts), *(reversal(event, rest) for event in others)]

    def check(drafts: Sequence[Draft]) -> None:
        for named in (draft.reverses for draft in drafts if draft.reverses is not None):
            _refuse_reversed(ledger, named)

    try:
        # By their id they are found without the event that they name: after a rollover its position
        # is another event's.
        ways = reversals_of(position, facts)
        return record_once(ledger, origin, ways, plan, clock, allow_negative, False, check)
    except Forbidden as error:
        own = read_event(ledger, position)
        raise error.of(f"cannot reverse event {position}", own and own.said) from None


def _refuse_reversed(ledger: Ledger, position: int) -> None:
    if (voided_by := reversal_of(ledger, position)) is not None:
        raise Refused(
            f"event {position} is reversed already, by event {voided_by}",
            f"there is nothing left to do; `inventory show {voided_by}` says why",
        )


def find_whole(ledger: Ledger, position: int) -> list[Event]:
    """Return an event; both legs where it is one of a transfer. Raises Refused if there is none."""
    event = read_event(ledger, position)
    if event is None:
        raise Refused(
            f"there is no event {position}: the log ends at {ledger.head().position}",
            "`inventory log` and `inventory history SKU` show positions",
        )
    if event.kind != "transferred":
        return [event]
    partner = read_event(ledger, transfer_partner(event))
    return [event] if partner is None else sorted([event, partner])


def reverse_batch(
    ledger: Ledger,
    origin: Origin,
    number: int,
    facts: Facts,
    clock: Clock,
    allow_negative: bool,
    into_closed: str | None = None,
) -> Appended:
    """Record the reversals of all events of a batch that still stand, as one new batch.

    Those that take effect in the period that was closed as `into_closed` say that this is meant.
    An import is forgotten with it, so that its file may come again. Raises Refused where the batch
    is a correction: that is corrected back.
    """
    header = _find_batch(ledger, number)
    details = {FORGETS: str(number)} if header.command == "import" else {}

    def plan() -> Iterator[Draft]:
        closing = into_closed and find_closing(read_closings(ledger), into_closed)
        for event in standing_in(ledger, number):
            yield meant_for(reversal(event, facts), closing or None)

    try:
        appended = append(ledger, origin, plan, clock, allow_negative, details=details)
    except Forbidden as error:
        raise error.of(f"cannot reverse batch {number}") from None
    if appended is None:
        raise Refused(
            f"batch {number} holds no event that still stands",
            f"there is nothing left to do; `inventory log --batch {number}` shows what it held",
        )
    return appended


def standing_in(ledger: Ledger, number: int) -> Iterator[Event]:
    """Give the events of a batch that still stand."""
    # What a reversal of them inserts lies behind, so the pieces end where they should.
    for events in events_between(ledger, _find_batch(ledger, number).positions):
        voided = voided_between(ledger, events[0].position, events[-1].position, 2**62)
        yield from (event for event in events if event.position not in voided)


def _find_batch(ledger: Ledger, number: int) -> Batch:
    header = read_batch(ledger, number)
    if header is None:
        raise Refused(f"there is no batch {number}", "`inventory batches` lists them")
    refuse_correction(ledger, header)
    return header


def last_recorded(ledger: Ledger) -> int:
    """Return the number of the last batch that holds events. Raises Refused where none does."""
    position = ledger.head().position
    last = read_event(ledger, position)
    if last is None:
        raise Refused(
            "nothing is recorded, so there is nothing to reverse",
            "`inventory status` says which ledger this is",
        )
    return last.batch


def would_reverse(
    ledger: Ledger,
    origin: Origin,
    events: Sequence[Event],
    facts: Facts,
    clock: Clock,
    allow_negative: bool,
) -> None:
    """Go through the reversal of some events without recording it. Raises Refused as that does."""
    first = events[0].position

    def plan() -> list[Draft]:
        for event in events:
            _refuse_reversed(ledger, event.position)
        return [reversal(event, facts) for event in events]

    try:
        append(ledger, origin, plan, clock, allow_negative, dry_run=True)
    except Forbidden as error:
        raise error.of(f"cannot reverse event {first}", events[0].said) from None
