"""Stock, as of any date, and history are what the model says."""

from datetime import date, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from inventory_cli.actions.ask import arrange, cut_at, history, stock_as_of, stock_now
from inventory_cli.audit.verify import verify
from inventory_cli.core.dates import (
    END_OF_TIME,
    inclusive_start,
    parse_when,
    utc_text,
)
from inventory_cli.core.events import Event, Stream
from inventory_cli.core.replay import State
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import pieces
from inventory_cli.storage.snapshots import as_kept
from inventory_cli.storage.stock import stored_states
from tests.properties.lives import (
    DAYS,
    LOCATIONS,
    NOW,
    SKUS,
    TEN,
    Both,
    Deed,
    Record,
    Reverse,
    clock_ticks,
    cut_end,
    folded,
    live,
    lives,
    new_ledger,
    on_file,
    one,
    seen,
    totals,
    typed,
    whens,
    zones,
)
from tests.properties.slow_model import Fact, Line, SlowLedger


@on_file
@given(lives, zones, clock_ticks, st.lists(st.tuples(whens, st.integers(-1, 6)), max_size=4))
def test_stock_as_of_any_date_and_known_at_any_time_is_what_the_model_says(
    life: list[Deed], zone: str, ticks: list[int], cuts: list[tuple[date, int]]
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        agree(ledger, stored_states(ledger), both.slow.stock())
        for when, tick in cuts:
            as_of, moment = cut_end(ledger, when), last_moment(both.slow, when)
            everything = cut_at(ledger, as_of)
            agree(ledger, stock_now(ledger, as_of, ()), both.slow.stock(moment))
            agree(ledger, stock_as_of(ledger, everything, ()), both.slow.stock(moment))
            agree(ledger, stock_as_of(ledger, everything, SKUS), both.slow.stock(moment))

            known_at = NOW + timedelta(seconds=tick)
            early = cut_at(ledger, as_of, utc_text(known_at))
            known = both.slow.stock(moment, both.known_at(known_at))
            agree(ledger, stock_as_of(ledger, early, ()), known)
            agree(ledger, stock_as_of(ledger, early, SKUS), known)


def agree(ledger: Ledger, states: dict[Stream, State], expected: dict[Stream, Line]) -> None:
    """By location and in total, both sorted."""
    assert seen(ledger, states) == expected
    assert list(seen(ledger, states)) == sorted(expected)
    rows = arrange(ledger, states, None, each_location=False)
    assert [(row.sku, (row.on_hand, *row[3:])) for row in rows] == sorted(totals(expected).items())


def last_moment(slow: SlowLedger, when: date) -> datetime:
    """What a cut at a date, or at a clock time, includes at most."""
    if isinstance(when, datetime):
        return slow.moment(Fact("received", "", "", 1, when))
    return slow.end_of(when)


@on_file
@given(lives, zones, clock_ticks, whens, st.integers(-1, 6))
def test_history_shows_the_changes_and_variances_that_the_model_finds(
    life: list[Deed], zone: str, ticks: list[int], end: date, tick: int
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        known_at = NOW + timedelta(seconds=tick)
        known = both.known_at(known_at)
        cut = cut_at(ledger, cut_end(ledger, end), utc_text(known_at))
        voids = {fact.reverses: fact.position for fact in both.slow.facts[:known]}
        for sku in SKUS:
            for location in (None, *LOCATIONS):
                rows = both.slow.history(sku, location, last_moment(both.slow, end), known)
                shown = list(history(ledger, sku, location, "", cut))
                assert [(e.event.position, e.change, e.on_hand) for e in shown] == rows
                assert [e.voided_by for e in shown] == [voids.get(row[0]) for row in rows]


@on_file
@given(lives, zones)
def test_history_from_a_day_on_is_the_end_of_the_whole_history(life: list[Deed], zone: str) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, [0])
        cut = cut_at(ledger, END_OF_TIME)
        for day in DAYS:
            start = inclusive_start(parse_when(typed(day), NOW, ledger.zone), ledger.zone)
            for sku in SKUS:
                shown = list(history(ledger, sku, None, start, cut))
                assert [(e.event.position, e.change, e.on_hand) for e in shown] == [
                    row
                    for row in both.slow.history(sku)
                    if both.slow.moment(both.slow.facts[row[0] - 1]) >= both.slow.start_of(day)
                ]


@on_file
@given(lives, zones)
# A reversal that leaves too little for what left at the very moment of the event that it voids.
@example([one("received", 10, on=TEN), one("sold", 8, on=TEN), Reverse("event", 1, False)], "UTC")
# A batch of which one part is reversed at that moment, and another before it.
@example(
    [
        Record(
            [*one("received", 1, on=DAYS[0]).entries, *one("received", 1, on=TEN).entries], False
        ),
        one("received", 2, on=DAYS[0]),
        one("sold", 3, on=TEN),
        Reverse("batch", 2, False),
    ],
    "UTC",
)
def test_a_refusal_names_the_moment_what_is_there_and_what_is_missing(
    life: list[Deed], zone: str
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, [0])
        assert both.unsaid == []


@on_file
@given(lives, zones, clock_ticks)
# The days that an opening gives, against an arrival at the same moment recorded before it.
@example([one("received", 5), one("opened", 10, last_incoming=DAYS[0] - timedelta(9))], "UTC", [0])
def test_verify_finds_nothing_wrong_whatever_was_recorded(
    life: list[Deed], zone: str, ticks: list[int]
) -> None:
    with new_ledger(zone) as ledger:
        live(Both(ledger), life, ticks)
        audit = verify(ledger)
        assert [(check.name, check.problems) for check in audit.checks if not check.ok] == []


@on_file
@given(lives, zones, whens)
def test_as_of_a_date_equals_a_replay_of_the_log_filtered_by_that_date(
    life: list[Deed], zone: str, when: date
) -> None:
    with new_ledger(zone) as ledger:
        live(Both(ledger), life, [0])
        end = cut_end(ledger, when)
        log = [
            Event(*row)
            for rows in pieces(ledger, ", ".join(Event._fields), ledger.head().position)
            for row in rows
        ]
        # Where the replay may begin with a snapshot, that does not say when the last event was.
        found = as_kept(stock_as_of(ledger, cut_at(ledger, end), ()))
        assert found == as_kept(folded([event for event in log if event.effective_at <= end]))
