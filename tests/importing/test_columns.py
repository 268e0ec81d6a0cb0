"""Which column of a file holds which field, what its words mean, and what is kept of the rest."""

import pytest

from tests.conftest import Ran, Shop

ODD = "When;Item;What;Pieces;Store\n2022-03-01;A;Purchase;10;north\n2022-03-02;A;Sale;4;north\n"
COLUMNS = """\
[columns]
date = "When"
sku = "Item"
type = "What"
quantity = "Pieces"
[kinds]
Purchase = "received"
Sale = "sold"
"""
NATIVE = "date,sku,type,quantity\n"
ROW = "2022-03-01,A,received,5\n"


def load(shop: Shop, text: str, profile: str, *words: object) -> Ran:
    """Import a file by a profile of one's own."""
    own = shop.folder / "own.toml"
    own.write_text(profile, encoding="utf-8")
    return shop.import_text(text, "--profile", own, *words)


def log(shop: Shop, *fields: str) -> list[tuple[object, ...]]:
    return [tuple(row[field] for field in fields) for row in shop.json("log")]


def bad_rows(ran: Ran) -> list[str]:
    assert ran.code == 3, ran
    return [line[2:] for line in ran.err.splitlines() if line.startswith("  ")]


def test_a_profile_and_the_options_of_the_same_names_mean_the_same(shop: Shop) -> None:
    options = (
        *("--column", "date=When", "--column", "sku=Item", "--column", "type=What"),
        *("--column", "quantity=Pieces", "--kind", "Purchase=received", "--kind", "sale=sell"),
    )
    assert load(shop, ODD, COLUMNS).code == 0
    (shop.folder / "other").mkdir()
    other = Shop(shop.folder / "other")
    assert other.import_text(ODD, *options).code == 0
    fields = ("effective_at", "sku", "kind", "quantity", "location", "details")
    assert log(shop, *fields) == log(other, *fields)
    assert log(shop, "kind", "details") == [
        ("received", {"Store": "north", "What": "Purchase"}),
        ("sold", {"Store": "north", "What": "Sale"}),
    ]


def test_an_option_wins_over_the_profile(shop: Shop) -> None:
    words = ("--column", "sku=Store", "--kind", "SALE=removed", "--column", "location=item")
    assert load(shop, ODD, COLUMNS, *words).code == 0
    assert log(shop, "sku", "location", "kind") == [
        ("north", "A", "received"),
        ("north", "A", "removed"),
    ]


def test_what_is_set_replaces_a_column_of_the_profile(shop: Shop) -> None:
    assert load(shop, ODD, COLUMNS, "--set", "type=received", "--set", "sku=B").code == 0
    assert log(shop, "sku", "kind", "details") == [
        ("B", "received", {"Item": "A", "Store": "north", "What": "Purchase"}),
        ("B", "received", {"Item": "A", "Store": "north", "What": "Sale"}),
    ]


def test_what_is_set_beside_a_column_fills_its_blanks_only(shop: Shop) -> None:
    text = "date,sku,type,quantity,where\n2022-03-01,A,received,1,\n2022-03-01,A,received,1,x\n"
    words = ("--column", "location=where", "--set", "location=north")
    assert shop.import_text(text, *words).code == 0
    assert log(shop, "location") == [("north",), ("x",)]


def test_native_columns_are_found_beside_mapped_ones_but_not_instead_of_them(shop: Shop) -> None:
    text = "date,SKU,item,type,quantity,reason\n2022-03-01,label,A,received,5,new\n"
    assert shop.import_text(text, "--column", "sku=item").code == 0
    assert log(shop, "sku", "reason", "details") == [("A", "new", {"SKU": "label"})]


def test_a_column_that_is_ignored_is_neither_a_field_nor_kept(shop: Shop) -> None:
    text = "date,sku,type,quantity,reference,note\n2022-03-01,A,received,5,r,n\n"
    assert load(shop, text, 'ignore = ["reference", "NOTE"]').code == 0
    assert log(shop, "reference", "details") == [(None, None)]
    ran = load(shop, text, 'ignore = ["remark"]')
    assert "no column 'remark' for ignore; the header is: date, sku" in ran.err


