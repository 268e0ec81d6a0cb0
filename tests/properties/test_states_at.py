"""What a stream comes to at many positions and dates at once is what it comes to at each alone."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Event, Stream
from inventory_cli.core.replay import State
from inventory_cli.core.states_at import Moment, StatesAt
from tests.properties.lives import Entry, folded, in_memory, zones
from tests.properties.test_fold import events_of, long_stories


def states_at(log: Sequence[Event], moments: Sequence[Moment]) -> list[dict[Stream, State]]:
    voided_by = {event.reverses: event.position for event in log}
    found: list[dict[Stream, State]] = [{} for _ in moments]
    states = StatesAt(moments)
    for stream in {event.stream for event in log}:
        rows = [
            (e.position, e.kind, e.quantity, e.effective_at, voided_by.get(e.position), e.details)
            for e in sorted(log, key=lambda event: (event.effective_at, event.position))
            if e.stream == stream
        ]
        for state, places in states.of_stream(rows):
            for place in places:
                assert stream not in found[place]
                found[place][stream] = state
    return found


@in_memory
@given(
    long_stories,
    st.lists(st.integers(1, 30), max_size=4),
    zones,
    st.lists(st.tuples(st.integers(0, 40), st.integers(-1, 40)), min_size=1, max_size=8),
)
def test_many_moments_at_once_are_as_each_alone(
    story: list[Entry], errors: list[int], zone: str, asked: list[tuple[int, int]]
) -> None:
    log = events_of(story, errors, zone)
    # The dates are those of events, so that it matters whether they are included.
    dates = {n: event.effective_at for n, event in enumerate(log)}
    moments = [Moment(position, dates.get(date, END_OF_TIME)) for position, date in asked]
    for moment, found in zip(moments, states_at(log, moments), strict=True):
        known = [
            event
            for event in log
            if event.position <= moment.position and event.effective_at <= moment.as_of
        ]
        alone = {
            stream: state._replace(last_effective="") for stream, state in folded(known).items()
        }
        assert found == alone
