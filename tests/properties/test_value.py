"""What stock is worth is what the model says, adds up to the letter, and goes on over rollovers."""

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import chain
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.actions.append import append
from inventory_cli.actions.ask import Cut
from inventory_cli.actions.reverse import reverse_event
from inventory_cli.actions.rollover import roll_over
from inventory_cli.actions.value import Worth, worth
from inventory_cli.core.dates import When, inclusive_end, inclusive_start
from inventory_cli.core.events import Draft, Event
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.rules import Facts, movement, transfer
from inventory_cli.core.valuation import METHODS
from inventory_cli.errors import Refused
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.log import events_between
from tests.properties.lives import NOW, ORIGIN, examples, new_ledger
from tests.properties.slow_costs import SlowWorth, slow_worth
from tests.properties.test_rollover_properties import assert_sound

FIRST = date(2022, 3, 1)
LAST = 6
PLACES = ("main", "shop")
# Often nothing is known of a cost; some do not divide evenly.
COSTS = (None, None, "1", "2.50", "3.3333333", "0", "7.01")

# Kind, quantity, SKU, place, day, unit cost. For a reversal the quantity counts from the end.
Deed = tuple[str, int, str, int, int, str | None]
kinds = st.sampled_from(
    (
        *("opened", "received", "received", "received", "sold", "sold", "sold", "returned"),
        *("removed", "adjusted", "lost", "counted", "transferred", "reversed"),
    )
)
deeds = st.lists(
    st.tuples(
        kinds,
        st.integers(1, 9),
        st.sampled_from(("A", "A", "A", "B")),
        st.integers(0, 1),
        st.integers(0, LAST),
        st.sampled_from(COSTS),
    ),
    max_size=25,
)
days = st.integers(-1, LAST)


def do(ledger: Ledger, deed: Deed) -> None:
    """Record it, if it can be."""
    kind, quantity, sku, place, number, unit_cost = deed
    zone = ledger.zone
    when = When(FIRST + timedelta(number), None)
    facts = Facts("why", unit_cost=unit_cost)
    drafts: Sequence[Draft]
    try:
        if kind == "reversed":
            position = max(1, ledger.head().position + 1 - quantity)
            reverse_event(ledger, ORIGIN, position, Facts("no"), lambda: NOW, True)
            return
        if kind == "transferred":
            legs = PLACES[place], PLACES[1 - place]
            drafts = transfer(sku, *legs, quantity, when, zone, facts)
        else:
            change = -quantity if kind == "lost" else quantity
            name = "adjusted" if kind == "lost" else kind
            drafts = [movement(name, sku, PLACES[place], change, when, zone, facts)]
        append(ledger, ORIGIN, lambda: drafts, lambda: NOW, allow_negative=True)
    except (Forbidden, Refused):
        pass


def log_of(ledger: Ledger, head: int) -> list[Event]:
    return list(chain.from_iterable(events_between(ledger, range(1, head + 1))))


def end_of(ledger: Ledger, number: int) -> str:
    return inclusive_end(When(FIRST + timedelta(number), None), ledger.zone)


def start_of(ledger: Ledger, number: int) -> str:
    return inclusive_start(When(FIRST + timedelta(number), None), ledger.zone)


def as_model(line: Worth) -> SlowWorth:
    def money(amount: int) -> Fraction:
        return Fraction(amount, 10**6)

    return SlowWorth(
        line.on_hand,
        None if line.unit_cost is None else money(line.unit_cost),
        money(line.opening_value),
        money(line.incoming_cost),
        money(line.sold_cost),
        money(line.other_cost),
        money(line.closing_value),
        line.without_cost,
        line.sold_without_cost,
    )


@examples(100)
@given(deeds, st.integers(0, 25), days, days)
def test_value_is_what_the_model_says_and_adds_up_to_the_letter(
    life: list[Deed], known: int, one: int, other: int
) -> None:
    first, last = min(one, other), max(one, other)
    with new_ledger("Europe/Berlin") as ledger:
        heads = [0]
        for deed in life:
            do(ledger, deed)
            heads.append(ledger.head().position)
        begins, as_of = start_of(ledger, first), end_of(ledger, last)
        for head in {heads[-1], heads[min(known, len(life))]}:
            log = log_of(ledger, head)
            for method in METHODS:
                lines = worth(ledger, method, Cut(as_of, head), begins)
                assert {line.sku: as_model(line) for line in lines} == slow_worth(
                    log, method, as_of, begins
                )
                day_before = worth(ledger, method, Cut(end_of(ledger, first - 1), head))
                opening = {line.sku: line.closing_value for line in day_before}
                for line in lines:
                    assert line.opening_value == opening.get(line.sku, 0)
                    came = line.opening_value + line.incoming_cost
                    assert came - line.sold_cost - line.other_cost == line.closing_value
                    assert worth(ledger, method, Cut(as_of, head), begins, [line.sku]) == [line]


@examples(50)
@given(deeds, days, days)
def test_value_goes_on_over_two_rollovers_as_if_nothing_had_happened(
    life: list[Deed], one: int, other: int
) -> None:
    first, second = min(one, other), max(one, other)
    with new_ledger("Europe/Berlin") as old, tempfile.TemporaryDirectory() as folder:
        for deed in life:
            do(old, deed)
        path, third = Path(folder) / "new.db", Path(folder) / "third.db"
        roll_over(old, path, ORIGIN, When(FIRST + timedelta(first), None), lambda: NOW)
        with open_ledger(path, write=True) as new:
            assert_sound(new, old)
            assert_same_value(new, old, first)
            if second > first:
                cut = When(FIRST + timedelta(second), None)
                roll_over(new, third, ORIGIN, cut, lambda: NOW)
                with open_ledger(third) as newest:
                    assert_sound(newest, new)
                    assert_same_value(newest, old, second)


def assert_same_value(new: Ledger, old: Ledger, cut: int) -> None:
    """Of every later day, and of every span that begins after the cut."""
    heads = new.head().position, old.head().position
    for last in range(cut + 1, LAST + 2):
        for method in METHODS:
            for begins in ("", *(start_of(old, first) for first in range(cut + 1, last + 1))):
                now, before = (
                    worth(ledger, method, Cut(end_of(old, last), head), begins)
                    for ledger, head in zip((new, old), heads, strict=True)
                )
                if not begins:
                    # What happened before the cut is not in the new one.
                    now, before = map(only_now, (now, before))
                assert now == before


def only_now(lines: list[Worth]) -> list[Worth]:
    return [
        Worth(
            line.sku,
            line.on_hand,
            line.unit_cost,
            closing_value=line.closing_value,
            without_cost=line.without_cost,
        )
        for line in lines
    ]
