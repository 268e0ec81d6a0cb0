"""Knows how one command becomes events of the log, or a refusal that says why.

Composes the rules with the storage. Must never know how the command was typed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from inventory_cli.actions.append import Appended, append
from inventory_cli.core.dates import show_effective
from inventory_cli.core.events import KINDS, Draft, Event
from inventory_cli.core.judging import MovedCount, Problem
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.rules import differing_in
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import (
    events_under_id,
    reversal_of,
)
from inventory_cli.storage.stock import stored_state


class Recorded(NamedTuple):
    """One recorded event, with what is on hand in its stream now."""

    event: Event
    on_hand: int


class Recording(NamedTuple):
    """What a command recorded; `already` when it had been recorded before under the same id."""

    events: list[Recorded]
    moved_counts: list[MovedCount]
    already: bool


class Request(NamedTuple):
    """What is to be recorded as one: an event, or the two legs of a transfer.

    Where no moment was given, the drafts carry that of the request.
    """

    drafts: tuple[Draft, ...]
    moment_given: bool


def record(
    ledger: Ledger,
    origin: Origin,
    drafts: Sequence[Draft],
    clock: Clock,
    moment_given: bool,
    allow_negative: bool,
) -> Recording:
    """Record the drafts of one command: one event, or the two legs of a transfer.

    Raises Refused when the rules forbid it, or when the id was used for something else.
    """

    def cannot() -> str:
        return f"cannot {_describe(ledger, drafts[0])}"

    return _append_once(
        ledger, origin, lambda: drafts, cannot, clock, allow_negative, moment_given=moment_given
    )


def _append_once(
    ledger: Ledger,
    origin: Origin,
    drafts_of: Callable[[], Sequence[Draft]],
    cannot: Callable[[], str],
    clock: Clock,
    allow_negative: bool,
    *,
    moment_given: bool,
) -> Recording:
    """Append drafts, which may be read from the log under the lock, unless their id is known."""
    drafts: list[Draft] = []
    known: list[Event] = []

    def plan() -> Sequence[Draft]:
        drafts.extend(drafts_of())
        known.extend(_known_under_id(ledger, drafts, moment_given))
        if known:
            return []
        for draft in drafts:
            _refuse_second_reversal(ledger, draft)
        return drafts

    appended = append(ledger, origin, plan, clock, allow_negative)
    if appended is None:
        return Recording([_with_stock(ledger, event) for event in known], [], already=True)
    if appended.problems:
        _refuse_problems(ledger, appended, cannot(), drafts)
    return _recording(ledger, appended, drafts)


def record_together(
    ledger: Ledger,
    origin: Origin,
    requests: Sequence[Request],
    clock: Clock,
    allow_negative: bool,
) -> list[Recording]:
    """Record several requests as one batch, or none; return what became of each, in order.

    Raises Refused when the rules forbid it, when an id was used for something else, or stands
    twice.
    """
    known: list[list[Event]] = []
    drafts: list[Draft] = []

    def plan() -> Sequence[Draft]:
        ids: set[str] = set()
        for request in requests:
            id = request.drafts[0].id
            if id in ids:
                raise Refused(f"the id {id!r} is given twice", "give each event an id of its own")
            ids |= {id} if id is not None else set()
            events = _known_under_id(ledger, request.drafts, request.moment_given)
            known.append(events)
            if not events:
                drafts.extend(request.drafts)
        return drafts

    appended = append(ledger, origin, plan, clock, allow_negative)
    new: list[Recorded] = []
    if appended is not None:
        _refuse_problems(ledger, appended, "cannot record them together", [])
        new = _recording(ledger, appended, drafts).events
    waiting = iter(new)
    return [
        Recording([_with_stock(ledger, event) for event in events], [], already=True)
        if events
        else Recording([next(waiting) for _ in request.drafts], [], already=False)
        for request, events in zip(requests, known, strict=True)
    ]


def _known_under_id(ledger: Ledger, drafts: Sequence[Draft], moment_given: bool) -> list[Event]:
    id = drafts[0].id
    known = events_under_id(ledger, id) if id is not None else []
    if known and (differing := differing_in(drafts, known, moment_given)):
        raise Refused(
            f"the id {id!r} is taken by event {known[0].position}, which differs in its "
            f"{differing}: {_describe(ledger, Draft(*known[0][2:]))}",
            "use another --id for another event",
        )
    return known


def _with_stock(ledger: Ledger, event: Event) -> Recorded:
    state = stored_state(ledger, (event.sku, event.location))
    return Recorded(event, state.on_hand if state else 0)


def _recording(ledger: Ledger, appended: Appended, drafts: Iterable[Draft]) -> Recording:
    header = appended.header
    first = header.first_position or 0
    return Recording(
        [
            Recorded(
                Event(first + n, header.batch, *draft),
                appended.states[draft.sku, draft.location].on_hand,
            )
            for n, draft in enumerate(drafts)
        ],
        appended.moved_counts,
        already=False,
    )


def _refuse_problems(
    ledger: Ledger, appended: Appended, cannot: str, drafts: Sequence[Draft]
) -> None:
    """Raise Refused when there are problems: the first in words, some others below it."""
    if not appended.problems:
        return
    shown = [describe_problem(ledger, found) for found in appended.problems[:MOST_SHOWN]]
    first = appended.problems[0]
    if drafts and (first.sku, first.location) == drafts[0][:2]:
        then = show_effective(first.at, first.date_only, ledger.zone)
        own_moment = first.at == drafts[0].effective_at
        shown[0] = first.text if own_moment else f"on {then}, {first.text}"
    lines = [f"{cannot}: {shown[0]}", *shown[1:]]
    if (rest := len(appended.problems) - len(shown)) > 0:
        lines.append(f"and {rest} more")
    raise Refused("\n  ".join(lines), first.hint)


def describe_problem(ledger: Ledger, found: Problem) -> str:
    """Return a problem as text that names its SKU, location and moment."""
    then = show_effective(found.at, found.date_only, ledger.zone)
    return f"{found.sku} at {found.location} on {then}: {found.text}"


def _describe(ledger: Ledger, draft: Draft) -> str:
    """Return a draft in the words of its command: `sell 30 of XYZ-1 at main on 2022-03-15`."""
    on = show_effective(draft.effective_at, draft.date_only, ledger.zone)
    if draft.kind == "reversed":
        return f"reverse event {draft.reverses}"
    signed = draft.kind == "adjusted"
    quantity = format_quantity(draft.quantity if signed else abs(draft.quantity), ledger.decimals)
    plus = "+" if signed and draft.quantity > 0 else ""
    preposition = "from" if draft.kind == "transferred" else "at"
    return (
        f"{KINDS[draft.kind].command} {plus}{quantity} of {draft.sku} "
        f"{preposition} {draft.location} on {on}"
    )


def _refuse_second_reversal(ledger: Ledger, draft: Draft) -> None:
    if draft.reverses is None:
        return
    voided_by = reversal_of(ledger, draft.reverses)
    if voided_by is not None:
        raise Refused(f"event {draft.reverses} is reversed already, by event {voided_by}")
