"""What SQL reads of any ledger is what the program itself answers: days, signs, and stock now."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory_cli.actions.append import append
from inventory_cli.actions.ask import arrange, cut_at, history, stock_now
from inventory_cli.actions.log import exported_lines
from inventory_cli.actions.reverse import reverse_event
from inventory_cli.core.dates import END_OF_TIME, load_zone, show_day, today_at, utc_text
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.offsets import offsets_of
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.rules import Facts
from inventory_cli.errors import Refused
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.new_ledger import create_ledger
from tests.properties.lives import (
    LOCATIONS,
    ORIGIN,
    SKUS,
    Entry,
    drafts_of,
    examples,
    locations,
    on_file,
    quantities,
    skus,
)
from tests.properties.slow_model import Fact

# The clock of SQLite cannot be set, so this is the present.
TODAY = datetime.now(UTC).date()
# In Berlin the clocks go forward on the first day and back on the second; in São Paulo they went
# back at midnight behind the third, and forward at the first moment of the fourth. Then what is
# about to come, and what will not have come for long.
DAYS = (
    *(date(2022, 3, 27), date(2022, 10, 30), date(2018, 2, 17), date(2018, 11, 4)),
    *(TODAY, TODAY + timedelta(days=1), date(2150, 7, 1)),
)
ZONES = ("Europe/Berlin", "America/Sao_Paulo")
# Of these none is skipped in either zone; two occur twice.
CLOCKS = tuple(map(time.fromisoformat, ("01:30", "12:00", "23:30", "23:59:59.998", "23:59:59.999")))

days = st.sampled_from(DAYS)
whens = days | st.builds(datetime.combine, days, st.sampled_from(CLOCKS))


def transferred(sku: str, quantity: int, on: date) -> Entry:
    legs = zip(LOCATIONS, (-quantity, quantity), strict=True)
    return tuple(Fact("transferred", sku, place, moved, on) for place, moved in legs)


moves = st.sampled_from(("received", "returned", "sold", "removed", "counted", "counted"))
entries = st.one_of(
    st.builds(lambda *fact: (Fact(*fact),), moves, skus, locations, quantities, whens),
    st.builds(
        lambda *fact: (Fact("adjusted", *fact),),
        *(skus, locations, st.integers(-20, 20).filter(bool), whens),
    ),
    st.builds(
        lambda *fact: (Fact("opened", *fact),),
        *(skus, locations, quantities, whens, st.none() | days, st.none() | days),
    ),
    st.builds(transferred, skus, quantities, whens),
)
# An entry, or how many events before the last one is to be voided.
deeds = st.lists(entries | st.integers(0, 8), max_size=14)


def do(ledger: Ledger, deed: Entry | int) -> None:
    """Record it, unless it is refused."""

    def clock() -> datetime:
        return datetime.now(UTC)

    with suppress(Forbidden, Refused):
        if isinstance(deed, int):
            back = max(1, ledger.head().position - deed)
            reverse_event(ledger, ORIGIN, back, Facts("a test"), clock, allow_negative=True)
        else:
            append(ledger, ORIGIN, lambda: drafts_of(deed, ledger), clock, allow_negative=True)


def read(ledger: Ledger, query: str) -> list[tuple[Any, ...]]:
    return ledger.connection.execute(query).fetchall()


def shown(quantity: int, decimals: int) -> int | str:
    return format_quantity(quantity, decimals) if decimals else quantity


def agree(ledger: Ledger, decimals: int) -> None:
    entries = [
        entry
        for sku in SKUS
        for entry in history(ledger, sku, None, "", cut_at(ledger, END_OF_TIME))
    ]
    lines = list(exported_lines(ledger))
    assert read(ledger, "SELECT position, day, quantity FROM event_log ORDER BY position") == [
        (line.position, line.effective_at[:10], shown(line.quantity, decimals)) for line in lines
    ]
    assert read(ledger, "SELECT position, change, voided_by FROM event_log ORDER BY position") == [
        (entry.event.position, shown(entry.change, decimals), entry.voided_by)
        for entry in sorted(entries, key=lambda entry: entry.event.position)
    ]
    at_last = {entry.event.sku: shown(entry.on_hand, decimals) for entry in entries}
    if decimals == 0:
        assert dict(read(ledger, "SELECT sku, sum(change) FROM event_log GROUP BY sku")) == at_last
    else:
        totals: dict[str, Decimal] = {}
        for sku, change in read(ledger, "SELECT sku, change FROM event_log"):
            totals[sku] = totals.get(sku, Decimal(0)) + Decimal(change)
        assert {sku: str(total) for sku, total in totals.items()} == at_last
    ends = today_at(utc_text(datetime.now(UTC)), ledger.zone).ends
    assert read(ledger, "SELECT * FROM stock_now") == [
        (row.sku, shown(row.on_hand, decimals), row.last_incoming, row.last_outgoing)
        for row in arrange(ledger, stock_now(ledger, ends, ()), None, each_location=False)
    ]


@on_file
@given(deeds, st.sampled_from(ZONES), st.sampled_from((0, 3)))
# A count that stands behind one that was voided, and one of a later day.
@example(
    [
        (Fact("received", "XYZ-1", "main", 5, DAYS[0]),),
        (Fact("counted", "XYZ-1", "main", 9, DAYS[1]),),
        (Fact("counted", "XYZ-1", "main", 2, DAYS[1] + timedelta(days=1)),),
        1,
        (Fact("counted", "XYZ-1", "main", 1, DAYS[-1]),),
    ],
    "Europe/Berlin",
    0,
)
# An opening tells its days until an event sets them, and one that was voided tells none.
@example(
    [
        (Fact("opened", "0012", "main", 5, DAYS[0], DAYS[2], DAYS[2]),),
        (Fact("sold", "0012", "main", 5, DAYS[-1]),),
        (Fact("opened", "XYZ-1", "main", 5, DAYS[0], DAYS[2], DAYS[2]),),
        (Fact("received", "XYZ-1", "main", 5, DAYS[-1]),),
        1,
    ],
    "America/Sao_Paulo",
    3,
)
def test_the_views_tell_days_signs_and_stock_as_the_program_does(
    life: Sequence[Entry | int], zone: str, decimals: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inventory.db"
        create_ledger(path, datetime.now(UTC), decimals, zone, "allow")
        with open_ledger(path, write=True) as ledger:
            for deed in life:
                do(ledger, deed)
            agree(ledger, decimals)


# --- the offsets of zones -----------------------------------------------------------------------


@examples(250)
@given(
    st.sampled_from((*ZONES, "Africa/Monrovia", "Asia/Kathmandu", "Pacific/Apia", "UTC")),
    st.integers(-2_208_902_400, 7_258_032_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
def test_the_last_offset_before_a_moment_gives_its_local_time(zone: str, moment: datetime) -> None:
    text = utc_text(moment)
    ahead = [seconds for starts_at, seconds in offsets_of(load_zone(zone)) if starts_at <= text]
    day = (moment + timedelta(seconds=ahead[-1])).date().isoformat()
    assert day == show_day(text, load_zone(zone))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Freetown", "America/Boa_Vista"])
def test_an_offset_holds_until_the_next_one_and_begins_to_the_second(zone: str) -> None:
    local, offsets = load_zone(zone), offsets_of(load_zone(zone))
    assert len({starts_at for starts_at, _ in offsets}) == len(offsets) > 5
    for before, (starts_at, seconds) in pairwise(offsets):
        moment = datetime.fromisoformat(starts_at)
        for at, expected in ((moment, seconds), (moment - timedelta(seconds=1), before.seconds)):
            assert at.astimezone(local).utcoffset() == timedelta(seconds=expected)


def test_clocks_that_went_forth_and_back_within_four_days_are_not_overlooked() -> None:
    starts = [starts_at[:10] for starts_at, _ in offsets_of(load_zone("Africa/Freetown"))]
    assert {"1939-09-01", "1939-09-05"} <= {*starts}
