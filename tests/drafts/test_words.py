"""What the words of headers, types and cells mean, in the languages of the table."""

import csv
from importlib.resources import files

import pytest

from inventory_cli.drafting.headers import rank
from inventory_cli.drafting.words import folded_words, is_empty_word, kind_of, meanings

TABLE = (files("inventory_cli.drafting") / "words.csv").read_text(encoding="utf-8")


def test_every_meaning_has_a_cell_for_every_language() -> None:
    head, *rows = csv.reader(TABLE.splitlines())
    assert head[1:7] == ["en", "de", "fr", "es", "pt", "ja"]
    assert {len(row) for row in rows} == {len(head)}
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "header",
    ["Fecha Movimiento", "fecha_movimiento", "FechaMovimiento", "FECHA-MOVIMIENTO"],
)
def test_case_blanks_and_capitals_make_no_difference(header: str) -> None:
    assert meanings(header).all == {"date", "movement"}


def test_accents_width_and_units_make_no_difference() -> None:
    assert folded_words("Código (kg)") == folded_words("CODIGO") == ["codigo"]
    assert folded_words("ＳＫＵ　Ｎｏ") == folded_words("sku no")
    assert folded_words("N° pièce") == folded_words("Nº piece") == ["no", "piece"]
    assert folded_words("ｺｰﾄﾞ") == folded_words("コード")
    # A sound mark in Japanese is no accent.
    assert folded_words("バ") != folded_words("ハ")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Artikelnummer", {"item", "number"}),
        ("Bewegungsart", {"movement", "type"}),
        ("Chargennummer", {"batch", "number"}),
        ("movementid", {"movement", "number", "id"}),
        ("現在庫", {"after", "stock"}),
        ("入出庫区分", {"movement", "type"}),
        ("inventado", set()),
    ],
)
def test_words_that_are_run_together_are_taken_apart(word: str, found: set[str]) -> None:
    assert meanings(word).all == found


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("warehouse_location", "location"),
        ("Storage Location", "location"),
        ("Plant", "location"),
        ("facility_id", "location"),
        ("Almacén", "location"),
        ("Lager", "location"),
        ("Depot", "location"),
        ("entrepôt", "location"),
        ("depósito", "location"),
        ("倉庫", "location"),
        ("To Warehouse", "to_location"),
        ("stock_antes", "before"),
        ("Bestand nachher", "balance"),
        ("在庫数", "balance"),
        ("Qté entrée", "quantity_in"),
        ("units_shipped", "quantity_out"),
        ("Lagerbestand", "balance"),
        ("Material Document", "reference"),
    ],
)
def test_which_field_a_header_names(header: str, field: str) -> None:
    assert rank(field, header) is not None
    assert field == "reference" or rank("sku", header) is None


@pytest.mark.parametrize("header", ["Expiry Date", "Due date", "fecha de caducidad"])
def test_what_is_expected_is_no_date_of_a_movement(header: str) -> None:
    assert rank("date", header) is None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Retour client", "returned"),
        ("Retour fournisseur", "removed"),
        ("Purchase Return", "removed"),
        ("Saída", "removed"),
        ("入庫", "received"),
        ("売却", "sold"),
        ("TRANSFER_OUT", "transferred_out"),
        ("Transfer In", "transferred_in"),
        ("Stock adjustment in", "received"),
        ("Count adjustment", "adjusted"),
        ("Wareneingang", "received"),
        ("Cancelled sale", None),
        ("Kiadás", None),
    ],
)
def test_what_a_type_means(word: str, kind: str | None) -> None:
    assert kind_of(word) == kind


@pytest.mark.parametrize("text", ["null", "N/A", "-", "—", "not stocked", "Keine"])
def test_words_for_an_empty_cell(text: str) -> None:
    assert is_empty_word(text)


@pytest.mark.parametrize("text", ["0", "none left", "A-1", "\x1b"])
def test_what_is_no_word_for_an_empty_cell(text: str) -> None:
    assert not is_empty_word(text)
