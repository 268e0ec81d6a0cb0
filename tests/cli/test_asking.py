"""The log, a timeline and the stock are narrowed, sorted and turned as people ask for them."""

import os
from pathlib import Path

import pytest

from tests.cli.test_terminal import on_terminal, without_style
from tests.conftest import Shop
from tests.tampering.altering import alter


@pytest.fixture(scope="module")
def ledger_with_sales(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    shop = Shop.holding(new_ledger, tmp_path_factory.mktemp("sales"))
    for sku, quantity in (("MUG-BLUE", 10), ("MUG-RED", 4), ("TEE", 0)):
        shop.ok("open", sku, quantity, "--on", "2022-01-01")
    shop.ok(
        "sell", "MUG-BLUE", 3, "--on", "2022-02-01", "--ref", "S-1", "--id", "k1", "--by", "anna"
    )
    shop.ok("sell", "MUG-RED", 4, "--on", "2022-03-01", "--ref", "S-2")
    shop.ok("count", "MUG-BLUE", 6, "--on", "2022-03-02")
    shop.ok("receive", "MUG-BLUE", 2, "--on", "2022-02-15", "--location", "depot")
    shop.ok("reverse", 5, "--reason", "never")
    return shop.path.read_bytes()


@pytest.fixture
def shop_with_sales(ledger_with_sales: bytes, tmp_path: Path) -> Shop:
    return Shop.holding(ledger_with_sales, tmp_path)


def positions(shop: Shop, *words: object) -> list[int]:
    return [row["position"] for row in shop.json("log", *words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["MUG-BLUE"], [1, 4, 6, 7]),
        (["MUG-*"], [1, 2, 4, 5, 6, 7, 8]),
        (["MUG-?ED", "TEE"], [2, 3, 5, 8]),
        (["MUG-X*"], []),
        (["--kind", "sold"], [4, 5]),
        (["--location", "depot"], [7]),
        (["--from", "2022-02", "--to", "2022-02"], [4, 7]),
        (["--from", "2022-Q2"], []),
        (["--ref", "S-1"], [4]),
        (["--id", "k1"], [4]),
        (["--by", "anna"], [4]),
        (["--last", "2"], [7, 8]),
        (["--last", "2", "--reverse"], [8, 7]),
        (["--reverse", "--kind", "opened"], [3, 2, 1]),
        (["--after", "6"], [7, 8]),
        (["--batch", "4", "--after", "4"], []),
    ],
)
def test_the_log_is_narrowed(shop_with_sales: Shop, words: list[str], found: list[int]) -> None:
    assert positions(shop_with_sales, *words) == found


def test_the_log_tells_what_each_event_changed_and_what_voided_it(shop_with_sales: Shop) -> None:
    rows = shop_with_sales.json("log")
    assert [row["change"] for row in rows] == [10, 4, 0, -3, 0, -1, 2, 0]
    assert [row["voided_by"] for row in rows] == [None] * 4 + [8, None, None, None]
    assert list(rows[0])[-3:] == ["details", "change", "voided_by"]
    for sku in ("MUG-BLUE", "MUG-RED", "TEE"):
        total = sum(row["change"] for row in rows if row["sku"] == sku)
        assert total == shop_with_sales.on_hand(sku)


def test_programs_see_of_a_timeline_what_people_see(shop_with_sales: Shop) -> None:
    rows = shop_with_sales.json("history", "MUG-RED")
    assert list(rows[0])[-7:] == [
        *("sku", "batch", "voided_by", "late", "unit_cost", "id", "details")
    ]
    assert [row["voided_by"] for row in rows] == [None, 8, None]
    rows = shop_with_sales.json("history", "MUG-BLUE", "--last", 2, "--reverse")
    assert [row["position"] for row in rows] == [6, 7]
    assert [row["late"] for row in rows] == [False, False]
    in_csv = shop_with_sales.ok("history", "MUG-BLUE", "--last", 2, "--format", "csv").csv
    assert [row["late"] for row in in_csv] == ["false", "false"]
    rows = shop_with_sales.json("history", "MUG-BLUE", "--from", "2022-02", "--to", "2022-02")
    assert [(row["position"], row["on_hand"]) for row in rows] == [(4, 7), (7, 9)]


