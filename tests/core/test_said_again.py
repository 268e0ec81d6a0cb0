"""What was recorded is said again as lines that `record` reads, and means the same."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inventory_cli.core.said_again import SaidAgain, say_again
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.log import events_between
from tests.conftest import Shop

RECORDED: list[list[str]] = [
    ["open", "A", "100.5", "--on", "2022-01-01", "--last-incoming", "2021-12-01"],
    ["receive", "A", "20", "--on", "2022-02-01T10:30", "--cost", "2.5", "--id", "k", "--by", "eva"],
    ["return", "A", "3", "--on", "2022-02-02", "--ref", "R-1", "--detail", "till=2"],
    ["sell", "A", "2", "--on", "2022-02-03", "--location", "main"],
    ["remove", "A", "1", "--on", "2022-02-04", "--reason", "broken"],
    ["adjust", "A", "-0.5", "--on", "2022-02-05", "--reason", "miscount"],
    ["transfer", "A", "5", "--from", "main", "--to", "depot", "--on", "2022-02-06"],
    ["count", "A", "90", "--on", "2022-02-07"],
    ["describe", "A", "--name", "Apple", "--minimum", "5", "--on", "2022-01-01"],
]
KEPT = ("kind", "sku", "location", "quantity", "effective_at", "reason", "reference", "unit_cost")


def said_again(shop: Shop, after: int = 0) -> SaidAgain:
    """Return what the events of a ledger are said as."""
    actors = {row["batch"]: row["actor"] for row in shop.json("batches")}
    with open_ledger(shop.path) as ledger:
        positions = range(after + 1, ledger.head().position + 1)
        events = [event for piece in events_between(ledger, positions) for event in piece]
        return say_again(events, actors, ZoneInfo("Europe/Berlin"), ledger.decimals)


def as_lines(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def full(tmp_path: Path) -> Shop:
    """A ledger with an event of every kind that `record` knows."""
    (tmp_path / "first").mkdir()
    shop = Shop(tmp_path / "first", "--decimals", "1")
    for words in RECORDED:
        shop.ok(*words)
    return shop


def test_every_kind_is_recorded_again_as_it_was(full: Shop, tmp_path: Path) -> None:
    again = Shop(tmp_path, "--decimals", "1")
    lines = said_again(full).lines
    assert len(lines) == len(RECORDED)
    again.ok("record", "-", input=as_lines(lines))
    for before, after in zip(full.json("log"), again.json("log"), strict=True):
        assert [before[name] for name in KEPT] == [after[name] for name in KEPT]
        assert before["id"] == after["id"]
        # Who recorded it first stands with what it says.
        by = after["details"].pop("by")
        assert by == ("eva" if before["id"] else "keeper")
        assert (before["details"] or {}) == after["details"]
    assert again.json("stock", "--by-location") == full.json("stock", "--by-location")


def test_what_was_voided_is_left_out_with_what_voids_it(full: Shop) -> None:
    end = len(full.json("log"))
    full.ok("sell", "A", 1, "--on", "2022-03-01")
    full.ok("transfer", "A", 1, "--from", "main", "--to", "depot", "--on", "2022-03-01")
    full.ok("receive", "A", 7, "--on", "2022-03-02")
    full.ok("reverse", end + 1, "--reason", "never was")
    full.ok("reverse", end + 2, "--reason", "never moved")
    full.ok("reverse", 4, "--reason", "not sold either")
    lines, reversals = said_again(full, end)
    assert [(line["type"], line["quantity"]) for line in lines] == [("received", "7.0")]
    assert [(event.reverses, event.reason) for event in reversals] == [(4, "not sold either")]
