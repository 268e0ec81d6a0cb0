"""Knows whether the balances that a file states are those that the log replays to.

Values in, values out: the streams are given to it. Must never change anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import groupby
from typing import NamedTuple

from inventory_cli.core.dates import show_day
from inventory_cli.core.events import Event
from inventory_cli.core.replay import Step, steps


class Disagreement(NamedTuple):
    """The first event of a stream after which a file states another balance than the log."""

    event: Event
    stated: int
    replayed: int
    is_first: bool


def first_disagreement(
    stream: Iterable[tuple[Event, int | None]],
    stated_at: Callable[[int], int | None],
    zone: tzinfo,
) -> Disagreement | None:
    """Return the first event whose balance is not what is stated at its position, if anything is.

    The stream is in fold order, each event with the position of the reversal that voids it. Where
    its events are known only by their day, that order is not the file's: the events of such a day
    are taken in the order of their rows or, in a file that begins with the newest, in the reverse.
    """
    before = 0
    is_first = True
    for events in _by_order(steps(stream), zone):
        stated = {
            step.event.position: balance
            for step in events
            if (balance := stated_at(step.event.position)) is not None
        }
        mine = sorted(
            (step for step in events if step.event.position in stated),
            key=lambda step: step.event.position,
        )
        others = [step for step in events if step.event.position not in stated]
        in_order = _compared([*others, *mine], before, stated)
        reverse = in_order and _compared([*others, *reversed(mine)], before, stated)
        if in_order and reverse:
            # The order of the file is the one in which more of its balances are right.
            place, event, replayed = max(in_order, reverse, key=lambda found: found[0])
            is_first = is_first and place == len(others)
            return Disagreement(event, stated[event.position], replayed, is_first)
        before = events[-1].on_hand
        # In the log a count closes its day, whatever row it stands in.
        last = mine[0 if in_order else -1] if mine else None
        if last and last.voided_by is None and stated[last.event.position] != before:
            return Disagreement(last.event, stated[last.event.position], before, False)
        is_first = is_first and not mine
    return None


def _by_order(timeline: Iterable[Step], zone: tzinfo) -> Iterator[list[Step]]:
    """Give the events of a day together where the order of some of them is not known, else those
    of a moment.
    """
    for _, day in groupby(timeline, key=lambda step: show_day(step.event.effective_at, zone)):
        events = list(day)
        if any(step.event.date_only for step in events):
            yield events
        else:
            for _, moment in groupby(events, key=lambda step: step.event.effective_at):
                yield list(moment)


def _compared(
    events: Sequence[Step], on_hand: int, stated: Mapping[int, int]
) -> tuple[int, Event, int] | None:
    """Return the first event after which on hand is not as stated, its place, and what it is."""
    for place, step in enumerate(events):
        standing = step.voided_by is None
        if step.event.kind == "counted" and standing:
            on_hand = step.event.quantity
        else:
            on_hand += step.change
        wanted = stated.get(step.event.position)
        if wanted is not None and standing and wanted != on_hand:
            return place, step.event, on_hand
    return None
