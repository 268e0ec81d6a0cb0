"""How the bytes of a file become rows: delimiters, encodings, line ends, and what is no CSV."""

import gzip
import io
import os
import sqlite3
import subprocess
import zipfile
from contextlib import closing

import pytest

from tests.conftest import Ran, Shop

HEADER = "date,sku,type,quantity\n"
ROW = "2022-03-01,A,received,10\n"


def load(shop: Shop, data: bytes, *words: object) -> Ran:
    """Import a file of these bytes."""
    file = shop.folder / "moves.csv"
    file.write_bytes(data)
    return shop("import", file, *words)


def skus(shop: Shop) -> list[str]:
    return [row["sku"] for row in shop.json("log")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_parts_the_header(shop: Shop, mark: str) -> None:
    others = ",;|".replace(mark, "")
    text = HEADER.replace(",", mark) + ROW.replace(",", mark).replace("A", f'"{others}"')
    assert shop.import_text(text).code == 0
    assert skus(shop) == [others]


def test_rows_tell_which_of_two_marks_in_the_header_parts_it(shop: Shop) -> None:
    text = "date;sku;type;quantity;note, remark, reason, why, what\n2022-03-01;A;received;1;a, b\n"
    assert shop.import_text(text).code == 0
    assert shop.json("log")[0]["details"] == {"note, remark, reason, why, what": "a, b"}
    # What the header does not hold is no delimiter, however often it stands in the rows.
    ran = shop.import_text(HEADER + "2022-03-01;A;received;10;x\n" * 9, name="other.csv")
    assert "line 2: the row has 1 fields, the header 4" in ran.err


@pytest.mark.parametrize(
    ("said", "mark"), [("tab", "\t"), (r"\t", "\t"), ("pipe", "|"), ("^", "^"), (" ", " ")]
)
def test_a_delimiter_that_is_said_is_used(shop: Shop, said: str, mark: str) -> None:
    text = (HEADER + ROW).replace(",", mark)
    assert shop.import_text(text, "--delimiter", said).code == 0
    assert skus(shop) == ["A"]
    ran = shop.import_text(text, "--delimiter", ":", name="other.csv")
    assert (ran.code, "no column date, sku, type, quantity; the header is: " in ran.err) == (
        3,
        True,
    )


@pytest.mark.parametrize("said", ['"', "ab", "a", "1", "\n", ""])
def test_a_delimiter_that_cannot_be_one(shop: Shop, said: str) -> None:
    ran = shop.import_text(HEADER + ROW, "--delimiter", said)
    assert ran.code == 2
    assert ran.err.startswith("error: --delimiter: ")
    assert "cannot be a delimiter" in ran.err


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
    ],
)
@pytest.mark.parametrize("said", [False, True])
def test_a_byte_order_mark_says_the_encoding_and_is_no_part_of_the_header(
    shop: Shop, mark: bytes, encoding: str, said: bool
) -> None:
    data = mark + '"date","sku",type,quantity\n2022-03-01,Ä☃,received,1\n'.encode(encoding)
    assert load(shop, data, *(["--encoding", encoding] if said else [])).code == 0
    assert skus(shop) == ["Ä☃"]


def test_files_that_were_joined_with_their_byte_order_marks(shop: Shop) -> None:
    other = "\ufeff" + HEADER + ROW.replace("A", "B")
    ran = load(shop, ("\ufeff" + HEADER + ROW + other).encode())
    assert (ran.code, skus(shop)) == (0, ["A", "B"])
    assert "the header stands once more on line 3" in ran.err


def test_japanese_text_in_its_old_encoding_is_told_apart(shop: Shop) -> None:
    data = (HEADER + ROW + "2022-03-01,第一倉庫,received,1\n").encode("cp932")
    ran = load(shop, data)
    assert "or say --encoding cp932, which reads '第一倉庫' there" in ran.err
    assert load(shop, data, "--encoding", "cp932").code == 0
    drafted = shop.ok("import", shop.folder / "moves.csv", "--draft").out
    assert 'encoding = "cp932"' in drafted


