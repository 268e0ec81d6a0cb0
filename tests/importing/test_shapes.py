"""Files of other shapes: a column a place or a kind, both ways in one row, zeros, totals."""

import pytest

from tests.conftest import Ran, Shop

PLACES = "sku,title,Main Warehouse,Front Shop\nTEE-S,Tee,12,3\nTEE-M,Tee,4,not stocked\nHAT,,,\n"
BY_PLACE = (
    *("--place", "Main Warehouse", "--place", "Front Shop=shop", "--empty", "Not Stocked"),
    *("--set", "type=counted", "--set", "date=2024-05-01"),
)


def log(shop: Shop) -> list[tuple[object, ...]]:
    return [(row["kind"], row["sku"], row["location"], row["quantity"]) for row in shop.json("log")]


def counts(ran: Ran) -> str:
    assert ran.code == 0, ran
    return ran.out.splitlines()[0]


def bad_rows(ran: Ran) -> list[str]:
    assert ran.code == 3, ran
    return [line[2:] for line in ran.err.splitlines() if line.startswith("  ")]


def load(shop: Shop, text: str, profile: str, *words: object) -> Ran:
    """Import a file by a profile of one's own."""
    own = shop.folder / "own.toml"
    own.write_text(profile, encoding="utf-8")
    return shop.import_text(text, "--profile", own, *words)


def test_a_column_a_place(shop: Shop) -> None:
    ran = shop.import_text(PLACES, *BY_PLACE)
    assert counts(ran) == "read 4, appended 3, skipped 1, refused 0"
    assert ran.err.splitlines()[:2] == [
        "read as a row for each quantity: 1 more than the file has",
        "1 row of zeros, or without a quantity, left out",
    ]
    assert log(shop) == [
        ("counted", "TEE-S", "Main Warehouse", 12),
        ("counted", "TEE-S", "shop", 3),
        ("counted", "TEE-M", "Main Warehouse", 4),
    ]
    assert shop.json("log")[0]["details"] == {"title": "Tee"}


def test_a_column_a_place_by_a_profile_that_says_the_same(shop: Shop) -> None:
    profile = (
        'empty = ["not stocked"]\n[places]\n"Main Warehouse" = "Main Warehouse"\n'
        '"Front Shop" = "shop"\n[set]\ntype = "counted"\ndate = "2024-05-01"\n'
    )
    assert load(shop, PLACES, profile).code == 0
    again = shop.import_text(PLACES, *BY_PLACE)
    assert "the same file was recorded before, as batch 1" in again.err


def test_the_same_rows_of_columns_of_places_are_not_recorded_twice(shop: Shop) -> None:
    assert shop.import_text(PLACES, *BY_PLACE).code == 0
    more = PLACES.replace("HAT,,,", "HAT,,2,0")
    refused = shop.import_text(more, *BY_PLACE)
    assert "3 of the rows look recorded already; the first is line 2" in refused.err
    skipped = shop.import_text(more, *BY_PLACE, "--overlap", "skip")
    assert counts(skipped) == "read 5, appended 2, skipped 3, refused 0"
    # Nobody is at a place where nothing is; but it was counted.
    assert log(shop)[3:] == [("counted", "HAT", "Main Warehouse", 2), ("counted", "HAT", "shop", 0)]


def test_a_bad_cell_of_a_place_is_named_by_its_column(shop: Shop) -> None:
    words = [word for word in BY_PLACE if word not in ("--empty", "Not Stocked")]
    assert bad_rows(shop.import_text(PLACES, *words)) == [
        "line 3, Front Shop 'not stocked': quantity 'not stocked' is not a decimal number"
    ]
    left = shop.import_text(PLACES, *words, "--skip-bad")
    assert counts(left) == "read 5, appended 3, skipped 1, refused 1"


