"""Standing events are read stream by stream, and what each changed adds up to what is there."""

import pytest

from inventory_cli.core.moves import moves_by_sku
from inventory_cli.storage import timeline
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.timeline import standing, standing_events, streams_with_events
from tests.conftest import Shop


@pytest.fixture
def busy(shop: Shop) -> Shop:
    shop.ok("receive", "A", 10, "--on", "2022-01-01", "--location", "shop")
    shop.ok("receive", "A", 5, "--on", "2022-01-02", "--location", "depot")
    shop.ok("sell", "A", 2, "--on", "2022-01-03", "--location", "shop")
    shop.ok("transfer", "A", 3, "--from", "shop", "--to", "depot", "--on", "2022-01-04")
    shop.ok("count", "A", 4, "--on", "2022-01-05", "--location", "shop")
    shop.ok("receive", "B", 7, "--on", "2022-01-02", "--location", "depot")
    shop.ok("reverse", 3, "--reason", "never")
    return shop


@pytest.mark.parametrize("piece", [1, 2, 100])
@pytest.mark.parametrize("skus", [(), ("A",), ("B", "A", "C")])
def test_changes_come_in_order_and_add_up(
    busy: Shop, piece: int, skus: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "PIECE", piece)
    monkeypatch.setattr(
        timeline, "_QUERY", timeline._QUERY.rpartition("LIMIT")[0] + f"LIMIT {piece}"
    )
    with open_ledger(busy.path) as ledger:
        head = ledger.head().position
        found = dict(moves_by_sku(standing(ledger, head, "9", skus)))
        before = dict(moves_by_sku(standing(ledger, 7, "2022-01-04", skus)))
        streams = list(streams_with_events(ledger, head, "9", skus))
        early = list(streams_with_events(ledger, 1, "9", skus))
        whole = [event.position for event in standing_events(ledger, head)]
    there = [("A", "depot"), ("A", "shop"), ("B", "depot")]
    assert streams == [stream for stream in there if stream[0] in (skus or "AB")]
    assert early == [("A", "shop")] * ("A" in (skus or "AB"))
    assert whole == [2, 5, 1, 4, 6, 7]
    shown = {"A", "B"} & set(skus or "AB")
    assert set(found) == shown
    if "A" in shown:
        changes = [(move.position, move.change, move.begins) for move in found["A"]]
        assert changes == [
            (1, 10, True),
            (2, 5, True),
            (4, -3, False),
            (5, 3, False),
            (6, -3, False),
        ]
        assert [move.position for move in before["A"]] == [1, 2, 3]
