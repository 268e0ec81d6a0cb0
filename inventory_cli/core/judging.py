"""Knows whether a batch may be recorded, by the streams that it touches, and what it changes.

Must never know where streams are stored; they are given to it.
"""

from collections.abc import Sequence
from datetime import tzinfo
from itertools import groupby
from shlex import quote
from typing import NamedTuple

from inventory_cli.core.dates import show_effective
from inventory_cli.core.events import Event
from inventory_cli.core.quantities import LARGEST_ON_HAND, format_quantity
from inventory_cli.core.replay import fold, steps


class Problem(NamedTuple):
    """Why a stream refuses a batch: the first moment at which it would not hold."""

    sku: str
    location: str
    at: str
    date_only: int
    position: int
    text: str
    hint: str | None


def problem(event: Event, text: str, hint: str | None = None) -> Problem:
    """Return a problem that shows at the moment of `event`."""
    return Problem(
        event.sku, event.location, event.effective_at, event.date_only, event.position, text, hint
    )


def shortage(event: Event, on_hand: int, missing: int, decimals: int) -> Problem:
    """Return the problem of a stream that would fall below zero at the moment of `event`."""
    have, lack = (format_quantity(quantity, decimals) for quantity in (on_hand, missing))
    return problem(
        event,
        f"{have} on hand then, {lack} missing",
        f"look at `inventory history {quote(event.sku)} --location {quote(event.location)}`; "
        "record what came in, or let it pass with --allow-negative",
    )


TOO_LARGE = "on hand would be too large to store"


def check_stream(
    stream: Sequence[Event], first_new: int, allow_negative: bool, decimals: int, zone: tzinfo
) -> Problem | None:
    """Judge a whole stream, in fold order, of which all from position `first_new` on is new.

    It is refused when, at the end of any moment, on hand is below zero *and* lower than it would
    have been without the new events: a batch is not to blame for what was short before it. A
    moment is judged as a whole, so the order in which its events were recorded does not matter.
    """
    if misplaced := _check_opening(stream, first_new, zone):
        return misplaced
    without = steps(event for event in stream if event.position < first_new)
    on_hand_without = {step.event.position: step.on_hand for step in without}
    before = 0
    for at, moment in groupby(steps(stream), key=lambda step: step.event.effective_at):
        events: list[Event] = []
        for step in moment:
            events.append(step.event)
            before = on_hand_without.get(step.event.position, before)
        after = step.on_hand
        if abs(after) > LARGEST_ON_HAND:
            return problem(step.event, TOO_LARGE)
        if not allow_negative and after < 0 and after < before:
            new = [event for event in events if event.position >= first_new]
            # What was there for the new events of this moment; where there is none, what the
            # book said without the batch.
            left_out = {event.position for event in new}
            kept = (e for e in stream if e.effective_at <= at and e.position not in left_out)
            there = fold(kept).on_hand if new else before
            return shortage((new or events)[0], there, -after, decimals)
    return None


def _check_opening(stream: Sequence[Event], first_new: int, zone: tzinfo) -> Problem | None:
    voided = {event.reverses for event in stream}
    standing = [e for e in stream if e.position not in voided and e.kind != "reversed"]
    # The one that was recorded first, if there are two.
    openings = sorted((e for e in standing if e.kind == "opened"), key=lambda e: e.position)
    if not openings:
        return None
    opening = openings[0]
    opened_on = show_effective(opening.effective_at, opening.date_only, zone)
    if len(openings) > 1:
        return problem(
            openings[1],
            f"there is an opening balance of {opened_on} already",
            f"adjust it, or reverse event {opening.position} and open once more",
        )
    first = standing[0]
    if first.effective_at < opening.effective_at:
        return problem(
            first,
            f"nothing can take effect before the opening balance of {opened_on}",
            "give the opening balance an earlier date"
            if opening.position >= first_new
            else f"give a later date, or reverse event {opening.position} and open earlier",
        )
    return None


class MovedCount(NamedTuple):
    """A count whose variance changed because something was recorded that took effect before it."""

    event: Event
    variance_before: int
    variance: int


def moved_counts(stream: Sequence[Event], first_new: int) -> list[MovedCount]:
    """Return the counts recorded before position `first_new` whose variance the rest changed."""
    known = (event for event in stream if event.position < first_new)
    before = {
        step.event.position: step.change
        for step in steps(known)
        if step.event.kind == "counted" and step.voided_by is None
    }
    return [
        MovedCount(step.event, before[step.event.position], step.change)
        for step in steps(stream)
        if step.event.position in before
        and step.voided_by is None
        and step.change != before[step.event.position]
    ]
