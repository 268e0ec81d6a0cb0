"""What the profiles of ERP systems and web shops make of rows that are laid out as theirs."""
# ruff: noqa: E501 - the rows are as other systems write them

import pytest

from tests.conftest import Shop
from tests.importing.test_profiles import by_location, kinds

MB51 = """\
Posting Date;Movement Type;Plant;Storage Location;Material;Material Description;Batch;Qty in Un. of Entry;Unit of Entry;Material Document
13.05.2024;561;1201;0101;BOLT10;Bolt M10;;1.100;PC;4900000001
13.05.2024;561;1201;0102;BOLT10;Bolt M10;;100;PC;4900000001
14.05.2024;101;1201;0101;BOLT10;Bolt M10;B1;50;PC;5000000001
14.05.2024;102;1201;0101;BOLT10;Bolt M10;B1;20-;PC;5000000002
15.05.2024;311;1201;0101;BOLT10;Bolt M10;;40-;PC;4900000003
15.05.2024;311;1201;0102;BOLT10;Bolt M10;;40;PC;4900000003
16.05.2024;351;1201;0101;BOLT10;Bolt M10;;30-;PC;4900000004
16.05.2024;351;1401;;BOLT10;Bolt M10;;30;PC;4900000004
17.05.2024;101;1401;0101;BOLT10;Bolt M10;;30;PC;5000000003
18.05.2024;601;1401;0101;BOLT10;Bolt M10;;5-;PC;4900000005
18.05.2024;602;1401;0101;BOLT10;Bolt M10;;2;PC;4900000006
19.05.2024;261;1201;0101;BOLT10;Bolt M10;;7-;PC;4900000007
19.05.2024;262;1201;0101;BOLT10;Bolt M10;;1;PC;4900000008
20.05.2024;101;1201;;;Paper for the office;;3;PC;5000000004
21.05.2024;702;1201;0101;BOLT10;Bolt M10;;4-;PC;4900000009
"""


def test_sap_mb51(shop: Shop) -> None:
    ran = shop.import_text(MB51, "--profile", "auto", "--decimal-mark", ",")
    assert (ran.code, "read 15, appended 13, skipped 2, refused 0" in ran.out) == (0, True)
    assert "the profile sap-mb51 fits moves.csv\n" in ran.err
    assert "2 rows left out by the rules of the profile" in ran.err
    assert kinds(shop) == [
        ("adjusted", 1100),
        ("adjusted", 100),
        ("received", 50),
        ("removed", 20),
        ("adjusted", -40),
        ("adjusted", 40),
        ("adjusted", -30),
        ("received", 30),
        ("sold", 5),
        ("returned", 2),
        ("removed", 7),
        ("received", 1),
        ("adjusted", -4),
    ]
    assert by_location(shop) == [("BOLT10", "1201", 1190), ("BOLT10", "1401", 27)]
    first = shop.json("log")[0]
    assert (first["reason"], first["reference"]) == ("561", "4900000001")
    assert first["details"]["Storage Location"] == "0101"


def test_sap_quantities_are_in_base_units_where_the_list_has_them(shop: Shop) -> None:
    header, row = MB51.splitlines()[:2]
    text = f"{header};Quantity\n{row.replace('1.100', '11')};1.100\n"
    assert shop.import_text(text, "--profile", "sap-mb51", "--decimal-mark", ",").code == 0
    assert shop.on_hand("BOLT10") == 1100
    own = MB51.replace(";101;", ";901;", 1)
    ran = shop.import_text(own, "--profile", "sap-mb51", "--decimal-mark", ",", name="own.csv")
    assert (ran.code, "Movement Type '901': '901' is not a kind of event" in ran.err) == (3, True)


MAGENTO = """\
source_code,sku,status,quantity
default,TEE-S,1,6.0000
outlet,TEE-S,1,5.0000
outlet,TEE-M,0,0.0000
"""


def test_magento_sources(shop: Shop) -> None:
    ran = shop.import_text(MAGENTO, "--profile", "auto", "--set", "date=2024-05-31")
    assert (ran.code, "read 3, appended 3, skipped 0, refused 0" in ran.out) == (0, True)
    assert by_location(shop) == [
        ("TEE-M", "outlet", 0),
        ("TEE-S", "default", 6),
        ("TEE-S", "outlet", 5),
    ]
    assert {kind for kind, _ in kinds(shop)} == {"counted"}


