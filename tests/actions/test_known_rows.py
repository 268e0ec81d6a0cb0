"""Nothing is lost and nothing recorded twice when a file comes again, longer or otherwise."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions import alike
from inventory_cli.cli import options
from inventory_cli.importing.profile import shipped_profiles
from inventory_cli.storage.known import Seen, seen_between
from tests.conftest import Ran, Shop, unmeasured

HEADER = "Day;Item;What;Pieces;No\n"
MONDAY = "01/03/2022;A;IN;9;r1\n01/03/2022;A;OUT;1;s1\n01/03/2022;A;OUT;1;s1\n"
TUESDAY = "02/03/2022;A;OUT;2;s2\n02/03/2022;B;IN;4;r2\n"
WEDNESDAY = "13/03/2022;A;OUT;1;s3\n13/03/2022;A;OUT;1;s3\n"
MEANING = (
    *("--column", "date=Day", "--column", "sku=Item", "--column", "type=What"),
    *("--column", "quantity=Pieces", "--column", "reference=No", "--date-format", "%d/%m/%Y"),
    *("--kind", "IN=received", "--kind", "OUT=sold"),
)
SKIP = ("--overlap", "skip")


def load(shop: Shop, rows: str, *words: object, end: str = "\n") -> Ran:
    return shop.import_text((HEADER + rows).replace("\n", end), *MEANING, *words)


def on_hand(shop: Shop) -> dict[str, int]:
    return {row["sku"]: row["on_hand"] for row in shop.json("stock")}


def counts(ran: Ran) -> str:
    return ran.out.splitlines()[0]


def test_the_same_bytes_read_in_the_same_way_are_the_same_file(shop: Shop) -> None:
    assert load(shop, MONDAY).code == 0
    for words in (["--skip-bad"], ["--check-balances"], ["--dry-run"], ["--by", "me"]):
        ran = load(shop, MONDAY, *words)
        assert (ran.code, "appended 0, skipped 3, refused 0" in ran.out) == (0, True), ran
        assert "the same file was recorded before, as batch 1" in ran.err
    assert on_hand(shop) == {"A": 7}


SHEET = "SKU,Pieces,Free\nA,7,3\nB,5,4\n"
READ = {"date": "--set=date=2022-03-01", "quantity": "--column=quantity=Pieces",
        "type": "--set=type=counted"}  # fmt: skip


@pytest.mark.parametrize(
    "otherwise",
    [
        {"location": "--set=location=north"},
        {"date": "--set=date=2022-03-02"},
        {"quantity": "--column=quantity=Free"},
        {"type": "--set=type=received"},
    ],
    ids=str,
)
def test_the_same_bytes_that_mean_something_else_are_another_file(
    shop: Shop, otherwise: dict[str, str]
) -> None:
    assert shop.import_text(SHEET, *READ.values()).code == 0
    other = READ | otherwise
    assert counts(shop.import_text(SHEET, *other.values())) == (
        "read 2, appended 2, skipped 0, refused 0"
    )
    for words in (READ, other):
        ran = shop.import_text(SHEET, *words.values())
        assert (ran.code, "the same file was recorded before" in ran.err) == (0, True)
    assert len(shop.json("log")) == 4


def test_the_usual_place_is_a_way_of_reading_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, appended in (("north", 2), ("south", 2), ("north", 0), ("main", 2)):
        monkeypatch.setenv("INVENTORY_LOCATION", place)
        ran = shop.import_text(SHEET, *READ.values())
        assert (ran.code, f"appended {appended}" in ran.out) == (0, True), ran
    monkeypatch.delenv("INVENTORY_LOCATION")
    assert "the same file was recorded before, as batch 3" in (
        shop.import_text(SHEET, *READ.values()).err
    )
    assert {row["location"] for row in shop.json("log")} == {"north", "south", "main"}


def test_the_same_bytes_in_another_way_are_judged_row_by_row(shop: Shop) -> None:
    text = "date,sku,type,quantity,note\n2022-03-01,A,received,5,x\n"
    assert shop.import_text(text).code == 0
    ran = shop.import_text(text, "--column", "reason=note")
    assert (ran.code, "1 of the rows look recorded already" in ran.err) == (3, True)


def test_two_tills_that_sold_the_same_are_two_files(shop: Shop) -> None:
    assert load(shop, MONDAY).code == 0
    assert counts(load(shop, MONDAY, "--overlap", "keep")) == (
        "read 3, appended 3, skipped 0, refused 0"
    )
    assert on_hand(shop) == {"A": 14}
    assert "the same file was recorded before, as batch 1" in load(shop, MONDAY).err


def test_what_an_older_version_recorded_is_taken_as_read_in_the_same_way(shop: Shop) -> None:
    sheet = "sku,quantity\nA,7\n"
    words = ["--set", "date=2022-03-01", "--set", "type=counted"]
    assert shop.import_text(sheet, *words).code == 0
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER batches_no_update")
        connection.execute("UPDATE batches SET details = NULL")
    ran = shop.import_text(sheet, *words, "--set", "location=north")
    assert (ran.code, "the same file was recorded before" in ran.err) == (0, True)


@pytest.mark.parametrize("word", ["today", "2022-03-01"])
def test_a_day_that_is_said_by_a_word_is_another_one_tomorrow(
    shop: Shop, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = "sku,quantity\nA,7\n"
    words = ["--set", f"date={word}", "--set", "type=counted"]
    recorded = 0
    for day in (datetime(2099, 3, 1, 12, tzinfo=UTC), datetime(2099, 3, 2, 12, tzinfo=UTC)):
        monkeypatch.setattr(options, "now", lambda day=day: day)
        recorded += "appended 1" in shop.import_text(sheet, *words).out
        assert "appended 0" in shop.import_text(sheet, *words).out
    assert recorded == (2 if word == "today" else 1)


def test_a_report_with_one_more_day_adds_that_day(shop: Shop) -> None:
    assert counts(load(shop, MONDAY)) == "read 3, appended 3, skipped 0, refused 0"
    ran = load(shop, MONDAY + TUESDAY)
    assert ran.code == 3
    assert "3 of the rows look recorded already; the first is line 2, which equals event 1" in (
        ran.err
    )
    assert on_hand(shop) == {"A": 7}
    ran = load(shop, MONDAY + TUESDAY, *SKIP)
    assert counts(ran) == "read 5, appended 2, skipped 3, refused 0"
    ran = load(shop, MONDAY + TUESDAY + WEDNESDAY, *SKIP)
    assert counts(ran) == "read 7, appended 2, skipped 5, refused 0"
    assert on_hand(shop) == {"A": 3, "B": 4}
    assert shop.failed_checks() == {}


def test_a_window_that_overlaps_that_of_yesterday(shop: Shop) -> None:
    load(shop, MONDAY + TUESDAY)
    ran = load(shop, TUESDAY + WEDNESDAY, *SKIP)
    assert counts(ran) == "read 4, appended 2, skipped 2, refused 0"
    # In another order, with another row for a day that was thought to be closed.
    late = WEDNESDAY + "02/03/2022;A;OUT;2;s2\n" + TUESDAY
    ran = load(shop, late, *SKIP)
    assert counts(ran) == "read 5, appended 1, skipped 4, refused 0"
    assert on_hand(shop) == {"A": 1, "B": 4}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_the_same_rows_with_other_line_ends_are_another_file(shop: Shop, end: str) -> None:
    load(shop, MONDAY)
    ran = load(shop, MONDAY, end=end)
    assert (ran.code, "3 of the rows look recorded already" in ran.err) == (3, True)
    ran = load(shop, MONDAY, *SKIP, end=end)
    assert (ran.code, counts(ran)) == (0, "read 3, appended 0, skipped 3, refused 0")
    assert on_hand(shop) == {"A": 7}
    assert len(shop.json("batches")) == 1


def test_the_same_rows_in_another_spelling_are_the_same_rows(shop: Shop) -> None:
    load(shop, MONDAY)
    text = "date,sku,type,quantity,reference,who\n" + "".join(
        f"2022-03-01, A ,{kind},{quantity},{number},me\n"
        for kind, quantity, number in (("receive", "9.0", "r1"), *[("Sold", "+1", "s1")] * 3)
    )
    ran = shop.import_text(text, *SKIP)
    assert counts(ran) == "read 4, appended 1, skipped 3, refused 0"
    assert on_hand(shop) == {"A": 6}


@pytest.mark.parametrize(
    "other",
    [
        MONDAY.replace("s1", "s9"),
        MONDAY.replace("OUT;1", "OUT;2"),
        MONDAY.replace("01/03", "02/03"),
        MONDAY.replace(";A;", ";a;"),
    ],
)
def test_rows_that_say_anything_else_are_other_rows(shop: Shop, other: str) -> None:
    load(shop, MONDAY)
    appended = sum(a != b for a, b in zip(MONDAY.split(), other.split(), strict=True))
    ran = load(shop, other, *SKIP)
    assert counts(ran) == f"read 3, appended {appended}, skipped {3 - appended}, refused 0"


def test_skipping_leaves_out_as_many_as_are_recorded_and_keeping_none(shop: Shop) -> None:
    load(shop, "01/03/2022;A;IN;1;\n" * 3)
    ran = load(shop, "01/03/2022;A;IN;1;\n" * 5, *SKIP)
    assert counts(ran) == "read 5, appended 2, skipped 3, refused 0"
    ran = load(shop, "01/03/2022;A;IN;1;\n" * 4, *SKIP)
    assert counts(ran) == "read 4, appended 0, skipped 4, refused 0"
    ran = load(shop, "01/03/2022;A;IN;1;\n" * 2, "--overlap", "keep")
    assert counts(ran) == "read 2, appended 2, skipped 0, refused 0"
    assert on_hand(shop) == {"A": 7}


def test_a_column_of_ids_makes_every_row_known(shop: Shop) -> None:
    words = ("--column", "id=Key")
    header = HEADER.strip() + ";Key\n"

    def keyed(*rows: str) -> Ran:
        return shop.import_text(header + "".join(f"{row}\n" for row in rows), *MEANING, *words)

    first = "01/03/2022;A;IN;9;r;k1"
    assert keyed(first, "01/03/2022;A;OUT;1;s;k2", "01/03/2022;A;OUT;1;s;k3").code == 0
    ran = keyed(first, "01/03/2022;A;OUT;1;s;k3", "02/03/2022;A;OUT;1;s;k4")
    assert (ran.code, counts(ran)) == (0, "read 3, appended 1, skipped 2, refused 0")
    ran = keyed(first.replace(";9;", ";8;"), "02/03/2022;B;IN;1;s;k5")
    assert (ran.code, "line 2, id 'k1': taken by event 1, which differs in its quantity" in ran.err
            ) == (3, True)  # fmt: skip
    assert on_hand(shop) == {"A": 6}


def test_an_id_that_differs_is_another_row(shop: Shop) -> None:
    shop.ok("receive", "MUG", 9, "--on", "2022-05-01")
    shop.ok("sell", "MUG", 1, "--on", "2022-05-02", "--id", "order-1001")
    orders = [f"2022-05-02,MUG,sold,1,order-{number}\n" for number in (1002, 1001)]
    for rows in (orders, orders[::-1]):
        text = "date,sku,type,quantity,id\n" + "".join(rows)
        ran = shop.import_text(text, *SKIP, "--dry-run")
        assert ran.out.splitlines()[1] == "read 2, would be appended 1, skipped 1, refused 0"
    assert counts(shop.import_text(text, *SKIP)) == "read 2, appended 1, skipped 1, refused 0"
    assert shop.on_hand("MUG") == 7
    # Nor is any of them taken for recorded by what it looks like.
    text = "date,sku,type,quantity,id\n2022-05-02,MUG,sold,1,order-1003\n"
    assert counts(shop.import_text(text)) == "read 1, appended 1, skipped 0, refused 0"


def test_what_an_id_matched_answers_for_no_other_row(shop: Shop) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-05-01")
    shop.ok("sell", "A", 1, "--on", "2022-05-02", "--id", "k1")
    with_id, without = "2022-05-02,A,sold,1,k1\n", "2022-05-02,A,sold,1,\n"
    for rows in (with_id + without, without + with_id):
        ran = shop.import_text("date,sku,type,quantity,id\n" + rows, *SKIP, "--dry-run")
        assert "would be appended 1, skipped 1" in ran.out
    # Alone, either may be what was recorded; and so may a row with an id of one without.
    for rows in (with_id, without):
        ran = shop.import_text("date,sku,type,quantity,id\n" + rows, *SKIP)
        assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"
    shop.ok("sell", "A", 2, "--on", "2022-05-03")
    text = "date,sku,type,quantity,id\n2022-05-03,A,sold,2,new\n"
    assert "1 of the rows look recorded already" in shop.import_text(text).err
    assert counts(shop.import_text(text, *SKIP)) == "read 1, appended 0, skipped 1, refused 0"


def test_what_is_known_by_its_day_is_no_row_with_a_time(shop: Shop) -> None:
    shop.ok("receive", "A", 9, "--on", "2022-05-01")
    shop.ok("sell", "A", 1, "--on", "2022-05-02T23:59:59.998")
    ran = shop.import_text("date,sku,type,quantity\n2022-05-02,A,sold,1\n", *SKIP)
    assert counts(ran) == "read 1, appended 1, skipped 0, refused 0"
    ran = shop.import_text("date,sku,type,quantity\n2022-05-02T23:59:59.998,A,sold,1\n", *SKIP)
    assert counts(ran) == "read 1, appended 0, skipped 1, refused 0"


@pytest.mark.parametrize("differ", ["reference", "id", "nothing"])
def test_many_rows_of_one_sku_and_moment_take_no_more_than_their_time(
    shop: Shop, differ: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def counting(*words: Any) -> Iterator[Seen]:
        looked.append(words)
        return seen_between(*words)

    monkeypatch.setattr(alike, "seen_between", counting)
    header = "date,sku,type,quantity,reference,id\n"

    def rows(start: int) -> str:
        numbers = range(start, start + 500)
        reference = (n if differ == "reference" else "" for n in numbers)
        ids = (n if differ == "id" else "" for n in numbers)
        return "".join(
            f"2022-01-01,A,received,1,{one},{two}\n"
            for one, two in zip(reference, ids, strict=True)
        )

    assert shop.import_text(header + rows(0)).code == 0
    ran = shop.import_text(header + rows(400), *SKIP)
    skipped = 500 if differ == "nothing" else 100
    assert counts(ran) == f"read 500, appended {500 - skipped}, skipped {skipped}, refused 0"
    assert len(looked) == 1


def test_a_profile_may_say_once_and_for_all_that_files_overlap(shop: Shop) -> None:
    own = shop.folder / "own.toml"
    own.write_text('overlap = "skip"\n', encoding="utf-8")
    load(shop, MONDAY, "--profile", own)
    ran = load(shop, MONDAY + TUESDAY, "--profile", own)
    assert (ran.code, counts(ran)) == (0, "read 5, appended 2, skipped 3, refused 0")
    ran = load(shop, MONDAY + WEDNESDAY, "--profile", own, "--overlap", "keep")
    assert counts(ran) == "read 5, appended 5, skipped 0, refused 0"
    assert shop.failed_checks() == {}


def test_a_transfer_in_two_rows_is_known_again(shop: Shop) -> None:
    own = shop.folder / "own.toml"
    own.write_text('pair_by = ["doc"]\n[kinds]\nO = "transferred_out"\nI = "transferred_in"\n')
    start = "date,sku,type,quantity,location,doc\n2022-03-01,A,received,9,x,\n"
    one = "2022-03-02,A,O,2,x,T1\n2022-03-02,A,I,2,y,T1\n"
    other = "2022-03-03,A,O,2,x,T2\n2022-03-03,A,I,2,y,T2\n"
    assert shop.import_text(start + one, "--profile", own).code == 0
    ran = shop.import_text(start + one[::1] + other, "--profile", own, *SKIP)
    assert counts(ran) == "read 5, appended 2, skipped 3, refused 0"
    # A window that begins between the two sides of a transfer has only one of them.
    ran = shop.import_text(start + other.splitlines(True)[1], "--profile", own, *SKIP, "--skip-bad")
    assert counts(ran) == "read 2, appended 0, skipped 1, refused 1"
    assert shop.on_hand("A", "stock", "--location", "y") == 4
    assert shop.failed_checks() == {}


def test_a_refused_file_is_not_known_and_comes_again_in_full(shop: Shop) -> None:
    assert load(shop, TUESDAY).code == 3
    assert load(shop, MONDAY + "x;A;OUT;1;\n").code == 3
    assert load(shop, MONDAY, "--dry-run").code == 0
    assert shop.json("batches") == []
    assert counts(load(shop, MONDAY)) == "read 3, appended 3, skipped 0, refused 0"
    assert counts(load(shop, TUESDAY)) == "read 2, appended 2, skipped 0, refused 0"


def test_amazon_s_identical_rows_through_three_overlapping_exports(shop: Shop) -> None:
    assert "amazon-ledger" in shipped_profiles()
    header = "Date,MSKU,Event Type,Quantity,Fulfillment Center,Reason,Reference ID\n"
    rows = [f"0{day}/01/2022,A,{kind},X1,," for day in (1, 2, 3, 4) for kind in (
        "Receipts,5", "Shipments,-1", "Shipments,-1", "CustomerReturns,1"
    )]  # fmt: skip
    for days in (rows[:8], rows[4:12], rows):
        text = header + "".join(f"{row}\n" for row in days)
        ran = shop.import_text(text, "--profile", "amazon-ledger", *SKIP)
        assert ran.code == 0, ran
    assert on_hand(shop) == {"A": 16}
    assert len(shop.json("log")) == 16


def test_rows_that_find_no_room_to_wait_in_end_in_one_way_however_many_fitted(
    shop: Shop,
) -> None:
    script = """if True:
        import resource, signal
        from inventory_cli.errors import LedgerUnusable
        from inventory_cli.importing.spool import Spool
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for most in range(0, 60_000, 500):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            try:
                with Spool() as spool:
                    for n in range(20_000):
                        spool.add((n, "abc"))
                    assert len(list(spool.read())) == 20_000
            except LedgerUnusable:
                continue
    """
    words = [sys.executable, "-c", script]
    ran = subprocess.run(words, capture_output=True, check=False, env=unmeasured())
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_the_same_file_through_a_pipe_and_by_name(shop: Shop) -> None:
    text = (HEADER + MONDAY).encode()
    assert shop("import", "-", *MEANING, input=text).code == 0
    file = Path(shop.folder / "other.csv")
    file.write_bytes(text)
    assert "recorded before, as batch 1" in shop.ok("import", file, *MEANING).err


def test_what_was_left_out_of_a_file_is_brought_in_from_it_later(shop: Shop) -> None:
    text = (
        "date,sku,type,quantity\n2022-01-01,A,received,5\n2022-01-02,A,sold,1\n2022-01-03,A,x,1\n"
    )
    assert shop.import_text(text, "--skip-bad").code == 0
    ran = shop.import_text(text, "--skip-bad")
    assert (ran.code, shop.on_hand("A")) == (0, 4)
    assert "--overlap skip records what of it is not in the log" in ran.err
    # Once it is said what the word means, it is another file.
    assert "2 of the rows look recorded already" in shop.import_text(text, "--kind", "x=sold").err
    ran = shop.import_text(text, "--kind", "x=sold", "--overlap", "skip")
    assert (counts(ran), shop.on_hand("A")) == ("read 3, appended 1, skipped 2, refused 0", 3)
    ran = shop.import_text(text, "--kind", "x=sold", "--overlap", "skip")
    assert (ran.code, "the same file was recorded before, as batch 2" in ran.err) == (0, True)
    assert len(shop.json("batches")) == 2


def test_the_same_sheet_counts_once_more_on_another_day(shop: Shop) -> None:
    sheet = "sku,quantity\nA,7\n"
    words = ["--set", "type=counted", "--overlap", "skip"]
    assert shop.import_text(sheet, "--set", "date=2022-01-31", *words).code == 0
    assert shop.import_text(sheet, "--set", "date=2022-02-28", *words).code == 0
    assert [row["effective_at"] for row in shop.json("log")] == ["2022-01-31", "2022-02-28"]