def test_another_encoding_is_refused_with_the_word_that_it_would_read(shop: Shop) -> None:
    data = (HEADER + ROW + "2022-03-01,Größe 5;x,received,1\n").encode("cp1252")
    ran = load(shop, data)
    assert ran.err.splitlines() == [
        "error: moves.csv, line 3: the byte 0xf6 is not UTF-8 text; nothing was appended",
        "hint: save the file as UTF-8, or say --encoding cp1252, which reads 'Größe' there",
    ]
    assert load(shop, data, "--encoding", "cp1252").code == 0
    assert skus(shop) == ["A", "Größe 5;x"]
    ran = load(shop, b"\x81" + data)
    assert "or say --encoding latin-1, which reads" in ran.err
    ran = load(shop, b"\x81" + data, "--encoding", "cp1252")
    assert "line 1: the byte 0x81 is not CP1252 text" in ran.err
    assert "or say --encoding latin-1, which reads '\\x81date' there" in ran.err


@pytest.mark.parametrize("said", ["klingon", "", "rot13", "base64", "hex", "\udcff", "undefined"])
def test_an_encoding_that_is_none_of_text(shop: Shop, said: str) -> None:
    ran = shop.import_text(HEADER + ROW, "--encoding", said)
    assert ran.code == 2
    assert "is not an encoding of text" in ran.err


@pytest.mark.parametrize(
    ("said", "data"),
    [
        ("utf-16", b"date,sku\n" * 9),
        ("utf-32", b"date,sku\n" * 9),
        ("utf-16-le", b"date,sku,type,quantity\n"),
        ("utf-8", b"\xff\xfe"),
        ("idna", b"a" * 200 + b".\n"),
        ("punycode", b"date-\xff\n"),
        ("utf-7", b"date,+2AA-\n"),
        ("unicode-escape", rb"date,\ud800"),
        ("raw-unicode-escape", rb"date,\ud800"),
        ("ascii", "dä".encode()),
    ],
)
def test_an_encoding_that_the_file_is_not_in(shop: Shop, said: str, data: bytes) -> None:
    ran = load(shop, data, "--encoding", said)
    assert ran.code == 3
    assert "is not " in ran.err or ": not " in ran.err
    assert "nothing was appended" in ran.err


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_suspected_and_read_when_it_is_said(
    shop: Shop, encoding: str
) -> None:
    data = (HEADER + ROW).encode(encoding)
    ran = load(shop, data)
    assert "holds NUL bytes, as text in UTF-16 does; nothing was appended" in ran.err
    assert f"--encoding {encoding}" in ran.err
    ran = load(shop, data, "--encoding", "utf-16")
    assert ran.code == 3
    assert "hint: say --encoding utf-16-le or --encoding utf-16-be" in ran.err
    assert load(shop, data, "--encoding", encoding).code == 0


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_within_quotes_stay_and_the_lines_are_counted(shop: Shop, end: str) -> None:
    text = HEADER.strip() + ",note\n" + ROW.strip() + ',"two\nlines ""here"", yes"\n'
    text += "\nbad,A,sold,1,\n"
    ran = load(shop, text.replace("\n", end).encode())
    assert "line 5, date 'bad'" in ran.err
    assert load(shop, text.replace("\n", end).encode(), "--skip-bad").code == 0
    assert shop.json("log")[0]["details"] == {"note": f'two{end}lines "here", yes'}


def test_line_ends_may_be_mixed(shop: Shop) -> None:
    lines = [HEADER.strip(), *(ROW.strip().replace("A", sku) for sku in "ABCD")]
    data = "".join(map("".join, zip(lines, ["\r\n", "\n", "\r", "\r\n", ""], strict=True)))
    assert load(shop, data.encode()).code == 0
    assert skus(shop) == ["A", "B", "C", "D"]


def test_nul_bytes_are_bad_cells(shop: Shop) -> None:
    ran = load(shop, (HEADER + ROW + ROW.replace("A", "A\x00B")).encode())
    assert r"line 3, sku 'A\x00B': SKU 'A\x00B' holds the control character '\x00'" in ran.err
    ran = load(shop, (HEADER.strip() + ",n\n" + ROW.strip() + ",x\x00\n").encode())
    assert "the cell holds a NUL character" in ran.err
    assert shop.json("log") == []


