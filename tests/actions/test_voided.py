"""What was voided stays voided: neither its row nor its id is recorded again unless meant."""

import json
from pathlib import Path

import pytest

from tests.conftest import Ran, Shop

HEADER = "date,sku,type,quantity\n"
FIRST = HEADER + "2022-05-01,A,received,9\n2022-05-02,A,sold,1\n2022-05-03,A,sold,2\n"
SECOND = FIRST + "2022-05-04,A,sold,3\n"
SKIP, KEEP = ("--overlap", "skip"), ("--overlap", "keep")
LEFT_OUT = "1 row equals event 3, voided by 4"
WHY = ("--reason", "never happened")


def counts(ran: Ran) -> str:
    assert ran.code == 0, ran
    return ran.out.splitlines()[0]


def voided(shop: Shop) -> Shop:
    """Import the first file, and void its last sale."""
    assert shop.import_text(FIRST, name="d1.csv").code == 0
    shop.ok("reverse", 3, *WHY)
    return shop


@pytest.mark.parametrize("text", [FIRST, SECOND])
def test_a_row_that_equals_a_voided_event_is_left_out_and_named(shop: Shop, text: str) -> None:
    voided(shop)
    new = text.count("\n") - FIRST.count("\n")
    ran = shop.import_text(text, *SKIP, name="d2.csv")
    assert counts(ran) == f"read {3 + new}, appended {new}, skipped 3, refused 0"
    assert LEFT_OUT in ran.err
    assert shop.on_hand("A") == (5 if new else 8)
    # Its twin is not.
    ran = shop.import_text(text + "2022-05-03,A,sold,2\n", *SKIP, name="d3.csv")
    assert counts(ran) == f"read {4 + new}, appended 1, skipped {3 + new}, refused 0"
    assert LEFT_OUT in ran.err
    assert shop.failed_checks() == {}


def test_without_saying_what_overlaps_mean_only_standing_events_stop_a_file(shop: Shop) -> None:
    voided(shop)
    ran = shop.import_text(HEADER + "2022-05-03,A,sold,2\n2022-05-04,A,sold,3\n")
    assert counts(ran) == "read 2, appended 1, skipped 1, refused 0"
    assert LEFT_OUT in ran.err
    ran = shop.import_text(SECOND)
    assert ran.code == 3
    assert "3 of the rows look recorded already; the first is line 2, which equals event 1" in (
        ran.err
    )
    assert LEFT_OUT not in ran.err


def test_keep_records_what_was_voided(shop: Shop) -> None:
    voided(shop)
    ran = shop.import_text(HEADER + "2022-05-03,A,sold,2\n", *KEEP)
    assert counts(ran) == "read 1, appended 1, skipped 0, refused 0"
    assert shop.on_hand("A") == 6


def test_the_same_file_is_known_though_all_of_it_was_voided_one_by_one(shop: Shop) -> None:
    text = HEADER + "2022-05-01,A,received,9\n"
    shop.import_text(text)
    shop.ok("reverse", 1, *WHY)
    ran = shop.import_text(text)
    assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
    assert "the same file was recorded before, as batch 1" in ran.err
    assert shop.on_hand("A") == 0


def test_an_import_that_was_voided_as_a_whole_is_forgotten(shop: Shop) -> None:
    shop.import_text(FIRST)
    shop.ok("reverse", "--batch", 1, *WHY)
    (line,) = [line for line in shop.ok("export").out.splitlines() if "forgets" in line]
    assert json.loads(line)["batch"]["details"] == '{"forgets":"1"}'
    ran = shop.import_text(FIRST)
    assert counts(ran) == "read 3, appended 3, skipped 0, refused 0"
    assert "voided" not in ran.err
    assert counts(shop.import_text(SECOND, *SKIP)) == "read 4, appended 1, skipped 3, refused 0"
    assert shop.on_hand("A") == 3
    assert shop.failed_checks() == {}


def test_what_was_voided_by_itself_is_not_forgotten_with_its_import(shop: Shop) -> None:
    voided(shop)
    shop.ok("reverse", "--batch", 1, *WHY)
    ran = shop.import_text(FIRST)
    assert counts(ran) == "read 3, appended 2, skipped 1, refused 0"
    assert LEFT_OUT in ran.err
    assert shop.on_hand("A") == 8


