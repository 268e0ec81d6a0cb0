"""Whatever happened to a ledger, the one that it is rolled over to goes on as it would have."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import example, given

from inventory_cli.actions.ask import Cut, Stock, arrange, stock_as_of
from inventory_cli.actions.rollover import roll_over
from inventory_cli.audit.previous import with_previous
from inventory_cli.audit.verify import verify
from inventory_cli.core.dates import When
from inventory_cli.storage.batches import read_end
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from tests.properties.lives import (
    DAYS,
    NOW,
    ORIGIN,
    Both,
    Deed,
    Reverse,
    clock_ticks,
    cut_end,
    days,
    examples,
    live,
    lives,
    new_ledger,
    one,
    zones,
)


def shown(ledger: Ledger, as_of: str) -> list[Stock]:
    states = stock_as_of(ledger, Cut(as_of, ledger.head().position), [])
    return arrange(ledger, states, None, each_location=True)


def assert_sound(ledger: Ledger, old: Ledger) -> None:
    audit = with_previous(verify(ledger), ledger, old)
    assert {check.name: check.problems for check in audit.checks if not check.ok} == {}


# Each of these makes three files.
@examples(40)
@given(lives, lives, days, zones, clock_ticks)
# All that there was is voided, and then the stream is opened.
@example(
    [one("received", 5), Reverse("event", 0, False), one("opened", 3, on=DAYS[2])],
    [],
    DAYS[1],
    "UTC",
    [0],
)
def test_the_stock_of_every_later_day_is_the_same_in_both(
    life: list[Deed], after: list[Deed], end: date, zone: str, ticks: list[int]
) -> None:
    with new_ledger(zone) as old, tempfile.TemporaryDirectory() as folder:
        live(Both(old), [*life, *after], ticks)
        cut = cut_end(old, end)
        path = Path(folder) / "new.db"
        before = old.head().position
        done = roll_over(old, path, ORIGIN, When(end, None), lambda: NOW)
        ended = read_end(old)
        assert ended is not None
        assert (Path(ended.name).name, ended.head) == ("new.db", done.old_head)
        with open_ledger(path, write=True) as new:
            assert (new.head(), before) == (done.head, done.old_head.position)
            assert_sound(new, old)
            assert shown(new, cut) == []
            assert done.opened == len(shown(old, cut))
            later = [day for day in (*DAYS, date(2199, 12, 31)) if day > end]
            cuts = [cut_end(old, day) for day in later]
            for as_of in cuts:
                assert shown(new, as_of) == shown(old, as_of)
            # And once more, to a third one.
            third = Path(folder) / "third.db"
            last = When(later[0], None)
            roll_over(new, third, ORIGIN, last, lambda: datetime(2200, 1, 2, tzinfo=UTC))
            with open_ledger(third) as newest:
                assert_sound(newest, new)
                for as_of in cuts[1:]:
                    assert shown(newest, as_of) == shown(old, as_of)
