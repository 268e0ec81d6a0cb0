"""The texts of events that SQLite writes ahead are those of the events, or none."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory_cli.storage.chain import canonical
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.log import scanned, stored_rows
from inventory_cli.storage.texts_ahead import texts_ahead
from tests.conftest import Shop


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of 50 events, with what JSON has to write otherwise in each."""
    shop = Shop(tmp_path)
    rows = "".join(f'2022-03-01,A-{n},received,{n + 1},"say ""{n}""\\"\n' for n in range(50))
    assert shop.import_text("date,sku,type,quantity,reason\n" + rows).code == 0
    with open_ledger(shop.path) as ledger:
        yield ledger


def as_stored(ledger: Ledger) -> list[str]:
    rows = [row for piece in stored_rows(ledger, 50) for row in piece]
    return [canonical(("event", *row[:-1])) for row in rows]


@pytest.mark.parametrize("any_types", [True, False])
def test_a_scan_comes_with_the_text_of_each_event(ledger: Ledger, any_types: bool) -> None:
    found: list[str] = []
    for _, texts in scanned(ledger, 50, any_types=any_types):
        assert texts is not None
        found += texts
    assert found == as_stored(ledger)


def test_pieces_are_written_one_after_the_other(ledger: Ledger) -> None:
    pieces = [range(first, first + 10) for first in range(1, 51, 10)]
    with texts_ahead(ledger, iter(pieces), any_types=True) as texts:
        found = [texts(piece.start, piece.stop - 1, 10) for piece in pieces]
        assert texts(51, 60, 10) is None
    assert [text for piece in found for text in piece or ()] == as_stored(ledger)


@pytest.mark.parametrize(
    ("first", "last", "count"), [(1, 10, 9), (1, 9, 10), (2, 10, 10), (1, 10, 11), (40, 50, 11)]
)
def test_texts_that_are_not_one_for_each_event_are_none(
    ledger: Ledger, first: int, last: int, count: int
) -> None:
    with texts_ahead(ledger, iter([range(1, 11)]), any_types=True) as texts:
        assert texts(first, last, count) is None


def test_a_piece_that_was_passed_over_is_none_of_the_next(ledger: Ledger) -> None:
    pieces = iter([range(1, 11), range(11, 21), range(21, 31)])
    with texts_ahead(ledger, pieces, any_types=True) as texts:
        assert texts(11, 20, 10) == as_stored(ledger)[10:20]
        assert texts(21, 30, 10) == as_stored(ledger)[20:30]


def test_there_are_none_where_the_file_cannot_be_opened_again(ledger: Ledger) -> None:
    ledger.path.rename(ledger.path.with_suffix(".moved"))
    with texts_ahead(ledger, iter([range(1, 11)]), any_types=True) as texts:
        assert texts(1, 10, 10) is None


def test_a_scan_that_is_broken_off_leaves_no_thread(ledger: Ledger) -> None:
    scan = scanned(ledger, 50)
    next(scan)
    scan.close()
    assert "texts" not in [thread.name for thread in threading.enumerate()]
