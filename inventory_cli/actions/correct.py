"""Knows how an event is corrected: voided, and said anew as it should have been, in one batch.

Must never change what is in the log.
"""

from inventory_cli.actions.append import append
from inventory_cli.actions.corrected import corrected_by
from inventory_cli.actions.names import guard_of
from inventory_cli.actions.record import Recording, recorded
from inventory_cli.actions.reverse import find_whole
from inventory_cli.core.corrections import Changes, correction
from inventory_cli.core.events import Draft, Event
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.names import NameRules
from inventory_cli.core.periods import find_closing, meant_for
from inventory_cli.core.rules import Facts
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import read_event, reversal_of
from inventory_cli.storage.snapshots import read_closings


def correct_event(
    ledger: Ledger,
    origin: Origin,
    position: int,
    changes: Changes,
    facts: Facts,
    clock: Clock,
    allow_negative: bool,
    rules: NameRules,
    into_closed: str | None = None,
) -> Recording:
    """Record a batch that voids an event, and says it as it should have been; both legs of a
    transfer. What stands in the period that was closed as `into_closed` says that this is meant.

    Raises Refused where the event cannot be corrected, or the rules forbid what it becomes.
    """

    def plan() -> list[Draft]:
        events, named = _to_correct(ledger, position)
        drafts = correction(events, named, changes, facts, ledger.zone)
        guard = guard_of(ledger, rules, clock)
        for draft in drafts[len(events) :]:
            guard.check(draft, place_said=True)
        closing = into_closed and find_closing(read_closings(ledger), into_closed)
        # What goes into a closed period says why.
        return [
            meant if draft.reason or meant == draft else meant._replace(reason=facts.reason)
            for draft in drafts
            for meant in (meant_for(draft, closing or None),)
        ]

    try:
        appended = append(ledger, origin, plan, clock, allow_negative)
    except Forbidden as error:
        named = read_event(ledger, position)
        raise error.of(f"cannot correct event {position}", named and named.said) from None
    assert appended is not None  # A correction is never empty.
    return Recording(recorded(ledger, appended), appended.notes, already=False)


def _to_correct(ledger: Ledger, position: int) -> tuple[list[Event], Event]:
    """Return the events to void, and the one that was named. Raises Refused where it is none."""
    events = find_whole(ledger, position)
    named = next(event for event in events if event.position == position)
    if named.kind == "reversed":
        raise Refused(
            f"event {position} is itself a reversal, which has nothing to correct",
            f"record what event {named.reverses} said once more",
        )
    voided_by = reversal_of(ledger, position)
    if voided_by is not None:
        anew = corrected_by(ledger, voided_by)
        raise Refused(
            f"event {position} is voided by event {voided_by}"
            + (f", and corrected as event {anew}" if anew else ""),
            f"correct that: `inventory correct {anew} …`"
            if anew
            else "record it once more, as it should have been",
        )
    return events, named
