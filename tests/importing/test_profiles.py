"""What the shipped profiles make of files that are laid out like those they are for."""
# ruff: noqa: E501 - the rows are as other systems write them

from pathlib import Path

import pytest

from inventory_cli.importing.profile import read_profile, shipped_profiles
from tests.conftest import Shop

AMAZON = """\
"Date","FNSKU","ASIN","MSKU","Title","Event Type","Reference ID","Quantity","Fulfillment Center","Disposition","Reason"
"07/01/2026","X1","B1","MUG-RED","Red mug","Receipts","FBA19CB","80","HIA1","SELLABLE",""
"07/02/2026","X1","B1","MUG-RED","Red mug","WhseTransfers","","-6","HIA1","SELLABLE",""
"07/04/2026","X1","B1","MUG-RED","Red mug","WhseTransfers","","6","ACY1","SELLABLE",""
"07/05/2026","X1","B1","MUG-RED","Red mug","Shipments","","-1","ACY1","SELLABLE",""
"07/05/2026","X1","B1","MUG-RED","Red mug","Shipments","","-1","ACY1","SELLABLE",""
"07/05/2026","X1","B1","MUG-RED","Red mug","CustomerReturns","","1","ACY1","CUSTOMER_DAMAGED",""
"07/06/2026","X1","B1","MUG-RED","Red mug","Adjustments","21188081","-16","HIA1","SELLABLE","M"
"07/06/2026","X1","B1","MUG-RED","Red mug","VendorReturns","","-2","HIA1","SELLABLE",""
"""

SHOPIFY = """\
Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Location,Bin name,Incoming (not editable),\
Unavailable (not editable),Committed (not editable),Available (not editable),On hand (current),\
On hand (new)
injector,Injector,Title,Default Title,0986435621,,,Concord Park,,0,0,0,8,8,
injector,Injector,Title,Default Title,0986435621,,,"Main Office, Shop",,0,0,1,1,2,
rail,Rail,Title,Default Title,RAIL,,,Concord Park,,Not stocked,not stocked,not stocked,\
not stocked,not stocked,
"""

ODOO = """\
"Date","Reference","Product","Lot/Serial Number","From","To","Quantity","Unit of Measure","Status"
"2024-05-01 10:20:30","WH/IN/00012","[FURN_7777] Office Chair","","Partners/Vendors","WH/Stock","5.0","Units","Done"
"2024-05-02 09:00:00","WH/OUT/00007","[FURN_7777] Office Chair","","WH/Stock","Partners/Customers","2.0","Units","Done"
"2024-05-02 10:00:00","WH/OUT/00008","[FURN_7777] Office Chair","","WH/Stock","Partners/Customers","2.0","Units","Cancelled"
"2024-05-03 08:15:00","WH/INT/00003","[FURN_7777] Office Chair","","WH/Stock","WH/Stock/Shelf 1","1.0","Units","Done"
"2024-05-04 17:30:00","Product Quantity Updated","[FURN_7777] Office Chair","","WH/Stock","Virtual Locations/Inventory adjustment","1.0","Units","Done"
"2024-05-05 12:00:00","WH/MO/00001","[FURN_7777] Office Chair","LOT-1","WH/Stock/Shelf 1","Virtual Locations/Production","1.0","Units","Done"
"""

ERPNEXT = """\
Date,Item,Item Name,Stock UOM,In Qty,Out Qty,Balance Qty,Voucher #,Warehouse,Voucher Type,Voucher #
"",'Opening',"","","","",10.0,"","","",""
2024-05-01 10:20:30,BOLT,Bolt M8,Nos,5.0,0,15.0,PRE-12,Stores - A,Purchase Receipt,PRE-12
2024-05-02 09:00:00.123456,BOLT,Bolt M8,Nos,0,-3.0,12.0,DN-7,Stores - A,Delivery Note,DN-7
2024-05-03 08:15:00,BOLT,Bolt M8,Nos,0,-2.0,10.0,STE-3,Stores - A,Stock Entry,STE-3
2024-05-03 08:15:00,BOLT,Bolt M8,Nos,2.0,0,2.0,STE-3,Shop - A,Stock Entry,STE-3
2024-05-04 08:15:00,BOLT,Bolt M8,Nos,1.0,0,11.0,DN-9,Stores - A,Delivery Note,DN-9
2024-05-31 18:00:00,BOLT,Bolt M8,Nos,0,0,9.0,RECO-1,Stores - A,Stock Reconciliation,RECO-1
"""

RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,85123a,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
C536391,85123A,HEART HOLDER,-2,2010-12-01 10:24:00,2.55,17850.0,United Kingdom
A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom
"""


def by_location(shop: Shop) -> list[tuple[str, str, int]]:
    return [
        (row["sku"], row["location"], row["on_hand"]) for row in shop.json("stock", "--by-location")
    ]


def kinds(shop: Shop) -> list[tuple[str, int]]:
    return [(row["kind"], row["quantity"]) for row in shop.json("log")]


def test_amazon_ledger(shop: Shop) -> None:
    ran = shop.import_text(AMAZON, "--profile", "amazon-ledger")
    assert (ran.code, ran.err) == (0, "new SKU MUG-RED\n2 new locations: HIA1; ACY1\n")
    assert kinds(shop) == [
        ("received", 80),
        ("adjusted", -6),
        ("adjusted", 6),
        ("sold", 1),
        ("sold", 1),
        ("returned", 1),
        ("adjusted", -16),
        ("removed", 2),
    ]
    assert by_location(shop) == [("MUG-RED", "ACY1", 5), ("MUG-RED", "HIA1", 56)]
    log = shop.json("log")
    assert [row["reason"] for row in log if row["kind"] == "adjusted"] == [
        "WhseTransfers",
        "WhseTransfers",
        "M",
    ]
    assert log[0]["reference"] == "FBA19CB"
    assert log[0]["effective_at"] == "2026-07-01"
    assert log[5]["details"]["Disposition"] == "CUSTOMER_DAMAGED"
    assert log[5]["details"]["Event Type"] == "CustomerReturns"


@pytest.mark.parametrize("more", ["Country", "Country,Reconciled Quantity,Unreconciled Quantity"])
def test_amazon_ledger_with_more_columns_and_by_tabs(shop: Shop, more: str) -> None:
    rows = [line.strip('"').split('","') for line in AMAZON.splitlines()]
    rows[0] += more.split(",")
    for row in rows[1:]:
        row += ["US"] * (len(rows[0]) - len(row))
    text = "".join("\t".join(row) + "\n" for row in rows)
    assert shop.import_text(text, "--profile", "amazon-ledger").code == 0
    assert by_location(shop) == [("MUG-RED", "ACY1", 5), ("MUG-RED", "HIA1", 56)]
    assert shop.json("log")[0]["details"]["Country"] == "US"


def test_what_amazon_can_sell_alone(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "sellable.toml"
    own.write_text(
        shipped_profiles()["amazon-ledger"] + '[only]\nDisposition = "SELLABLE"\n', encoding="utf-8"
    )
    ran = shop.import_text(AMAZON, "--profile", own)
    assert "read 8, appended 7, skipped 1, refused 0" in ran.out
    assert "1 row left out by the rules of the profile" in ran.err
    assert by_location(shop) == [("MUG-RED", "ACY1", 4), ("MUG-RED", "HIA1", 56)]


def test_shopify_inventory_as_counts(shop: Shop) -> None:
    shop.ok("receive", "RAIL", 3, "--location", "Concord Park")
    ran = shop.import_text(SHOPIFY, "--profile", "shopify-inventory")
    assert (ran.code, "--set date=VALUE" in ran.err) == (3, True)
    ran = shop.import_text(SHOPIFY, "--profile", "shopify-inventory", "--set", "date=now")
    assert (ran.code, "read 3, appended 2, skipped 1, refused 0" in ran.out) == (0, True)
    assert by_location(shop) == [
        ("0986435621", "Concord Park", 8),
        ("0986435621", "Main Office, Shop", 2),
        ("RAIL", "Concord Park", 3),
    ]
    assert {row["kind"] for row in shop.json("log", "--after", 1)} == {"counted"}


def test_odoo_moves(shop: Shop) -> None:
    ran = shop.import_text(ODOO, "--profile", "odoo-moves")
    assert (ran.code, "read 6, appended 5, skipped 1, refused 0" in ran.out) == (0, True)
    assert kinds(shop) == [
        ("received", 5),
        ("sold", 2),
        ("transferred", -1),
        ("transferred", 1),
        ("adjusted", -1),
        ("removed", 1),
    ]
    assert by_location(shop) == [("FURN_7777", "WH/Stock", 1), ("FURN_7777", "WH/Stock/Shelf 1", 0)]
    adjusted = shop.json("log")[4]
    assert adjusted["reason"] == "Virtual Locations/Inventory adjustment"
    assert adjusted["reference"] == "Product Quantity Updated"
    assert adjusted["details"]["Product"] == "[FURN_7777] Office Chair"
    older = ODOO.replace('"Quantity"', '"Done"').replace("05-0", "06-0")
    assert shop.import_text(older, "--profile", "odoo-moves").code == 0


def test_erpnext_ledger(shop: Shop) -> None:
    shop.ok("open", "BOLT", 10, "--location", "Stores - A", "--on", "2024-04-30")
    ran = shop.import_text(ERPNEXT, "--profile", "erpnext-ledger", "--check-balances")
    assert (ran.code, "read 7, appended 6, skipped 1, refused 0" in ran.out) == (0, True)
    assert kinds(shop)[1:] == [
        ("received", 5),
        ("sold", 3),
        ("adjusted", -2),
        ("adjusted", 2),
        ("returned", 1),
        ("counted", 9),
    ]
    assert by_location(shop) == [("BOLT", "Shop - A", 2), ("BOLT", "Stores - A", 9)]
    assert shop.json("log")[1]["reference"] == "PRE-12"


def test_erpnext_ledger_without_its_opening_balance_says_how_much_it_was(shop: Shop) -> None:
    ran = shop.import_text(ERPNEXT, "--profile", "erpnext-ledger", "--allow-negative")
    assert ran.code == 0
    assert (
        "line 3: BOLT at Stores - A on 2024-05-01T10:20:30.000+02:00: 15 in the file, "
        "5 in the log; an opening balance of 10 before it would explain that" in ran.err
    )
    ran = shop.import_text(
        ERPNEXT.replace("05-", "06-").replace("06-31", "06-30"),
        *("--profile", "erpnext-ledger", "--allow-negative", "--check-balances"),
    )
    assert (
        ran.code,
        "the balances of 2 streams are not those of the log, so nothing was appended" in ran.err,
    ) == (3, True)
    assert len(shop.json("batches")) == 1


def test_online_retail(shop: Shop) -> None:
    ran = shop.import_text(RETAIL, "--profile", "online-retail", "--allow-negative")
    assert (ran.code, ran.err) == (0, "3 new SKUs: 85123a (there is 85123A); 85123A; B\n")
    assert kinds(shop) == [("sold", 6), ("sold", 6), ("returned", 2), ("sold", 1)]
    assert {row["sku"]: row["on_hand"] for row in shop.json("stock")} == {
        "85123A": -4,
        "85123a": -6,
        "B": -1,
    }
    second = RETAIL.replace("InvoiceNo", "Invoice").replace("UnitPrice", "Price")
    second = second.replace("CustomerID", "Customer ID").replace("2010-", "2009-")
    ran = shop.import_text(second, "--profile", "online-retail", "--overlap", "keep")
    assert (ran.code, "missing" in ran.err) == (3, True)


def test_a_profile_folds_the_case_of_skus_when_asked(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "folded.toml"
    own.write_text("fold_case = true\n" + shipped_profiles()["online-retail"], encoding="utf-8")
    shop.import_text(RETAIL, "--profile", own, "--allow-negative")
    assert {row["sku"]: row["on_hand"] for row in shop.json("stock")} == {"85123A": -10, "B": -1}


@pytest.mark.parametrize("name", sorted(shipped_profiles()))
def test_a_shipped_profile_is_read_and_described(shop: Shop, name: str) -> None:
    text = shipped_profiles()[name]
    assert read_profile(text, name).columns
    assert text.startswith("# ")
    assert f"`{name}`" in shop.ok("guide", "profiles").out


def test_a_profile_sets_what_toml_has_words_for(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "set.toml"
    own.write_text(
        '[columns]\nSKU = "Item"\n[set]\ndate = 2022-03-01\nquantity = 3\ntype = "count"\n'
    )
    assert shop.import_text("Item\nA\n", "--profile", own).code == 0
    (row,) = shop.json("log")
    assert (row["sku"], row["quantity"], row["effective_at"]) == ("A", 3, "2022-03-01")


def test_a_profile_without_end_is_refused(shop: Shop) -> None:
    long = shop.folder / "long.toml"
    long.write_text("# remark\n" * 200_000)
    (shop.folder / "moves.csv").write_text("date,sku,type,quantity\n")
    for name, why in [
        ("/dev/zero", "it is not text: it holds NUL bytes"),
        (long, "it has more than 1,000,000 bytes"),
    ]:
        ran = shop("import", shop.folder / "moves.csv", "--profile", name)
        assert ran.code == 2
        assert ran.err.startswith(f"error: --profile {name} is no profile: {why}\nhint: ")
