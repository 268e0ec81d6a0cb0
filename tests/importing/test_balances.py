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
def test_every_break_is_named(shop: Shop, order: int) -> None:
    rows = [row.replace(",12\n", ",13\n").replace(",9\n", ",8\n") for row in DAYS]
    rows += [row.replace("A", "B") for row in DAYS]
    rows += ["2022-03-04T10:00,C,received,1,4\n"]
    text = HEADER + "".join(rows[::order])
    ran = shop.import_text(text, *BALANCE)
    lines = {1: (4, 6, 12), -1: (10, 8, 2)}[order]
    assert ran.code == 0
    assert sorted(ran.err.splitlines()) == sorted([
        f"warning: {shop.folder}/moves.csv: the balances of 2 streams are not those of the log",
        f"  line {lines[0]}: A at main on 2022-03-02: 13 in the file, 12 in the log",
        f"  line {lines[1]}: A at main on 2022-03-03: 8 in the file, 9 in the log",
        f"  line {lines[2]}: C at main on 2022-03-04T10:00:00.000+01:00: 4 in the file, 1 in the "
        "log; an opening balance of 3 before it would explain that",
        {1: "3 new SKUs: A; B; C", -1: "3 new SKUs: C; B; A"}[order],
    ])  # fmt: skip


CUT = HEADER + (
    "2023-01-01,A,received,5,5\n"
    "2023-01-02,A,sold,7,0\n"
    "2023-01-03,A,received,4,4\n"
    "2023-01-04,A,sold,6,0\n"
    "2023-01-05,A,received,3,3\n"
    "2023-01-06,B,received,3,3\n"
)


def broken_lines(err: str) -> list[int]:
    return [
        int(line.split(":")[0].removeprefix("  line "))
        for line in err.splitlines()
        if " in the file, " in line
    ]


@pytest.mark.parametrize("how", [("--dry-run",), ("--check-balances",), ()])
def test_balances_that_were_cut_at_zero(shop: Shop, how: tuple[str, ...]) -> None:
    errors = shop.folder / "errors.csv"
    ran = shop.import_text(CUT, *BALANCE, "--allow-negative", "--errors", errors, *how)
    assert ran.code == (3 if "--check-balances" in how else 0)
    assert ran.err.splitlines()[1:4] == [
        "  line 3: A at main on 2023-01-02: 0 in the file, -2 in the log; cut at 0",
        "  line 5: A at main on 2023-01-04: 0 in the file, -4 in the log, -2 by the balance before "
        "it; cut at 0",
        "  cut at 0 in 2 rows: more left than there was, and the source showed 0",
    ]
    assert errors.read_text(encoding="utf-8") == (
        "line,column,value,reason\n"
        '3,left,0,"A at main on 2023-01-02: 0 in the file, -2 in the log; cut at 0"\n'
        '5,left,0,"A at main on 2023-01-04: 0 in the file, -4 in the log, -2 by the balance before '
        'it; cut at 0"\n'
    )


def test_balances_are_compared_also_where_the_rules_refuse_the_file(shop: Shop) -> None:
    ran = shop.import_text(CUT, *BALANCE)
    assert (ran.code, broken_lines(ran.err)) == (3, [3, 5])
    assert "refused by the rules" in ran.err


def test_how_many_balances_break_as_json(shop: Shop) -> None:
    for how, appended in (("--dry-run", 0), ("--allow-negative", 6)):
        words = (*BALANCE, "--allow-negative", how, "--format", "json")
        (report,) = shop.import_text(CUT, *words).json
        assert (report["balance_breaks"], report["cut_at_zero"]) == (2, 2)
        assert report["appended"] == appended
    (report,) = shop.import_text("date,sku,type,quantity\n", "--format", "json").json
    assert "balance_breaks" not in report


def test_a_source_that_shows_0_as_long_as_less_is_there(shop: Shop) -> None:
    rows = [("sold", 7, 0), ("sold", 1, 0), ("received", 2, 0), ("received", 9, 8)]
    text = HEADER + "2023-01-01,A,received,5,5\n"
    text += "".join(f"2023-02-{n:02},A,{kind},{q},{b}\n" for n, (kind, q, b) in enumerate(rows, 1))
    ran = shop.import_text(text, *BALANCE, "--allow-negative")
    assert broken_lines(ran.err) == [3, 4, 5]
    assert "cut at 0 in 3 rows" in ran.err
    assert shop.on_hand("A") == 8


def test_more_breaks_than_are_shown(shop: Shop) -> None:
    errors = shop.folder / "errors.csv"
    text = HEADER + "".join(f"2023-01-01T10:{n:02},A,received,1,{n + n}\n" for n in range(1, 31))
    ran = shop.import_text(text, *BALANCE, "--errors", errors)
    assert broken_lines(ran.err) == list(range(2, 22))
    assert "  and 10 more; --errors FILE lists them all" in ran.err.splitlines()
    assert len(errors.read_text(encoding="utf-8").splitlines()) == 31


def test_a_gap_is_one_break(shop: Shop) -> None:
    rows = [row for row in DAYS if not row.endswith(",12\n")]
    ran = shop.import_text(HEADER + "".join(rows), *BALANCE)
    assert broken_lines(ran.err) == [4]
    assert "line 4: A at main on 2022-03-02: 10 in the file, 5 in the log" in ran.err


