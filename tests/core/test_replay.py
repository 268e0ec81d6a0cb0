"""What a stream adds up to: events in, state out."""

from collections import deque

import pytest

from inventory_cli.core.projection import Projected
from inventory_cli.core.replay import Replay, State, UnknownKind, fold, steps
from tests.core.notation import effects, log, with_voids

OPENED = "1 Feb opened 100 last_incoming=2022-01-01 last_outgoing=2022-02-01"
STORY = (
    OPENED,
    "1 Mar received 100",
    "15 Mar sold 20",
    "15 Mar received 50",
    "1 Apr sold 20",
    "1 Apr adjusted -20",
)
FOLDS = [
    # lines as recorded → on hand, last incoming, last outgoing, last counted (days)
    ((), 0, "", "", ""),
    ((OPENED,), 100, "2022-01-01", "2022-02-01", ""),
    (STORY[:2], 200, "2022-03-01", "2022-02-01", ""),
    (STORY[:4], 230, "2022-03-15", "2022-03-15", ""),
    (STORY, 190, "2022-03-15", "2022-04-01", ""),
    # Recorded in any order: the same state.
    (STORY[::-1], 190, "2022-03-15", "2022-04-01", ""),
    # An adjustment and a transfer are neither an arrival nor a departure.
    (("1 Mar adjusted 5", "2 Mar transferred 5"), 10, "", "", ""),
    (("1 Mar received 5", "2 Mar returned 1"), 6, "2022-03-02", "", ""),
    (("1 Mar received 5", "2 Mar removed 1"), 4, "2022-03-01", "2022-03-02", ""),
    # A count is an observation: what took effect before it changes its variance, not the stock.
    (("1 Mar received 5", "3 Mar counted 7"), 7, "2022-03-01", "", "2022-03-03"),
    (("3 Mar counted 7", "1 Mar received 5"), 7, "2022-03-01", "", "2022-03-03"),
    (("3 Mar counted 7", "4 Mar sold 2"), 5, "", "2022-03-04", "2022-03-03"),
    # It closes its day, whatever was recorded on that day after it.
    (("3 Mar counted 7", "3 Mar sold 2"), 7, "", "2022-03-03", "2022-03-03"),
    # By the clock it stands where it was made.
    (("3 Mar 12:00 counted 7", "3 Mar 13:00 sold 2"), 5, "", "2022-03-03", "2022-03-03"),
    # What was voided never was, and neither are the dates that it set.
    (("1 Mar received 5", "2 Mar sold 2", "voids 2"), 5, "2022-03-01", "", ""),
    (("1 Mar received 5", "3 Mar counted 7", "voids 2"), 5, "2022-03-01", "", ""),
    (("1 Mar received 5", "3 Mar counted 7", "voids 1"), 7, "", "", "2022-03-03"),
    ((OPENED, "voids 1"), 0, "", "", ""),
]


@pytest.mark.parametrize(("lines", "on_hand", "incoming", "outgoing", "counted"), FOLDS)
def test_a_stream_adds_up(
    lines: tuple[str, ...], on_hand: int, incoming: str, outgoing: str, counted: str
) -> None:
    events = log(*lines)
    state = fold(effects(events))
    days = [(date or "")[:10] for date in state[1:4]]
    assert [state.on_hand, *days] == [on_hand, incoming, outgoing, counted]
    # The fold of many streams, fed in the order of the log, and the projection say the same.
    replay = Replay()
    replay.feed(
        (e.position, *e.stream, e.kind, e.quantity, e.effective_at, e.reverses, e.details)
        for e in events
    )
    found = replay.states(lambda stream: effects(events))
    assert found == ({("A", "main"): state} if events else {})
    projected = Projected(State())
    deque(projected.follow(effects(events)), maxlen=0)
    assert projected.state() == state


def test_a_timeline_shows_what_each_event_changed() -> None:
    events = log("1 Mar received 5", "2 Mar sold 2", "3 Mar counted 1", "4 Mar sold 1", "voids 2")
    shown = [
        (s.event.position, s.change, s.on_hand, s.voided_by) for s in steps(with_voids(events))
    ]
    assert shown == [
        (1, +5, 5, None),
        (2, 0, 5, 5),
        (5, 0, 5, None),
        (3, -4, 1, None),
        (4, -1, 0, None),
    ]


def test_an_unknown_kind_is_not_passed_over() -> None:
    (event,) = log("1 Mar received 5")
    event = event._replace(kind="melted")
    with pytest.raises(UnknownKind, match="event 1 is of the unknown kind 'melted'"):
        fold(effects([event]))
    with pytest.raises(UnknownKind):
        Replay().feed([(1, "A", "main", "melted", 5, event.effective_at, None, None)])
    with pytest.raises(ValueError, match="a 'melted' event cannot be applied in order"):
        deque(Projected(State()).follow(effects([event])), maxlen=0)