def test_stock_is_narrowed_sorted_and_added_up(shop_with_sales: Shop) -> None:
    shop = shop_with_sales

    def skus(*words: str) -> list[str]:
        return [row["sku"] for row in shop.json("stock", *words)]

    assert skus("--below", "5") == ["MUG-RED", "TEE"]
    assert skus("--out") == ["TEE"]
    assert skus("--sort", "on_hand") == ["TEE", "MUG-RED", "MUG-BLUE"]
    assert skus("--sort", "-on_hand") == ["MUG-BLUE", "MUG-RED", "TEE"]
    assert skus("--sort", "last_outgoing") == ["MUG-RED", "TEE", "MUG-BLUE"]
    assert skus("MUG-*") == ["MUG-BLUE", "MUG-RED"]
    assert shop.json("stock", "--total")[-1] == {
        "sku": None,
        "on_hand": 12,
        "last_incoming": None,
        "last_outgoing": None,
    }
    assert shop.ok("stock", "--total").out.splitlines()[-1].split() == ["total", "12"]
    assert shop("stock", "--sort", "colour").code == 2
    assert len(shop.json("as-of", "2022-03-31", "--spark")[0]["spark"]) == 16


def test_names_are_a_column_where_they_are_asked_for(shop_with_sales: Shop) -> None:
    shop = shop_with_sales
    shop.ok("describe", "TEE", "--name", "T-shirt", "--on", "2022-06-01")
    first, *_, last = shop.json("stock", "--names")
    assert list(first)[:2] == ["sku", "name"]
    assert (first["name"], last["name"]) == (None, "T-shirt")
    assert "name" not in shop.json("stock")[0]
    assert shop.json("as-of", "2022-05-31", "TEE", "--names")[0]["name"] is None
    assert "T-shirt" in on_terminal(shop, "stock")
    assert "T-shirt" not in shop.ok("stock").out


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_an_event_is_one_line_at_any_width(shop_with_sales: Shop, columns: int) -> None:
    shop = shop_with_sales
    for words in (["log"], ["history", "MUG-BLUE"], ["batches"]):
        shown = without_style(on_terminal(shop, *words, columns=columns))
        rows = [line for line in shown.splitlines() if line.startswith("│")]
        assert len(rows) == 1 + len(shop.json(*words)), shown
        assert max(map(len, shown.splitlines())) <= columns


def test_a_timeline_is_drawn_with_its_marks(shop_with_sales: Shop) -> None:
    shown = without_style(on_terminal(shop_with_sales, "history", "MUG-RED", columns=60))
    assert "┤" in shown
    assert "2022-01-01 to 2022-03-01, × voided" in shown
    shown = on_terminal(shop_with_sales, "history", "MUG-BLUE", columns=60)
    assert "◆ counted" in shown


def test_below_zero_is_red(shop: Shop) -> None:
    shop.ok("sell", "A", 1, "--allow-negative")
    assert "\x1b[31m" in on_terminal(shop, "stock")
    assert "\x1b[31m" not in on_terminal(shop, "stock", NO_COLOR="1")


def test_what_failed_is_red_and_the_environment_has_the_word(shop: Shop) -> None:
    shop.ok("receive", "A", 1)
    alter(shop, "UPDATE stock SET on_hand = 9")
    assert "\x1b[1;31mFAILED" in on_terminal(shop, "verify")
    assert "\x1b[" not in on_terminal(shop, "verify", NO_COLOR="1")
    assert "\x1b[" not in on_terminal(shop, "verify", TERM="dumb")
    forced = {**os.environ, "FORCE_COLOR": "1"}
    shown = shop.process("verify", env=forced).stdout
    assert "\x1b[1;31mFAILED" in shown
    assert "╭" in shop.process("stock", env={**forced, "COLUMNS": "70"}).stdout


def test_more_than_a_screenful_goes_through_the_pager(shop: Shop) -> None:
    rows = "".join(f"2022-01-01,A{n},received,1\n" for n in range(60))
    shop.import_text("date,sku,type,quantity\n" + rows)
    pager = shop.folder / "pager"
    pager.write_text("#!/bin/sh\necho paged\nwc -l\n")
    pager.chmod(0o755)
    shown = on_terminal(shop, "stock", PAGER=str(pager), LINES="24")
    assert "paged" in shown
    assert "64" in shown
    assert "paged" not in on_terminal(shop, "stock", "A1", PAGER=str(pager), LINES="24")
    assert "paged" not in shop.ok("stock").out


def test_names_stand_where_people_look(shop_with_sales: Shop) -> None:
    shop = shop_with_sales
    shop.ok("describe", "MUG-RED", "--name", "Red mug", "--minimum", 9, "--on", "2022-01-01")
    assert "MUG-RED: Red mug" in on_terminal(shop, "history", "MUG-RED")
    assert "Red mug" in on_terminal(shop, "reorder")
    assert "Red mug" in shop.ok("reconcile", "--sheet").out
    (row,) = [row for row in shop.json("reorder", "MUG-*") if row["sku"] == "MUG-RED"]
    assert (row["suggested"], "name" in row) == (5, False)
