"""Knows how the stored stock of one stream changes when events are recorded.

This is the path that an append takes. It shares no code with `replay`, against which `verify` and
`rebuild` check what it stored. Must never know how stock is stored.
"""

from collections.abc import Iterable, Iterator

from inventory_cli.core.events import KINDS, OPENING_DETAILS, Effect, unpack_details
from inventory_cli.core.replay import State

# What an event of a kind that moves stock does to on hand, and which date it sets.
_MOVES = {kind.name: (kind.sign, kind.sets) for kind in KINDS.values() if kind.sign is not None}


class Projected:
    """The stock of one stream, brought forward event by event."""

    __slots__ = ("last_counted", "last_effective", "last_incoming", "last_outgoing", "on_hand")

    def __init__(self, state: State) -> None:
        self.on_hand = state.on_hand
        self.last_incoming = state.last_incoming
        self.last_outgoing = state.last_outgoing
        self.last_counted = state.last_counted
        self.last_effective = state.last_effective

    def advance(self, kind: str, quantity: int, effective_at: str, details: str | None) -> int:
        """Apply an event that takes effect no earlier than any other of its stream; return on hand.

        A reversal is never in order, because it takes effect when the event it names did.
        """
        self.last_effective = effective_at
        move = _MOVES.get(kind)
        if move is None:
            if kind != "counted":
                raise ValueError(f"a {kind!r} event cannot be applied in order")
            self.on_hand = quantity
            self.last_counted = effective_at
            return quantity
        sign, sets = move
        on_hand = self.on_hand = self.on_hand + sign * quantity
        if sets == "last_incoming":
            self.last_incoming = effective_at
        elif sets == "last_outgoing":
            self.last_outgoing = effective_at
        elif kind == "opened":
            # An event of the same moment, recorded before, has told them better.
            incoming, outgoing = map(unpack_details(details).get, OPENING_DETAILS)
            self.last_incoming = self.last_incoming or incoming
            self.last_outgoing = self.last_outgoing or outgoing
        return on_hand

    def insert(self, kind: str, quantity: int, effective_at: str) -> int:
        """Apply an event that moves stock, and takes effect before others of its stream, though
        not before an opening balance. Return by how much it changes what is there at its moment.
        """
        sign, sets = _MOVES[kind]
        change = sign * quantity
        # A count behind it has seen what it did.
        if effective_at >= (self.last_counted or ""):
            self.on_hand += change
        if sets == "last_incoming":
            self.last_incoming = _latest(self.last_incoming, effective_at)
        elif sets == "last_outgoing":
            self.last_outgoing = _latest(self.last_outgoing, effective_at)
        return change

    def follow(self, effects: Iterable[Effect]) -> Iterator[Effect]:
        """Give the events of a stream on, in fold order, and apply each when it has been looked
        at: whoever does so refuses what cannot be applied.
        """
        for effect in effects:
            yield effect
            _, kind, quantity, effective_at, _, voided_by, details = effect
            if voided_by is not None or kind == "reversed":
                self.last_effective = effective_at
            else:
                self.advance(kind, quantity, effective_at, details)

    def state(self) -> State:
        """Return what is to be stored."""
        return State(
            self.on_hand,
            self.last_incoming,
            self.last_outgoing,
            self.last_counted,
            self.last_effective,
        )


def _latest(known: str | None, moment: str) -> str:
    # A bare day was told by an opening balance: every event knows better.
    return moment if known is None or "T" not in known else max(known, moment)
