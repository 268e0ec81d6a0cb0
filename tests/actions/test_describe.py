"""What is said of a SKU is an event as all others, but no stock depends on it."""

import json
from pathlib import Path

import pytest

from tests.conftest import Shop

WHY = ("--reason", "a slip")


def known(shop: Shop, sku: str, *words: object) -> dict[str, str]:
    rows = shop.json("describe", sku, *words)
    return {key: text for row in rows for key, text in row.items() if text and key != "sku"}


def test_each_fact_is_what_was_said_last_as_of_the_date(shop: Shop) -> None:
    shop.ok("describe", "MUG", "--name", "Mug", "--unit", "piece", "--on", "2022-01-01")
    shop.ok("describe", "MUG", "--name", "Blue mug", "--minimum", 24, "--on", "2022-03-01")
    # Recorded later, of an earlier day.
    shop.ok("describe", "MUG", "--name", "Cup", "--category", "china", "--on", "2022-02-01")
    assert known(shop, "MUG") == {
        "name": "Blue mug",
        "unit": "piece",
        "category": "china",
        "minimum": "24",
    }
    assert known(shop, "MUG", "--on", "2022-02-15") == {
        "name": "Cup",
        "unit": "piece",
        "category": "china",
    }
    shop.ok("describe", "MUG", "--name", "", "--minimum", "", "--on", "2022-04-01")
    assert known(shop, "MUG") == {"unit": "piece", "category": "china"}
    shop.ok("reverse", 4, *WHY)
    assert known(shop, "MUG")["name"] == "Blue mug"
    assert known(shop, "TEE") == {}


def test_it_is_in_neither_stock_nor_snapshots_and_verifies(shop: Shop) -> None:
    shop.ok("describe", "TEE", "--name", "T-shirt")
    assert shop.json("stock") == []
    assert shop.json("as-of", "today") == []
    shop.ok("receive", "MUG", 5, "--on", "2022-03-01")
    shop.ok("describe", "MUG", "--name", "Mug", "--on", "2022-03-02")
    shop.ok("snapshot", "take")
    shop.ok("describe", "MUG", "--name", "Cup", "--on", "2022-03-01")
    shop.ok("reverse", 3, *WHY)
    shop.ok("snapshot", "take", "second")
    assert [row["sku"] for row in shop.json("snapshot", "show", 2)] == ["MUG"]
    assert [row["sku"] for row in shop.json("stock", "--by-location")] == ["MUG"]
    assert shop.failed_checks() == {}
    assert "0 differences" in shop.ok("rebuild").out
    anchors = shop.folder / "anchors"
    shop.ok("verify", "--anchor", anchors)
    shop.ok("describe", "MUG", "--unit", "piece")
    shop.ok("verify", "--anchor", anchors, "--since-anchor")
    copy = Shop.__new__(Shop)
    copy.folder, copy.path = shop.folder, shop.folder / "copy.db"
    (shop.folder / "log.jsonl").write_text(shop.ok("export").out, encoding="utf-8")
    copy.ok("restore", shop.folder / "log.jsonl")
    assert copy.ok("head").out == shop.ok("head").out
    assert copy.failed_checks() == {}


def test_it_makes_a_sku_known_and_is_shown_where_events_are(shop: Shop) -> None:
    assert "new SKU MUG" in shop.ok("describe", "MUG", "--name", "Mug").err
    assert "new SKU" not in shop.ok("receive", "MUG", 1).err
    assert shop("describe", "MUGG", "--name", "Mug", "--known-only").code == 3
    first, second = shop.json("history", "MUG")
    assert (first["kind"], first["change"], first["on_hand"]) == ("described", 0, 0)
    assert (second["kind"], second["on_hand"]) == ("received", 1)
    assert shop.json("log")[0]["details"] == {"name": "Mug"}


def test_no_rule_of_openings_below_zero_or_overlap_reads_it(shop: Shop) -> None:
    shop.ok("describe", "MUG", "--name", "Mug", "--on", "2021-01-01")
    shop.ok("open", "MUG", 5, "--on", "2022-01-01")
    shop.ok("describe", "MUG", "--name", "Cup", "--on", "2021-06-01")
    file = "sku,name\nMUG,Cup\n"
    shop.import_text(file, "--set", "type=described", "--set", "date=2021-06-01")
    assert shop.on_hand("MUG") == 5
    assert shop.failed_checks() == {}


