"""Neither the order of recording nor what was reversed changes what is there."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from inventory_cli.actions.ask import cut_at, stock_as_of
from inventory_cli.actions.reverse import reverse_event
from inventory_cli.core.events import Stream
from inventory_cli.core.rules import Facts
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.stock import stored_states
from tests.properties.lives import (
    DAYS,
    NOW,
    ORIGIN,
    Entry,
    alone,
    cut_end,
    new_ledger,
    on_file,
    possible,
    seen,
    stories,
    tell,
    totals,
    transfers,
    whens,
    zones,
)
from tests.properties.slow_model import Line, SlowLedger


def without_ties(story: Sequence[Entry], zone: str) -> list[Entry]:
    kept: list[Entry] = []
    for entry in story:
        if alone(entry, kept, SlowLedger(ZoneInfo(zone))):
            kept.append(entry)
    return kept


def stock_at(ledger: Ledger, cuts: Sequence[date]) -> list[dict[Stream, Line]]:
    """The stock as of each cut and in the end, without the streams of which nothing is known."""
    states = [
        stored_states(ledger),
        *(stock_as_of(ledger, cut_at(ledger, cut_end(ledger, cut)), ()) for cut in cuts),
    ]
    return [
        {stream: line for stream, line in seen(ledger, some).items() if line != Line()}
        for some in states
    ]


@on_file
@given(stories, zones, st.data())
def test_any_order_of_recording_gives_the_same_stock(
    story: list[Entry], zone: str, data: st.DataObject
) -> None:
    story = possible(without_ties(story, zone), zone)
    shuffled = data.draw(st.permutations(story))
    # Also some of them are recorded in error.
    errors = data.draw(st.lists(st.sampled_from(story), max_size=3) if story else st.just([]))
    stocks = []
    for order in (story, shuffled):
        with new_ledger(zone, "allow") as ledger:
            positions = {id(entry): tell(ledger, entry).first_position or 0 for entry in order}
            for position in {positions[id(entry)] for entry in errors}:
                reverse_event(ledger, ORIGIN, position, Facts("error"), lambda: NOW, False)
            stocks.append(stock_at(ledger, DAYS))
    assert stocks[0] == stocks[1]


@on_file
@given(stories, transfers, zones, st.lists(whens, max_size=4))
def test_a_transfer_changes_no_total_of_a_sku(
    story: list[Entry], move: Entry, zone: str, cuts: list[date]
) -> None:
    story = possible(story, zone)
    slow = SlowLedger(ZoneInfo(zone))
    noon = slow.moment(move[0])
    # A later count of one of the two locations says what is there, wherever it came from.
    story = [entry for entry in story if entry[0].kind != "counted" or slow.moment(entry[0]) < noon]
    slow.record(fact for entry in story for fact in entry)
    assume(not slow.refusals(list(move), allow_negative=True))
    with new_ledger(zone, "allow") as ledger:
        for entry in story:
            tell(ledger, entry)
        before = [totals(lines) for lines in stock_at(ledger, cuts)]
        tell(ledger, move)
        after = [totals(lines) for lines in stock_at(ledger, cuts)]
    nothing = (0, None, None)
    assert [{s: t for s, t in now.items() if t != nothing} for now in after] == [
        {s: t for s, t in then.items() if t != nothing} for then in before
    ]


@on_file
@given(stories.filter(bool), zones, st.data())
def test_after_a_reversal_the_stock_is_as_if_the_event_had_never_happened(
    story: list[Entry], zone: str, data: st.DataObject
) -> None:
    story = possible(story, zone)
    wrong = data.draw(st.integers(0, len(story) - 1))
    second_leg = data.draw(st.booleans())
    with new_ledger(zone, "allow") as without, new_ledger(zone, "allow") as ledger:
        for number, entry in enumerate(story):
            header = tell(ledger, entry)
            if number != wrong:
                tell(without, entry)
                continue
            position = (header.last_position if second_leg else header.first_position) or 0
        reverse_event(ledger, ORIGIN, position, Facts("never was"), lambda: NOW, False)
        assert stock_at(ledger, DAYS) == stock_at(without, DAYS)
