"""How the figures of a column are read: what its marks mean, and where that must be asked."""

from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

import pytest

from tests.conftest import Shop

NATIVE = "date,sku,type,quantity\n"


def received(figures: Iterable[str]) -> str:
    rows = "".join(f"2022-03-01;A;received;{figure}\n" for figure in figures)
    return "date;sku;type;quantity\n" + rows


def log(shop: Shop, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in columns) for row in shop.json("log")]


@pytest.mark.parametrize(
    ("mark", "text", "value"),
    [
        (",", "1.234,5", "1234.50"), (",", "1234,5", "1234.50"), (",", "1 234,5", "1234.50"),
        (",", "1'234,56", "1234.56"), (",", "1\u00a0234\u00a0567", "1234567.00"),
        (",", "1.234", "1234.00"), (",", ",5", "0.50"), (",", "+7,", "7.00"),
        (".", "1,234.5", "1234.50"), (".", "1 234", "1234.00"), (".", "1.234,5", None),
        (".", "12,34.5", None), (".", "1,2345", None), (".", "1,234 567", None),
        (",", "1,5,5", None), (",", "1.23,5", None), (",", "1234.567", None), (",", ",", None),
        (",", "1.000", "1000.00"), (".", "1.000", "1.00"),
        (None, "1.000", None), (None, "1,000", None), (None, "1.000.000", None),
        (None, "1,234", None), (None, "1.234", None), (None, "1.50", "1.50"), (None, "1e3", None),
    ],
)  # fmt: skip
def test_decimal_marks(tmp_path: Path, mark: str | None, text: str, value: str | None) -> None:
    shop = Shop(tmp_path, "--decimals", "2")
    words = ["--decimal-mark", mark] if mark else []
    ran = shop.import_text(NATIVE.replace(",", ";") + f"2022-03-01;A;received;{text}\n", *words)
    assert (ran.code, log(shop, "quantity")) == (0 if value else 3, [(value,)] if value else [])
    if value is None:
        assert f"line 2, quantity {text!r}: quantity " in ran.err


@pytest.mark.parametrize("figure", ["1.000", "1,000", "250.000", "1.500"])
def test_a_figure_of_two_readings_is_a_bad_row_that_names_both(shop: Shop, figure: str) -> None:
    ran = shop.import_text(f"date;sku;type;quantity\n2022-03-01;A;received;{figure}\n")
    first, last = figure[:-4].rstrip(), figure.replace(",", "").replace(".", "")
    fraction = figure[-3:].rstrip("0")
    one = f"{first}.{fraction}" if fraction else first
    assert ran.code == 3
    assert (
        f"line 2, quantity '{figure}': quantity '{figure}' can be read as {one} or as {last}: "
        "--decimal-mark says" in ran.err
    )


@pytest.mark.parametrize(
    ("figures", "words", "on_hand"),
    [
        (["1.000", "2.500"], [], None),
        (["1.000", "1.5"], [], "2.500"),
        (["0.250", "1.000"], [], "1.250"),
        (["1.000", "1234"], [], None),
        (["1.000", "1,000"], ["--skip-bad"], None),
        # Where the point parts decimals, a comma can only part thousands.
        (["1.000", "0.5", "1,000"], [], "1001.500"),
        (["1.000", "2.500"], ["--decimal-mark", "."], "3.500"),
        (["1.000", "2.500"], ["--decimal-mark", ","], "3500.000"),
    ],
)
def test_with_three_decimals_the_figures_say_what_the_point_is_or_the_file_is_refused(
    tmp_path: Path, figures: list[str], words: list[str], on_hand: str | None
) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    ran = shop.import_text(received(figures), *words)
    if on_hand is None:
        assert ran.code == 3
        assert "quantity, line 2: quantity '1.000' can be read as 1 or as 1000" in ran.err
        assert "hint: --decimal-mark . if the point parts decimals" in ran.err
        assert shop.json("log") == []
    else:
        assert [row["on_hand"] for row in shop.json("stock")] == [on_hand]


@pytest.mark.parametrize("figures", list(permutations(["1.000", "0.5", "2.500.000"])))
def test_figures_of_a_column_that_contradict_each_other_decide_nothing(
    tmp_path: Path, figures: tuple[str, ...]
) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    ran = shop.import_text(received(figures), "--skip-bad")
    lines = {figure: line for line, figure in enumerate(figures, start=2)}
    assert (
        f", quantity, line {lines['1.000']}: quantity '1.000' can be read as 1 or as 1000; "
        + "; ".join(f"line {line} has '{f}'" for f, line in lines.items() if f != "1.000")
    ) in ran.err
    assert (ran.code, shop.json("log")) == (3, [])


@pytest.mark.parametrize("figure", ["0,5", "2.500.000", "1.234,5", "1234,567"])
def test_a_figure_that_shows_another_mark_than_the_point_is_named_beside_the_doubtful(
    tmp_path: Path, figure: str
) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    ran = shop.import_text(received(["7", "1.000", figure]), "--skip-bad")
    assert f"line 3: quantity '1.000' can be read as 1 or as 1000; line 4 has {figure!r}\n" in (
        ran.err
    )
    assert (ran.code, "hint: --decimal-mark . if the point" in ran.err) == (3, True)
    assert shop.import_text(received(["7", "1.000", figure]), "--decimal-mark", ",").code == 0
    assert shop.json("log")[1]["quantity"] == "1000.000"


def test_each_column_decides_for_itself_and_where_dates_wait_the_line_is_right(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    text = "date;sku;type;in;out;left\n05/13/2022;A;move;1.000;;\n05/14/2022;A;move;;0.5;{}\n"
    words = ["--column", "quantity_in=in", "--column", "quantity_out=out", "--column"]
    words += ["balance=left", "--kind", "move=adjusted", "--set", "reason=tidied"]
    ran = shop.import_text(text.format("0.5"), *words)
    assert (ran.code, ", in, line 2: quantity '1.000' can be read as" in ran.err) == (3, True), ran
    text = text.replace("1.000", "1.5")
    ran = shop.import_text(text.format("1.000"), *words)
    assert (ran.code, ", left, line 3: quantity '1.000' can be read" in ran.err) == (3, True), ran
    assert shop.import_text(text.format("1.000"), *words, "--decimal-mark", ".").code == 0


def test_a_figure_that_begins_with_zero_parts_no_thousands(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    for figure, mark in (("0.500", ","), ("0,500", "."), ("-0.500", ",")):
        ran = shop.import_text(received([figure]), "--decimal-mark", mark)
        assert (ran.code, f"is not a number with the decimal mark {mark!r}" in ran.err) == (3, True)


@pytest.mark.parametrize("figure", ["1.234,5-", "(1.234,5)", "\u22121.234,5", "1 000-", "1'000"])
def test_marks_that_need_an_option_are_said_to_whatever_the_sign(
    tmp_path: Path, figure: str
) -> None:
    shop = Shop(tmp_path, "--decimals", "1")
    ran = shop.import_text(received([figure]), "--signed", "change")
    assert "is not a plain number: --decimal-mark says what its marks are" in ran.err


def test_a_list_whose_figures_can_all_be_read_in_two_ways_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    ran = shop("reconcile", "-", input="sku,quantity\nA,1.000\n")
    why = "-, quantity, line 2: quantity '1.000' can be read as 1 or as 1000"
    assert (ran.code, why in ran.err) == (3, True), ran
    ran = shop("reconcile", "-", "--decimal-mark", ".", input="sku,quantity\nA,1.000\n")
    assert (ran.code, "A" in ran.out) == (1, True), ran
