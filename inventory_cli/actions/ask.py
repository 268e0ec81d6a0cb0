"""Knows how questions are answered: stock now and as of a date, a SKU's timeline, the log.

Composes the fold with the storage. Must never change anything, or know how answers are shown.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush, merge
from itertools import takewhile
from typing import NamedTuple

from inventory_cli.core.dates import day_of, show_day
from inventory_cli.core.events import Event, Stream
from inventory_cli.core.replay import State, Step, fold, steps
from inventory_cli.storage.batches import known_position, recorded_times
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import (
    as_recorded,
    locations_of,
    read_effects,
    read_stream,
    replay_log,
    replay_sku,
)
from inventory_cli.storage.snapshots import nearest_base
from inventory_cli.storage.stock import stored_states


class Stock(NamedTuple):
    """What is there of one SKU, at one location or over all (`location` None), with its days."""

    sku: str
    location: str | None
    on_hand: int
    last_incoming: str | None
    last_outgoing: str | None


def by_location(
    states: Mapping[Stream, State], day: Callable[[str | None], str | None]
) -> list[Stock]:
    """Return the stock of each stream, sorted. `day` gives the ledger's local day of a moment."""
    return [
        Stock(sku, location, state.on_hand, day(state.last_incoming), day(state.last_outgoing))
        for (sku, location), state in sorted(states.items())
    ]


def by_sku(streams: Iterable[Stock]) -> list[Stock]:
    """Return stock added up over locations: on hand is the sum, the days are the latest."""
    totals: dict[str, Stock] = {}
    for stock in streams:
        total = totals.get(stock.sku)
        if total is None:
            totals[stock.sku] = stock._replace(location=None)
            continue
        totals[stock.sku] = Stock(
            stock.sku,
            None,
            total.on_hand + stock.on_hand,
            max(total.last_incoming or "", stock.last_incoming or "") or None,
            max(total.last_outgoing or "", stock.last_outgoing or "") or None,
        )
    return list(totals.values())


class Cut(NamedTuple):
    """Which part of the log counts: effective up to `as_of` (UTC text), recorded up to `head`."""

    as_of: str
    head: int


def cut_at(ledger: Ledger, as_of: str, known_at: str | None = None) -> Cut:
    """Return the cut at moments given as UTC text, both inclusive; the head is fixed by it."""
    if known_at is None:
        return Cut(as_of, ledger.head().position)
    return Cut(as_of, known_position(ledger, known_at))


def stock_now(ledger: Ledger, as_of: str, skus: Sequence[str]) -> dict[Stream, State]:
    """Return the stored stock of all streams, or of those of some SKUs.

    What takes effect after `as_of` (UTC text), by rule the end of today, is recorded but not there
    yet: such streams are folded.
    """
    with ledger.reading():
        stored = stored_states(ledger, skus or None)
        head = ledger.head().position
    return _up_to(ledger, stored, Cut(as_of, head))


def stock_under_lock(ledger: Ledger, moment: str) -> dict[Stream, State]:
    """Return the stored stock of all streams at a moment (UTC text), while nobody else records."""
    return _up_to(ledger, stored_states(ledger, None), cut_at(ledger, moment))


def _up_to(ledger: Ledger, stored: Mapping[Stream, State], cut: Cut) -> dict[Stream, State]:
    return {
        stream: state
        for stream, latest in stored.items()
        if (state := state_at(ledger, stream, latest, cut)) is not None
    }


def state_at(ledger: Ledger, stream: Stream, state: State, cut: Cut) -> State | None:
    """Return the state of a stream at a cut, given its stored state at the same head; None where
    all of it takes effect later.
    """
    if state.last_effective <= cut.as_of:
        return state
    found = fold(read_effects(ledger, stream, cut.head, cut.as_of))
    return found if found.last_effective else None


def stock_as_of(ledger: Ledger, cut: Cut, skus: Sequence[str]) -> dict[Stream, State]:
    """Return the replayed state of all streams at a cut, or of those of some SKUs."""
    if not skus:
        return replay_log(ledger, cut.head, cut.as_of, nearest_base(ledger, cut.head, cut.as_of))
    states: dict[Stream, State] = {}
    for sku in skus:
        states |= replay_sku(ledger, sku, cut.head, cut.as_of)
    return states


def arrange(
    ledger: Ledger, states: dict[Stream, State], location: str | None, each_location: bool
) -> list[Stock]:
    """Return states as sorted stock: of one location or all, added up by SKU or not."""
    if location is not None:
        states = {stream: state for stream, state in states.items() if stream[1] == location}
    streams = by_location(states, lambda text: text and show_day(text, ledger.zone))
    return streams if each_location else by_sku(streams)


class Entry(NamedTuple):
    """A line of a SKU's timeline. `on_hand` runs over the streams that the timeline shows."""

    event: Event
    change: int
    on_hand: int
    recorded_at: str
    voided_by: int | None
    late: bool


def history(
    ledger: Ledger, sku: str, location: str | None, start: str, cut: Cut
) -> Iterator[Entry]:
    """Give the timeline of a SKU, over all its locations or at one, in fold order.

    Entries that took effect before `start` count, but are not given. An entry is late when an
    event of its own stream was recorded before it that takes effect on a later day, and had
    happened by the time at which the entry was recorded.
    """
    # What describes the SKU is at no location.
    wanted = [location] if location is not None else ["", *locations_of(ledger, sku)]
    before = {(sku, name): _on_hand_before(ledger, (sku, name), start, cut) for name in wanted}
    on_hand = sum(before.values())
    for step, recorded_at, late in merge(
        *(_timeline(ledger, stream, start, cut, there) for stream, there in before.items()),
        key=lambda told: (told[0].event.effective_at, told[0].event.position),
    ):
        on_hand += step.change
        late = late and step.event.kind != "reversed"
        yield Entry(step.event, step.change, on_hand, recorded_at, step.voided_by, late)


def _on_hand_before(ledger: Ledger, stream: Stream, start: str, cut: Cut) -> int:
    effects = read_effects(ledger, stream, cut.head, start)
    return fold(takewhile(lambda effect: effect[3] < start, effects)).on_hand


def _timeline(
    ledger: Ledger, stream: Stream, start: str, cut: Cut, on_hand: int
) -> Iterator[tuple[Step, str, bool]]:
    """Give the steps of one stream, each with when it was recorded, and whether that was late."""
    late = _late(ledger, stream, start, cut)
    for piece in read_stream(ledger, stream, cut.head, cut.as_of, start):
        recorded = recorded_times(ledger, {event.batch for event, _ in piece})
        for step in steps(piece, on_hand):
            position, on_hand = step.event.position, step.on_hand
            place = bisect_left(late, position)
            is_late = place < len(late) and late[place] == position
            yield step, recorded[step.event.batch], is_late


def _late(ledger: Ledger, stream: Stream, start: str, cut: Cut) -> Sequence[int]:
    """Return, in order, the positions recorded after something of a later day that had happened by
    then.

    By days, because within one day the kinds stand in an order of their own.
    """
    late = array("q")
    latest_day = "", ""
    # What was recorded before it happened: by when it does.
    to_come: list[str] = []
    for piece in as_recorded(ledger, stream, cut.head, cut.as_of, start):
        recorded = recorded_times(ledger, {batch for _, batch, _ in piece})
        for position, batch, effective_at in piece:
            heappush(to_come, effective_at)
            while to_come and to_come[0] <= recorded[batch]:
                if (happened := heappop(to_come)) > latest_day[1]:
                    latest_day = day_of(happened, ledger.zone)
            if effective_at < latest_day[0]:
                late.append(position)
    return late