def test_movements_in_columns_of_places(shop: Shop) -> None:
    text = "date,sku,type,id,north,south\n2024-05-01,A,received,7,5,3\n2024-05-02,A,sold,8,0,2\n"
    ran = shop.import_text(text, "--place", "north", "--place", "south")
    assert counts(ran) == "read 4, appended 3, skipped 1, refused 0"
    # Each event of a row has an id of its own, which is the same in the next export.
    assert [row["id"] for row in shop.json("log")] == ["7 (north)", "7 (south)", "8 (south)"]
    more = text + "2024-05-03,A,received,9,1,\n"
    assert counts(shop.import_text(more, "--place", "north", "--place", "south")) == (
        "read 5, appended 1, skipped 4, refused 0"
    )


def test_two_columns_of_one_place_are_added_up_or_refused(shop: Shop) -> None:
    text = "sku,shelf,store\nA,3,4\n"
    words = ("--place", "shelf=shop", "--place", "store=shop", "--set", "date=2024-05-01")
    ran = shop.import_text(text, *words, "--set", "type=counted")
    assert bad_rows(ran) == [
        "line 2, sku 'A': line 2 counts A at shop on the same day already; --add-up adds them up"
    ]
    assert shop.import_text(text, *words, "--set", "type=counted", "--add-up").code == 0
    assert shop.on_hand("A") == 7


KINDS = (
    "date,sku,Opening,In,Sold,Back\n2024-05-01,A,10,5,3,\n2024-05-02,A,,0,4,1\n2024-05-03,A,,,,\n"
)
BY_KIND = (
    *("--quantity", "In=receive", "--quantity", "Sold=sold", "--quantity", "Opening=opened"),
    *("--quantity", "Back=returned"),
)


def test_a_column_a_kind(shop: Shop) -> None:
    ran = shop.import_text(KINDS, *BY_KIND)
    assert counts(ran) == "read 7, appended 5, skipped 2, refused 0"
    # What opens comes first, wherever its column stands.
    assert log(shop) == [
        ("opened", "A", "main", 10),
        ("received", "A", "main", 5),
        ("sold", "A", "main", 3),
        ("returned", "A", "main", 1),
        ("sold", "A", "main", 4),
    ]
    assert shop.on_hand("A") == 9


def test_a_count_sheet_leaves_out_what_has_no_figure(shop: Shop) -> None:
    text = "sku,location,counted\nA,shop,0\nB,shop,\nC,shop,3\n"
    ran = shop.import_text(text, "--quantity", "counted=counted", "--set", "date=2024-05-01")
    assert counts(ran) == "read 3, appended 2, skipped 1, refused 0"
    assert log(shop) == [("counted", "A", "shop", 0), ("counted", "C", "shop", 3)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "quantity=In"], "quantity is mapped, and so are quantities"),
        (["--set", "type=sold"], "type is mapped, and so are quantities"),
        (["--column", "quantity_in=In"], "quantity_in is mapped, and so are quantities"),
        (["--place", "In"], "a column of quantities is in places or in quantities"),
        (["--quantity", "Gone=sold"], "no column 'Gone' for quantities"),
    ],
)
def test_what_columns_of_kinds_do_not_go_with(shop: Shop, words: list[str], message: str) -> None:
    ran = shop.import_text(KINDS, *BY_KIND, *words)
    assert (ran.code, f"moves.csv, line 1: {message}" in ran.err) == (3, True), ran


@pytest.mark.parametrize("kind", ["transferred", "transferred_in", "described", "stolen"])
def test_what_a_column_of_quantities_cannot_be(shop: Shop, kind: str) -> None:
    ran = shop.import_text(KINDS, "--quantity", f"In={kind}")
    assert (ran.code, ran.err.startswith("error: --quantity: ")) == (2, True)


IN_OUT = ("--column", "quantity_out=out", "--column", "quantity_in=in")