def test_a_barcode_belongs_to_one_sku(shop: Shop) -> None:
    shop.ok("describe", "MUG", "--barcode", "400", "--barcode", "401")
    ran = shop("describe", "TEE", "--barcode", "401")
    assert (ran.code, "the barcode 401 is that of MUG" in ran.err) == (3, True)
    shop.ok("describe", "MUG", "--barcode", "400")
    shop.ok("describe", "TEE", "--barcode", "401")
    ran = shop.import_text("sku,barcode\nA,7\nB,7\n", "--set", "type=described")
    assert (ran.code, "the barcode 7 is that of A" in ran.err) == (3, True)
    shop.ok("receive", "MUG", 1)
    assert "received 1 of MUG" in shop.ok("scan", "received", input="400\n").out


def test_a_csv_of_products_is_imported_without_date_and_quantity(shop: Shop) -> None:
    ran = shop.import_text(
        "sku,Name,unit,category,supplier,minimum,barcode,shelf\n"
        "MUG,Blue mug,piece,china,ACME,24,400 401,B4\n"
        "TEE,T-shirt,,,,,,\n",
        *("--set", "type=described"),
    )
    assert ran.code == 0, ran
    assert known(shop, "MUG") == {
        "name": "Blue mug",
        "unit": "piece",
        "category": "china",
        "supplier": "ACME",
        "minimum": "24",
        "barcode": "400 401",
    }
    assert known(shop, "TEE") == {"name": "T-shirt"}
    assert shop.json("log")[0]["details"]["shelf"] == "B4"
    mixed = "date,sku,type,quantity,name\n2022-01-01,CUP,received,5,\n,CUP,described,,Cup\n"
    assert shop.import_text(mixed, name="mixed.csv").code == 0
    assert known(shop, "CUP") == {"name": "Cup"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("MUG,x,,", "minimum"),
        ("MUG,-1,,", "never negative"),
        ("MUG,,depot,", "no location"),
        ("MUG,5,,3", "no quantity"),
        ("MUG,,,", "nothing is said"),
    ],
)
def test_a_row_that_cannot_describe_is_bad(shop: Shop, row: str, reason: str) -> None:
    file = f"sku,minimum,location,quantity\n{row}\n"
    ran = shop.import_text(file, "--set", "type=described")
    assert (ran.code, reason in ran.err) == (3, True), ran


def test_scripts_describe_by_record(shop: Shop) -> None:
    line = {"type": "described", "sku": "MUG", "name": "Mug", "minimum": 3, "unit": None}
    answer = json.loads(shop.ok("record", "-", input=json.dumps(line) + "\n").out)
    assert answer["events"] == [{"position": 1, "sku": "MUG", "location": None, "on_hand": None}]
    assert known(shop, "MUG") == {"name": "Mug", "minimum": "3"}
    for odd in ({"location": "shop"}, {"quantity": 1}, {"unit_cost": "1"}):
        assert shop("record", "-", input=json.dumps({**line, **odd}) + "\n").code == 3
    sold = {"type": "sold", "sku": "MUG", "quantity": 1, "name": "Mug"}
    assert "is said of a SKU" in shop("record", "-", input=json.dumps(sold) + "\n").out


def test_a_retry_with_its_id_is_harmless(shop: Shop) -> None:
    words = ("describe", "MUG", "--name", "Mug", "--id", "p1")
    shop.ok(*words)
    assert "recorded before" in shop.ok(*words).err
    assert shop("describe", "MUG", "--name", "Cup", "--id", "p1").code == 3


def test_a_rollover_describes_anew_and_the_seam_is_proved(shop: Shop) -> None:
    shop.ok("describe", "MUG", "--name", "Mug", "--barcode", "400", "--on", "2022-01-01")
    shop.ok("describe", "MUG", "--minimum", 5, "--on", "2022-06-01")
    shop.ok("describe", "MUG", "--name", "Cup", "--on", "2023-02-01")
    shop.ok("describe", "GONE", "--name", "Gone", "--on", "2022-01-01")
    shop.ok("describe", "GONE", "--name", "", "--on", "2022-01-02")
    shop.ok("describe", "NEVER", "--name", "Never", "--on", "2022-01-02")
    shop.ok("reverse", 6, *WHY)
    shop.ok("receive", "MUG", 3, "--on", "2022-03-01")
    new = Shop.__new__(Shop)
    new.folder, new.path = shop.folder, Path(shop.folder / "new.db")
    shop.ok("rollover", new.path, "--as-of", "2022-12-31")
    assert known(new, "MUG", "--on", "2023-01-01") == {
        "name": "Mug",
        "minimum": "5",
        "barcode": "400",
    }
    assert known(new, "MUG")["name"] == "Cup"
    assert known(new, "GONE") == known(new, "NEVER") == {}
    assert new.failed_checks("--previous", shop.path) == {}
