"""A SKU or a location that nobody has seen, and a place that nobody said: on every way."""

import json
from pathlib import Path

import pytest

from tests.conftest import Ran, Shop

DATE = "2022-03-01"


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A ledger in which a mug lies at two places, and none at main."""
    shop.ok("receive", "MUG-BLUE", 120, "--location", "depot", "--on", DATE)
    shop.ok("receive", "MUG-BLUE", 24, "--location", "shop", "--on", DATE)
    return shop


WAYS = ["command", "record", "one batch", "import", "reconcile"]


def count(
    shop: Shop, way: str, sku: str, location: str | None, *words: str, quantity: int = 5
) -> Ran:
    """Count a SKU, at a location or without one, on one of the ways to record."""
    if way == "command":
        where = [] if location is None else ["--location", location]
        return shop("count", sku, quantity, "--on", DATE, *where, *words)
    if way in ("record", "one batch"):
        line = {"type": "counted", "sku": sku, "quantity": quantity, "date": DATE}
        line |= {} if location is None else {"location": location}
        batch = ["--one-batch"] if way == "one batch" else []
        return shop("record", "-", *batch, *words, input=json.dumps(line))
    # The column is there, and blank where nothing is said.
    row = f"{sku},{location or ' '},{quantity}"
    if way == "import":
        text = f"date,type,sku,location,quantity\n{DATE},counted,{row}\n"
        return shop.import_text(text, *words)
    file = shop.folder / "list.csv"
    file.write_text(f"sku,location,quantity\n{row}\n", encoding="utf-8")
    counting = ["--partial", "--count", "--reason", "stock-take", "--as-of", DATE]
    return shop("reconcile", file, *counting, *words)


def events(shop: Shop) -> int:
    return len(shop.json("log"))


# --- new names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_the_first_event_of_a_name_says_so_and_what_it_is_like(stocked: Shop, way: str) -> None:
    ran = count(stocked, way, "MUG-BULE", "shpo")
    assert ran.code == 0
    said = ran.json["notes"] if way in ("record", "one batch") else ran.err.splitlines()
    assert said[-2:] == [
        "new SKU MUG-BULE (there is MUG-BLUE)",
        "new location shpo (there is shop)",
    ]
    again = count(stocked, way, "MUG-BULE", "shpo", quantity=6)
    assert "new" not in again.out + again.err


def test_the_first_of_all_is_new_and_the_built_in_location_is_not(shop: Shop) -> None:
    assert shop.ok("receive", "A", 1).err == "new SKU A\n"
    assert shop.ok("receive", "A", 1, "--location", "depot").err == "new location depot\n"
    assert shop.ok("transfer", "A", 1, "--from", "depot", "--to", "DEPOT").err == (
        "new location DEPOT (there is depot)\n"
    )


def test_a_refused_batch_makes_no_name_known(stocked: Shop) -> None:
    assert stocked("sell", "PEN", 1, "--location", "shop").code == 3
    assert stocked.ok("receive", "PEN", 1, "--location", "shop").err == "new SKU PEN\n"


def test_an_import_sums_up_what_is_new_those_that_are_like_others_first(stocked: Shop) -> None:
    rows = [f"{DATE},T-{number},received,1,shop\n" for number in range(30)]
    rows.append(f"{DATE},mug-blue,received,1,Shop\n")
    text = "date,sku,type,quantity,location\n" + "".join(rows)
    said = [
        "31 new SKUs: mug-blue (there is MUG-BLUE); T-0; T-1; and 28 more",
        "new location Shop (there is shop)",
    ]
    assert stocked.import_text(text, "--dry-run").err.splitlines() == said
    assert stocked.import_text(text).err.splitlines() == said
    assert stocked.import_text(text + rows[0], "--overlap", "keep").err == ""


def test_a_reversed_event_does_not_make_a_name_new_again(stocked: Shop) -> None:
    stocked.ok("receive", "PEN", 1, "--location", "shop")
    stocked.ok("reverse", 3, "--reason", "never came")
    assert stocked.ok("receive", "PEN", 1, "--location", "shop").err == ""


# --- only known names ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("sku", "location", "said"),
    [
        ("MUG-BULE", "shop", "MUG-BULE is a new SKU (there is MUG-BLUE)"),
        ("MUG-BLUE", "shpo", "shpo is a new location (there is shop)"),
    ],
)
def test_a_new_name_is_refused_where_only_known_ones_may_be(
    stocked: Shop, way: str, sku: str, location: str, said: str
) -> None:
    ran = count(stocked, way, sku, location, "--known-only")
    assert (ran.code, said in ran.out + ran.err) == (3, True)
    assert events(stocked) == 2
    assert count(stocked, way, "MUG-BLUE", "shop", "--known-only").code == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("value", "code"), [("1", 3), ("yes", 3), ("0", 0), ("false", 0), ("No", 0), ("", 0)]
)
def test_the_environment_may_ask_for_known_names_only(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch, way: str, value: str, code: int
) -> None:
    monkeypatch.setenv("INVENTORY_KNOWN_ONLY", value)
    assert count(stocked, way, "PEN", "shop").code == code


def test_an_environment_that_asks_for_known_names_does_not_stop_a_comparison(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVENTORY_KNOWN_ONLY", "1")
    file = stocked.folder / "list.csv"
    file.write_text("sku,location,quantity\nPEN,shop,1\n", encoding="utf-8")
    ran = stocked("reconcile", file, "--partial")
    assert (ran.code, "compared 1 stream: 1 differs" in ran.err) == (1, True)


@pytest.mark.parametrize("counting", [[], ["--count", "--reason", "stock-take"]])
def test_a_list_that_is_compared_says_which_of_its_names_are_new(
    stocked: Shop, counting: list[str]
) -> None:
    file = stocked.folder / "list.csv"
    file.write_text("sku,location,quantity\nMUG-BULE,shpo,1\nMUG-BLUE,shpo,2\n", encoding="utf-8")
    ran = stocked("reconcile", file, "--partial", *counting)
    new = ["new location shpo (there is shop)", "new SKU MUG-BULE (there is MUG-BLUE)"]
    assert [line for line in ran.err.splitlines() if line.startswith("new ")] == new


def test_of_a_list_without_locations_only_the_skus_can_be_new(stocked: Shop) -> None:
    file = stocked.folder / "list.csv"
    file.write_text("sku,quantity\nMUG-BULE,0\nMUG-BLUE,0\n", encoding="utf-8")
    said = stocked("reconcile", file).err.splitlines()
    assert [line for line in said if line.startswith("new ")] == [
        "new SKU MUG-BULE (there is MUG-BLUE)"
    ]


def test_new_names_are_bad_rows_and_the_others_may_be_recorded(stocked: Shop) -> None:
    rows = ["PEN,received,1,shop", "MUG-BLUE,received,1,shop", "MUG-BLUE,received,1,shpo"]
    text = "date,sku,type,quantity,location\n" + "".join(f"{DATE},{row}\n" for row in rows)
    errors = stocked.folder / "bad.csv"
    ran = stocked.import_text(text, "--known-only", "--errors", str(errors))
    assert (ran.code, "read 3, appended 0, skipped 0, refused 2" in ran.out) == (3, True)
    assert "line 2, sku 'PEN': PEN is a new SKU, and only known names are allowed" in ran.err
    assert "line 4, location 'shpo': shpo is a new location (there is shop)" in ran.err
    assert len(errors.read_text().splitlines()) == 3
    ran = stocked.import_text(text, "--known-only", "--skip-bad")
    assert (ran.code, "read 3, appended 1, skipped 0, refused 2" in ran.out) == (0, True)


def test_a_retry_of_what_was_recorded_is_no_new_name(stocked: Shop) -> None:
    words = ["receive", "PEN", 1, "--location", "shop", "--on", DATE, "--id", "w1"]
    stocked.ok(*words)
    assert "nothing was appended" in stocked.ok(*words, "--known-only").err


# --- where it is --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_place_that_nobody_said_is_refused_where_a_sku_lies_elsewhere(
    stocked: Shop, way: str
) -> None:
    ran = count(stocked, way, "MUG-BLUE", None)
    said = ran.out + ran.err
    assert ran.code == 3
    assert "MUG-BLUE lies at depot (120) and shop (24), not at main" in said
    assert "say where" in said or "give the list a location" in said
    assert events(stocked) == 2


@pytest.mark.parametrize("way", WAYS)
def test_who_says_main_means_it(stocked: Shop, way: str) -> None:
    assert count(stocked, way, "MUG-BLUE", "main").code == 0
    assert count(stocked, way, "MUG-BLUE", None, quantity=6).code == 0
    assert stocked.on_hand("MUG-BLUE") == 150


@pytest.mark.parametrize("way", WAYS)
def test_an_unknown_sku_goes_to_main(stocked: Shop, way: str) -> None:
    assert count(stocked, way, "PEN", None).code == 0
    assert stocked.json("stock", "PEN", "--by-location")[0]["location"] == "main"


@pytest.mark.parametrize("way", WAYS)
def test_the_environment_says_where(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("INVENTORY_LOCATION", "shop")
    assert count(stocked, way, "MUG-BLUE", None).code == 0
    assert count(stocked, way, "PEN", None).code == 0
    assert {row["location"] for row in stocked.json("log")[2:]} == {"shop"}
    assert count(stocked, way, "MUG-BLUE", "depot").code == 0
    assert stocked.json("log")[-1]["location"] == "depot"


def test_a_list_without_locations_counts_an_unknown_sku_where_the_environment_says(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVENTORY_LOCATION", "shop")
    file = stocked.folder / "list.csv"
    file.write_text("sku,quantity\nPEN,3\n", encoding="utf-8")
    stocked.ok("reconcile", file, "--partial", "--count", "--reason", "stock-take")
    assert stocked.json("stock", "PEN", "--by-location")[0]["location"] == "shop"


def test_what_a_file_put_elsewhere_before_counts_too(shop: Shop) -> None:
    text = f"date,sku,type,quantity,location\n{DATE},A,received,5,depot\n{DATE},A,counted,4,\n"
    ran = shop.import_text(text)
    assert ran.code == 3
    assert "line 3, location '': A lies at depot, not at main" in ran.err
    assert shop.import_text(text, "--skip-bad").code == 0
    assert shop.on_hand("A") == 5


def test_a_constant_and_a_side_of_a_transfer_are_said(stocked: Shop) -> None:
    header = "date,sku,type,quantity,to_location\n"
    counted = f"{header}{DATE},MUG-BLUE,counted,4,\n"
    assert stocked.import_text(counted).code == 3
    assert stocked.import_text(counted, "--set", "location=main").code == 0
    stocked.ok("receive", "PEN", 3, "--location", "depot", "--on", DATE)
    sent = f"{header}{DATE},PEN,transferred,2,main\n"
    assert stocked.import_text(sent, "--set", "location=depot", name="sent.csv").code == 0


def test_a_place_is_only_guessed_as_long_as_nothing_was_there(stocked: Shop) -> None:
    stocked.ok("transfer", "MUG-BLUE", 20, "--from", "depot", "--to", "main", "--on", DATE)
    stocked.ok("sell", "MUG-BLUE", 20, "--on", DATE)
    assert stocked("count", "MUG-BLUE", 0).code == 0


def test_a_place_at_which_something_arrives_later_has_nothing_yet(shop: Shop) -> None:
    shop.ok("receive", "A", 7, "--location", "depot", "--on", "2062-01-01")
    assert "A lies at depot (0), not at main" in shop("receive", "A", 1).err


# --- a shortage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["command", "record", "one batch", "import"])
def test_a_shortage_says_where_there_is_some(stocked: Shop, way: str) -> None:
    stocked.ok("receive", "MUG-BLUE", 9, "--location", "later", "--on", "2062-01-01")
    sale = {"type": "sold", "sku": "MUG-BLUE", "quantity": 30, "location": "shop", "date": DATE}
    if way == "command":
        ran = stocked("sell", "MUG-BLUE", 30, "--location", "shop", "--on", DATE)
    elif way == "import":
        text = ",".join(sale) + "\n" + ",".join(map(str, sale.values())) + "\n"
        ran = stocked.import_text(text)
    else:
        batch = ["--one-batch"] if way == "one batch" else []
        ran = stocked("record", "-", *batch, input=json.dumps(sale))
    assert ran.code == 3
    said = ran.out + ran.err
    assert "24 on hand then, 6 missing" in said
    assert "there is some elsewhere: 120 at depot; look at" in said


def test_a_shortage_of_what_nobody_has_seen_says_what_it_is_like(stocked: Shop) -> None:
    ran = stocked("sell", "MUG-BULE", 1, "--location", "shpo")
    assert (ran.code, "0 on hand then, 1 missing" in ran.err) == (3, True)
    assert (
        "hint: new SKU MUG-BULE (there is MUG-BLUE); new location shpo (there is shop); look at"
    ) in ran.err


def test_where_there_is_none_nothing_is_said_of_it(shop: Shop) -> None:
    shop.ok("receive", "A", 1, "--on", DATE)
    assert "hint: look at" in shop("sell", "A", 2, "--on", DATE).err


# --- questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["stock"], ["as-of", DATE], ["history", "MUG-BLUE"], ["stock", "MUG-BLUE"]]
)
def test_a_question_about_an_unknown_location_says_so(stocked: Shop, words: list[str]) -> None:
    ran = stocked.ok(*words, "--location", "shpo", "--format", "json")
    assert ran.json == []
    assert "there is no location shpo (there is shop)" in ran.err.splitlines()
    assert "no location" not in stocked.ok(*words, "--location", "depot").err


def test_a_question_about_an_unknown_sku_says_what_it_is_like(stocked: Shop) -> None:
    assert (
        stocked.ok("stock", "MUG-BULE").err == "no event of MUG-BULE by then (there is MUG-BLUE)\n"
    )
    assert stocked.ok("history", "mug-blue").err == (
        "no event of mug-blue in that time (there is MUG-BLUE)\n"
    )
    # This one is known, at another time or place.
    assert stocked.ok("as-of", "2021-01-01", "MUG-BLUE").err.splitlines()[1:] == [
        "no event of MUG-BLUE by then"
    ]


def test_an_empty_ledger_has_the_built_in_location(shop: Shop) -> None:
    assert shop.ok("stock", "--location", "main").err == ""
    assert shop.ok("stock", "--location", "depot").err == "there is no location depot\n"


# --- what spreadsheets make of a SKU --------------------------------------------------------------

SPOILT = ["4.00638E+12", "1,23E+05", "4e+12", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"]
SPOILT += ["#NV", "#BEZUG!", "#¿NOMBRE?", "########"]


@pytest.mark.parametrize("cell", SPOILT)
def test_what_a_spreadsheet_spoilt_is_no_sku(shop: Shop, tmp_path: Path, cell: str) -> None:
    rows = f'date,sku,type,quantity\n{DATE},"{cell}",received,5\n'
    ran = shop.import_text(rows)
    assert (ran.code, f"line 2, sku '{cell}': this is" in ran.err) == (3, True)
    assert "--take-as-is" in ran.err
    listed = tmp_path / "list.csv"
    listed.write_text(f'sku,quantity\n"{cell}",5\n', encoding="utf-8")
    assert f"line 2, sku '{cell}': this is" in shop("reconcile", listed).err
    assert shop.import_text(rows, "--take-as-is").code == 0
    assert shop.on_hand(cell) == 5
    assert shop("reconcile", listed, "--take-as-is").code == 0
    # Who types it means it.
    shop.ok("receive", cell, 1)


def test_a_profile_may_take_skus_as_they_are(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "raw.toml").write_text("take_as_is = true\n")
    rows = f"date,sku,type,quantity\n{DATE},#N/A,received,5\n"
    assert shop.import_text(rows, "--profile", str(tmp_path / "raw.toml")).code == 0


@pytest.mark.parametrize("cell", ["1E5", "12E10", "E+12", "85123E", "#1", "#12!", "N/A", "A#N/A"])
def test_what_only_looks_a_little_like_it_is_a_sku(shop: Shop, cell: str) -> None:
    assert shop.import_text(f"date,sku,type,quantity\n{DATE},{cell},received,5\n").code == 0


def test_a_cell_in_which_nothing_can_be_seen_is_blank(stocked: Shop) -> None:
    text = f"date,sku,type,quantity,location\n{DATE},MUG-BLUE\ufeff,received,5,\u200b\n"
    assert "MUG-BLUE lies at" in stocked.import_text(text).err
