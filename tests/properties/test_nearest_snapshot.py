"""A replay that begins with a snapshot says the same as one that begins with the first event."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.log import Base, replay_log
from inventory_cli.storage.snapshots import base_of, nearest_base, read_snapshots
from tests.conftest import Shop
from tests.properties.lives import (
    Both,
    Deed,
    Snapshot,
    clock_ticks,
    cut_end,
    live,
    lives,
    new_ledger,
    on_file,
    whens,
    zones,
)
from tests.tampering.altering import alter


def shown(states: dict[Stream, State]) -> dict[Stream, State]:
    """All that a snapshot keeps: not when the last event of a stream took effect."""
    return {stream: state._replace(last_effective="") for stream, state in states.items()}


@on_file
@given(lives, lives, whens, st.lists(whens, max_size=3), zones, clock_ticks)
def test_any_snapshot_may_stand_for_the_log_before_it(
    before: list[Deed],
    after: list[Deed],
    taken_as_of: date,
    cuts: list[date],
    zone: str,
    ticks: list[int],
) -> None:
    with new_ledger(zone) as ledger:
        live(Both(ledger), [*before, Snapshot(taken_as_of), *after], ticks)
        last = ledger.head().position
        for snapshot in read_snapshots(ledger):
            base = base_of(ledger, snapshot)
            assert base is not None
            for head in {base.position, (base.position + last + 1) // 2, last}:
                for as_of in [base.as_of, END_OF_TIME, *(cut_end(ledger, cut) for cut in cuts)]:
                    if as_of >= base.as_of:
                        assert shown(replay_log(ledger, head, as_of, base)) == shown(
                            replay_log(ledger, head, as_of)
                        )


MANY = "date,sku,type,quantity\n" + "".join(
    f"2022-03-{day:02},{sku},received,{day}\n" for day in range(1, 29) for sku in ("A", "B")
)


@pytest.fixture
def march(shop: Shop) -> Shop:
    """A ledger with two snapshots, each of which leaves out what took effect after its date."""
    shop.import_text(MANY)
    shop.ok("snapshot", "take", "--as-of", "2022-03-10")
    shop.ok("snapshot", "take", "--as-of", "2022-03-20")
    shop.ok("receive", "A", 1, "--on", "2022-03-05")
    return shop


def test_a_question_begins_with_the_snapshot_that_saves_the_most(march: Shop) -> None:
    with open_ledger(march.path) as ledger:

        def begins(day: int, head: int) -> int:
            cut = cut_end(ledger, date(2022, 3, day))
            return nearest_base(ledger, head, cut).whole_to

        assert [begins(day, 57) for day in (9, 10, 19, 20, 31)] == [0, 20, 20, 40, 40]
        # Neither had been taken when the ledger knew of fewer events.
        assert begins(31, 55) == 0
    assert march.on_hand("A", "as-of", "2022-03-20") == sum(range(1, 21)) + 1


def test_a_snapshot_is_not_used_where_it_is_longer_than_the_log_it_stands_for(shop: Shop) -> None:
    for sku in ("A", "B"):
        shop.ok("receive", sku, 1, "--on", "2022-03-01")
    shop.ok("snapshot", "take")
    with open_ledger(shop.path) as ledger:
        assert nearest_base(ledger, 2, END_OF_TIME) == Base()


@pytest.mark.parametrize("snapshot", [1, 2])
def test_an_altered_snapshot_is_as_good_as_none(march: Shop, snapshot: int) -> None:
    alter(march, f"UPDATE snapshot_lines SET on_hand = 7 WHERE snapshot = {snapshot}")
    with open_ledger(march.path) as ledger:
        begins = nearest_base(ledger, 57, END_OF_TIME).whole_to
        assert begins == {1: 40, 2: 20}[snapshot]
    assert march.on_hand("A", "as-of", "2022-03-31") == sum(range(1, 29)) + 1