def test_a_column_that_is_missing_is_shown_with_the_real_header(shop: Shop) -> None:
    ran = shop.import_text(ODD, "--column", "sku=Article")
    assert ran.err.splitlines()[0] == (
        "error: moves.csv, line 1: no column 'Article' for sku; "
        "the header is: When, Item, What, Pieces, Store"
    )
    ran = shop.import_text(ODD, "--column", "sku=item", "--column", "type=what")
    assert "no column date, quantity; the header is: When, Item, What, Pieces, Store" in ran.err
    assert "like --column date=HEADER" in ran.err


def test_unknown_words_are_listed_once_each_with_their_rows(shop: Shop) -> None:
    rows = "".join(
        f"2022-03-01,A,{word},{n}\n"
        for n, word in enumerate(["In", "In", "Out of it", "In", "sold", "Out of it", ""], start=1)
    )
    ran = shop.import_text(NATIVE + rows + "2022-03-01,A,received,In\n")
    assert bad_rows(ran) == [
        "line 2, type 'In': 'In' is not a kind of event (3 rows)",
        "line 4, type 'Out of it': 'Out of it' is not a kind of event (2 rows)",
        "line 8, type '': nothing is given",
        "line 9, quantity 'In': quantity 'In' is not a decimal number",
    ]
    assert "with --kind In=KIND --kind 'Out of it=KIND' (kinds are opened, received," in ran.err
    ran = shop.import_text(NATIVE + "2022-03-01,A,reversed,1\n")
    assert "a reversal cannot be imported" in ran.err
    assert "--kind" not in ran.err


def test_more_unknown_words_than_are_shown(shop: Shop) -> None:
    rows = "".join(f"2022-03-01,A,w{n % 1500},1\n" for n in range(3000))
    ran = shop.import_text(NATIVE + rows)
    assert len(bad_rows(ran)) == 21
    assert "and 2960 more" in ran.err
    assert ran.err.count("--kind") == 20


def test_the_first_of_several_columns_that_is_not_empty_counts(shop: Shop) -> None:
    text = "date,new,old,type,quantity\n2022-03-01,,B,received,1\n2022-03-01,A,B,received,1\n"
    assert shop.import_text(text, "--column", "sku=new", "--column", "sku=old").code == 0
    assert log(shop, "sku", "details") == [("B", {"old": "B"}), ("A", {"old": "B"})]
    ran = shop.import_text(text + "\n", "--column", "sku=x", "--column", "sku=old")
    assert (ran.code, "1 of the rows look recorded already" in ran.err) == (3, True)


def test_a_header_that_stands_twice(shop: Shop) -> None:
    text = "date,sku,type,quantity,Note,note,Note,No\n2022-03-01,A,received,5,a,b,c,D-1\n"
    assert shop.import_text(text).code == 0
    assert log(shop, "details") == [({"Note": "a", "note": "b", "Note (2)": "c", "No": "D-1"},)]
    ran = shop.import_text(NATIVE.replace("type", "sku,type") + "2022-03-01,A,B,received,5\n")
    assert "the column 'sku' stands twice in the header" in ran.err
    ran = shop.import_text(
        "date,a,a,type,quantity\n2022-03-02,A,,sold,1\n2022-03-02,A,A,sold,1\n2022-03-02,A,B,sold,1\n",
        *("--column", "sku=a"),
    )
    assert bad_rows(ran) == ["line 4, a 'A': another column of that name says 'B'"]