PLACES = [
    "2022-03-01,A,received,10,x,10,10\n",
    "2022-03-02,A,received,5,y,5,15\n",
    "2022-03-03,A,sold,2,x,8,13\n",
    "2022-03-04,A,transferred,3,x,5,13\n",
    "2022-03-05,A,sold,1,y,7,12\n",
    "2022-03-05,A,sold,2,y,5,10\n",
    "2022-03-06,A,counted,4,x,4,9\n",
    "2022-03-07,A,sold,1,y,4,8\n",
]


def placed(rows: list[str]) -> str:
    moved = [row.replace("3,x,5,13", "3,x,5,13,y") for row in rows]
    lines = [row if row.endswith(",y\n") else row.replace("\n", ",\n") for row in moved]
    return "date,sku,type,quantity,location,at,all,to_location\n" + "".join(lines)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("column", ["at", "all"])
def test_balances_of_each_place_or_over_all_places(shop: Shop, order: int, column: str) -> None:
    text = placed(PLACES[::order])
    words = ("--column", f"balance={column}", "--check-balances")
    assert shop.import_text(text, *words, "--dry-run").code == 0
    wrong = text.replace(",8,13,", ",7,14,")
    ran = shop.import_text(wrong, *words)
    line = {1: 4, -1: 7}[order]
    assert (ran.code, broken_lines(ran.err)) == (3, [line])
    said = {
        "at": "the balances of 1 stream are|A at x on 2022-03-03: 7 in the file, 8 in the log",
        "all": "the balances of 1 SKU are|A over all places on 2022-03-03: 14 in the file, "
        "13 in the log",
    }
    assert all(part in ran.err for part in said[column].split("|"))


@pytest.mark.parametrize("order", [1, -1])
def test_before_and_after(shop: Shop, order: int) -> None:
    rows = [
        "2022-03-01T08:00,A,sold,2,66,64\n",
        "2022-03-01T09:00,A,sold,4,64,60\n",
        "2022-03-02T09:00,A,received,9,50,59\n",
        "2022-03-03T09:00,A,sold,60,59,0\n",
    ]
    text = "date,sku,type,quantity,before,left\n" + "".join(rows[::order])
    ran = shop.import_text(text, *BALANCE, "--allow-negative")
    lines = {1: [2, 4, 5], -1: [2, 3, 5]}[order]
    assert broken_lines(ran.err) == lines
    assert "an opening balance of 66 before it would explain that" in ran.err
    assert "59 in the file, 3 in the log, 69 by the balance before it" in ran.err
    assert "cut at 0 in 1 row: " in ran.err


@pytest.mark.parametrize("order", [1, -1])
def test_a_break_behind_blanks(shop: Shop, order: int) -> None:
    rows = [DAYS[0], *(row.rpartition(",")[0] + ",\n" for row in DAYS[1:4]), DAYS[4]]
    text = HEADER + "".join(rows[::order])
    assert shop.import_text(text, *BALANCE, "--check-balances", "--dry-run").code == 0
    ran = shop.import_text(text.replace(",9\n", ",8\n"), *BALANCE, "--check-balances")
    assert broken_lines(ran.err) == [{1: 6, -1: 2}[order]]


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


@pytest.mark.parametrize("order", [1, -1])
def test_rows_of_a_day_without_a_balance_are_in_the_order_of_the_file_too(
    shop: Shop, order: int
) -> None:
    rows = ["2022-03-02,A,received,10,10\n", "2022-03-02,A,sold,3,\n", "2022-03-02,A,sold,2,5\n"]
    text = HEADER + "".join([*rows, "2022-03-02,A,received,4,9\n"][::order])
    assert shop.import_text(text, *BALANCE, "--check-balances", "--dry-run").code == 0
    shop.ok("receive", "A", 100, "--on", "2022-03-02")
    ran = shop.import_text(text, *BALANCE)
    assert broken_lines(ran.err) == [{1: 2, -1: 5}[order]]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("column", ["here", "all"])
def test_transfers_within_a_day(shop: Shop, order: int, column: str) -> None:
    rows = [
        "2022-03-02,A,received,5,x,,,5,5\n",
        "2022-03-02,A,OUT,4,x,,T,1,5\n",
        "2022-03-02,A,received,6,y,,,6,11\n",
        "2022-03-02,A,sold,2,y,,,4,9\n",
        "2022-03-02,A,IN,4,y,,T,8,9\n",
        "2022-03-02,A,sold,7,y,,,1,2\n",
        "2022-03-02,A,transferred,1,x,y,,0,2\n",
        "2022-03-02,A,sold,2,y,,,0,0\n",
    ]
    own = shop.folder / "own.toml"
    own.write_text('pair_by = ["doc"]\n', encoding="utf-8")
    text = "date,sku,type,quantity,location,to_location,doc,here,all\n" + "".join(rows[::order])
    words = ("--column", f"balance={column}", *MOVED, "--profile", own)
    ran = shop.import_text(text, *words)
    assert (ran.code, broken_lines(ran.err)) == (0, [])
