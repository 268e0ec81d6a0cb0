"""Which way goods go by a sign or by places, how two rows are one transfer, and what was left."""

import pytest

from tests.conftest import Ran, Shop

NATIVE = "date,sku,type,quantity\n"


def load(shop: Shop, text: str, profile: str, *words: object) -> Ran:
    """Import a file by a profile of one's own."""
    own = shop.folder / "own.toml"
    own.write_text(profile, encoding="utf-8")
    return shop.import_text(text, "--profile", own, *words)


def log(shop: Shop) -> list[tuple[object, ...]]:
    return [(row["kind"], row["location"], row["quantity"]) for row in shop.json("log")]


def bad_rows(ran: Ran) -> list[str]:
    assert ran.code == 3, ran
    return [line[2:] for line in ran.err.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize(
    ("kind", "change", "recorded"),
    [
        ("sold", "-4", ("sold", 4)),
        ("sold", "4", ("returned", 4)),
        ("returned", "4", ("returned", 4)),
        ("returned", "-4", ("sold", 4)),
        ("received", "+4", ("received", 4)),
        ("received", "-4", ("removed", 4)),
        ("removed", "-4", ("removed", 4)),
        ("removed", "4", ("received", 4)),
        ("adjusted", "4", ("adjusted", 4)),
        ("adjusted", "-4", ("adjusted", -4)),
        ("opened", "4", ("opened", 4)),
        ("", "4", ("received", 4)),
        ("", "-4", ("removed", 4)),
    ],
)
@pytest.mark.parametrize("signed", ["change", "inverted"])
def test_a_sign_that_contradicts_the_kind_means_its_opposite(
    shop: Shop, kind: str, change: str, recorded: tuple[str, int], signed: str
) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-01-01")
    if signed == "inverted":
        change = str(-int(change))
    header, cell = ("date,sku,quantity,reason,type\n", f",{kind}") if kind else (
        "date,sku,quantity,reason\n", ""
    )  # fmt: skip
    sku = "B" if kind == "opened" else "A"
    text = f"{header}2022-03-01,{sku},{change},why{cell}\n"
    assert shop.import_text(text, "--signed", signed).code == 0
    assert log(shop)[1:] == [(recorded[0], "main", recorded[1])]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("opened,-4,,", "the sign says that goods come out, but the row is 'opened'"),
        ("transferred,4,,x", "the sign says that goods come in, but the row is 'transferred'"),
        ("counted,-4,,", "the quantity of an event 'counted' is never negative"),
    ],
)
def test_any_other_contradiction_is_a_bad_row(shop: Shop, row: str, reason: str) -> None:
    text = f"date,sku,type,quantity,reason,to_location\n2022-03-01,A,{row}\n"
    (line,) = bad_rows(shop.import_text(text, "--signed", "change"))
    quantity = row.split(",")[1]
    assert line.startswith(f"line 2, quantity '{quantity}': {reason}")


def test_a_count_and_a_transfer_under_a_sign(shop: Shop) -> None:
    header = "date,sku,type,quantity,location,to_location\n"
    text = header + "2022-03-01,A,counted,5,x,\n2022-03-02,A,transferred,2,x,y\n"
    assert shop.import_text(text, "--signed", "inverted").code == 0
    assert log(shop) == [("counted", "x", 5), ("transferred", "x", -2), ("transferred", "y", 2)]


@pytest.mark.parametrize("kind", ["sold", "adjusted", "transferred_out"])
def test_a_change_of_0_is_nothing(shop: Shop, kind: str) -> None:
    text = f"date,sku,type,quantity\n2022-03-01,A,{kind},0\n2022-03-01,A,received,3\n"
    ran = shop.import_text(text, "--signed", "change")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "read 2, appended 1, skipped 1, refused 0")
    assert ran.err.splitlines()[0] == "1 row of zeros, or without a quantity, left out"
    assert shop.import_text(text).code == 3, "where no sign says which way, 0 is a mistake"


IN_OUT = ("--column", "quantity_in=in", "--column", "quantity_out=out")