WOOCOMMERCE = """\
ID,Type,SKU,Name,Published,"Is featured?","Short description","Tax status","In stock?",Stock,"Backorders allowed?","Regular price",Parent
44,variable,TEE,"T-Shirt",1,0,,taxable,1,,0,,
45,variation,TEE-S,"T-Shirt - S",1,0,,taxable,1,7,0,20,TEE
46,variation,TEE-M,"T-Shirt - M",1,0,,taxable,0,0,0,20,TEE
47,variable,CAP,Cap,1,0,,taxable,1,12,0,,
48,variation,CAP-RED,"Cap - Red",1,0,,taxable,1,parent,0,16,CAP
49,"simple, virtual",ALBUM,Album,1,0,,taxable,1,,0,15,
50,simple,BELT,Belt,1,0,,taxable,backorder,-2,1,55,
"""


def test_woocommerce_products(shop: Shop) -> None:
    said = ("--profile", "auto", "--set", "date=2024-05-31", "--set", "location=shop")
    ran = shop.import_text(WOOCOMMERCE, *said)
    assert (ran.code, "line 8, Stock '-2': " in ran.err) == (3, True)
    ran = shop.import_text(WOOCOMMERCE, *said, "--skip-bad")
    assert (ran.code, "read 7, appended 3, skipped 3, refused 1" in ran.out) == (0, True)
    assert by_location(shop) == [("CAP", "shop", 12), ("TEE-M", "shop", 0), ("TEE-S", "shop", 7)]
    later = WOOCOMMERCE.replace(",1,7,", ",1,6,").replace(",-2,", ",1,")
    assert shop.import_text(later, *said[:3], "date=2024-06-30", *said[4:]).code == 0
    assert shop.on_hand("TEE-S") == 6
    assert shop.json("log")[0]["details"]["ID"] == "45"


ODOO_STOCK = """\
"Location","Product","Lot/Serial Number","Package","On Hand","Reserved","Unit of Measure"
"WH/Stock","[FURN_7777] Office Chair","","","5.0","1.0","Units"
"WH/Stock/Shelf 1","[E-COM08] Storage Box","LOT-1","","3.0","0.0","Units"
"WH/Stock/Shelf 1","[E-COM08] Storage Box","LOT-2","","2.0","0.0","Units"
"""


@pytest.mark.parametrize("named", ["On Hand", "Quantity", "Inventoried Quantity"])
def test_odoo_stock(shop: Shop, named: str) -> None:
    text = ODOO_STOCK.replace("On Hand", named)
    ran = shop.import_text(text, "--profile", "auto", "--set", "date=2024-05-31")
    assert (ran.code, "read 3, appended 3, skipped 0, refused 0" in ran.out) == (0, True)
    assert by_location(shop) == [("E-COM08", "WH/Stock/Shelf 1", 5), ("FURN_7777", "WH/Stock", 5)]
    same = shop("reconcile", shop.folder / "moves.csv", "--profile", "auto")
    assert (same.code, "compared 2 streams: none differ" in same.err) == (0, True)


ITEM_LEDGER = """\
Posting Date,Entry Type,Document Type,Document No.,Item No.,Description,Location Code,Quantity,Invoiced Quantity,Remaining Quantity,Open,Entry No.
5/23/2024,Sale,Sales Return Receipt,107001,1896-S,,BLUE,1,0,1,Yes,9
5/22/2024,Negative Adjmt.,,T00002,1896-S,,BLUE,-2,-2,0,No,8
5/21/2024,Transfer,Transfer Receipt,109001,1896-S,,RED,3,0,3,Yes,7
5/21/2024,Transfer,Transfer Receipt,109001,1896-S,,OUT. LOG.,-3,0,0,No,6
5/20/2024,Transfer,Transfer Shipment,108001,1896-S,,OUT. LOG.,3,0,0,No,5
5/20/2024,Transfer,Transfer Shipment,108001,1896-S,,BLUE,-3,0,0,No,4
5/19/2024,Sale,Sales Shipment,102001,1896-S,,BLUE,-4,-4,0,No,3
5/18/2024,Purchase,Purchase Return Shipment,106001,1896-S,,BLUE,-1,0,0,No,2
5/17/2024,Purchase,Purchase Receipt,104001,1896-S,,BLUE,20,20,10,Yes,1
"""