def test_only_an_import_is_forgotten(shop: Shop) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-05-01", "--id", "w1")
    shop.ok("reverse", "--batch", 1, *WHY)
    ran = shop.import_text(HEADER + "2022-05-01,A,received,9\n")
    assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
    assert "1 row equals event 1, voided by 2" in ran.err
    ran = shop.ok("receive", "A", 9, "--on", "2022-05-01", "--id", "w1")
    assert (
        "recorded before under the same id as event 1, which was voided by event 2; nothing was "
        "appended"
    ) in ran.err
    assert len(shop.json("log")) == 2


def test_ids_of_rows_and_of_commands(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    text = header + "2022-05-01,A,received,9,k0\n2022-05-02,A,sold,3,w1\n"
    shop.import_text(text)
    shop.ok("reverse", 2, *WHY)
    again = header + "2022-05-02,A,sold,3,w1\n"
    for words in ((), SKIP):
        ran = shop.import_text(again, *words)
        assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
        assert "1 row equals event 2, voided by 3" in ran.err
    ran = shop("sell", "A", 3, "--id", "w1")
    assert (ran.code, "on hand 9" in ran.out) == (0, True)
    assert "under the same id as event 2, which was voided by event 3" in ran.err
    line = json.dumps({"type": "sold", "sku": "A", "quantity": 3, "id": "w1"}) + "\n"
    answer = json.loads(shop.ok("record", "-", input=line).out)
    assert (answer["already"], answer["voided_by"]) == (True, 3)
    # Another content under the id is refused, by whatever way.
    ran = shop("sell", "A", 4, "--id", "w1")
    assert ran.code == 3
    assert "the id 'w1' is taken by event 2 (voided by 3), which differs in its quantity" in ran.err
    ran = shop.import_text(header + "2022-05-02,A,sold,4,w1\n", *SKIP)
    assert (ran.code, "taken by event 2 (voided by 3), which differs" in ran.err) == (3, True)
    assert len(shop.json("log")) == 3
    # Unless it is meant.
    ran = shop.import_text(again, *KEEP)
    assert counts(ran) == "read 1, appended 1, skipped 0, refused 0"
    assert shop.on_hand("A") == 6
    ran = shop.ok("sell", "A", 3, "--id", "w1")
    assert "recorded before under the same id; nothing was appended" in ran.err
    assert counts(shop.import_text(again, *KEEP)) == "read 1, appended 0, skipped 1, refused 0"


def test_all_that_was_ever_under_an_id_is_known(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    rows = [f"2022-05-01,A,received,{quantity},k\n" for quantity in (5, 6)]
    shop.import_text(header + rows[0])
    shop.ok("reverse", 1, *WHY)
    assert shop.import_text(header + rows[1], *KEEP).code == 0
    for row in rows:
        ran = shop.import_text(header + row, *SKIP)
        assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
    assert "differs in its quantity" in shop("receive", "A", 7, "--id", "k").err
    assert shop.on_hand("A") == 6


def test_the_ids_of_a_forgotten_import_may_come_again_with_other_content(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    shop.import_text(header + "2022-05-01,A,received,5,k\n")
    shop.ok("reverse", "--batch", 1, *WHY)
    ran = shop.import_text(header + "2022-05-01,A,received,6,k\n")
    assert counts(ran) == "read 1, appended 1, skipped 0, refused 0"
    assert shop.on_hand("A") == 6


def test_a_transfer_that_was_voided_is_known_by_where_it_went(shop: Shop) -> None:
    header = "date,sku,type,quantity,location,to_location\n"
    shop.ok("receive", "A", 9, "--on", "2022-05-01")
    shop.ok("transfer", "A", 2, "--from", "main", "--to", "shop", "--on", "2022-05-02")
    shop.ok("reverse", 3, *WHY)
    ran = shop.import_text(header + "2022-05-02,A,transferred,2,main,shop\n", *SKIP)
    assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
    assert "1 row equals event 2, voided by 4" in ran.err
    ran = shop.import_text(header + "2022-05-02,A,transferred,2,main,depot\n", *SKIP)
    assert counts(ran) == "read 1, appended 1, skipped 0, refused 0"


def test_restored_and_migrated_files_know_it_too(shop: Shop, tmp_path: Path) -> None:
    shop.import_text(FIRST)
    shop.ok("reverse", "--batch", 1, *WHY)
    shop.import_text(FIRST)
    shop.ok("reverse", 9, *WHY)
    export = shop.ok("export").out
    shop.path = tmp_path / "copy.db"
    shop.ok("restore", "-", input=export)
    ran = shop.import_text(SECOND, *SKIP)
    assert counts(ran) == "read 4, appended 1, skipped 3, refused 0"
    assert "1 row equals event 9, voided by 10" in ran.err
