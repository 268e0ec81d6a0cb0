"""Files that are packed, and workbooks: what they say is what the text in them would."""

import gzip
import io
import resource
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.conftest import Ran, Shop
from tests.importing.books import Cell, ods, ods_rows, packed, xlsx, xlsx_rows

HEADER = "date,sku,type,quantity\n"
MOVES = HEADER + "2024-05-01,00123,received,5\n2024-05-02T14:30,A,received,2.50\n"
TABLE: list[list[Cell]] = [
    ["date", "sku", "type", "quantity", "note"],
    [date(2024, 5, 1), "00123", "received", 5, None],
    [datetime(2024, 5, 2, 14, 30), "A", "received", 2.5, True],  # noqa: DTZ001
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "--decimals", "2")


def load(shop: Shop, data: bytes, *words: object, name: str = "moves") -> Ran:
    file = shop.folder / name
    file.write_bytes(data)
    return shop("import", file, *words)


def said(shop: Shop) -> list[tuple[str, str, str]]:
    return [(row["effective_at"], row["sku"], row["quantity"]) for row in shop.json("log")]


SAID = [("2024-05-01", "00123", "5.00"), ("2024-05-02T14:30:00.000+02:00", "A", "2.50")]
PACKED = {
    "gzip": gzip.compress(MOVES.encode(), mtime=0),
    "gzip in parts": b"".join(gzip.compress(part.encode(), mtime=0) for part in (MOVES, "\n")),
    "zip": packed({"moves.csv": MOVES}),
    "zip of a Mac": packed({"a/": "", "a/moves.csv": MOVES, "__MACOSX/a/._moves.csv": "x"}),
    "xlsx": xlsx({"Stock": xlsx_rows(TABLE)}),
    "ods": ods(ods_rows(TABLE)),
}


STORED = packed({"moves.csv": MOVES}, zipfile.ZIP_STORED)
# As it says in both of the places where an archive describes a file.
LOCKED = STORED.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01").replace(
    b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
)


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_what_is_packed_says_what_its_text_does(shop: Shop, data: bytes) -> None:
    assert load(shop, data).code == 0
    assert said(shop) == SAID
    again = load(shop, data, name="called otherwise")
    assert "the same file was recorded before, as batch 1" in again.err


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_what_is_packed_comes_through_a_pipe_and_is_drafted(shop: Shop, data: bytes) -> None:
    assert shop("import", "-", input=data).code == 0
    assert said(shop) == SAID
    file = shop.folder / "moves"
    file.write_bytes(data)
    assert '"moves": 2 rows' in shop.ok("import", file, "--draft").out


def test_the_hash_is_that_of_the_file_as_it_is(shop: Shop) -> None:
    data = PACKED["zip"]
    shop("import", "-", input=data)
    assert load(shop, data).out.startswith("read 2, appended 0, skipped 2")
    other = load(shop, PACKED["gzip"])
    assert "2 of the rows look recorded already" in other.err, "another file with the same rows"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PACKED["gzip"][:-9], "is damaged"),
        (PACKED["gzip"][:-4] + b"\1\1\1\1", "is damaged"),
        (PACKED["gzip"] + b"rest", "is damaged"),
        (PACKED["zip"][:-9], "is damaged: File is not a zip file"),
        (STORED.replace(b"00123", b"00124"), "is damaged: Bad CRC-32"),
        (LOCKED, "cannot be unpacked"),
        (packed({"a.csv": MOVES, "b.csv": MOVES}), "a ZIP archive that holds a.csv, b.csv;"),
        (packed(dict.fromkeys("abcdefg", "")), "that holds a, b, c, d, e, and 2 more;"),
        (packed({"a/": ""}), "a ZIP archive that holds nothing;"),
        (packed({"a.csv": gzip.compress(b"x", mtime=0)}), "is compressed twice"),
        (packed({"a.zip": PACKED["zip"]}), "is a ZIP archive within another file"),
        (packed({"\u00e9.csv": MOVES}).replace(b"\xc3\xa9", b"\xb7\xb7", 1), "is damaged: "),
        (xlsx({}), "has no sheet"),
        (packed({"xl/workbook.bin": "x"}), "is a binary workbook"),
        (packed({"xl/workbook.xml": "x"}), "cannot be read as a workbook"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(shop: Shop, data: bytes, message: str) -> None:
    ran = load(shop, data)
    assert (ran.code, shop.json("log")) == (3, [])
    assert message in ran.err


@pytest.mark.parametrize("field", ["gzip", "zip"])
def test_what_is_packed_is_unpacked_in_constant_memory(shop: Shop, field: str) -> None:
    # A hundred kilobytes that are a hundred megabytes, without an end of line.
    zeros = b"0" * 100_000_000
    data = gzip.compress(zeros, mtime=0) if field == "gzip" else packed({"a.csv": zeros})
    del zeros
    (shop.folder / "bomb").write_bytes(data)
    done = subprocess.run(
        shop.command("import", shop.folder / "bomb"),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000)),
    )
    assert (done.returncode, "a line of more than 16000000 bytes" in done.stderr) == (3, True), done


