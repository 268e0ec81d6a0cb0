"""`import --try` shows draft, outcome and stock, and writes nothing. What is open is decided."""

from pathlib import Path

import pytest

from inventory_cli.core.events import BEGUN, SHARED
from inventory_cli.storage.ledger_file import Ledger
from tests.conftest import Shop

MOVES = "Fecha,Código,Tipo,Cantidad,Almacén\n2024-03-01,P1,ENTRADA,5,N\n2024-03-02,P1,SALIDA,2,N\n"


@pytest.fixture
def file(shop: Shop) -> Path:
    path = shop.folder / "moves.csv"
    path.write_text(MOVES, encoding="utf-8")
    return path


def test_it_works_on_a_copy_of_the_ledger(shop: Shop, file: Path) -> None:
    shop.ok("receive", "P1", "7", "--on", "2024-02-01", "--location", "N")
    before, names = shop.path.read_bytes(), set(shop.folder.iterdir())
    ran = shop.ok("import", file, "--try")
    assert 'location = "Almacén"' in ran.out
    assert "read 2, would be appended 2" in ran.out
    assert "P1   N              10" in ran.out
    assert f"tried on a copy of {shop.path}" in ran.err
    assert (shop.path.read_bytes(), set(shop.folder.iterdir())) == (before, names)


def test_the_copy_of_a_shared_log_is_nobodys(
    shop: Shop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "sharing", lambda ledger: {SHARED: BEGUN})
    assert "read 2, would be appended 2" in shop.ok("import", file, "--try").out


def test_without_a_ledger_it_says_so_and_makes_none(shop: Shop, file: Path) -> None:
    shop.path.unlink()
    ran = shop.ok("import", file, "--try")
    assert "so it was tried on an empty ledger" in ran.err
    assert "P1   N               3" in ran.out
    assert not shop.path.exists()
    assert shop.ok("import", "-", "--try", input=MOVES).out == ran.out.replace("moves.csv", "-")


def test_decimals_are_those_that_the_file_needs(shop: Shop, file: Path) -> None:
    shop.path.unlink()
    file.write_text(MOVES.replace(",5,", ",5.25,"), encoding="utf-8")
    assert "3.25" in shop.ok("import", file, "--try").out


def test_what_is_refused_is_said_with_the_stock_that_there_would_be(shop: Shop, file: Path) -> None:
    file.write_text(MOVES.replace(",2,", ",9,"), encoding="utf-8")
    ran = shop("import", file, "--try")
    assert ran.code == 3
    assert "4 missing (line 3)" in ran.err
    assert "P1   N              -4" in ran.out
    assert shop("import", file, "--try", "--allow-negative").code == 0


def test_opening_balances_of_the_draft_come_first(shop: Shop, file: Path) -> None:
    file.write_text(
        "date,sku,type,quantity,stock after\n2024-01-02,A,sale,1,6\n"
        "2024-01-03,A,sale,2,4\n2024-01-04,A,sale,1,3\n"
    )
    ran = shop.ok("import", file, "--try")
    assert "inventory open A 7 --on 2024-01-02" in ran.out
    assert "1 opening balance of the draft recorded first" in ran.err
    assert "A    main            3" in ran.out
    # More is known of the SKU than the draft can know.
    shop.ok("receive", "A", "50", "--on", "2024-01-01")
    ran = shop.ok("import", file, "--try")
    assert "would be refused, and so were not recorded first" in ran.err
    assert "A    main           46" in ran.out


@pytest.mark.parametrize("words", ["--dry-run", "--profile online-retail", "--format json"])
def test_options_that_mean_nothing_to_it_are_refused(shop: Shop, file: Path, words: str) -> None:
    ran = shop("import", file, "--try", *words.split())
    assert ran.code == 2
    assert "--try" in ran.err


OPEN = """\
date,sku,type,qty,warehouse,zone
2024-01-01,A,in,5,W1,Z1
2024-01-02,A,in,2,W1,Z2
2024-01-03,A,out,1,W2,Z1
"""


def test_what_a_draft_leaves_open_stops_an_import_until_it_is_decided(
    shop: Shop, file: Path
) -> None:
    file.write_text(OPEN, encoding="utf-8")
    drafted = shop.ok("import", file, "--draft").out
    assert (
        '# - which column is the location: "warehouse" (2 values) or "zone" (2 values)' in drafted
    )
    profile = shop.folder / "draft.toml"
    profile.write_text(drafted, encoding="utf-8")
    ran = shop("import", file, "--profile", profile)
    assert ran.code == 3
    assert "moves.csv, line 1: the profile leaves open which column is the location: '?'" in ran.err
    assert "hint: write the column's name in place of the ? under [columns]" in ran.err
    words = ("--profile", profile, "--dry-run", "--allow-negative")
    for decision in (("--column", "location=zone"), ("--set", "location=shop")):
        assert shop("import", file, *words, *decision).code == 0
    lines = [line for line in drafted.splitlines() if not line.startswith("location")]
    profile.write_text("\n".join(lines), encoding="utf-8")
    assert shop("import", file, *words).code == 0


def test_a_column_may_be_called_so(shop: Shop, file: Path) -> None:
    file.write_text("date,sku,type,quantity,?\n2024-01-01,A,received,5,W1\n", encoding="utf-8")
    shop.ok("import", file, "--column", "location=?")
    assert shop.json("stock", "--by-location")[0]["location"] == "W1"
