"""What the rules refuse: what is recorded, and a batch, in; a state or the problems out."""

from datetime import UTC

import pytest

from inventory_cli.core.dates import today_at, utc_text
from inventory_cli.core.events import Drafts, Event
from inventory_cli.core.judging import Forbidden, Grounds, Judge, Verdict
from inventory_cli.core.periods import Closing
from inventory_cli.core.replay import fold
from inventory_cli.core.rules import happened_by_now
from tests.core.notation import NOW, draft, effects, log, moment

STREAM = ("A", "main")
TODAY = today_at(utc_text(NOW), UTC)
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
    stored = fold(effects(events)) if events else None
    judge = Judge(
        Grounds(len(events) + 1, TODAY, closings, allow_negative, 0, UTC),
        lambda stream: stored,
        lambda stream, start, end: effects(
            event for event in [*events, *new] if start <= event.effective_at <= end
        ),
    )
    judge.take(Drafts.of(drafts[:1]))
    judge.take(Drafts.of(drafts[1:]))
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
    assert verdict.notes.one_by_one() == []


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
    assert verdict.notes.one_by_one() == [
        "the count of A at main on 2022-03-03 (event 2) still stands; its variance is -2, was +2"
    ]


def test_all_streams_that_refuse_are_named_the_earliest_first() -> None:
    one, other = (draft(line, []) for line in ("2 Mar sold 1", "1 Mar sold 2"))
    drafts = [one, other._replace(sku="B")]
    events = [Event(n, 1, *given) for n, given in enumerate(drafts, start=1)]
    judge = Judge(
        Grounds(1, TODAY, (), False, 0, UTC),
        lambda stream: None,
        lambda stream, start, end: effects(event for event in events if event.stream == stream),
    )
    judge.take(Drafts.of(drafts))
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


# In a day that is not over: now is 31 December, 12:00.
NOT_OVER = [
    # recorded, batch → on hand, what the notes say
    # What was sold today by day alone has been sold by now: a count at noon includes it.
    (("1 Mar opened 100",), ("31 Dec sold 7",), 93, []),
    (("1 Mar opened 100", "31 Dec 11:59 sold 7"), ("31 Dec 12:00 counted 93",), 93, []),
    # What comes in by day stands at its beginning: a count of that day takes it in, and says so.
    (
        ("1 Mar opened 9", "31 Dec 11:00 counted 9"),
        ("31 Dec received 5",),
        9,
        [
            "the count of A at main on 2022-12-31 11:00 (event 2) still stands; its variance is -5,"
            " was 0",
            "the count of A at main on 2022-12-31 11:00 (event 2) includes event 3, which is known"
            " by the day alone",
        ],
    ),
    (
        ("1 Mar opened 9", "31 Dec 11:00 counted 9"),
        ("31 Dec sold 5",),
        4,
        [
            "the count of A at main on 2022-12-31 11:00 (event 2) leaves out event 3, which is"
            " known by the day alone"
        ],
    ),
    # On a day that is over, a departure by day stands at its end.
    (
        ("1 Mar opened 9", "1 Apr received 4", "1 Apr sold 2"),
        ("1 Apr 15:00 counted 12",),
        10,
        [
            "the count of A at main on 2022-04-01 15:00 (event 4) includes event 2 and leaves out"
            " event 3, which are known by the day alone"
        ],
    ),
    # A count that is known by its day closes it, and meets nothing.
    (("1 Mar opened 9", "31 Dec sold 2"), ("31 Dec counted 5",), 5, []),
]


@pytest.mark.parametrize(("lines", "batch", "on_hand", "notes"), NOT_OVER)
def test_a_day_that_is_not_over(
    lines: tuple[str, ...], batch: tuple[str, ...], on_hand: int, notes: list[str]
) -> None:
    verdict = judged(lines, batch)
    assert verdict.states[STREAM].on_hand == on_hand
    assert verdict.notes.one_by_one() == notes


def test_what_leaves_today_has_left_before_now() -> None:
    drafts = [draft(f"31 Dec {what} 5", []) for what in ("received", "sold", "adjusted", "counted")]
    drafts += [drafts[1]._replace(kind="adjusted", quantity=-5)]
    drafts += [draft("31 Dec transferred 5", [])]
    judge = Judge(Grounds(1, TODAY, (), True, 0, UTC), lambda s: None, lambda s, start, end: [])
    times = [
        (d.kind, d.effective_at[11:], d.date_only) for d in judge.take(Drafts.of(drafts)).each()
    ]
    assert times == [
        ("received", "00:00:00.000Z", 1),
        ("sold", "11:59:59.999Z", 2),
        ("adjusted", "00:00:00.000Z", 1),
        ("counted", "23:59:59.999Z", 1),
        ("adjusted", "11:59:59.999Z", 2),
        ("transferred", "11:59:59.998Z", 2),
    ]


@pytest.mark.parametrize(
    ("now", "sold", "moved"),
    [
        ("2022-12-31T00:00:00.000Z", "2022-12-31T00:00:00.000Z", "2022-12-31T00:00:00.000Z"),
        ("2022-12-31T00:00:00.001Z", "2022-12-31T00:00:00.000Z", "2022-12-31T00:00:00.000Z"),
        ("2022-12-31T23:59:59.999Z", "2022-12-31T23:59:59.998Z", "2022-12-31T12:00:00.000Z"),
        # Yesterday is over, and tomorrow has not begun.
        ("2023-01-01T12:00:00.000Z", "2022-12-31T23:59:59.998Z", "2022-12-31T12:00:00.000Z"),
        ("2022-12-30T12:00:00.000Z", "2022-12-31T23:59:59.998Z", "2022-12-31T12:00:00.000Z"),
    ],
)
def test_around_midnight_nothing_lands_on_another_day(now: str, sold: str, moved: str) -> None:
    today = today_at(now, UTC)
    found = [
        happened_by_now(draft(f"31 Dec {what} 5", []), today).effective_at
        for what in ("sold", "transferred")
    ]
    assert found == [sold, moved]


def test_events_of_a_later_day_are_named() -> None:
    today = today_at("2022-03-01T12:00:00.000Z", UTC)
    judge = Judge(Grounds(7, today, (), True, 0, UTC), lambda s: None, lambda s, start, end: [])
    judge.take(Drafts.of(draft(f"{day} Mar received 1", []) for day in (1, 2, 3)))
    assert judge.settle().notes.one_by_one() == [
        "event 8 is of a later day; `stock` leaves it out until then",
        "event 9 is of a later day; `stock` leaves it out until then",
    ]
    assert judge.settle().notes.summed_up() == [
        "2 events of a later day; `stock` leaves them out until then: event 8 is of a later day; "
        "`stock` leaves it out until then; event 9 is of a later day; `stock` leaves it out until "
        "then"
    ]
