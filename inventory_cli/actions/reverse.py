"""Knows how an event, or a whole batch, is voided. Must never take anything out of the log."""

from collections.abc import Iterable

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.record import Recording, _append_once, _refuse_problems
from inventory_cli.core.events import Draft, Event
from inventory_cli.core.periods import Closing, meant_for
from inventory_cli.core.rules import Facts, reversal, transfer_partner
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Batch, Origin, read_batch
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import EVENT_COLUMNS as COLUMNS
from inventory_cli.storage.log import pieces, read_event, voided_between
from inventory_cli.storage.snapshots import find_closing


def reverse_event(
    ledger: Ledger,
    origin: Origin,
    position: int,
    facts: Facts,
    clock: Clock,
    allow_negative: bool,
) -> Recording:
    """Record the reversal of one event; of both legs where the event is one of a transfer."""

    def drafts_of() -> list[Draft]:
        first, *others = _to_reverse(ledger, position)
        # The id stands for the whole command, so only the first event carries it.
        rest = facts._replace(id=None)
        return [reversal(first, facts), *(reversal(event, rest) for event in others)]

    def cannot() -> str:
        return f"cannot reverse event {position}"

    return _append_once(ledger, origin, drafts_of, cannot, clock, allow_negative, moment_given=True)


def _to_reverse(ledger: Ledger, position: int) -> list[Event]:
    event = read_event(ledger, position)
    if event is None:
        raise Refused(
            f"there is no event {position}: the log ends at {ledger.head().position}",
            "`inventory log` and `inventory history SKU` show positions",
        )
    if event.kind != "transferred":
        return [event]
    partner = read_event(ledger, transfer_partner(event))
    legs = [event] if partner is None else [event, partner]
    return sorted(legs)


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
    """

    def plan() -> Iterable[Draft]:
        header = read_batch(ledger, number)
        if header is None:
            raise Refused(f"there is no batch {number}", "`inventory batches` lists them")
        closing = None if into_closed is None else find_closing(ledger, into_closed)
        return _reversals(ledger, header, facts, closing)

    appended = append(ledger, origin, plan, clock, allow_negative)
    if appended is None:
        raise Refused(f"batch {number} holds no event that still stands")
    _refuse_problems(ledger, appended, f"cannot reverse batch {number}", [])
    return appended


def _reversals(
    ledger: Ledger, header: Batch, facts: Facts, closing: Closing | None
) -> Iterable[Draft]:
    if header.first_position is None or header.last_position is None:
        return
    # What this batch itself inserts lies behind `last`, so the pieces end where they should.
    last = header.last_position
    for rows in pieces(ledger, COLUMNS, last, header.first_position - 1):
        events = [Event(*row) for row in rows]
        voided = voided_between(ledger, events[0].position, events[-1].position, 2**62)
        for event in events:
            if event.position not in voided:
                yield meant_for(reversal(event, facts), closing)
