"""What happened in a period, and what was restated, is what the model says, and adds up."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from inventory_cli.actions.ask import Cut, arrange, cut_at, stock_as_of
from inventory_cli.actions.restated import restated
from inventory_cli.actions.rollforward import Movements, movements
from inventory_cli.core.dates import inclusive_start, parse_when, shifted, utc_text
from inventory_cli.core.rollforward import CHANGING
from inventory_cli.storage.ledger_file import Ledger
from tests.properties.lives import (
    LOCATIONS,
    NOW,
    SKUS,
    Both,
    Deed,
    clock_ticks,
    cut_end,
    live,
    lives,
    new_ledger,
    on_file,
    typed,
    whens,
    zones,
)
from tests.properties.slow_model import SlowLedger
from tests.properties.test_questions import last_moment

places = st.sampled_from((None, *LOCATIONS))
# An answer as bare values: period, SKU, opening, changes by kind where there are any, closing.
Row = tuple[str | None, str, int, dict[str, int], int]


def rows_of(found: Movements) -> list[Row]:
    return [
        (period, sku, opening, {k: n for k, n in zip(CHANGING, changes, strict=True) if n}, closing)
        for period, sku, (opening, changes, closing) in found.lines
    ]


def period_of(day: date, by: str) -> str:
    """The name of a period, by the C library where it has one."""
    if by == "quarter":
        return f"{day:%Y}-Q{(day.month - 1) // 3 + 1}"
    return day.strftime({"day": "%F", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[by])


def expected_rows(
    slow: SlowLedger,
    begins: datetime,
    ends: datetime,
    known: int,
    place: str | None,
    by: str | None,
) -> list[Row]:
    """What the model says: every fact of a SKU in order, put into its period."""
    rows: list[Row] = []
    for sku in SKUS:
        history = slow.history(sku, place, ends, known)
        facts = {position: slow.facts[position - 1] for position, _, _ in history}
        voided = {fact.reverses for fact in facts.values()}
        opening = 0
        changes: dict[str | None, dict[str, int]] = {} if by or not history else {None: {}}
        openings: dict[str | None, int] = {}
        for position, change, after in history:
            fact = facts[position]
            moment = slow.moment(fact)
            if moment < begins:
                opening = after
            elif fact.kind != "reversed" and position not in voided:
                period = period_of(moment.astimezone(slow.zone).date(), by) if by else None
                openings.setdefault(period, after - change)
                of_kind = changes.setdefault(period, {})
                of_kind[fact.kind] = of_kind.get(fact.kind, 0) + change
        for period, of_kind in changes.items():
            start = openings.get(period, opening)
            kinds = {kind: change for kind, change in of_kind.items() if change}
            rows.append((period, sku, start, kinds, start + sum(kinds.values())))
    return sorted(rows, key=lambda row: (row[0] or "", row[1]))


def on_hand(ledger: Ledger, cut: Cut, place: str | None) -> dict[str, int]:
    states = stock_as_of(ledger, cut, ())
    return {row.sku: row.on_hand for row in arrange(ledger, states, place, each_location=False)}


@on_file
@given(lives, zones, clock_ticks, whens, whens, st.integers(-1, 6), places)
def test_a_period_leads_from_its_opening_to_its_closing(
    life: list[Deed],
    zone: str,
    ticks: list[int],
    first: date,
    last: date,
    tick: int,
    place: str | None,
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        begins = inclusive_start(parse_when(typed(first), NOW, ledger.zone), ledger.zone)
        ends = cut_end(ledger, last)
        assume(begins <= ends)
        known_at = NOW + timedelta(seconds=tick)
        cut = cut_at(ledger, ends, utc_text(known_at))
        before = cut._replace(as_of=shifted(begins, -1))

        found = movements(ledger, begins, cut, location=place)
        opened, closed = on_hand(ledger, before, place), on_hand(ledger, cut, place)
        assert [line.sku for line in found.lines] == sorted(closed)
        for _, sku, rolled in found.lines:
            assert rolled.opening == opened.get(sku, 0)
            assert rolled.closing == closed[sku] == rolled.opening + sum(rolled.changes)
            if place is None:
                assert rolled.changes[CHANGING.index("transferred")] == 0
        assert (found.total.opening, found.total.closing) == (
            sum(opened.values()),
            sum(closed.values()),
        )

        start = datetime.fromisoformat(begins).astimezone(UTC)
        known = both.known_at(known_at)
        for by in (None, "day", "week", "month", "quarter", "year"):
            rows = movements(ledger, begins, cut, location=place, by=by)
            end = last_moment(both.slow, last)
            assert rows_of(rows) == expected_rows(both.slow, start, end, known, place, by)
            assert rows.total == found.total
            for sku in SKUS:
                some = movements(ledger, begins, cut, [sku, sku, "none"], place, by)
                assert some.lines == [line for line in rows.lines if line.sku == sku]


@on_file
@given(lives, zones, clock_ticks, whens, st.integers(-1, 6), places)
def test_restated_is_what_is_said_now_and_was_not_said_then(
    life: list[Deed], zone: str, ticks: list[int], when: date, tick: int, place: str | None
) -> None:
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        known_at = NOW + timedelta(seconds=tick)
        known = both.known_at(known_at)
        end = last_moment(both.slow, when)
        new: dict[tuple[str, str], list[int]] = defaultdict(list)
        for fact in both.slow.cut(end):
            if fact.position > known and place in (None, fact.location):
                new[fact.stream].append(fact.position)
        then, now = both.slow.stock(end, known), both.slow.stock(end)

        cut = cut_at(ledger, cut_end(ledger, when))
        found = dict(restated(ledger, cut, utc_text(known_at), (), place))
        assert list(found) == sorted(new)
        for stream, said in found.items():
            assert said.positions == sorted(new[stream])
            assert said.then == (then[stream].on_hand if stream in then else 0)
            assert said.now == now[stream].on_hand
            assert said.change == said.now - said.then
        for sku in SKUS:
            some = dict(restated(ledger, cut, utc_text(known_at), [sku], place))
            assert some == {stream: said for stream, said in found.items() if stream[0] == sku}
        # What was said of every other stream is said today.
        for stream, line in now.items():
            if place in (None, stream[1]) and stream not in found:
                assert line.on_hand == then[stream].on_hand
