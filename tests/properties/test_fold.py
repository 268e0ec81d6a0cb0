"""The fold may be cut anywhere, and its two implementations agree."""

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Effect, Event, Stream
from inventory_cli.core.projection import Projected
from inventory_cli.core.replay import Replay, fold
from tests.core.notation import effects
from tests.properties.lives import (
    Entry,
    entries,
    event_of,
    folded,
    in_memory,
    possible,
    zones,
)
from tests.properties.slow_model import SlowLedger


def events_of(story: Sequence[Entry], errors: Sequence[int], zone: str) -> list[Event]:
    """What the log would hold after a story, some of whose facts are reversed at its end."""
    slow = SlowLedger(ZoneInfo(zone))
    slow.record(fact for entry in possible(story, zone) for fact in entry)
    for position in errors:
        if position <= len(slow.facts) and not slow.voided(position):
            slow.record([slow.reversal(position)])
    return [event_of(slow, fact) for fact in slow.facts]


long_stories = st.lists(entries, max_size=30)


@in_memory
@given(
    long_stories,
    st.lists(st.integers(1, 30), max_size=4),
    zones,
    st.lists(st.integers(1, 7), min_size=1),
)
def test_a_replay_fed_in_pieces_of_any_size_equals_the_fold_of_each_stream(
    story: list[Entry], errors: list[int], zone: str, sizes: list[int]
) -> None:
    log = events_of(story, errors, zone)
    replay = Replay()
    fed = 0
    while fed < len(log):
        size = sizes[fed % len(sizes)]
        replay.feed([(*e[:1], *e[2:7], e.reverses, e.details) for e in log[fed : fed + size]])
        fed += size
        # On its way it can be asked for any date, and goes on as if it had not been.
        for as_of in ("2022-10-30T12:00:00.000Z", END_OF_TIME):
            known = [event for event in log[:fed] if event.effective_at <= as_of]
            states = replay.states(partial(stream_in, known), as_of)
            assert states == folded(known)


def stream_in(log: list[Event], stream: Stream) -> list[Effect]:
    return effects(event for event in log if (event.sku, event.location) == stream)


@in_memory
@given(long_stories, zones, st.integers(0, 30))
def test_a_fold_may_stop_anywhere_and_be_brought_forward_from_there(
    story: list[Entry], zone: str, at: int
) -> None:
    log = events_of(story, [], zone)
    for stream, state in folded(log).items():
        events = stream_in(log, stream)
        # An opening balance comes first, or is folded again; so the rest begins behind it.
        opened = [n for n, (_, kind, *_) in enumerate(events, 1) if kind == "opened"]
        split = max(at, *opened, 0)
        projected = Projected(fold(events[:split]))
        for _, kind, quantity, effective_at, _, _, details in events[split:]:
            projected.advance(kind, quantity, effective_at, details)
        assert projected.state() == state
