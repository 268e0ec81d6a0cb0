"""What one stream costs in memory does not grow with how many events it holds."""

import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from inventory_cli.actions.append import append
from inventory_cli.actions.ask import Cut, cut_at, history, state_at, stock_as_of
from inventory_cli.actions.rebuild import rebuild
from inventory_cli.actions.reverse import reverse_event
from inventory_cli.core.dates import END_OF_TIME, utc_text
from inventory_cli.core.events import Draft
from inventory_cli.core.replay import State
from inventory_cli.core.rules import Facts
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.log import PIECE
from inventory_cli.storage.new_ledger import create_ledger

ORIGIN = Origin("keeper", "test")
START = datetime(2022, 1, 1, tzinfo=UTC)
NOW = datetime(2023, 1, 1, tzinfo=UTC)
STREAM = ("A", "main")
FEW = 2 * PIECE
MANY = 4 * FEW


def received(minutes: int, quantity: int = 5) -> Draft:
    return Draft(*STREAM, "received", quantity, utc_text(START + timedelta(minutes=minutes)), 0)


def drafts(count: int) -> Iterator[Draft]:
    # Some of them come late, and beyond their day: so the stream is judged as a whole.
    for number in range(count):
        yield received(number if number % 100 else max(0, number - 5_000))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two ledgers of one stream, with few events and with many."""
    made = []
    for count in (FEW, MANY):
        path = tmp_path_factory.mktemp("flat") / f"{count}.db"
        create_ledger(path, START, 0, "UTC", "refuse")
        with open_ledger(path, write=True) as ledger:
            append(ledger, ORIGIN, partial(drafts, count), lambda: NOW)
        made.append(path)
    return made[0], made[1]


def _late(ledger: Ledger) -> None:
    append(ledger, ORIGIN, lambda: [received(1)], lambda: NOW)


def _reverse(ledger: Ledger) -> None:
    reverse_event(ledger, ORIGIN, 2, Facts("x"), lambda: NOW, allow_negative=False)


def _cut(ledger: Ledger) -> Cut:
    return cut_at(ledger, END_OF_TIME)


TASKS: dict[str, Callable[[Ledger], object]] = {
    "late entry": _late,
    "reversal": _reverse,
    "rebuild": rebuild,
    "as-of": lambda ledger: stock_as_of(ledger, _cut(ledger), []),
    "as-of SKU": lambda ledger: stock_as_of(ledger, _cut(ledger), ["A"]),
    "stock": lambda ledger: state_at(
        ledger, STREAM, State(last_effective=END_OF_TIME), _cut(ledger)._replace(as_of="2022-06")
    ),
    "history": lambda ledger: deque(history(ledger, "A", None, "", _cut(ledger)), maxlen=0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_long_stream_takes_no_more_memory_than_a_short_one(
    files: tuple[Path, Path], name: str
) -> None:
    peaks = []
    for path in files:
        with open_ledger(path, write=True) as ledger:
            tracemalloc.start()
            try:
                TASKS[name](ledger)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
    few, many = peaks
    assert many < 1.5 * few