def test_a_column_for_each_way(shop: Shop) -> None:
    header = "date,sku,in,out,quantity,type\n"
    rows = (
        "2022-03-01,A,9,,99,received\n2022-03-02,A,0,2,99,sold\n2022-03-03,A,,-1,99,sold\n"
        "2022-03-04,A,1,0,99,sold\n"
    )
    assert shop.import_text(header + rows, *IN_OUT).code == 0
    assert [(row["kind"], row["quantity"]) for row in shop.json("log")] == [
        ("received", 9),
        ("sold", 2),
        ("sold", 1),
        ("returned", 1),
    ]
    # A column of that name is no field beside them.
    assert {row["details"]["quantity"] for row in shop.json("log")} == {"99"}
    bad = "2022-03-05,A,-1,,9,sold\n2022-03-05,A,1,x1,9,sold\n"
    assert bad_rows(shop.import_text(header + bad, *IN_OUT)) == [
        "line 2, in '-1': what came in is never negative",
        "line 3, out 'x1': quantity 'x1' is not a decimal number",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--signed", "inverted"], "signed says nothing beside quantity_in or quantity_out"),
        (["--column", "quantity=type"], "quantity is mapped, and so is quantity_in or"),
        (["--set", "quantity=1"], "quantity is mapped, and so is quantity_in or"),
    ],
)
def test_what_a_column_for_each_way_does_not_go_with(
    shop: Shop, words: list[str], message: str
) -> None:
    text = "date,sku,in,out,type\n2022-03-01,A,9,,received\n"
    ran = shop.import_text(text, *IN_OUT, *words)
    assert (ran.code, f"moves.csv, line 1: {message}" in ran.err) == (3, True)
    assert shop.json("log") == []


def test_one_quantity_that_always_comes_in(shop: Shop) -> None:
    text = "date,sku,type,note\n2022-03-01,A,received,7\n"
    assert shop.import_text(text, "--set", "quantity_in=5", "--set", "location=9").code == 0
    assert log(shop) == [("received", "9", 5)]


OUTSIDE = """\
[columns]
location = "from"
to_location = "to"
[outside]
Vendors = { from = "received", to = "removed" }
"Virtual/*" = { from = "adjusted", to = "adjusted" }
Customers = { to = "sold" }
"""


def test_places_that_are_not_ours_say_what_a_move_is(shop: Shop) -> None:
    header = "date,sku,quantity,from,to\n"
    rows = (
        "2022-03-01,A,9,Vendors,x\n2022-03-02,A,1,x,Vendors\n2022-03-02,A,2,x,Customers\n"
        "2022-03-03,A,1,Virtual/loss,x\n2022-03-03,A,2,x,Virtual/\n2022-03-04,A,3,x,Virtual\n"
    )
    assert load(shop, header + rows, OUTSIDE).code == 0
    assert log(shop) == [
        ("received", "x", 9),
        ("removed", "x", 1),
        ("sold", "x", 2),
        ("adjusted", "x", 1),
        ("adjusted", "x", -2),
        ("transferred", "x", -3),
        ("transferred", "Virtual", 3),
    ]
    assert [row["reason"] for row in shop.json("log")][3:5] == ["Virtual/loss", "Virtual/"]
    bad = (
        "2022-03-01,A,9,Vendors,Customers\n2022-03-01,A,9,Customers,x\n2022-03-01,A,9,x,\n"
        "2022-03-01,A,-9,Vendors,x\n2022-03-01,A,9,x,x\n"
    )
    assert [line.partition(": ")[2] for line in bad_rows(load(shop, header + bad, OUTSIDE))] == [
        "neither 'Vendors' nor 'Customers' is a place of ours",
        "the profile does not say what it means that goods come from 'Customers'",
        "the row says from where goods come, but not where they go",
        "a quantity that goes from one place to another is positive",
        "a transfer goes to another location",
    ]


PAIRS = """\
pair_by = ["doc"]
[kinds]
OUT = "transferred_out"
IN = "transferred_in"
"""
HEADER = "date,sku,type,quantity,location,doc,left\n"
OUT = "2022-03-02,A,OUT,5,north,T-1,\n"
IN = "2022-03-02,A,IN,5,south,T-1,\n"
STOCK = "2022-03-01,A,received,50,north,,\n"


def pair(out: str = OUT, into: str = IN) -> str:
    return HEADER + STOCK + out + into


