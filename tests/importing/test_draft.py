"""What `import --draft` finds out about files that nobody described, and what it leaves open."""

import gzip
import io
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.drafting import known, survey
from inventory_cli.drafting.draft import draft_profile
from inventory_cli.errors import Refused
from inventory_cli.importing.movements import read_header
from inventory_cli.importing.prepare import open_source
from inventory_cli.importing.profile import Profile, read_profile, shipped_profiles
from inventory_cli.importing.profile_keys import UNDECIDED
from tests.conftest import Ran, Shop


def draft(text: str | bytes, given: Profile = Profile(), name: str = "moves.csv") -> str:  # noqa: B008
    """Return the draft for a file with this text."""
    data = text.encode() if isinstance(text, str) else text
    return "\n".join(draft_profile(io.BytesIO(data), name, given).lines)


def profile_of(text: str | bytes) -> Profile:
    return read_profile(draft(text), "drafted")


def comments(text: str | bytes) -> str:
    return "\n".join(line.partition("# ")[2] for line in draft(text).splitlines())


def import_as_drafted(
    shop: Shop, text: str, *words: object, edit: tuple[str, str] = ("", "")
) -> Ran:
    """Import a file by its own draft, in which one text was replaced by another."""
    file = shop.folder / "drafted.csv"
    file.write_text(text, encoding="utf-8", newline="")
    drafted = shop.ok("import", file, "--draft").out
    assert edit[0] in drafted
    profile = shop.folder / "drafted.toml"
    profile.write_text(drafted.replace(*edit, 1), encoding="utf-8")
    return shop("import", file, "--profile", profile, *words)


MOVES = """\
Movement_ID,Posting Date,Item Code,Warehouse,Movement Type,Qty,Document No,Supplier
M1,2022-03-01,MUG,north,Purchase,40,P-1,Hafner
M2,2022-03-02,MUG,north,Sale,5,S-1,
M3,2022-03-03,MUG,north,Customer Return,1,S-1,
"""


def test_columns_are_found_by_their_names_and_types_by_their_words(shop: Shop) -> None:
    profile = profile_of(MOVES)
    assert profile.columns == {
        "date": ("Posting Date",),
        "sku": ("Item Code",),
        "type": ("Movement Type",),
        "quantity": ("Qty",),
        "location": ("Warehouse",),
        "reference": ("Document No",),
        "id": ("Movement_ID",),
    }
    assert profile.kinds == {"purchase": "received", "sale": "sold", "customer return": "returned"}
    assert profile.signed is None
    assert 'kept in the details: "Supplier"' in comments(MOVES)
    assert '"Purchase" = "received"   # 1 row' in draft(MOVES)
    assert import_as_drafted(shop, MOVES).code == 0
    assert shop.on_hand("MUG") == 36


