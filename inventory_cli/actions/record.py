"""Knows how one command becomes events of the log, or a refusal that says why.

Composes the rules with the storage. Must never know how the command was typed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.ask import Cut, state_at
from inventory_cli.actions.known_before import Before, find_before
from inventory_cli.actions.names import guard_of
from inventory_cli.core.dates import today_at, utc_text
from inventory_cli.core.events import AT_ONCE, Draft, Event, Stream, is_stock
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.names import ANY_NAMES, NameRules
from inventory_cli.core.notes import Notes
from inventory_cli.core.replay import State
from inventory_cli.core.rules import differing_in
from inventory_cli.core.wording import command_in_words
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.known import Known, known_under_id, latest_of, same_as
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import events_between
from inventory_cli.storage.stock import stored_state

_ANOTHER_ID = "use another --id for another event"


class Recorded(NamedTuple):
    """One recorded event, with what is on hand in its stream now; None where it has no stream."""

    event: Event
    on_hand: int | None


class Recording(NamedTuple):
    """What a command recorded; `already` when it had been recorded before under the same id.

    `voided_by` is the position of the reversal, where that was voided since; `file` is the ledger
    before this one that holds it, at the positions of its events, which have no batch here (0); nor
    is it known here of which SKU a reversal there was (""), or where.
    """

    events: list[Recorded]
    notes: Notes
    already: bool
    voided_by: int | None = None
    file: str | None = None


class Request(NamedTuple):
    """What is to be recorded as one: an event, or the two legs of a transfer.

    Where no moment was given, the drafts carry that of the request; where no place was said, the
    built-in one.
    """

    drafts: tuple[Draft, ...]
    moment_given: bool
    place_said: bool = True


def as_meant(request: Request) -> tuple[Draft, ...]:
    """Return the drafts of a request; those without a moment take that of the batch."""
    if request.moment_given:
        return request.drafts
    return tuple(d if d.date_only else d._replace(effective_at=AT_ONCE) for d in request.drafts)


def record(
    ledger: Ledger,
    origin: Origin,
    request: Request,
    clock: Clock,
    allow_negative: bool,
    rules: NameRules = ANY_NAMES,
) -> Recording:
    """Record a request as a batch of its own.

    Raises Refused when the rules forbid it, or when the id was used for something else.
    """
    drafts = request.drafts

    def check(drafts: Sequence[Draft]) -> None:
        if rules.known_only or not request.place_said:
            guard = guard_of(ledger, rules, clock)
            for draft in drafts:
                guard.check(draft, request.place_said)

    try:
        return record_once(
            ledger,
            origin,
            [drafts],
            lambda: as_meant(request),
            clock,
            allow_negative,
            request.moment_given,
            check,
        )
    except Forbidden as error:
        own = drafts[0]
        if not request.moment_given and not own.date_only:
            own = own._replace(effective_at=error.now)
        cannot = f"cannot {command_in_words(own, ledger.decimals, ledger.zone)}"
        raise error.of(cannot, own) from None


def record_once(
    ledger: Ledger,
    origin: Origin,
    ways: Sequence[Sequence[Draft]],
    plan: Callable[[], Sequence[Draft]],
    clock: Clock,
    allow_negative: bool,
    moment_given: bool,
    check: Callable[[Sequence[Draft]], None],
) -> Recording:
    """Append what is planned under the lock, unless it is known by its id; `check` may refuse it
    then. `ways` are those in which the request may be read to be looked up.

    Raises Forbidden when the rules forbid it.
    """
    known: Known | None = None

    def unknown() -> Sequence[Draft]:
        nonlocal known
        known = _known(ledger, ways, moment_given)
        if known:
            return []
        drafts = plan()
        check(drafts)
        return drafts

    appended = append(ledger, origin, unknown, clock, allow_negative)
    if appended is None:
        assert known is not None  # A plan says at least one event.
        return _already(ledger, known, clock)
    return Recording(recorded(ledger, appended), appended.notes, already=False)


def record_together(
    ledger: Ledger,
    origin: Origin,
    requests: Sequence[Request],
    clock: Clock,
    allow_negative: bool,
    rules: NameRules = ANY_NAMES,
) -> list[Recording]:
    """Record several requests as one batch, or none; return what became of each, in order.

    Raises Refused when the rules forbid it, when an id was used for something else, or stands
    twice.
    """
    known: list[Known | None] = []
    drafts: list[Draft] = []

    def unknown() -> Sequence[Draft]:
        ids: set[str] = set()
        guard = guard_of(ledger, rules, clock)
        for request in requests:
            id = request.drafts[0].id
            if id in ids:
                raise Refused(f"the id {id!r} is given twice", "give each event an id of its own")
            ids |= {id} if id is not None else set()
            known.append(_known(ledger, [request.drafts], request.moment_given))
            if known[-1] is None:
                for draft in request.drafts:
                    guard.check(draft, request.place_said)
                drafts.extend(as_meant(request))
        return drafts

    try:
        appended = append(ledger, origin, unknown, clock, allow_negative)
    except Forbidden as error:
        raise error.of("cannot record them together") from None
    waiting = iter(recorded(ledger, appended) if appended else ())
    notes = appended.notes if appended else Notes()
    return [
        _already(ledger, before, clock)
        if before
        else Recording([next(waiting) for _ in request.drafts], notes, already=False)
        for request, before in zip(requests, known, strict=True)
    ]


def _known(ledger: Ledger, ways: Sequence[Sequence[Draft]], moment_given: bool) -> Known | None:
    """Return what says the same as one of the ways in which a request may be read, and was recorded
    under the same id, even if it was voided since.

    Raises Refused when only other things were recorded under it.
    """
    id = ways[0][0].id
    if id is None:
        return None

    def differing_from(one: Known) -> str:
        said = (differing_in(way, one.events, moment_given, ledger.zone) for way in ways)
        return min(said, key=len)

    known = known_under_id(ledger, id)
    same = same_as(known, lambda one: not differing_from(one))
    before = None if same else find_before(ledger, ways, moment_given)
    if before and not before.differing:
        return _as_recorded(before)
    if same is None and (latest := latest_of(known)):
        differing = differing_from(latest)
        said = command_in_words(latest.events[0].said, ledger.decimals, ledger.zone)
        raise Refused(
            f"the id {id!r} is taken by {latest.in_words}, which differs in its {differing}: "
            f"{said}",
            _ANOTHER_ID,
        )
    if before:
        raise Refused(
            f"the id {id!r} is taken by {before.in_words}, which differs in its {before.differing}",
            _ANOTHER_ID,
        )
    return same


def _as_recorded(before: Before) -> Known:
    """Return what a ledger before this one recorded: what is given, at its moment."""
    _, _, position, effective_at, date_only, _, voided_by = before.carried
    events = [
        Event(number, 0, *draft._replace(effective_at=effective_at, date_only=date_only))
        for number, draft in enumerate(before.said, position)
    ]
    return Known(events, voided_by, before.file)


def _already(ledger: Ledger, known: Known, clock: Clock) -> Recording:
    head = ledger.head()
    today = today_at(max(utc_text(clock()), head.recorded_at), ledger.zone)
    states = {event.stream: stored_state(ledger, event.stream) or State() for event in known.events}
    cut = Cut(today.ends, head.position)
    recorded = _with_stock(ledger, known.events, states, cut)
    return Recording(recorded, Notes(), True, known.voided_by, known.file)


def recorded(ledger: Ledger, appended: Appended) -> list[Recorded]:
    """Return the events of a batch that was appended, each with what is on hand now."""
    # As it stands in the log: what is known by its day may have been brought forward.
    positions = appended.header.positions
    events = [event for piece in events_between(ledger, positions) for event in piece]
    return _with_stock(ledger, events, appended.states, Cut(appended.today.ends, positions[-1]))


def _with_stock(
    ledger: Ledger, events: Iterable[Event], states: Mapping[Stream, State], cut: Cut
) -> list[Recorded]:
    now = {stream: state_at(ledger, stream, state, cut) for stream, state in states.items()}

    def on_hand(stream: Stream) -> int | None:
        state = now.get(stream)
        return (state.on_hand if state else 0) if is_stock(stream) else None

    return [Recorded(event, on_hand(event.stream)) for event in events]
