"""Knows whether the balances that a file states are those that the log replays to.

Values in, values out: the streams are given to it. Must never change anything.
"""

from collections.abc import Mapping, Sequence
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
    stream: Sequence[Event], stated: Mapping[int, int], zone: tzinfo
) -> Disagreement | None:
    """Return the first event, by its position in `stated`, whose balance is not what it says.

    The stream is in fold order. Where its events are known only by their day, that order is not
    the file's: the events of such a day are taken in the order of their rows or, in a file that
    begins with the newest, in the reverse of it.
    """
    before = 0
    is_first = True
    timeline = list(steps(stream))
    whole_days = {show_day(s.event.effective_at, zone) for s in timeline if s.event.date_only}

    def moment(step: Step) -> str:
        day = show_day(step.event.effective_at, zone)
        return day if day in whole_days else step.event.effective_at

    for _, group in groupby(timeline, key=moment):
        events = list(group)
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