def test_a_formula_that_keeps_zeros_is_the_text_in_it(shop: Shop) -> None:
    header = "date,sku,type,quantity,note\n"
    rows = (
        '2022-03-01,="00123",received,="5",a="b"\n'
        '2022-03-01,"=""00124""",received,5,"=""a""&""b"""\n'
        "2022-03-01,00125,received,5,=1+1\n"
    )
    assert shop.import_text(header + rows).code == 0
    assert skus(shop) == ["00123", "00124", "00125"]
    assert [row["details"]["note"] for row in shop.json("log")] == ['a="b"', '="a"&"b"', "=1+1"]


def test_rows_without_anything_in_them_are_passed_over(shop: Shop) -> None:
    text = HEADER + ",,,\n" + ROW + "\n , ,,\n" + ROW.replace("A", "B") + ",,,\n" * 3 + "\n\n"
    ran = shop.import_text(text)
    assert (ran.code, "read 2, appended 2" in ran.out) == (0, True)
    assert skus(shop) == ["A", "B"]


def test_another_header_in_the_middle_is_a_bad_row(shop: Shop) -> None:
    ran = shop.import_text(HEADER + ROW + HEADER + ROW + HEADER.replace("sku", "item") + ROW)
    assert "read 4, appended 0, skipped 0, refused 1" in ran.out
    assert "line 5, date 'date': " in ran.err
    assert "the header stands once more on line 3" in ran.err


@pytest.mark.parametrize(
    ("row", "count"),
    [(ROW.replace(",10", ""), 3), (ROW.replace("10", "10,"), 5), ("date,sku\n", 2)],
)
def test_short_and_long_rows_are_bad_rows(shop: Shop, row: str, count: int) -> None:
    ran = shop.import_text(HEADER + ROW + row)
    assert f"line 3: the row has {count} fields, the header 4" in ran.err
    assert ran.code == 3
    assert (
        "appended 1, skipped 0, refused 1" in shop.import_text(HEADER + ROW + row, "--skip-bad").out
    )


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        # Without the time, which differs between two processes that name the tests.
        (
            gzip.compress(gzip.compress(HEADER.encode(), mtime=0), mtime=0),
            "is compressed twice; nothing was appended",
        ),
        (workbook(), "cannot be read as a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, "is an Excel workbook, old or locked"),
        (b"%PDF-1.7\n", "is a PDF document, not a CSV file"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n \r\n\n", "is empty"),
        (b"\x00" * 20_000_000, "holds NUL bytes"),
        (b"x" * 20_000_000, "the file has a line of more than 16000000 bytes, as no table has"),
        (b'date,"sku', "line 1: the row that begins there is not CSV"),
        (b'date,sku\n1,"a"b\n', "line 1: no column type, quantity"),
        (b"date\n" * 3, "line 1: no column sku, type, quantity; the header is: date"),
        (b"sep=;\ndate;sku\n", "line 2: no column type, quantity; the header is: date, sku"),
    ],
)
def test_what_is_no_table_is_refused(shop: Shop, data: bytes, message: str) -> None:
    ran = load(shop, data)
    assert (ran.code, message in ran.err) == (3, True), ran
    assert "read 0, appended 0, skipped 0, refused 0" in ran.out
    assert shop.json("log") == []


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_the_line_by_which_excel_says_the_delimiter_is_no_row(shop: Shop, line: str) -> None:
    text = f"{line}\r\ndate;sku;type;quantity\r\n2022-03-01;A,B;received;x\r\n"
    ran = load(shop, text.encode())
    assert "line 3, quantity 'x': quantity 'x' is not a decimal number" in ran.err
    assert load(shop, text.replace(";x", ";4").encode()).code == 0
    assert shop.on_hand("A,B") == 4


def test_a_database_is_refused_even_when_it_is_the_ledger_itself(shop: Shop) -> None:
    other = shop.folder / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript("CREATE TABLE t (a)")
    for file in (other, shop.path):
        ran = shop("import", file)
        assert (ran.code, "is a database, not a CSV file" in ran.err) == (3, True)
    assert shop.failed_checks() == {}


