"""Whether the balances that a file states are those of the log: a warning, or a refusal."""

import pytest

from tests.conftest import Shop

HEADER = "date,sku,type,quantity,left\n"
BALANCE = ("--column", "balance=left")
DAYS = [
    "2022-03-01,A,received,10,10\n",
    "2022-03-02,A,sold,3,7\n",
    "2022-03-02,A,received,5,12\n",
    "2022-03-02,A,sold,2,10\n",
    "2022-03-03,A,sold,1,9\n",
]


@pytest.mark.parametrize("order", [1, -1])
def test_balances_that_are_right_in_a_file_of_days_in_either_order(shop: Shop, order: int) -> None:
    ran = shop.import_text(HEADER + "".join(DAYS[::order]), *BALANCE, "--check-balances")
    assert (ran.code, ran.err) == (0, "new SKU A\n")
    assert shop.on_hand("A") == 9


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_disagreement_of_each_stream_is_named(shop: Shop, order: int) -> None:
    rows = [row.replace(",12\n", ",13\n").replace(",9\n", ",8\n") for row in DAYS]
    rows += [row.replace("A", "B") for row in DAYS]
    rows += ["2022-03-04T10:00,C,received,1,4\n"]
    text = HEADER + "".join(rows[::order])
    ran = shop.import_text(text, *BALANCE)
    lines = {1: (4, 12), -1: (10, 2)}[order]
    assert ran.code == 0
    assert sorted(ran.err.splitlines()) == sorted([
        f"warning: {shop.folder}/moves.csv: the balances of 2 streams are not those of the log",
        f"  line {lines[0]}: A at main on 2022-03-02: 13 in the file, 12 in the log",
        f"  line {lines[1]}: C at main on 2022-03-04T10:00:00.000+01:00: 4 in the file, 1 in the "
        "log; an opening balance of 3 before it would explain that",
        {1: "3 new SKUs: A; B; C", -1: "3 new SKUs: C; B; A"}[order],
    ])  # fmt: skip


def test_balances_are_those_of_the_whole_log(shop: Shop) -> None:
    shop.ok("receive", "A", 100, "--on", "2022-02-01")
    text = HEADER + "".join(DAYS)
    assert "12 in the file" not in shop.import_text(text, *BALANCE, "--dry-run").err
    assert (
        "line 2: A at main on 2022-03-01: 10 in the file, 110 in the log"
        in shop.import_text(text, *BALANCE).err
    )


def test_checked_balances_that_disagree_leave_nothing_behind(shop: Shop) -> None:
    before = shop.path.read_bytes()
    text = HEADER + "".join(DAYS).replace(",9\n", ",8\n")
    ran = shop.import_text(text, *BALANCE, "--check-balances")
    assert (ran.code, "read 5, appended 0, skipped 0, refused 5" in ran.out) == (3, True)
    assert "the balances of 1 stream are not those of the log, so nothing was appended" in ran.err
    assert "line 6: A at main on 2022-03-03: 8 in the file, 9 in the log" in ran.err
    assert shop.path.read_bytes() == before
    assert shop.import_text(text, *BALANCE).code == 0


def test_a_balance_may_be_missing_but_not_unreadable(shop: Shop) -> None:
    text = HEADER + "".join(DAYS).replace(",7\n", ",\n")
    assert shop.import_text(text, *BALANCE, "--check-balances").code == 0
    ran = shop.import_text(HEADER + DAYS[0].replace(",10\n", ",ten\n"), *BALANCE)
    assert "line 2, left 'ten': quantity 'ten' is not a decimal number" in ran.err


def test_rows_that_are_recorded_already_are_not_compared(shop: Shop) -> None:
    shop.import_text(HEADER + "".join(DAYS[:4]), *BALANCE)
    shop.ok("adjust", "A", "+1", "--reason", "found", "--on", "2022-03-03")
    text = HEADER + "".join(DAYS)
    ran = shop.import_text(text, *BALANCE, "--overlap", "skip", "--check-balances")
    assert "line 6: A at main on 2022-03-03: 9 in the file, 10 in the log" in ran.err
    assert ran.err.count("in the file") == 1


TRANSFERS = "date,sku,type,quantity,location,to_location,doc,left\n"
MOVED = ("--kind", "OUT=transferred_out", "--kind", "IN=transferred_in", "--check-balances")


def test_a_transfer_states_the_balance_of_the_place_that_its_row_is_about(shop: Shop) -> None:
    rows = (
        "2022-03-01,A,received,9,x,,,9\n2022-03-02,A,transferred,5,x,y,,4\n"
        "2022-03-03,A,IN,2,y,x,,7\n2022-03-04,A,OUT,1,y,x,,6\n"
    )
    assert shop.import_text(TRANSFERS + rows, *BALANCE, *MOVED).code == 0
    again = shop.import_text(TRANSFERS + "2022-03-05,A,IN,1,y,x,,6\n", *BALANCE, *MOVED)
    assert "line 2: A at y on 2022-03-05: 6 in the file, 7 in the log" in again.err
    again = shop.import_text(TRANSFERS + "2022-03-05,A,OUT,1,y,x,,6\n", *BALANCE, *MOVED)
    assert "line 2: A at y on 2022-03-05: 6 in the file, 5 in the log" in again.err


def test_each_row_of_a_transfer_states_a_balance(shop: Shop) -> None:
    own = shop.folder / "own.toml"
    own.write_text('pair_by = ["doc"]\n', encoding="utf-8")
    words = (*BALANCE, *MOVED, "--profile", own)
    start = TRANSFERS + "2022-03-01,A,received,9,x,,,9\n"
    pair = "2022-03-02,A,OUT,5,x,,T,4\n2022-03-02,A,IN,5,y,,T,5\n"
    ran = shop.import_text(start + pair.replace(",5\n", ",6\n"), *words)
    assert "line 4: A at y on 2022-03-02: 6 in the file, 5 in the log" in ran.err
    assert ran.code == 3
    ran = shop.import_text(start + pair.replace(",4\n", ",3\n"), *words)
    assert "line 3: A at x on 2022-03-02: 3 in the file, 4 in the log" in ran.err
    # What was there on the day of the arrival cannot be compared with the day of the departure.
    late = pair.replace("02,A,IN,5,y,,T,5", "04,A,IN,5,y,,T,7")
    assert shop.import_text(start + late, *words).code == 0


def test_a_day_that_a_count_closes_ends_with_it_whatever_the_rows_say(shop: Shop) -> None:
    text = (
        "date,sku,type,quantity,bal,reason\n2022-01-01,A,opened,5,5,\n"
        "2022-01-04,A,counted,4,4,\n2022-01-04,A,adjusted,-1,3,broken\n"
    )
    ran = shop.import_text(text, "--column", "balance=bal")
    assert (ran.code, shop.on_hand("A")) == (0, 4)
    assert "line 4: A at main on 2022-01-04: 3 in the file, 4 in the log" in ran.err