def test_rows_and_columns_before_the_table(shop: Shop) -> None:
    table = xlsx_rows([[None, None, *row] for row in TABLE], first=3)
    assert load(shop, xlsx({"Stock": table})).code == 0
    titled = xlsx_rows([["My stock"]]) + xlsx_rows([[*row] for row in TABLE], first=3)
    bad = load(shop, xlsx({"Stock": titled.replace("received", "gone")}), "--skip-lines", "2")
    assert "  line 4, type 'gone': " in bad.err, "the line is the row's number in the sheet"


def test_which_sheet_is_read(shop: Shop) -> None:
    rows = xlsx_rows(TABLE)
    data = xlsx({"Notes": "", "Stock": rows, "Old": ""}, hidden=["Notes"])
    ran = load(shop, data)
    assert ran.code == 0
    assert ran.err.splitlines()[0] == "the sheet 'Stock' was read; --sheet NAME reads 'Old'"
    assert "the same file" in load(shop, data).err
    by_name = load(shop, data, "--sheet", "Stock", "--overlap", "skip")
    assert (by_name.out.splitlines()[0], by_name.err) == (
        "read 2, appended 0, skipped 2, refused 0",
        "",
    )
    assert "is empty" in load(shop, data, "--sheet", "Notes").err
    wrong = load(shop, data, "--sheet", "Prices")
    assert (
        "moves has no sheet 'Prices'\nhint: name one of its own: 'Notes', 'Stock', 'Old'"
        in wrong.err
    )
    text = load(shop, MOVES.encode(), "--sheet", "Stock")
    assert "moves is no workbook, so it has no sheet 'Stock'" in text.err


def test_codes_that_are_numbers_are_remarked_on(shop: Shop) -> None:
    table: list[list[Cell]] = [
        ["date", "Code", "type", "quantity"],
        [date(2024, 5, 1), 123.0, "received", 5],
        [date(2024, 5, 1), "00124", "received", 5],
        [date(2024, 5, 1), 4006381333931.0, "received", 5],
    ]
    ran = load(shop, xlsx({"Stock": xlsx_rows(table)}), "--column", "sku=code")
    assert (
        "Code: 2 cells are numbers in the workbook, like 123, which may have been 00123: a column "
        "of codes is to be formatted as text"
    ) in ran.err.splitlines()
    assert [sku for _, sku, _ in said(shop)] == ["123", "00124", "4006381333931"]


def test_a_sheet_that_is_compared_with_the_ledger(shop: Shop) -> None:
    shop.ok("receive", "123", "5")
    rows: list[list[Cell]] = [["sku", "quantity"], [123.0, 5.0]]
    file = shop.folder / "list.ods"
    file.write_bytes(ods(ods_rows(rows)))
    ran = shop.ok("reconcile", file)
    assert "sku: 1 cell is a number in the workbook, like 123" in ran.err


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (0.1 + 0.2, "0.30"),
        (1234567.5, "1234567.50"),
        (1e-7, None),
        (12.345, None),
        (-0.0, "0.00"),
    ],
)
@pytest.mark.parametrize("mark", [".", ","])
def test_numbers_say_what_a_spreadsheet_shows(
    shop: Shop, cell: float, text: str | None, mark: str
) -> None:
    rows: list[list[Cell]] = [
        ["date", "sku", "quantity"],
        [date(2024, 5, 1), "A", 1.0],
        [date(2024, 5, 1), "A", cell],
    ]
    words = ("--set", "type=counted", "--add-up", "--decimal-mark", mark)
    ran = load(shop, xlsx({"Stock": xlsx_rows(rows)}), *words)
    if text is None:
        assert (ran.code, "but this ledger keeps 2 decimals" in ran.err) == (3, True)
    else:
        assert shop.json("log")[0]["quantity"] == f"{1 + float(text):.2f}"