def test_in_and_out_in_one_row_are_two_events(shop: Shop) -> None:
    shop.ok("open", "A", 10, "--on", "2025-09-01")
    text = (
        "date,sku,out,in,id,left\n2025-09-20,A,5,2,x,7\n2025-09-21,A,3,null,y,4\n"
        "2025-09-22,A,0,0,z,4\n"
    )
    words = (*IN_OUT, "--set", "type=sold", "--empty", "null", "--column", "balance=left")
    ran = shop.import_text(text, *words, "--check-balances")
    assert counts(ran) == "read 4, appended 3, skipped 1, refused 0"
    assert [(row["kind"], row["quantity"], row["id"]) for row in shop.json("log")[1:]] == [
        ("returned", 2, "x (in)"),
        ("sold", 5, "x (out)"),
        ("sold", 3, "y"),
    ]


def test_in_and_out_without_a_type_are_received_and_removed(shop: Shop) -> None:
    text = "date,sku,in,out\n2025-09-20,A,5,2\n2025-09-21,A,1.0,-1\n"
    assert counts(shop.import_text(text, *IN_OUT)) == "read 4, appended 4, skipped 0, refused 0"
    assert [row["change"] for row in shop.json("log")] == [5, -2, 1, -1]


def test_a_repeated_total_is_taken_once(shop: Shop) -> None:
    text = "sku,bin,quantity\nA,1-1,9\nA,1-2,9\nB,1-3,4\nB,1-4,5\n"
    words = ("--set", "type=counted", "--set", "date=2024-05-01", "--once")
    assert bad_rows(shop.import_text(text, *words)) == [
        "line 5, sku 'B': line 4 counts B at main on the same day already, with another figure"
    ]
    ran = shop.import_text(text.replace("B,1-4,5\n", ""), *words)
    assert counts(ran) == "read 3, appended 2, skipped 1, refused 0"
    assert "1 row with a figure that was said before, taken once" in ran.err
    assert (shop.on_hand("A"), shop.on_hand("B")) == (9, 4)


def test_a_repeated_total_in_a_list_that_is_compared(shop: Shop) -> None:
    shop.ok("receive", "A", 9)
    list = shop.folder / "list.csv"
    list.write_text("sku,bin,quantity\nA,1-1,9\nA,1-2,9\n")
    assert shop("reconcile", list).code == 3
    assert shop("reconcile", list, "--once").code == 0
    assert shop("reconcile", list, "--once", "--add-up").code == 2


def test_places_in_a_list_that_is_compared(shop: Shop) -> None:
    assert shop.import_text(PLACES, *BY_PLACE).code == 0
    list = shop.folder / "list.csv"
    list.write_text(PLACES.replace("12", "11"))
    ran = shop("reconcile", list, *BY_PLACE[:-4], "--format", "json")
    assert [(row["sku"], row["location"], row["difference"]) for row in ran.json] == [
        ("TEE-S", "Main Warehouse", -1)
    ]


def test_what_stands_for_an_empty_cell(shop: Shop) -> None:
    text = (
        "date,sku,type,quantity,reason,note\n2024-05-01,A,received,5,N/A,-\n2024-05-02,-,sold,1,,\n"
    )
    ran = shop.import_text(text, "--empty", "n/a", "--empty", "-")
    assert bad_rows(ran) == ["line 3, sku '': SKU is empty"]
    assert shop.import_text(text, "--empty", "n/a", "--empty", "-", "--skip-bad").code == 0
    (row,) = shop.json("log")
    assert (row["reason"], row["details"]) == (None, None)


def test_an_id_that_is_none(shop: Shop) -> None:
    first = "id,date,sku,type,quantity\n1,2024-03-01,7,received,50\n2,2024-03-01,8,received,40\n"
    second = "id,date,sku,type,quantity\n1,2024-03-02,7,sold,5\n2,2024-03-02,8,sold,3\n"
    assert shop.import_text(first, "--set", "id=").code == 0
    assert shop.import_text(second, "--set", "id=").code == 0
    assert (shop.on_hand("7"), shop.on_hand("8")) == (45, 37)
    assert [row["id"] for row in shop.json("log")] == [None] * 4
    assert shop.json("log")[3]["details"] == {"id": "2"}


