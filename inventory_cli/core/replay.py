"""Knows how events add up: the fold of one stream, and of many. Must never know where they lie.

A stream is folded by (effective at, position). A voided event and its reversal change nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from inventory_cli.core.dates import END_OF_TIME, is_day
from inventory_cli.core.events import (
    KINDS,
    OPENING_DETAILS,
    Effect,
    Event,
    Stream,
    is_stock,
    pack_details,
    unpack_details,
)
from inventory_cli.errors import LedgerUnusable

SIGNS: Mapping[str, int] = {k.name: k.sign for k in KINDS.values() if k.sign is not None}
INCOMING = frozenset(k.name for k in KINDS.values() if k.sets == "last_incoming")
OUTGOING = frozenset(k.name for k in KINDS.values() if k.sets == "last_outgoing")
_SETS: Mapping[str, str | None] = {k.name: k.sets for k in KINDS.values()}


class UnknownKind(LedgerUnusable):
    """The log holds an event of a kind that this program does not know."""

    def __init__(self, position: int, kind: str) -> None:
        super().__init__(
            f"event {position} is of the unknown kind {kind!r}", "`inventory verify` says more"
        )


class State(NamedTuple):
    """What the replayed stream says is there.

    `last_incoming` and `last_outgoing` are UTC text, or a bare `YYYY-MM-DD` while only the
    opening balance told them. `last_effective` is the latest moment of any event of the stream.
    """

    on_hand: int = 0
    last_incoming: str | None = None
    last_outgoing: str | None = None
    last_counted: str | None = None
    last_effective: str = ""


class Step(NamedTuple):
    """One event of a stream as the fold passes it: `change` of on hand, and on hand after it."""

    event: Event
    change: int
    on_hand: int
    voided_by: int | None


def steps(events: Iterable[tuple[Event, int | None]], on_hand: int = 0) -> Iterator[Step]:
    """Fold one stream event by event. Each is given, in fold order, with the position of the
    reversal that voids it; `on_hand` is what is there before the first.

    The change of a count is its variance: counted minus what the book said just before it.
    """
    for event, voided_by in events:
        if voided_by is not None or event.kind == "reversed":
            change = 0
        elif event.kind == "counted":
            change = event.quantity - on_hand
        elif event.kind in SIGNS:
            change = SIGNS[event.kind] * event.quantity
        else:
            raise UnknownKind(event.position, event.kind)
        on_hand += change
        yield Step(event, change, on_hand, voided_by)


def fold(effects: Iterable[Effect]) -> State:
    """Return the state after the events of one stream, given in fold order."""
    on_hand = 0
    dates: dict[str, str] = {}
    effective_at = ""
    for position, kind, quantity, effective_at, _, voided_by, details in effects:
        if voided_by is not None or kind == "reversed":
            continue
        if kind == "counted":
            on_hand = quantity
        elif kind in SIGNS:
            on_hand += SIGNS[kind] * quantity
        else:
            raise UnknownKind(position, kind)
        if kind == "opened":
            dates = opening_dates(details) | dates
        elif sets := _SETS[kind]:
            dates[sets] = effective_at
    return State(
        on_hand,
        dates.get("last_incoming"),
        dates.get("last_outgoing"),
        dates.get("last_counted"),
        effective_at,
    )


def opening_dates(details: str | None) -> dict[str, str]:
    """Return the last incoming and last outgoing days that an opening balance carries."""
    return {k: v for k, v in unpack_details(details).items() if k in OPENING_DETAILS}


# position, sku, location, kind, quantity, effective_at, reverses, and the details of `opened`
# events, else None.
Row = tuple[int, str, str, str, int, str, int | None, str | None]


class _Running:
    """What a replay knows of one stream so far. Empty text stands for "never": it sorts first."""

    __slots__ = ("counted", "effective", "incoming", "on_hand", "opening", "outgoing")

    def __init__(self) -> None:
        self.on_hand = 0
        self.incoming = ""
        self.outgoing = ""
        self.counted = ""
        self.effective = ""
        self.opening: str | None = None

    def state(self) -> State:
        dates = opening_dates(self.opening)
        return State(
            self.on_hand,
            self.incoming or dates.get("last_incoming"),
            self.outgoing or dates.get("last_outgoing"),
            self.counted or None,
            self.effective,
        )


class Replay:
    """Fold many streams at once, fed in the order of the log rather than stream by stream.

    Sums and latest dates do not depend on the order. Only a count does: what took effect before
    it is replaced by it. So each stream keeps the moment of its latest count and leaves out what
    is earlier; a stream in which a count was recorded after a movement that took effect later, or
    in which anything was reversed, is folded again, by itself, when its state is asked for.
    """

    def __init__(self) -> None:
        self._streams: dict[Stream, _Running] = {}
        self._unsettled: set[Stream] = set()

    def start_from(self, states: Mapping[Stream, State], as_of: str) -> None:
        """Begin with the states of a snapshot instead of the events that it stands for.

        `as_of` is its date: nothing that it stands for takes effect later. When the last event of
        a stream took effect is not in a snapshot, so that date takes its place in the states.
        """
        for stream, state in states.items():
            running = self._streams[stream] = _Running()
            running.on_hand = state.on_hand
            running.counted = state.last_counted or ""
            running.effective = as_of
            # A bare day was told by an opening balance, and any event outranks it.
            days = {key: day for key in OPENING_DETAILS if is_day(day := getattr(state, key))}
            running.opening = pack_details(days)
            if "last_incoming" not in days:
                running.incoming = state.last_incoming or ""
            if "last_outgoing" not in days:
                running.outgoing = state.last_outgoing or ""

    def feed(self, rows: Iterable[Row]) -> None:
        """Add the next events of the log."""
        streams, signs, incoming, outgoing = self._streams, SIGNS, INCOMING, OUTGOING
        for position, sku, location, kind, quantity, effective_at, reverses, details in rows:
            stream = (sku, location)
            if reverses is not None:
                self._unsettled.add(stream)
            running = streams.get(stream)
            if running is None:
                running = streams[stream] = _Running()
            if effective_at < running.effective:
                self._feed_late(running, stream, position, kind, quantity, effective_at, details)
                continue
            # Nothing of the stream takes effect later, so nothing need be compared.
            running.effective = effective_at
            sign = signs.get(kind)
            if sign is not None:
                running.on_hand += sign * quantity
                if kind in incoming:
                    running.incoming = effective_at
                elif kind in outgoing:
                    running.outgoing = effective_at
                elif kind == "opened":
                    running.opening = details
            elif kind == "counted":
                running.on_hand, running.counted = quantity, effective_at
            elif kind != "reversed":
                raise UnknownKind(position, kind)

    def _feed_late(
        self,
        running: _Running,
        stream: Stream,
        position: int,
        kind: str,
        quantity: int,
        effective_at: str,
        details: str | None,
    ) -> None:
        """Add an event of a stream that takes effect before another that was fed."""
        sign = SIGNS.get(kind)
        if sign is not None:
            if effective_at >= running.counted:
                running.on_hand += sign * quantity
            if kind in INCOMING:
                running.incoming = max(running.incoming, effective_at)
            elif kind in OUTGOING:
                running.outgoing = max(running.outgoing, effective_at)
            elif kind == "opened":
                running.opening = details
        elif kind == "counted":
            if effective_at >= running.counted:
                self._unsettled.add(stream)
        elif kind != "reversed":
            raise UnknownKind(position, kind)

    def states(
        self, read_effects: Callable[[Stream], Iterable[Effect]], as_of: str = END_OF_TIME
    ) -> dict[Stream, State]:
        """Return the state of every stream that has an event up to `as_of` among those fed so far.

        `read_effects` gives these events of one stream, in fold order.
        """
        found: dict[Stream, State] = {}
        for stream, running in self._streams.items():
            if not is_stock(stream):
                continue
            if stream not in self._unsettled and running.effective <= as_of:
                found[stream] = running.state()
            elif (state := fold(read_effects(stream))).last_effective:
                found[stream] = state
        return found

    def count_streams(self, as_of: str) -> tuple[int, int]:
        """Return how many streams there are so far, and how many of them `states` folds again."""
        settled = sum(
            stream not in self._unsettled and running.effective <= as_of
            for stream, running in self._streams.items()
        )
        return len(self._streams), len(self._streams) - settled
