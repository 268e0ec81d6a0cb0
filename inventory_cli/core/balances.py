"""Knows where the balances that a file states break, compared with what the log replays to.

Values in, values out: the timelines are given to it. Must never change anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from inventory_cli.core.dates import show_day, show_effective
from inventory_cli.core.events import Event
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import Step


class Break(NamedTuple):
    """An event after which a file states a balance that is neither what the log has then, which is
    `replayed`, nor what its own balance before the event leads to: that is `expected`.

    `is_first` tells that the file states no balance of the timeline before it.
    """

    event: Event
    stated: int
    replayed: int
    expected: int
    is_first: bool

    @property
    def is_cut(self) -> bool:
        """Whether the source showed 0 where there was less, for more had left than there was."""
        less = self.expected < 0 or self.replayed < 0
        return self.stated == 0 and less and not self.is_first

    def in_words(self, decimals: int, zone: tzinfo, over_places: bool) -> str:
        """Return it as text that names its SKU, day and, unless it is of all places, location."""
        event = self.event
        stated, replayed, expected, missing = (
            format_quantity(quantity, decimals)
            for quantity in (
                *(self.stated, self.replayed, self.expected),
                self.stated - self.replayed,
            )
        )
        where = "over all places" if over_places else f"at {event.location}"
        then = show_effective(event.effective_at, event.date_only, zone)
        text = f"{event.sku} {where} on {then}: {stated} in the file, {replayed} in the log"
        if self.expected != self.replayed:
            text += f", {expected} by the balance before it"
        if self.is_cut:
            text += "; cut at 0"
        elif self.is_first and self.stated > self.replayed:
            text += f"; an opening balance of {missing} before it would explain that"
        return text


class _Before(NamedTuple):
    """What the log has at a point of a timeline, how much more the file says, and whether the file
    has said nothing so far.
    """

    on_hand: int = 0
    missing: int = 0
    is_first: bool = True


def find_breaks(
    timeline: Iterable[Step],
    line_of: Callable[[int], int | None],
    stated_at: Callable[[int], int | None],
    zone: tzinfo,
) -> Iterator[Break]:
    """Give each event at whose position a balance is stated that nothing before it leads to.

    `line_of` gives the line of the file for a position, None where the event is not of the file.
    The timeline is in fold order. Where its events are known only by their day, that order is not
    the file's: those of the file are taken in the order of their rows or, if it begins with the
    newest, in the reverse; in the one in which less breaks. Others of that day come before them.
    """
    before = _Before()
    newest_first, earlier = False, 0
    for events in _by_order(timeline, zone):
        stated = {
            step.event.position: balance
            for step in events
            if (balance := stated_at(step.event.position)) is not None
        }
        lines = {step.event.position: line_of(step.event.position) for step in events}
        others = [step for step in events if lines[step.event.position] is None]
        mine = sorted(
            (step for step in events if lines[step.event.position] is not None),
            key=lambda step: (lines[step.event.position] or 0, step.event.position),
        )
        if mine:
            line = lines[mine[0].event.position] or 0
            newest_first, earlier = line < earlier, line
        found, after = _walk([*others, *mine], before, stated)
        if found and len(mine) > 1:
            reverse = _walk([*others, *reversed(mine)], before, stated)
            if (len(reverse[0]), not newest_first) < (len(found), newest_first):
                mine.reverse()
                found, after = reverse
        yield from found
        # In the log a count closes its day, whatever row it stands in.
        on_hand = events[-1].on_hand
        last = mine[-1].event if mine and mine[-1].voided_by is None else None
        balance = last and stated.get(last.position)
        if last and balance is not None and after.on_hand != on_hand:
            yield Break(last, balance, on_hand, on_hand + after.missing, False)
            after = after._replace(missing=balance - on_hand)
        before = after._replace(on_hand=on_hand)


def over_places(timelines: Iterable[Iterable[Step]]) -> Iterator[Step]:
    """Merge the timelines of one SKU, one for each place, into that of what is there of it in all.

    A transfer changes nothing there.
    """
    on_hand = 0
    order = merge(*timelines, key=lambda step: (step.event.effective_at, step.event.position))
    for step in order:
        change = 0 if step.event.kind == "transferred" else step.change
        on_hand += change
        yield step._replace(change=change, on_hand=on_hand)


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


def _walk(
    events: Iterable[Step], before: _Before, stated: Mapping[int, int]
) -> tuple[list[Break], _Before]:
    """Return where balances break if the events happened in this order, and what comes of it."""
    on_hand, missing, is_first = before
    found = []
    for step in events:
        event = step.event
        standing = step.voided_by is None
        if event.kind == "counted" and standing:
            on_hand = step.on_hand
            if event.quantity == on_hand:
                # It says all that is there, so nothing before it counts.
                missing = 0
        else:
            on_hand += step.change
        balance = stated.get(event.position)
        if balance is None:
            continue
        if standing:
            if balance - on_hand not in (0, missing):
                found.append(Break(event, balance, on_hand, on_hand + missing, is_first))
            missing = balance - on_hand
        is_first = False
    return found, _Before(on_hand, missing, is_first)
