"""How a SKU sells is what the slow model works out, for any period, place and time of knowing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from inventory_cli.actions.ask import cut_at
from inventory_cli.actions.insights import insights
from inventory_cli.core.dates import inclusive_start, parse_when, utc_text
from inventory_cli.core.insights import Insight, Rank
from inventory_cli.core.quantities import format_ratio
from inventory_cli.storage.ledger_file import Ledger
from tests.properties.lives import (
    DAYS,
    LOCATIONS,
    NOW,
    Both,
    Deed,
    clock_ticks,
    cut_end,
    live,
    lives,
    new_ledger,
    on_file,
    one,
    typed,
    whens,
    zones,
)
from tests.properties.slow_insights import Period, SlowInsights, Told

questions = st.tuples(
    st.none() | whens, whens, st.sampled_from((None, *LOCATIONS)), st.integers(-1, 6)
)


@on_file
@given(lives, zones, clock_ticks, st.lists(questions, min_size=1, max_size=4))
@example(
    [
        replace(one("sold", 3), allow_negative=True),
        one("returned", 1, on=DAYS[1]),
        one("counted", 2, on=DAYS[2]),
    ],
    "UTC",
    [0],
    [(None, DAYS[3], None, 6), (DAYS[1], DAYS[3], LOCATIONS[0], 6)],
)
def test_insights_are_what_the_model_says(
    life: list[Deed],
    zone: str,
    ticks: list[int],
    asked: list[tuple[date | None, date, str | None, int]],
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        for start, end, location, tick in asked:
            known_at = NOW + timedelta(seconds=tick)
            cut = cut_at(ledger, cut_end(ledger, end), utc_text(known_at))
            begins = "" if start is None else range_start(ledger, start)
            if begins > cut.as_of:
                continue
            period = Period(
                datetime.fromisoformat(begins) if begins else None,
                datetime.fromisoformat(cut.as_of),
                location,
                both.known_at(known_at),
            )
            expected = SlowInsights(both.slow, period).told()
            found, ranks = insights(ledger, begins, cut, location)
            assert {told.sku: as_told(told, ranks.get(told.sku)) for told in found} == expected
            assert [told.sku for told in found] == sorted(expected)
            for sku in expected:
                alone = insights(ledger, begins, cut, location, [sku])
                assert (alone.found, alone.ranks) == ([t for t in found if t.sku == sku], ranks)


def range_start(ledger: Ledger, when: date) -> str:
    return inclusive_start(parse_when(typed(when), NOW, ledger.zone), ledger.zone)


def as_told(found: Insight, rank: Rank | None) -> Told:
    assert sum(found.shrinkage_by_reason.values()) == found.shrinkage
    return Told(
        found.on_hand,
        found.sales,
        found.sold,
        found.returned,
        found.first_sale,
        found.last_sale,
        found.days_since_sale,
        found.days_between_mean,
        found.days_between_median,
        found.sold_per_day,
        found.days_out_of_stock,
        found.days_of_cover,
        rank and rank.share,
        rank and rank.letter,
        found.shrinkage,
    )


@given(st.integers(0, 10**12), st.integers(1, 10**12))
@example(1, 32)
@example(3, 32)
@example(1, 10**9)
def test_a_ratio_is_rounded_once_half_to_even(numerator: int, denominator: int) -> None:
    with localcontext() as context:
        # A fraction of two such figures is never this near to half a place without being it.
        context.prec = 60
        exact = Decimal(numerator) / Decimal(denominator)
        rounded = exact.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
    assert format_ratio(Fraction(numerator, denominator)) == f"{rounded:f}"