def test_what_stands_before_the_header_is_passed_over_and_counted(shop: Shop) -> None:
    text = 'Stock report; "unclosed\n\nMarch\n' + HEADER + ROW + "bad,A,sold,1\n"
    ran = shop.import_text(text)
    assert (ran.code, "line 1" in ran.err) == (3, True)
    ran = shop.import_text(text, "--skip-lines", 3)
    assert "line 6, date 'bad'" in ran.err
    ran = shop.import_text(text, "--skip-lines", 2)
    assert "moves.csv, line 3: no column date, sku, type, quantity; the header is: March" in ran.err
    ran = shop.import_text(text + '2022-03-01,"A,sold\n', "--skip-lines", 3)
    assert "moves.csv, line 7: the row that begins there is not CSV" in ran.err
    assert "is empty" in shop.import_text(text, "--skip-lines", 99).err
    assert shop.import_text(text, "--skip-lines", "two").code == 2
    assert shop.import_text(text, "--skip-lines", "-1").code == 2


def test_without_a_header_the_columns_are_numbered(shop: Shop) -> None:
    columns = [f"--column={field}={n}" for n, field in enumerate(("sku", "quantity"), start=1)]
    words = ("--no-header", *columns, "--set", "type=received", "--set", "date=2022-03-01")
    # The first row reads like the names of the columns, and is none the less a row.
    assert shop.import_text("1;2;x\n1;2;\n", *words).code == 0
    assert [(row["sku"], row["quantity"]) for row in shop.json("log")] == [("1", 2), ("1", 2)]
    assert shop.json("log")[0]["details"] == {"3": "x"}
    ran = shop.import_text("1;2\n", "--no-header", "--column", "sku=3", name="other.csv")
    assert "other.csv, line 1: no column '3' for sku; the header is: 1, 2" in ran.err


def test_a_huge_cell_is_not_shown_whole(shop: Shop) -> None:
    errors = shop.folder / "errors.csv"
    ran = shop.import_text(HEADER + ROW.replace("A", "A" * 900_000), "--errors", errors)
    assert "SKU has 900000 characters; 200 is the most" in ran.err
    assert len(ran.err) < 1000
    assert "A" * 900_000 in errors.read_text(encoding="utf-8")
    ran = shop.import_text(",".join(f"column{n}" for n in range(9000)) + "\n")
    assert len(ran.err) < 2000
    ran = shop.import_text(HEADER + ROW.replace("received", "x" * 900_000))
    assert len(ran.err) < 2000
    assert (
        "not CSV: field larger than field limit"
        in shop.import_text(HEADER + ROW.replace("A", "A" * 1_100_000)).err
    )


def test_many_columns_of_one_name_cost_no_more_than_others(shop: Shop) -> None:
    # Named one by one from the first, these would take a minute.
    header = HEADER.strip() + ",x" * 40_000 + "\n"
    ran = shop.import_text(header + ROW.strip() + ",1" * 40_000 + "\n")
    assert ran.code == 0
    details = shop.json("log")[0]["details"]
    assert (len(details), details["x"], details["x (40000)"]) == (40_000, "1", "1")


@pytest.mark.parametrize("words", [(), ("--draft",), ("--delimiter", ",")], ids=str)
def test_more_columns_than_any_table_has_are_refused(shop: Shop, words: tuple[str, ...]) -> None:
    ran = shop.import_text(HEADER.strip() + ",x" * 100_000 + "\n" + ROW, *words)
    assert (ran.code, "line 1: 100004 columns, as no table has" in ran.err) == (3, True)


def test_a_pipe_may_give_the_file_bit_by_bit(shop: Shop) -> None:
    process = subprocess.Popen(
        shop.command("import", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    )
    assert process.stdin is not None
    data = ("\ufeff" + HEADER + ROW.replace("A", "Ä")).encode("utf-16-le")
    for n in range(len(data)):
        os.write(process.stdin.fileno(), data[n : n + 1])
    out, _ = process.communicate()
    assert (process.returncode, out.split(b"\n")[0]) == (
        0,
        b"read 1, appended 1, skipped 0, refused 0",
    )
    assert skus(shop) == ["Ä"]