def test_a_code_that_has_lost_digits_is_none(shop: Shop) -> None:
    rows: list[list[Cell]] = [
        ["date", "sku", "type", "quantity"],
        [date(2024, 5, 1), 1.2345678901234567e19, "sold", 1],
    ]
    ran = load(shop, xlsx({"Stock": xlsx_rows(rows)}))
    assert "this is a number that a spreadsheet has shortened" in ran.err


def test_cells_that_are_dates_beside_others_that_are_text(shop: Shop) -> None:
    rows = [row.copy() for row in TABLE]
    rows[1][0] = "03/05/2024"
    data = xlsx({"Stock": xlsx_rows(rows)})
    assert "dates in more than one format" in load(shop, data).err
    assert load(shop, data, "--date-format", "%d/%m/%Y").code == 0
    assert [when[:10] for when, _, _ in said(shop)] == ["2024-05-03", "2024-05-02"]


ONE = '<table:table-cell office:value-type="float" office:value="1"'
MANY_ROWS = '<table:table-row table:number-rows-repeated="900000">'
FAR_AWAY = xlsx_rows(TABLE) + '<row r="900000"><c r="cv900000"><v>1</v></c></row>'
FAR_DOWN = f'{ods_rows(TABLE)}<table:table-row>{ONE} table:number-columns-repeated="99"/>'


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        (xlsx({"Stock": FAR_AWAY}), 900_000 * 100),
        (ods(f"{MANY_ROWS}{f'{ONE}/>' * 100}</table:table-row>"), 900_000 * 100),
        (ods(f"{FAR_DOWN}</table:table-row>"), 1_048_004 * 99),
    ],
)
def test_a_sheet_that_would_take_too_much_memory_is_refused(
    shop: Shop, data: bytes, cells: int
) -> None:
    ran = load(shop, data)
    assert (ran.code, f"moves has a sheet of {cells} cells" in ran.err) == (3, True), ran
    assert "save the sheet as CSV" in ran.err


def test_a_workbook_of_too_many_bytes_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.importing.workbook._LARGEST", 2000)
    ran = load(shop, PACKED["xlsx"])
    assert "moves has more than 2000 bytes, unpacked" in ran.err


def test_without_the_reader_of_workbooks_it_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    ran = load(shop, PACKED["xlsx"])
    assert (ran.code, ran.err.splitlines()) == (
        3,
        [
            "error: moves is a workbook, and python-calamine, which reads it, is not installed",
            "hint: pip install 'inventory-cli[sheets]'; or save the sheet as CSV",
        ],
    )


def test_a_draft_of_a_packed_file_finds_its_encoding(shop: Shop) -> None:
    text = "Fecha;Código;Almacén;Cantidad\n01/02/2024;A;N;1,5\n13/02/2024;A;N;-0,5\n"
    for data in (gzip.compress(text.encode("cp1252")), zipped(text.encode("cp1252"))):
        (shop.folder / "moves").write_bytes(data)
        drafted = shop.ok("import", shop.folder / "moves", "--draft").out
        assert 'encoding = "cp1252"' in drafted
        assert 'location = "Almacén"' in drafted
        assert "A    N            1.00" in shop.ok("import", shop.folder / "moves", "--try").out


def zipped(data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("moves.csv", data)
    return made.getvalue()


def test_a_draft_names_the_sheet_that_it_is_of_and_the_others(shop: Shop) -> None:
    file = shop.folder / "book.xlsx"
    file.write_bytes(xlsx({"Info": xlsx_rows([["Report"], ["May"]]), "Stock": xlsx_rows(TABLE)}))
    assert "'Info' was read; --sheet NAME reads 'Stock'" in shop.ok("import", file, "--draft").out
    tried = shop.ok("import", file, "--try", "--sheet", "Stock").out
    assert 'sheet = "Stock"' in tried
    assert "would be appended 2" in tried