@pytest.mark.parametrize("field", ["sku", "date", "type", "quantity", "location"])
def test_what_every_row_says_cannot_be_set_to_nothing(shop: Shop, field: str) -> None:
    ran = shop.import_text(KINDS, "--set", f"{field}=")
    assert (ran.code, f"--set '{field}=' is not like FIELD=VALUE" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("stock-2024-05-31.csv", "2024-05-31"),
        ("20240531_stock_12.csv", "2024-05-31"),
        ("Bestand 31.05.2024.csv", "2024-05-31"),
        ("2024_05_31 to 2024-05-31.csv", "2024-05-31"),
    ],
)
def test_the_day_that_a_name_says(shop: Shop, name: str, day: str) -> None:
    words = ("--set", "date=file-name", "--set", "type=counted")
    assert shop.import_text("sku,quantity\nA,5\n", *words, name=name).code == 0
    assert shop.json("log")[0]["effective_at"] == day
    assert shop("reconcile", shop.folder / name, "--set", "date=file-name").code == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stock.csv", "no day"),
        ("stock-2024-13-31.csv", "no day"),
        ("1202405310.csv", "no day"),
        ("2024-05-01--2024-05-31.csv", "2024-05-01 and 2024-05-31"),
    ],
)
def test_a_name_that_says_no_day_or_two(shop: Shop, name: str, says: str) -> None:
    words = ("--set", "date=file-name", "--set", "type=counted")
    ran = shop.import_text("sku,quantity\nA,5\n", *words, name=name)
    assert (ran.code, f"{name}: its name says {says}" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("figure", "mark", "change"),
    [
        ("5,000-", ",", -5),
        ("1.100,000", ",", 1100),
        ("(5)", ".", -5),
        ("(1,234.00)", ".", -1234),
        ("\u22125", ".", -5),
        ("\u22121 234", ",", -1234),
        ("5 -", ".", -5),
    ],
)
def test_signs_as_other_programs_write_them(
    shop: Shop, figure: str, mark: str, change: int
) -> None:
    text = f'date;sku;quantity\n2024-05-01;A;2000\n2024-05-02;A;"{figure}"\n'
    words = ("--signed", "change", "--decimal-mark", mark)
    assert shop.import_text(text, *words).code == 0
    assert shop.json("log")[1]["change"] == change


QUOTED = 'Date\tSKU\tTitle\tType\tQuantity\n2024-05-01\tA\t"Best" lamp\treceived\t5\n'


def test_quotes_that_are_text(shop: Shop) -> None:
    text = QUOTED + '2024-05-02\tB\t24" screen\treceived\t7\n2024-05-02\tC\t"\treceived\t1\n'
    refused = shop.import_text(text)
    assert (refused.code, "say --no-quotes" in refused.err) == (3, True)
    assert shop.import_text(text, "--no-quotes").code == 0
    assert [row["details"]["Title"] for row in shop.json("log")] == [
        '"Best" lamp',
        '24" screen',
        '"',
    ]


def test_quotes_that_are_text_by_a_profile(shop: Shop) -> None:
    assert load(shop, QUOTED.replace("\t", ";"), "quotes = false\n").code == 0
    assert shop.json("log")[0]["details"] == {"Title": '"Best" lamp'}


def test_nobody_writes_the_month_first_with_dots(shop: Shop) -> None:
    text = "date;sku;type;quantity\n01.03.2024;A;received;5\n04.03.2024;A;sold;1\n"
    assert shop.import_text(text).code == 0
    assert [row["effective_at"] for row in shop.json("log")] == ["2024-03-01", "2024-03-04"]
    said = shop.import_text(text.replace("A", "B"), "--date-format", "%m.%d.%Y")
    assert said.code == 0, "but who says so is believed"
