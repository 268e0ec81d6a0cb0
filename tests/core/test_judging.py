"""What the rules refuse: what is recorded, and a batch, in; a state or the problems out."""

from datetime import UTC

import pytest

from inventory_cli.core.events import Event
from inventory_cli.core.judging import Forbidden, Judge, Terms, Verdict
from inventory_cli.core.periods import Closing
from inventory_cli.core.replay import fold, in_order
from tests.core.notation import draft, log, moment

STREAM = ("A", "main")
SHORT = "look at `inventory history A --location main`; record what came in, or let it pass with"
REFUSED = [
    # recorded, batch → what the first problem says
    ((), ("1 Mar sold 1",), "A at main on 2022-03-01: 0 on hand then, 1 missing"),
    (("1 Mar received 5",), ("2 Mar sold 6",), "on 2022-03-02: 5 on hand then, 1 missing"),
    # At its own moment, or at any later one: the first is named.
    (("1 Mar received 5", "3 Mar sold 5"), ("2 Mar sold 2",), "2022-03-03: 0 on hand then, 2 mis"),
    (("2 Mar received 5",), ("1 Mar sold 2",), "on 2022-03-01: 0 on hand then, 2 missing"),
    # A count after it does not excuse what was not there.
    (("3 Mar counted 9",), ("2 Mar sold 2",), "on 2022-03-02: 0 on hand then, 2 missing"),
    # An arrival that is voided takes along what was sold of it.
    (("1 Mar received 5", "2 Mar sold 5"), ("voids 1",), "2022-03-02: 0 on hand then, 5 missing"),
    # A moment is judged as a whole: one arrival too little for all that left in it.
    ((), ("1 Mar received 5", "1 Mar sold 4", "1 Mar sold 2"), "5 on hand then, 1 missing"),
    # Nothing stands before an opening balance, whichever was recorded first.
    (("1 Mar opened 5",), ("1 Feb received 1",), "before the opening balance of 2022-03-01"),
    (("1 Feb received 1",), ("1 Mar opened 5",), "before the opening balance of 2022-03-01"),
    (("1 Mar opened 5",), ("2 Mar opened 5",), "is an opening balance of 2022-03-01 already"),
    ((), (f"1 Mar received {10**18 - 1}",) * 10, "on hand would be too large to store"),
]
ALLOWED = [
    # recorded, batch → on hand, net change
    ((), ("1 Mar received 5", "2 Mar sold 5"), 0, 0),
    # In one day arrivals come before departures.
    ((), ("1 Mar sold 5", "1 Mar received 5"), 0, 0),
    (("1 Mar received 5",), ("1 Feb received 1",), 6, +1),
    (("1 Feb received 1", "voids 1"), ("1 Mar opened 5",), 5, +5),
    (("1 Mar opened 5", "voids 1"), ("1 Mar opened 7",), 7, +7),
    (("1 Mar received 5", "2 Mar sold 2"), ("voids 2",), 5, +2),
]


def judged(
    lines: tuple[str, ...],
    batch: tuple[str, ...],
    allow_negative: bool = False,
    closings: tuple[Closing, ...] = (),
) -> Verdict:
    """Return what the judge says of a batch behind the events that are recorded."""
    events = log(*lines)
    drafts = [draft(line, events) for line in batch]
    new = [Event(len(events) + n, 2, *one) for n, one in enumerate(drafts, start=1)]
    stored = fold(in_order(events)) if events else None
    judge = Judge(
        Terms(len(events) + 1, closings, allow_negative, 0, UTC),
        lambda stream: stored,
        lambda stream: in_order([*events, *new]),
    )
    judge.take(drafts[:1])
    judge.take(drafts[1:])
    return judge.settle()


@pytest.mark.parametrize(("lines", "batch", "said"), REFUSED)
def test_a_batch_is_refused(lines: tuple[str, ...], batch: tuple[str, ...], said: str) -> None:
    with pytest.raises(Forbidden) as refused:
        judged(lines, batch)
    assert said in refused.value.message
    assert refused.value.problems[0].in_words(UTC) in refused.value.message


@pytest.mark.parametrize(("lines", "batch", "on_hand", "net_change"), ALLOWED)
def test_a_batch_is_allowed(
    lines: tuple[str, ...], batch: tuple[str, ...], on_hand: int, net_change: int
) -> None:
    verdict = judged(lines, batch)
    assert verdict.states[STREAM].on_hand == on_hand
    assert verdict.net_change == net_change
    assert verdict.moved_counts == []


def test_a_shortage_says_what_to_do() -> None:
    with pytest.raises(Forbidden) as refused:
        judged((), ("1 Mar sold 1",))
    assert refused.value.hint == f"{SHORT} --allow-negative"


def test_what_may_fall_below_zero_does() -> None:
    verdict = judged((), ("1 Mar sold 3",), allow_negative=True)
    assert verdict.states[STREAM].on_hand == -3


def test_a_batch_is_not_to_blame_for_what_was_short_before_it() -> None:
    # Sold when it was allowed; what comes in now makes it better, though not good.
    short = ("1 Mar sold 3",)
    assert judged(short, ("2 Mar received 1",)).states[STREAM].on_hand == -2
    with pytest.raises(Forbidden, match="-3 on hand then, 4 missing"):
        judged(short, ("2 Mar sold 1",))


def test_a_count_keeps_what_was_counted_and_its_variance_is_told() -> None:
    verdict = judged(("1 Mar received 5", "3 Mar counted 7"), ("2 Mar received 4",))
    assert verdict.states[STREAM].on_hand == 7
    ((count, before, after),) = verdict.moved_counts
    assert (count.position, before, after) == (2, +2, -2)


def test_all_streams_that_refuse_are_named_the_earliest_first() -> None:
    one, other = (draft(line, []) for line in ("2 Mar sold 1", "1 Mar sold 2"))
    drafts = [one, other._replace(sku="B")]
    events = [Event(n, 1, *given) for n, given in enumerate(drafts, start=1)]
    judge = Judge(
        Terms(1, (), False, 0, UTC),
        lambda stream: None,
        lambda stream: [event for event in events if event.stream == stream],
    )
    judge.take(drafts)
    with pytest.raises(Forbidden) as refused:
        judge.settle()
    assert [problem.sku for problem in refused.value.problems] == ["B", "A"]


YEAR = (Closing("y2021", moment("1 Jan 00:00")), Closing("q1", moment("31 Mar 23:59")))
PERIODS = [
    ("1 Mar received 1", "the period up to 2022-03-31T23:59:00.000+00:00 is closed (q1)"),
    ("1 Mar received 1 into_closed=q1", None),
    ("1 Mar received 1 into_closed=y2021", "it is not in a period that was closed as 'y2021'"),
    ("1 Apr received 1", None),
    ("1 Apr received 1 into_closed=q1", "it is not in a period that was closed as 'q1'"),
]


@pytest.mark.parametrize(("line", "said"), PERIODS)
def test_a_closed_period_takes_only_what_names_it(line: str, said: str | None) -> None:
    if said is None:
        assert judged((), (line,), closings=YEAR).states[STREAM].on_hand == 1
        return
    with pytest.raises(Forbidden) as refused:
        judged((), (line,), closings=YEAR)
    assert said in refused.value.message