@pytest.mark.parametrize("rows", [(OUT, IN), (IN, OUT), (IN, STOCK, OUT)])
def test_two_rows_in_any_order_are_one_transfer(shop: Shop, rows: tuple[str, ...]) -> None:
    text = HEADER + "".join(rows) + ("" if STOCK in rows else STOCK)
    ran = load(shop, text, PAIRS)
    assert (ran.code, "read 3, appended 3, skipped 0, refused 0" in ran.out) == (0, True)
    assert sorted(log(shop)) == [
        ("received", "north", 50),
        ("transferred", "north", -5),
        ("transferred", "south", 5),
    ]
    assert shop.failed_checks() == {}


def test_a_transfer_takes_place_when_the_goods_leave(shop: Shop) -> None:
    assert load(shop, pair(into=IN.replace("-02", "-04")), PAIRS).code == 0
    assert {row["effective_at"] for row in shop.json("log")[1:]} == {"2022-03-02"}
    left, came = shop.json("log")[1:]
    assert left["details"] == {"doc": "T-1", "type": "OUT"}
    assert came["details"] == {"arrived": "2022-03-04", "doc": "T-1", "type": "IN"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (pair(into=""), ["line 3, doc 'T-1': no row says that 5 of A arrives"]),
        (pair(out=""), ["line 3, doc 'T-1': no row says that 5 of A leaves"]),
        (
            pair(into=IN.replace("5", "4")),
            [
                "line 3, doc 'T-1': no row says that 5 of A arrives; line 4 says 4 at south",
                "line 4, doc 'T-1': no row says that 4 of A leaves; line 3 says 5 at north",
            ],
        ),
        (
            pair(into=IN.replace("T-1", "T-2")),
            [
                "line 3, doc 'T-1': no row says that 5 of A arrives",
                "line 4, doc 'T-2': no row says that 5 of A leaves",
            ],
        ),
        (
            pair(into=IN.replace("A", "B")),
            [
                "line 3, doc 'T-1': no row says that 5 of A arrives",
                "line 4, doc 'T-1': no row says that 5 of B leaves",
            ],
        ),
        (
            pair(into=IN.replace("south", "north")),
            [
                "line 3, doc 'T-1': no row says that 5 of A arrives; line 4 says 5 at north",
                "line 4, doc 'T-1': no row says that 5 of A leaves; line 3 says 5 at north",
            ],
        ),
        (
            pair(out=OUT.replace("T-1", " ")),
            [
                "line 3, doc '': without it the other side of the transfer is not found",
                "line 4, doc 'T-1': no row says that 5 of A leaves",
            ],
        ),
        (
            pair(out=OUT.replace("OUT", "transfer")),
            [
                "line 3, type '': it does not say whether goods leave or arrive",
                "line 4, doc 'T-1': no row says that 5 of A leaves",
            ],
        ),
    ],
)
def test_a_row_without_its_other_side_is_a_bad_row(shop: Shop, text: str, lines: list[str]) -> None:
    assert bad_rows(load(shop, text, PAIRS)) == lines
    assert shop.json("log") == []
    ran = load(shop, text, PAIRS, "--skip-bad")
    assert f"read {1 + len(lines)}, appended 1, skipped 0, refused {len(lines)}" in ran.out


def test_pairs_that_are_alike_and_pairs_that_are_many(shop: Shop) -> None:
    many = "".join(f"2022-03-03,B,OUT,{n},north,D,\n" for n in range(1, 8000))
    many += "".join(f"2022-03-03,B,IN,{n},south,D,\n" for n in range(1, 8000))
    text = HEADER + STOCK + OUT + OUT + IN + IN + many
    # Each one compared with all others, these would take a minute.
    ran = load(shop, text, PAIRS, "--allow-negative")
    assert (ran.code, f"appended {5 + 2 * 7999}," in ran.out) == (0, True)
    assert shop.on_hand("A") == 50
    assert shop.on_hand("A", "stock", "--location", "south") == 10
    assert shop.on_hand("B") == 0
    assert shop.failed_checks() == {}


def test_where_the_row_names_the_other_place_it_needs_no_pair(shop: Shop) -> None:
    header = "date,sku,type,quantity,location,to_location\n"
    rows = "2022-03-01,A,OUT,5,x,y\n2022-03-02,A,IN,2,x,y\n"
    words = ("--kind", "OUT=transferred_out", "--kind", "IN=transferred-in", "--allow-negative")
    assert shop.import_text(header + rows, *words).code == 0
    assert [(row["location"], row["on_hand"]) for row in shop.json("stock", "--by-location")] == [
        ("x", -3),
        ("y", 3),
    ]