def test_dynamics_item_ledger(shop: Shop) -> None:
    ran = shop.import_text(ITEM_LEDGER, "--profile", "auto")
    assert (ran.code, "read 9, appended 9, skipped 0, refused 0" in ran.out) == (0, True)
    assert sorted(kinds(shop)) == [
        ("adjusted", -3),
        ("adjusted", -3),
        ("adjusted", -2),
        ("adjusted", 3),
        ("adjusted", 3),
        ("received", 20),
        ("removed", 1),
        ("returned", 1),
        ("sold", 4),
    ]
    assert by_location(shop) == [
        ("1896-S", "BLUE", 11),
        ("1896-S", "OUT. LOG.", 0),
        ("1896-S", "RED", 3),
    ]
    later = ITEM_LEDGER.replace(",20,10,Yes,1", ",20,0,No,1")
    more = later + "5/24/2024,Sale,Sales Shipment,102002,1896-S,,RED,-1,0,0,No,10\n"
    ran = shop.import_text(more, "--profile", "auto", "--overlap", "skip", name="later.csv")
    assert "read 10, appended 1, skipped 9, refused 0" in ran.out


SQUARE = """\
Token,Item Name,Variation Name,SKU,Description,GTIN,Price,Stockable,Enabled Main Street,Current Quantity Main Street,New Quantity Main Street,Stock Alert Enabled Main Street,Enabled Market (Saturday),Current Quantity Market (Saturday),New Quantity Market (Saturday)
XA63YLN2,Candle,Rose,CANDLE-R,"Scented, by hand",,14.99,,Y,90,,Y,Y,4,
Q34ZD4RA,Candle,Pink,CANDLE-P,,,14.99,,Y,0,,N,N,,
DUZHJBBE,Bowl,Regular,,,,249.99,,Y,,,N,Y,,
"""


def test_square_library(shop: Shop) -> None:
    said = ("--profile", "auto", "--set", "date=2024-05-31")
    ran = shop.import_text(SQUARE, *said)
    assert (ran.code, "appended 3, skipped 1, refused 0" in ran.out) == (0, True)
    assert "the profile square-library fits moves.csv" in ran.err
    assert by_location(shop) == [
        ("CANDLE-P", "Main Street", 0),
        ("CANDLE-R", "Main Street", 90),
        ("CANDLE-R", "Market (Saturday)", 4),
    ]
    more = SQUARE.replace("N,Y,,\n", "N,Y,6,\n")
    ran = shop.import_text(more, *said, "--overlap", "skip", name="more.csv")
    assert (ran.code, "line 4, SKU '': " in ran.err) == (3, True)
    ran = shop.import_text(more, *said, "--column", "sku=Token", "--dry-run", name="more.csv")
    assert (ran.code, "would be appended 4" in ran.out) == (0, True)
    ran = shop.import_text(SQUARE.replace("Current ", ""), *said, name="none.csv")
    assert "square-library: no column 'Current Quantity *'" in ran.err


def test_columns_like_a_pattern_are_places(shop: Shop) -> None:
    text = "sku,date,type,on_hand shop,ON_HAND Depot,on_hand *\nA,2024-05-31,counted,1,2,3\n"
    assert shop.import_text(text, "--place", "on_hand *=*").code == 0
    assert by_location(shop) == [("A", "*", 3)]
    starred = text.replace(",on_hand *", ",other")
    ran = shop.import_text(starred, "--place", "on_hand *=at *", name="starred.csv")
    assert (ran.code, by_location(shop)[1:]) == (0, [("A", "at Depot", 2), ("A", "at shop", 1)])
    ran = shop.import_text(starred, "--place", "stock *", name="none.csv")
    assert (ran.code, "no column 'stock *' for places" in ran.err) == (3, True)
