"""On two cores each SKU is answered once, in order, and to the same as on one."""

import os
import signal
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from inventory_cli.actions import each_sku
from inventory_cli.actions.ask import Cut
from inventory_cli.core.ahead import can_run_ahead
from inventory_cli.core.moves import Move, Row, moves_by_sku
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from tests.conftest import Shop

QUESTIONS = (
    ("insights", "--to", "2022-04-30"),
    ("insights", "--location", "depot", "--to", "2022-04-30"),
    ("movements", "--by", "month", "--to", "2022-04-30"),
    ("movements", "--location", "shop", "--to", "2022-04-30"),
    ("value", "--as-of", "2022-03-31"),
    ("reorder", "--cover", "30000"),
)


@pytest.fixture(scope="module")
def busy_ledger(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    shop = Shop.holding(new_ledger, tmp_path_factory.mktemp("busy"))
    for number in range(9):
        sku = f"S-{number % 4}"
        on = "--on", f"2022-03-0{number + 1}", "--location", ("shop", "depot")[number % 2]
        shop.ok("receive", sku, 10 + number, *on, "--cost", f"{number}.5")
        shop.ok("sell", sku, number + 1, *on)
    shop.ok("reverse", 4, "--reason", "never")
    return shop.path.read_bytes()


@pytest.fixture
def busy(busy_ledger: bytes, tmp_path: Path) -> Shop:
    return Shop.holding(busy_ledger, tmp_path)


@pytest.fixture
def on_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(each_sku, "LEAST_EVENTS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    if not can_run_ahead():
        pytest.skip("this system runs nothing ahead")


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("sku_in_the_middle", ["S-0", "S-2", "S-3", "Z"])
def test_two_cores_answer_as_one(
    busy: Shop,
    question: tuple[str, ...],
    sku_in_the_middle: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = busy.ok(*question, "--format", "csv").out
    assert alone.count("\n") > 2
    request.getfixturevalue("on_two_cores")
    monkeypatch.setattr(each_sku, "middle_sku", lambda *_: sku_in_the_middle)
    # What is asked of all is not asked in one.
    monkeypatch.setattr(each_sku, "standing", None)
    assert busy.ok(*question, "--format", "csv").out == alone


def test_each_half_is_asked_in_a_process_of_its_own(busy: Shop, on_two_cores: None) -> None:
    def whose(sku: str, moves: Sequence[Move]) -> tuple[str, int]:
        return sku, os.getpid()

    with open_ledger(busy.path) as ledger:
        cut = Cut("9", ledger.head().position)
        told = [*each_sku.ask_each_sku(ledger, cut, whose)]
    here = os.getpid()
    assert [sku for sku, _ in told] == ["S-0", "S-1", "S-2", "S-3"]
    assert [where == here for _, where in told] == [True, False, False, False]
    assert len({where for _, where in told}) == 2


def test_what_fails_there_is_told_as_if_it_failed_here(busy: Shop, on_two_cores: None) -> None:
    whole = busy.ok("insights").out
    with closing(sqlite3.connect(busy.path)) as connection:
        connection.executescript(
            "DROP TRIGGER events_no_update;"
            "UPDATE events SET kind = 'lent' WHERE position = (SELECT max(position) FROM events"
            " WHERE sku = 'S-3')"
        )
    ran = busy("insights")
    assert (ran.code, "of the unknown kind 'lent'" in ran.err, ran.out) == (4, True, "")
    assert whole


def test_one_file_answers_where_another_takes_its_name(
    busy: Shop, on_two_cores: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = busy.ok("movements", "--format", "csv").out
    (tmp_path / "aside").mkdir()
    other = Shop(tmp_path / "aside")
    other.ok("receive", "S-3", 1000)

    def replaced(ledger: Ledger, head: int) -> str:
        other.path.replace(busy.path)
        return "S-2"

    monkeypatch.setattr(each_sku, "middle_sku", replaced)
    assert busy.ok("movements", "--format", "csv").out == whole


def test_where_nothing_can_be_opened_there_all_is_answered_here(
    busy: Shop, on_two_cores: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    whole = busy.ok("insights").out
    monkeypatch.setattr(each_sku, "connect", fails)
    assert busy.ok("insights").out == whole


def test_a_process_that_is_killed_ends_the_command(
    busy: Shop, on_two_cores: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = os.getpid()

    def killed(rows: Iterable[Row]) -> Iterator[tuple[str, list[Move]]]:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return moves_by_sku(rows)

    monkeypatch.setattr(each_sku, "moves_by_sku", killed)
    ran = busy("insights")
    assert (ran.code, "ended too soon" in ran.err, ran.out) == (4, True, "")