def test_only_an_opening_balance_takes_its_dates_from_the_column_that_is_mapped(
    shop: Shop,
) -> None:
    header = "date,sku,type,quantity,last_incoming,in\n"
    text = header + "2022-03-01,A,opened,5,soon,2022-02-01\n2022-03-01,B,opened,5,soon,\n"
    text += "2022-03-02,A,sold,1,never,\n"
    assert shop.import_text(text, "--column", "last_incoming=in").code == 0
    assert log(shop, "details") == [
        ({"last_incoming": "2022-02-01", "last_incoming (2)": "soon"},),
        ({"last_incoming (2)": "soon"},),
        ({"last_incoming (2)": "never"},),
    ]
    assert [row["last_incoming"] for row in shop.json("stock")] == ["2022-02-01", None]


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("a = [", "profile own.toml is not TOML: "),
        ("a = " + "[" * 5000 + "]" * 5000, "profile own.toml is nested too deeply"),
        ("colums = {}", "profile own.toml says 'colums', which is not known\nhint: did you mean "
         "columns?"),
        ("columns = 'date'", "columns: a table is wanted, like [columns]"),
        ("[columns]\ndate = 1", "columns: 1 is not text in quotes"),
        ("[columns]\ndate = []", "columns: the list is empty"),
        ("[columns]\nwarehouse = 'x'", "columns: 'warehouse' is not a field of a movement"),
        ("[set]\nquantity = true", "set: True is not text in quotes"),
        ("[set]\ncolour = 'x'", "set: 'colour' is not a field of a movement"),
        ("[kinds]\nIN = 'incoming'", "kinds: 'incoming' is not a kind of event"),
        ("[kinds]\nIN = 'reversed'", "kinds: a reversal cannot be imported"),
        ("[kinds]\nIN = 'sold'\nin = 'received'", "kinds: 'in' stands for two kinds"),
        ("[extract]\nsku = '['", "extract: '[' is not a regular expression: "),
        ("[extract]\nquantity = '(.)'", "extract: 'quantity' is not here a field"),
        ("[extract]\nsku = 'a'", "extract: 'a' needs one pair of parentheses"),
        ("[outside]\nV = 'received'", "outside: a table is wanted"),
        ("[outside]\nV = {}", "outside: 'V' needs from = KIND, to = KIND or both"),
        ("[outside]\nV = { by = 'sold' }", "outside: 'V' needs from = KIND"),
        ("[outside]\nV = { from = 'sold' }", "outside: 'V', from: goods that are sold go the "
         "other way"),
        ("[outside]\nV = { to = 'counted' }", "outside: 'V', to: counted has no direction"),
        ("leave_out = 'x'", "leave_out: a table is wanted"),
        ("[[leave_out]]", "leave_out: a rule names at least one column"),
        ("[only]\nStatus = 3", "only: 3 is not text in quotes"),
        ("pair_by = []", "pair_by: the list is empty"),
        ("signed = true", "signed: True is not one of change inverted"),
        ("date_format = 'dd.mm.yyyy'", "date_format: date format 'dd.mm.yyyy' does not name"),
        ("date_format = 2022-03-01", "date_format: datetime.date(2022, 3, 1) is not text"),
        ("decimal_mark = ';'", "decimal_mark: ';' is not one of . ,"),
        ("delimiter = 'x'", "delimiter: 'x' cannot be a delimiter"),
        ("encoding = 'klingon'", "encoding: 'klingon' is not an encoding of text"),
        ("header = 'no'", "header: 'no' is not true or false"),
        ("skip_lines = -1", "skip_lines: -1 is not a number of lines"),
        ("skip_lines = true", "skip_lines: True is not a number of lines"),
        ("fold_case = 1", "fold_case: 1 is not true or false"),
        ("overlap = 'ask'", "overlap: 'ask' is not one of skip keep"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_profile_is_named_with_its_key(
    shop: Shop, profile: str, message: str
) -> None:
    ran = load(shop, NATIVE + ROW, profile)
    assert ran.code == 2
    assert message in ran.err.replace(f"{shop.folder}/", "")
    assert ran.err.startswith("error: profile ")
    assert shop.json("log") == []


def test_a_profile_that_cannot_be_found_or_read(shop: Shop) -> None:
    ran = shop.import_text(NATIVE + ROW, "--profile", "amazon")
    assert ran.code == 2
    assert "there is no profile 'amazon'; known are amazon-ledger, " in ran.err
    assert "did you mean amazon-ledger?" in ran.err
    (shop.folder / "binary.toml").write_bytes(b"\xff\xfe")
    for name, why in (
        ("none.toml", "cannot be read: No such file"),
        (f"{shop.folder}", "cannot be read: Is a directory"),
        (f"{shop.folder}/binary.toml", "is not UTF-8 text"),
    ):
        ran = shop.import_text(NATIVE + ROW, "--profile", name)
        assert (ran.code, why in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "sku"], "--column 'sku' is not like FIELD=HEADER"),
        (["--column", "colour=x"], "--column: 'colour' is not a field of a movement"),
        (["--set", "sku="], "--set 'sku=' is not like FIELD=VALUE"),
        (["--set", "sku=a", "--set", "sku=b"], "--set sku is given twice"),
        (["--kind", "IN=incoming"], "--kind: 'incoming' is not a kind of event"),
        (["--kind", "IN"], "--kind 'IN' is not like SOURCE=KIND"),
        (["--signed", "yes"], "--signed: 'yes' is not one of change inverted"),
        (["--signed", ""], "--signed: '' is not one of change inverted"),
        (["--overlap", ""], "--overlap: '' is not one of skip keep"),
        (["--decimal-mark", ""], "--decimal-mark: '' is not one of . ,"),
        (["--skip-lines", ""], "--skip-lines: '' is not a number of lines"),
    ],
)
def test_a_mistake_in_an_option(shop: Shop, words: list[str], message: str) -> None:
    ran = shop.import_text(NATIVE + ROW, *words)
    assert (ran.code, message in ran.err) == (2, True), ran
    assert shop.json("log") == []