def test_it_needs_no_ledger_makes_none_and_leaves_one_alone(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "moves.csv"
    file.write_text(MOVES, encoding="utf-8")
    before = shop.path.read_bytes()
    with_ledger = shop.ok("import", file, "--draft").out
    assert shop.path.read_bytes() == before
    shop.path.unlink()
    assert shop.ok("import", file, "--draft").out == with_ledger
    assert not shop.path.exists()
    from_input = shop.ok("import", "-", "--draft", input=MOVES).out
    assert from_input == with_ledger.replace('"moves.csv"', '"-"')


def test_a_pipe_is_drafted_too(shop: Shop) -> None:
    ran = shop.process("import", "-", "--draft", input=MOVES)
    assert (ran.returncode, tomllib.loads(ran.stdout)["columns"]["sku"]) == (0, "Item Code")


def test_how_a_file_is_spelled() -> None:
    text = (
        "Lagerbewegungen;;;;\r\nStand 31.03.2022\r\n\r\n"
        "Datum;Artikelnummer;Bewegungsart;Menge;Lager\r\n"
        "01.03.2022;A1;Zugang;1.234,5;Süd\r\n13.03.2022;A1;Verkauf;2,25;Süd\r\n"
    ).encode("cp1252")
    profile = profile_of(text)
    assert (profile.encoding, profile.skip_lines, profile.decimal_mark) == ("cp1252", 3, ",")
    assert profile.date_format == ("%d.%m.%Y",)
    assert profile.columns["location"] == ("Lager",)
    said = comments(text)
    assert 'read so, a word is "Süd"' in said
    assert "`inventory init --decimals 2`" in said


@pytest.mark.parametrize(
    ("numbers", "remark"),
    [
        (["5", "abc", "x"], "3 rows"),
        (["5", "6", "x", "0", ""], "5 rows: 1 with the quantity 0, which are bad rows"),
    ],
)
def test_a_quantity_of_0_is_a_number(numbers: list[str], remark: str) -> None:
    text = "date;sku;type;quantity\n" + "".join(f"2022-03-01;A;sold;{n}\n" for n in numbers)
    assert f'"sold" = "sold"   # {remark}\n' in f"{draft(text)}\n"
    text = "date;sku;type;in;out\n" + "".join(f"2022-03-01;A;sold;;{n}\n" for n in numbers)
    text += "2022-03-01;A;received;7;\n"
    given = Profile(columns={"quantity_in": ("in",), "quantity_out": ("out",)})
    # Where both are empty or 0, nothing came in or went out.
    remark = remark.partition(":")[0]
    assert f'"sold" = "sold"   # {remark}\n' in f"{draft(text, given)}\n"


def test_a_shipped_profile_without_columns_is_not_what_a_file_looks_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drafted = draft(MOVES)
    # As a shell makes it before the draft is written into it.
    monkeypatch.setattr(known, "shipped_profiles", lambda: {"mine": ""})
    assert draft(MOVES) == drafted


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_an_import_finds_by_itself_is_not_said(encoding: str) -> None:
    assert set(tomllib.loads(draft(MOVES.encode(encoding)))) == {"columns", "kinds"}


@pytest.mark.parametrize(
    ("numbers", "mark", "is_doubtful"),
    [
        (["1.234", "12"], None, True),
        (["1,234", "12"], ".", True),
        (["1.000", "12"], None, True),
        (["1,000", "12"], ".", True),
        (["1.000", "12.5"], None, False),
        (["1.000", "1.234.567"], ",", False),
        (["1.234,5", "12"], ",", False),
        (["1,234.5", "12"], ".", False),
        (["2.5", "12"], None, False),
        (["1234", "12"], None, False),
    ],
)
def test_decimal_marks(numbers: list[str], mark: str | None, is_doubtful: bool) -> None:
    text = "date;sku;type;quantity\n" + "".join(f"2022-03-01;A;sold;{n}\n" for n in numbers)
    assert profile_of(text).decimal_mark == mark
    assert ('# decimal_mark = ","   # or so?' in draft(text)) == is_doubtful


def test_columns_with_more_cells_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    days = "".join(f"{day}/03/2022,SKU{day},{day % 2 or 'x'}\n" for day in range(1, 32))
    drafted = draft("date,sku,quantity\n" + days)
    assert 'date_format = "%d/%m/%Y"' in drafted
    assert "15 cells that are no numbers, such as 'x'" in drafted
    monkeypatch.setattr(survey, "_MOST_CELLS", 3)
    assert draft("date,sku,quantity\n" + days) == drafted


def test_a_delimiter_that_an_import_finds_is_not_said_even_where_the_header_hides_it() -> None:
    text = "date;sku;Quantity, Amount, Sum, Total, All;type\n2022-03-01;A;1;sold\n"
    profile = profile_of(text)
    assert profile.delimiter is None
    assert profile.columns["sku"] == ("sku",)


def test_a_delimiter_that_an_import_would_not_find_is_said(shop: Shop) -> None:
    text = "date~sku~type~quantity\n2022-03-01~A~received~1\n"
    file = shop.folder / "moves.csv"
    file.write_text(text)
    assert 'delimiter = "~"' in shop.ok("import", file, "--draft", "--delimiter", "~").out


def test_empty_cells_before_the_header_are_passed_over(shop: Shop) -> None:
    text = ";;;\ndate;sku;type;quantity\n2022-03-01;A;received;1\n"
    assert profile_of(text).skip_lines == 1
    assert import_as_drafted(shop, text).code == 0


def test_an_encoding_that_only_a_later_row_tells(shop: Shop) -> None:
    rows = "".join(f"2022-03-01;A{n};received;1;\n" for n in range(500))
    text = f"date;sku;type;quantity;note\n{rows}2022-03-02;A1;sold;1;S\xfc\x81d\n"
    drafted = draft(text.encode("latin-1"))
    assert read_profile(drafted, "drafted").encoding == "iso8859-1"
    assert 'read so, a word is "Sü\\U00000081d"' in drafted
    with pytest.raises(Refused, match="is not CP1252 text"):
        draft(text.encode("latin-1"), Profile(encoding="cp1252"))


def test_bytes_that_are_no_text_are_not_read_as_some(shop: Shop) -> None:
    with pytest.raises(Refused, match="the byte 0x89 is not UTF-8 text"):
        draft(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x81")


def test_without_a_header_columns_are_known_by_what_they_hold(shop: Shop) -> None:
    text = "2022-03-01,MUG,received,10\n2022-03-02,CUP,received,4\n"
    assert "header = false" in draft(text)
    assert import_as_drafted(shop, text).code == 0
    assert (shop.on_hand("MUG"), shop.on_hand("CUP")) == (10, 4)


@pytest.mark.parametrize(
    ("dates", "formats"),
    [
        (["3/13/2022", "3/4/2022"], ["%m/%d/%Y"]),
        (["13.03.2022 08:00", "04.03.2022 09:30"], ["%d.%m.%Y %H:%M"]),
        (["2022-03-13", "2022-03-04T09:30"], []),
    ],
)
def test_a_date_format_that_fits_the_whole_column(dates: list[str], formats: list[str]) -> None:
    text = "date,sku,type,quantity\n" + "".join(f"{date},A,sold,1\n" for date in dates)
    assert list(profile_of(text).date_format) == formats


def test_years_of_two_digits_with_one_reading_are_no_doubt(shop: Shop) -> None:
    for first, second, format in (
        ("12/13/22", "12/14/22", "%m/%d/%y"),
        ("05-Jan-24", "25-Jan-24", "%d-%b-%y"),
    ):
        text = f"date,sku,type,quantity\n{first},A,received,1\n{second},A,received,1\n"
        drafted = draft(text)
        assert tomllib.loads(drafted)["date_format"] == format
        assert "Unsure" not in drafted


@pytest.mark.parametrize(
    ("dates", "line"),
    [
        (
            ["12/01/2022", "12/02/2022"],
            'date_format = "%m/%d/%Y"   # then they are from 2022-12-01',
        ),
        (["12/13/22", "12/02/2022"], 'date_format = ["%m/%d/%y", "%m/%d/%Y"]'),
    ],
)
def test_doubtful_dates_are_shown_with_the_likeliest_format_first(
    shop: Shop, dates: list[str], line: str
) -> None:
    text = "date,sku,type,quantity\n" + "".join(f"{date},A,received,1\n" for date in dates)
    drafted = draft(text)
    assert "date_format" not in tomllib.loads(drafted)
    first = next(line for line in drafted.splitlines() if "date_format" in line)
    assert first.startswith(f"# {line}")
    assert repr(dates[0]) in drafted
    assert import_as_drafted(shop, text).code == 3
    assert import_as_drafted(shop, text, edit=("# date_format", "date_format")).code == 0


def test_unknown_types_are_listed_with_their_counts_and_left_open() -> None:
    text = MOVES + "M4,2022-03-04,MUG,north,Zap,1,,\n" * 2
    assert '# "Zap" = "?"   # 2 rows: not known, which kind is it?' in draft(text)
    assert "zap" not in profile_of(text).kinds


def test_adjustments_without_a_sign_are_left_open(shop: Shop) -> None:
    text = MOVES + "M5,2022-03-04,MUG,north,Adjustment,2,,\n"
    assert "1 row: does it add or take away? nothing says so" in draft(text)
    assert import_as_drafted(shop, text).code == 3
    assert import_as_drafted(shop, text, edit=('# "Adj', '"Adj')).code == 0


BALANCES = "date,sku,type,qty,stock_before,stock_after\n2022-03-01,A,receipt,50,0,50\n"


def test_balances_tell_which_way_a_word_goes() -> None:
    text = BALANCES + (
        "2022-03-02,A,Transfer,5,50,45\n2022-03-03,A,Adjustment,5,45,40\n"
        "2022-03-04,A,Adjustment,2,40,42\n2022-03-05,A,Correction,2,42,44\n"
    )
    profile = profile_of(text)
    assert profile.columns["balance"] == ("stock_after",)
    assert profile.kinds == {"receipt": "received", "transfer": "removed", "correction": "adjusted"}
    assert '# "Adjustment" = "adjusted"   # 2 rows: by the balances 1 fell and 1 rose' in draft(
        text
    )


SIGNED = "date,sku,type,quantity\n"


@pytest.mark.parametrize(
    ("rows", "signed"),
    [
        ("receipts:9 shipments:-2", "change"),
        ("receipts:-9 shipments:2", "inverted"),
        ("sale:2 sale:5 sale:-1", "inverted"),
        ("receipts:9 receipts:4 receipts:-2", "change"),
        ("receipts:9 shipments:2 adjustment:-1", None),
        ("receipts:9 shipments:2", None),
    ],
)
def test_signs_are_read_by_what_arrivals_and_departures_have(rows: str, signed: str | None) -> None:
    lines = [row.split(":") for row in rows.split()]
    text = SIGNED + "".join(f"2022-03-01,A,{word},{number}\n" for word, number in lines)
    assert profile_of(text).signed == signed


def test_a_sign_that_contradicts_its_type_is_counted() -> None:
    text = SIGNED + "2022-03-01,A,Receipts,5\n2022-03-02,A,Sale,-3\n2022-03-03,A,Sale,-1\n"
    text += "2022-03-04,A,Sale,1\n"
    assert '"Sale" = "sold"   # 3 rows: 1 the other way, which is returned' in draft(text)


def test_prices_and_customers_tell_of_sales(shop: Shop) -> None:
    text = "order no,day,article,qty,unit price,customer\n"
    text += "1,2022-03-01,A,3,2.50,K1\n2,2022-03-02,A,-1,2.50,K1\n"
    profile = profile_of(text)
    assert (profile.signed, profile.constants) == ("inverted", {"type": "sold"})
    assert "unit_cost" not in profile.columns
    assert import_as_drafted(shop, text, "--allow-negative").code == 0
    assert shop.on_hand("A") == -2


def test_without_types_and_signs_it_is_left_open(shop: Shop) -> None:
    text = "date,sku,quantity\n2022-03-01,A,3\n"
    assert "type" not in profile_of(text).constants
    assert import_as_drafted(shop, text, edit=("# type", "type")).code == 0


@pytest.mark.parametrize(("name", "kind"), [("stock.csv", "counted"), ("initial.csv", "opened")])
def test_a_list_of_stock_wants_only_its_date(name: str, kind: str) -> None:
    drafted = draft("sku,warehouse,on hand\nA,north,3\nB,north,0\n", name=name)
    profile = read_profile(drafted, name)
    assert profile.constants == {"type": kind}
    assert profile.columns["quantity"] == ("on hand",)
    assert '# date = "today"' in drafted


def test_two_columns_for_in_and_out(shop: Shop) -> None:
    text = "date,item,in qty,out qty,balance qty,voucher type,voucher no\n"
    text += "2022-03-01,A,10,,10,Receipt,P1\n2022-03-02,A,,4,6,Delivery Note,D1\n"
    columns = profile_of(text).columns
    assert (columns["quantity_in"], columns["quantity_out"]) == (("in qty",), ("out qty",))
    assert (columns["balance"], columns["reference"]) == (("balance qty",), ("voucher no",))
    assert import_as_drafted(shop, text, "--check-balances").code == 0


def test_one_sided_transfers_that_name_the_other_place(shop: Shop) -> None:
    text = "when,sku,warehouse_id,movement_type,quantity,counterparty_warehouse\n"
    text += "2022-03-01,A,W1,INBOUND,9,\n2022-03-02,A,W1,TRANSFER_OUT,3,W2\n"
    text += "2022-03-03,A,W1,TRANSFER_IN,1,W2\n"
    assert import_as_drafted(shop, text).code == 0
    assert shop.json("stock", "--by-location")[0]["on_hand"] == 7


def test_transfers_in_two_rows_are_paired_by_their_document(shop: Shop) -> None:
    text = "date,sku,type,quantity,warehouse,document\n2022-03-01,A,Receipts,9,x,P1\n"
    text += "2022-03-02,A,Shipments,-1,x,S1\n"
    pair = "2022-03-02,A,Transfer,-4,x,T1\n2022-03-03,A,Transfer,4,y,T1\n"
    assert profile_of(text + pair).pair_by == ("document",)
    assert import_as_drafted(shop, text + pair).code == 0
    assert shop.json("stock", "--by-location")[1]["on_hand"] == 4
    # Without documents that pair them, each row stands for itself.
    alone = profile_of(text + pair.replace("T1", "T2", 1))
    assert (alone.pair_by, alone.kinds["transfer"]) == ((), "adjusted")


def test_where_goods_go_is_a_place_to_go_to_only_for_transfers(shop: Shop) -> None:
    head = "date,sku,type,qty,from location,to location\n"
    received = "2022-03-01,A,received,9,,north\n2022-03-01,B,received,4,,south\n"
    moved = "2022-03-02,A,transferred,1,north,south\n"
    # Mostly it is where goods arrive.
    assert profile_of(head + received + moved).columns["location"] == (
        "from location",
        "to location",
    )
    assert "is not taken for the to_location: few of its rows are transfers" in comments(
        head + received + moved
    )
    mostly = head + received.splitlines()[0] + "\n" + moved * 2
    assert profile_of(mostly).columns["to_location"] == ("to location",)
    assert "Bad, for it has a 'to location' and is no transfer: 1 row" in comments(mostly)


@pytest.mark.parametrize(
    ("kind", "numbers", "signed"),
    [
        ("sold", ["3", "-1", "2"], "inverted"),
        ("received", ["3", "-1"], "change"),
        ("sold", ["3", "1"], None),
        ("adjusted", ["3", "-1"], None),
    ],
)
def test_signs_beside_a_type_that_is_given(
    kind: str, numbers: list[str], signed: str | None
) -> None:
    text = "date,sku,quantity\n" + "".join(f"2022-03-01,A,{n}\n" for n in numbers)
    drafted = draft(text, Profile(constants={"type": kind}))
    assert read_profile(drafted, "drafted").signed == signed


def test_rows_without_a_type_and_transfers_without_a_place_are_counted() -> None:
    text = SIGNED + "2022-03-01,A,sold,5\n2022-03-02,A,,3\n2022-03-03,A,transfer,2\n"
    said = draft(text)
    assert "# Without a type, and so bad: 1 row" in said
    assert '# "transfer" = "transferred"   # 1 row: where to? nothing says so' in said


def test_counts_with_signs_are_differences() -> None:
    text = SIGNED + "2022-03-01,A,receipts,5\n2022-03-02,A,sale,-3\n2022-03-03,A,stocktake,-1\n"
    assert '"stocktake" = "adjusted"   # 1 row: 1 negative, so these are differences' in draft(text)


def test_places_instead_of_types(shop: Shop) -> None:
    text = "date,product,from,to,qty\n2022-03-01,A,Vendors,WH,10\n"
    text += "2022-03-02,A,WH,Customers,4\n2022-03-03,A,WH,Shop,1\n"
    assert profile_of(text).outside.keys() == {"Vendors", "Customers"}
    assert import_as_drafted(shop, text).code == 0
    assert shop.on_hand("A") == 6


def test_rows_that_did_not_happen(shop: Shop) -> None:
    header, *rows = MOVES.splitlines()
    states = ["Done", "Cancelled", "Pending"]
    text = "\n".join([f"{header},Status", *map(",".join, zip(rows, states, strict=True))]) + "\n"
    assert profile_of(text).leave_out == ({"Status": ("Cancelled",)},)
    assert (
        '# Perhaps did not happen yet: "Pending" (1); to leave them out:\n# [[leave_out]]'
        in draft(text)
    )
    assert import_as_drafted(shop, text).code == 0
    assert shop.on_hand("MUG") == 41


def test_rows_without_a_date_can_be_left_out_by_a_rule_that_is_offered(shop: Shop) -> None:
    text = MOVES + "M9,,MUG,north,Sale,1,,\n"
    edit = ('# [[leave_out]]\n# "Posting', '[[leave_out]]\n"Posting')
    assert import_as_drafted(shop, text).code == 3
    assert import_as_drafted(shop, text, edit=edit).code == 0
    assert "Bad, without 'Posting Date': 1, the first in line 5" in comments(text)


def test_a_name_that_the_column_does_not_live_up_to(shop: Shop) -> None:
    text = (
        "id,date,sku,type,quantity,unit cost,delivery date\n"
        "1,2022-03-01,A,received,3,free,soon\n1,2022-03-02,B,received,4,2,soon\n"
    )
    profile, said = profile_of(text), comments(text)
    assert profile.columns.keys() == {"date", "sku", "type", "quantity", "reference"}
    assert "'id' is not taken for the id: in 1 row it is that of another row, such as '1'" in said
    assert "'unit cost' is not taken for the unit_cost: 1 of 2 cells are numbers" in said
    # An import would find these columns by their names.
    assert (profile.constants["id"], profile.constants["unit_cost"]) == ("", "")
    assert import_as_drafted(shop, text).code == 0


def test_an_id_may_repeat_where_the_whole_row_does(shop: Shop) -> None:
    text = MOVES + MOVES.splitlines()[3] + "\n"
    assert '"Movement_ID"   # rows equal to an earlier one, recorded once: 1' in draft(text)
    assert "read 4, appended 3, skipped 1" in import_as_drafted(shop, text).out


def test_rows_of_another_length_and_second_headers_are_counted() -> None:
    text = MOVES + MOVES.splitlines()[0] + "\nM4,2022-03-01\n"
    said = comments(text)
    assert "repeat the header: 1" in said
    assert "longer or shorter than the header: 1; the first is line 6: the row has 2 fiel" in said


def test_what_is_no_table_of_movements_is_called_so() -> None:
    assert "does not look like movements" in comments("Year,Jan,Feb\n1880,-43,-27\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (gzip.compress(MOVES.encode(), mtime=0)[:-9], "is damaged"),
        (b'date,"sku\n2022', "not CSV"),
        (MOVES.encode("utf-16-le"), "--encoding utf-16-le"),
    ],
)
def test_what_cannot_be_read_is_refused(shop: Shop, data: bytes, reason: str) -> None:
    file = shop.folder / "odd.csv"
    file.write_bytes(data)
    ran = shop("import", file, "--draft")
    assert (ran.code, ran.out) == (3, "")
    assert reason in ran.err


def test_options_win_over_what_is_found(shop: Shop) -> None:
    file = shop.folder / "moves.csv"
    file.write_text("notes\n" + MOVES.replace(",", "~"), encoding="utf-8")
    words = ("--column", "sku=Supplier", "--set", "location=shop", "--kind", "sale=removed")
    more = ("--delimiter", "~", "--skip-lines", 1, "--date-format", "iso", "--signed", "change")
    drafted = read_profile(shop.ok("import", file, "--draft", *words, *more).out, "drafted")
    assert (drafted.columns["sku"], drafted.kinds["sale"]) == (("Supplier",), "removed")
    assert (drafted.constants, drafted.date_format) == ({"location": "shop"}, ("iso",))
    assert (drafted.delimiter, drafted.skip_lines, drafted.signed) == ("~", 1, "change")
    assert shop("import", file, "--draft", "--profile", "online-retail").code == 2
    assert shop("import", file, "--draft", "--column", "sku=Nothing").code == 3


@pytest.mark.parametrize(
    "words",
    ["--errors wrong.csv", "--skip-bad", "--dry-run", "--by anna", "--into-closed March",
     "--allow-negative", "--overlap keep", "--check-balances", "--format json", "--format table"],
)  # fmt: skip
def test_options_that_mean_nothing_to_a_draft_are_refused(shop: Shop, words: str) -> None:
    file = shop.folder / "moves.csv"
    file.write_text(MOVES, encoding="utf-8")
    ran = shop("import", file, "--draft", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"error: {words.split()[0]} is of no use with --draft, which appends nothing" in ran.err


RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"


def test_a_shipped_profile_is_named_and_given_what_the_file_needs(shop: Shop) -> None:
    text = RETAIL + "1,A,Mug,2,13/12/2010 8:26,2.55\n2,A,Mug,-1,14/12/2010 8:26,2.55\n"
    drafted = draft(text)
    assert "--profile online-retail" in drafted
    assert shipped_profiles()["online-retail"] in drafted + "\n"
    assert read_profile(drafted, "drafted").date_format == ("%d/%m/%Y %H:%M",)
    assert import_as_drafted(shop, text, "--allow-negative").code == 0


def test_a_shipped_profile_that_reads_no_place_leaves_one_open(shop: Shop) -> None:
    text = RETAIL.strip() + ",Store\n1,A,Mug,2,13/12/2010 8:26,2.55,N\n"
    text += "2,A,Mug,1,14/12/2010 8:26,2.55,S\n"
    drafted = draft(text)
    assert "--profile online-retail" in drafted
    assert 'location = "?"   # "Store" (2 values)? or delete the line, if it is not' in drafted
    assert import_as_drafted(shop, text, "--allow-negative").code == 3
    decided = ('location = "?"', 'location = "Store"')
    assert import_as_drafted(shop, text, "--allow-negative", edit=decided).code == 0
    assert {row["location"] for row in shop.json("stock", "--by-location")} == {"N", "S"}
    # One place makes no difference.
    assert 'location = "?"' not in draft(text.replace(",S\n", ",N\n"))


def test_a_shipped_profile_says_what_it_does_not_explain_and_follows_the_dates() -> None:
    text = "Date,MSKU,Event Type,Quantity,Fulfillment Center,Reason,Reference ID\n"
    text += "13/07/2026,A,Shipments,-1,X1,,\n14/07/2026,A,Teleport,-1,X1,,\n"
    drafted = draft(text)
    assert '# These types it does not explain: "Teleport" (1)' in drafted
    assert read_profile(drafted, "drafted").date_format == ("%d/%m/%Y",)


NAMES = {
    "date": ["Date", "transaction_date", "PostingDate", "Timestamp", "Fecha"],
    "sku": ["SKU", "product_id", "StockCode", "Item No.", "Artikelnummer"],
    "type": ["Type", "movement type", "TransactionType", "Bewegungsart"],
    "quantity": ["Qty", "quantity", "Quantity (kg)", "Menge"],
    "location": ["Location", "warehouse_id", "FulfillmentCenter"],
    "reference": ["Reference", "invoice no", "DocumentNumber"],
    "details": ["Colour", "supplier", "Size"],
}


@given(st.permutations(list(NAMES)), st.data(), st.sampled_from(",;\t|"))
def test_columns_are_found_whatever_their_names_and_order(
    order: list[str], data: st.DataObject, mark: str
) -> None:
    names = {field: data.draw(st.sampled_from(NAMES[field])) for field in order}
    row = dict.fromkeys(names, "x") | {"date": "2022-03-01", "type": "Sale", "quantity": "2"}
    text = mark.join(names[field] for field in order) + "\n"
    text += mark.join(row[field] for field in order) + "\n"
    del names["details"]
    assert profile_of(text).columns == {field: (name,) for field, name in names.items()}


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["date", "sku", "type", "qty", "Sale", "1", "-2,5", "2022-03-01", "3/4/22", ""]
    ),
)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=8), st.sampled_from(",;")
)
def test_a_draft_is_always_a_profile_that_fits_the_header(
    table: list[list[str]], mark: str
) -> None:
    quoted = [[f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in row] for row in table]
    data = "\n".join(map(mark.join, quoted)).encode()
    try:
        profile = profile_of(data)
    except Refused:
        return
    decided = {field: of for field, of in profile.columns.items() if of != (UNDECIDED,)}
    profile = profile._replace(columns=decided)
    source = open_source(io.BytesIO(data), "file", profile)
    columns, _ = read_header(source, source.records(), profile)
    assert columns.fields.keys() >= profile.columns.keys()


def test_a_row_that_reads_like_a_made_header_is_a_row() -> None:
    text = "1,2,3\n4,5,6\n"
    assert "repeat the header" not in draft(text, Profile(header=False))
    assert "repeat the header: 1" in draft("a,b,c\n1,2,3\na,b,c\n")