def test_rules_leave_out_what_is_no_movement_and_say_so(shop: Shop) -> None:
    text = "date,sku,type,quantity,status\n" + "".join(
        f"2022-03-01,{sku},received,{quantity},{status}\n"
        for sku, quantity, status in [
            ("A", 1, "Done"), ("B", 2, " DONE "), ("C", 3, ""), ("D", "x", "open"),
            ("Total", 6, "done"), ("E", 7, "done"),
        ]
    )  # fmt: skip
    rules = '[only]\nstatus = "done"\n[[leave_out]]\nsku = ["TOTAL"]\n'
    rules += '[[leave_out]]\nsku = "E"\nquantity = "7"\n'
    ran = load(shop, text, rules)
    assert (ran.code, "read 6, appended 2, skipped 4, refused 0" in ran.out) == (0, True)
    assert "4 rows left out by the rules of the profile" in ran.err
    assert log(shop, "sku") == [("A",), ("B",)]
    ran = load(shop, text, '[only]\nstate = "done"')
    assert "no column 'state' for only; the header is: date" in ran.err


def test_the_part_of_a_cell_that_is_meant_and_the_whole_of_it_in_the_details(shop: Shop) -> None:
    text = "date,sku,type,quantity\n2022-03-01,[a-1] Lamp,received,1\n2022-03-01,Lamp,received,1\n"
    profile = "fold_case = true\n[extract]\nsku = '^\\[(.*)\\]'"
    assert bad_rows(load(shop, text, profile)) == [
        r"line 3, sku 'Lamp': it is not like ^\[(.*)\], which the profile wants"
    ]
    assert load(shop, text, profile, "--skip-bad").code == 0
    assert log(shop, "sku", "details") == [("A-1", {"sku": "[a-1] Lamp"})]


def test_a_word_that_means_another_kind_here_is_kept(shop: Shop) -> None:
    words = ("--kind", "sold=removed", "--kind", "IN=received")
    text = NATIVE + "2022-03-01,A,IN,5\n2022-03-02,A,sold,1\n2022-03-02,A,sell,1\n"
    assert shop.import_text(text, *words).code == 0
    assert log(shop, "kind", "details") == [
        ("received", {"type": "IN"}),
        ("removed", {"type": "sold"}),
        ("sold", None),
    ]
