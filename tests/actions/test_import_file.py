"""What a native CSV file becomes: one batch or nothing, and nothing twice."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory_cli.actions.import_file import import_file
from inventory_cli.actions.imported import Choices
from inventory_cli.importing.profile import Profile
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger
from tests.conftest import Ran, Shop
from tests.transcript import ROOT

HEADER = "date,sku,type,quantity\n"
GOOD = HEADER + "2022-03-01,A,received,10\n2022-03-02,A,sold,4\n"


def test_a_file_becomes_one_batch(shop: Shop) -> None:
    ran = shop.import_text(GOOD)
    assert ran.out.splitlines() == [
        "read 2, appended 2, skipped 0, refused 0",
        "batch 1: events 1 to 2",
    ]
    assert shop.on_hand("A") == 6
    (batch,) = shop.json("batches")
    assert (batch["command"], batch["source"], batch["events"]) == ("import", "moves.csv", 2)


def test_the_report_as_json(shop: Shop) -> None:
    ran = shop.import_text(GOOD, "--format", "json")
    assert ran.json == [
        {"read": 2, "appended": 2, "skipped": 0, "refused": 0, "skus": 1,
         "first_day": "2022-03-01", "last_day": "2022-03-02", "net_change": 6,
         "batch": 1, "first_position": 1, "last_position": 2,
         "would_append": None, "dry_run": False}
    ]  # fmt: skip


def test_a_dry_run_as_json_does_not_say_that_anything_was_appended(shop: Shop) -> None:
    ran = shop.import_text(GOOD, "--dry-run", "--format", "json")
    assert ran.json == [
        {"read": 2, "appended": 0, "skipped": 0, "refused": 0, "skus": 1,
         "first_day": "2022-03-01", "last_day": "2022-03-02", "net_change": 6,
         "batch": None, "first_position": None, "last_position": None,
         "would_append": 2, "dry_run": True}
    ]  # fmt: skip
    assert list(ran.json[0])[-1] == "dry_run"
    assert shop.import_text(GOOD, "--dry-run", "--format", "csv").csv[0]["dry_run"] == "true"


def test_all_native_columns(shop: Shop) -> None:
    text = (
        "Date; S K U ;Type;QUANTITY;location;To Location;Reason;reference;Unit_Cost;ID;by;"
        "last_incoming;LastOutgoing;Supplier\n"
        "2022-02-01;A;opened;10;;;;;2.50;;;2022-01-01;2022-01-15;\n"
        "2022-03-01;A;transfer;4;main;shop;;MV-1;;k1;anna;;;Hafner\n"
        "2022-03-01T10:00;A;Adjusted;-2;;;lost;;;;;;;\n"
    )
    assert shop.import_text(text).code == 0
    opened, leaving, arriving, adjusted = shop.json("log")
    assert opened["details"] == {"last_incoming": "2022-01-01", "last_outgoing": "2022-01-15"}
    assert opened["unit_cost"] == "2.50"
    assert (leaving["location"], leaving["quantity"], leaving["id"]) == ("main", -4, "k1")
    assert (arriving["location"], arriving["quantity"], arriving["id"]) == ("shop", 4, None)
    assert leaving["details"] == arriving["details"] == {"Supplier": "Hafner", "by": "anna"}
    assert leaving["reference"] == arriving["reference"] == "MV-1"
    assert (adjusted["quantity"], adjusted["reason"]) == (-2, "lost")
    assert adjusted["effective_at"] == "2022-03-01T10:00:00.000+01:00"
    assert shop.failed_checks() == {}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_dialects_that_are_found(shop: Shop, mark: str, end: str, start: str) -> None:
    text = start + GOOD.replace(",", mark).replace("\n", end) + end + end
    assert shop.import_text(text).code == 0
    assert shop.on_hand("A") == 6


def test_quoted_fields_may_hold_delimiters_quotes_and_line_ends(shop: Shop) -> None:
    text = HEADER.strip() + ',note\n2022-03-01,"A, ""B""",received,1,"two\nlines"\n'
    text += "2022-03-02,A,sold,1,\n"
    ran = shop.import_text(text)
    # The bad row begins on line 4, because the one before it takes two lines.
    assert "A at main on 2022-03-02: 0 on hand then, 1 missing (line 4)" in ran.err
    assert shop.import_text(text, "--allow-negative").code == 0
    assert shop.json("log")[0]["sku"] == 'A, "B"'
    assert shop.json("log")[0]["details"] == {"note": "two\nlines"}


def test_bad_rows_stop_everything_and_are_all_listed(shop: Shop, tmp_path: Path) -> None:
    text = GOOD + "".join(f"2022-03-03,A,sold,{n}.5\n" for n in range(25))
    errors = tmp_path / "errors.csv"
    ran = shop.import_text(text, "--errors", errors)
    assert ran.code == 3
    assert "read 27, appended 0, skipped 0, refused 25" in ran.out
    assert "line 4, quantity '0.5': quantity '0.5' has 1 decimal" in ran.err
    assert "and 5 more; --errors FILE lists them all" in ran.err
    lines = errors.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line,column,value,reason"
    assert len(lines) == 26
    assert lines[25].startswith("28,quantity,24.5,")
    assert shop.json("log") == []


def test_the_good_rows_alone_when_asked(shop: Shop) -> None:
    ran = shop.import_text(GOOD + "2022-03-03,A,sold,x\n", "--skip-bad")
    assert ran.code == 0
    assert "read 3, appended 2, skipped 0, refused 1" in ran.out
    assert "left out 1 bad row" in ran.err
    assert shop.on_hand("A") == 6


def test_a_refusal_by_the_rules_names_streams_and_lines(shop: Shop) -> None:
    text = GOOD + "2022-03-03,A,sold,7\n2022-03-01,B,sold,1\n"
    ran = shop.import_text(text)
    assert ran.code == 3
    assert "B at main on 2022-03-01: 0 on hand then, 1 missing (line 5)" in ran.err
    assert "A at main on 2022-03-03: 6 on hand then, 1 missing (line 4)" in ran.err
    assert shop.json("log") == []


def test_a_dry_run_says_what_would_be_and_changes_nothing(shop: Shop) -> None:
    before = shop.path.read_bytes()
    ran = shop.import_text(GOOD, "--dry-run")
    assert ran.out.splitlines() == [
        "dry run: 1 SKU, from 2022-03-01 to 2022-03-02, net change 6; nothing was appended",
        "read 2, would be appended 2, skipped 0, refused 0",
    ]
    assert shop.import_text(GOOD + "2022-03-03,A,sold,7\n", "--dry-run").code == 3
    assert shop.path.read_bytes() == before


def test_the_same_file_twice_is_a_no_op_until_its_batch_is_reversed(shop: Shop) -> None:
    shop.import_text(GOOD)
    again = shop.import_text(GOOD, name="renamed.csv")
    assert (again.code, "read 2, appended 0, skipped 2" in again.out) == (0, True)
    assert "recorded before, as batch 1" in again.err
    shop.ok("reverse", "--batch", 1, "--reason", "wrong location")
    assert shop.import_text(GOOD).code == 0
    assert shop.on_hand("A") == 6


def test_identical_rows_within_one_file_are_all_kept(shop: Shop) -> None:
    shop.import_text(HEADER + "2022-03-01,A,received,5\n" * 3)
    assert shop.on_hand("A") == 15


def test_a_new_file_with_rows_that_look_recorded_waits_for_a_word(shop: Shop) -> None:
    shop.import_text(HEADER + "2022-03-01,A,received,5\n" * 2)
    longer = HEADER + "2022-03-01,A,received,5\n" * 3 + "2022-03-02,A,sold,1\n"
    ran = shop.import_text(longer)
    assert ran.code == 3
    assert (
        "2 of the rows look recorded already; the first is line 2, which equals event 1" in ran.err
    )
    ran = shop.import_text(longer, "--overlap", "skip")
    assert "read 4, appended 2, skipped 2, refused 0" in ran.out
    assert shop.on_hand("A") == 14
    ran = shop.import_text(longer + "\n", "--overlap", "keep")
    assert "read 4, appended 4, skipped 0, refused 0" in ran.out
    assert shop.on_hand("A") == 28


def test_a_reversed_event_does_not_look_recorded(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    shop.ok("reverse", 1, "--reason", "mistake")
    assert shop.import_text(HEADER + "2022-03-01,A,received,5\n").code == 0


def test_an_overlapping_transfer_is_left_out_with_both_legs(shop: Shop) -> None:
    header = "date,sku,type,quantity,location,to_location\n"
    rows = "2022-03-01,A,received,9,x,\n2022-03-02,A,transferred,4,x,y\n"
    shop.import_text(header + rows)
    ran = shop.import_text(header + rows + "2022-03-03,A,sold,1,y,\n", "--overlap", "skip")
    assert "read 3, appended 1, skipped 2" in ran.out
    assert shop.on_hand("A") == 8


def test_rows_with_an_id_are_recorded_once(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    shop.import_text(header + "2022-03-01,A,received,5,a\n2022-03-01,A,received,5,b\n")
    ran = shop.import_text(header + "2022-03-01,A,received,5,b\n2022-03-02,A,received,5,c\n")
    assert "read 2, appended 1, skipped 1" in ran.out
    ran = shop.import_text(header + "2022-03-01,A,received,6,b\n")
    assert (
        ran.code,
        "line 2, id 'b': taken by event 2, which differs in its quantity" in ran.err,
    ) == (3, True)
    ran = shop.import_text(header + "2022-03-04,A,received,6,d\n" * 2)
    assert "read 2, appended 1, skipped 1" in ran.out
    assert shop.on_hand("A") == 21


def test_ids_far_apart_in_one_file_are_compared_too(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    many = "".join(f"2022-03-01,A,received,1,k{n}\n" for n in range(12_000))
    ran = shop.import_text(header + many + "2022-03-01,A,received,1,k0\n")
    assert "read 12001, appended 12000, skipped 1" in ran.out
    ran = shop.import_text(
        header + many.replace("k", "m").replace("03-01", "03-05") + "2022-03-05,A,received,2,m0\n"
    )
    assert (ran.code, "id 'm0': taken earlier in the file" in ran.err) == (3, True)
    assert shop.on_hand("A") == 12_000


def test_standard_input(shop: Shop) -> None:
    assert shop.ok("import", "-", input=GOOD).out.startswith("read 2, appended 2")
    assert shop.json("batches")[0]["source"] == "-"
    ran = subprocess.run(
        shop.command("import", "-"), input=GOOD, text=True, capture_output=True, check=False
    )
    assert "recorded before, as batch 1" in ran.stderr


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02",
        b"\xff\xfed\x00a\x00",
        HEADER.encode() + b"2022-03-01,A\x00B,received,1\n",
        HEADER.encode() + b"2022-03-01,A,received," + b"9" * 200 + b"\n",
        HEADER.encode() + b'2022-03-01,"A' + b"x" * 2_000_000 + b'",received,1\n',
        HEADER.encode() + b"2022-03-01,A,received,1\n" + bytes(range(128, 256)),
        b"\n\n\n",
    ],
)
def test_what_is_no_such_file_is_refused_and_leaves_nothing(shop: Shop, data: bytes) -> None:
    ran = shop("import", "-", input=data)
    assert ran.code == 3
    assert ran.err.startswith("error: ")
    assert shop.json("log") == []


def test_a_header_alone_is_no_movement(shop: Shop) -> None:
    ran = shop.import_text(HEADER)
    assert (ran.code, ran.out) == (0, "read 0, appended 0, skipped 0, refused 0\n")
    assert shop.json("batches") == []


def test_stock_equals_an_independent_sum_of_the_sample(shop: Shop) -> None:
    import csv

    sample = ROOT / "sample_data" / "movements.csv"
    shop.ok("import", sample)
    signs = {"opened": 1, "received": 1, "returned": 1, "sold": -1, "removed": -1, "adjusted": 1}
    totals: dict[str, int] = {}
    with sample.open(newline="") as file:
        for row in csv.DictReader(file):
            # Only the shop was counted, so the sum is that of the other locations.
            if row["type"] in signs and row["location"] != "shop":
                change = signs[row["type"]] * int(row["quantity"])
                totals[row["sku"]] = totals.get(row["sku"], 0) + change
            elif row["type"] == "transferred" and row["to_location"] == "shop":
                totals[row["sku"]] -= int(row["quantity"])
    found: dict[str, int] = {}
    for line in shop.json("stock", "--by-location"):
        if line["location"] != "shop":
            found[line["sku"]] = found.get(line["sku"], 0) + line["on_hand"]
    assert found == totals


def test_a_transfer_to_another_place_is_another_transfer(shop: Shop) -> None:
    header = "date,sku,type,quantity,location,to_location,id\n"
    start = "2022-01-01,A,opened,100,main,,\n"
    shop.import_text(header + start + "2022-02-01,A,transferred,10,main,store,t1\n")
    ran = shop.import_text(header + "2022-02-01,A,transferred,10,main,other,t1\n")
    assert (ran.code, "differs in its location" in ran.err) == (3, True)
    ran = shop.import_text(
        header + "2022-02-01,A,transferred,10,main,other,\n", "--overlap", "skip"
    )
    assert "read 1, appended 1, skipped 0" in ran.out
    by_location = shop.json("stock", "--by-location")
    assert [(row["location"], row["on_hand"]) for row in by_location] == [
        ("main", 80),
        ("other", 10),
        ("store", 10),
    ]


@pytest.mark.parametrize("target", ["inventory.db", "inventory.db-journal", "moves.csv", "link"])
def test_the_list_of_errors_never_replaces_the_ledger_or_the_file(shop: Shop, target: str) -> None:
    (shop.folder / "link").symlink_to(shop.path)
    text = GOOD + "bad,A,sold,1\n"
    ran = shop.import_text(text, "--errors", shop.folder / target)
    assert (ran.code, "would write over" in ran.err) == (2, True)
    assert (shop.folder / "moves.csv").read_text() == text
    assert shop.failed_checks() == {}


def test_every_stream_that_the_rules_refuse_is_in_the_list_of_errors(
    shop: Shop, tmp_path: Path
) -> None:
    rows = "".join(f"2022-03-01,S{n:02},sold,1\n" for n in range(30))
    errors = tmp_path / "errors.csv"
    ran = shop.import_text(HEADER + rows, "--errors", errors, "--format", "json")
    assert ran.code == 3
    assert "and 10 more; --errors FILE lists them all" in ran.err
    (report,) = ran.json
    assert (report["read"], report["appended"], report["refused"]) == (30, 0, 30)
    assert report["net_change"] is None
    lines = errors.read_text().splitlines()
    assert lines[30] == '31,,S29 at main,"0 on hand then, 1 missing"'


def test_a_file_recorded_without_its_bad_rows_is_known_too(shop: Shop) -> None:
    text = GOOD + "bad,A,sold,1\n"
    shop.import_text(text, "--skip-bad")
    ran = shop.import_text(text)
    assert (ran.code, "recorded before, as batch 1" in ran.err) == (0, True)


def test_bad_rows_that_are_left_out_are_listed_line_by_line(shop: Shop) -> None:
    ran = shop.import_text(GOOD + "bad,A,sold,1\nworse,A,sold,1\n", "--skip-bad")
    assert [line[:12] for line in ran.err.splitlines()[1:]] == [
        "  line 4, da",
        "  line 5, da",
        "new SKU A",
    ]


def test_an_open_quote_is_reported_where_it_was_opened(shop: Shop) -> None:
    rows = '2022-03-01,"A,received,1\n' + "2022-03-01,A,received,1\n" * 100
    ran = shop.import_text(HEADER + rows)
    assert "moves.csv, line 2: the row that begins there is not CSV" in ran.err


def test_blank_lines_before_the_header_are_passed_over(shop: Shop) -> None:
    assert shop.import_text("\n\n" + GOOD.replace(",", ";")).code == 0
    assert shop.on_hand("A") == 6


def test_many_equal_rows_that_are_recorded_are_found_one_by_one(shop: Shop) -> None:
    rows = "2022-03-01,A,received,1\n"
    shop.import_text(HEADER + rows * 8_000)
    # Of quadratic cost this would take minutes, and stop every other writer.
    ran = shop.import_text(HEADER + rows * 8_001, "--overlap", "skip")
    assert "read 8001, appended 1, skipped 8000" in ran.out


def test_a_file_whose_name_is_no_text_has_one_that_can_be_stored(shop: Shop) -> None:
    file = os.fsencode(shop.folder) + b"/\xff.csv"
    Path(os.fsdecode(file)).write_text(GOOD)
    assert shop.process("import", os.fsdecode(file)).returncode == 0
    assert shop.json("batches")[0]["source"] == "\\udcff.csv"


def test_ids_that_stand_for_something_else_are_bad_rows(shop: Shop, tmp_path: Path) -> None:
    header = "date,sku,type,quantity,id\n"
    shop.import_text(header + "2022-03-01,A,received,5,a\n2022-03-01,A,received,5,b\n")
    text = header + "2022-03-01,A,received,6,a\n2022-03-01,A,received,6,b\n"
    text += "2022-03-02,A,received,1,c\n"
    errors = tmp_path / "errors.csv"
    ran = shop.import_text(text, "--errors", errors)
    assert (ran.code, "read 3, appended 0, skipped 0, refused 2" in ran.out) == (3, True)
    assert [line[:6] for line in errors.read_text().splitlines()[1:]] == ["2,id,a", "3,id,b"]
    assert shop.on_hand("A") == 10
    ran = shop.import_text(text, "--skip-bad")
    assert (ran.code, "read 3, appended 1, skipped 0, refused 2" in ran.out) == (0, True)
    assert shop.on_hand("A") == 11


def test_a_row_with_a_new_id_may_look_recorded_too(shop: Shop) -> None:
    shop.import_text(HEADER + "2022-03-01,A,received,9\n")
    ran = shop.import_text("date,sku,type,quantity,id\n2022-03-01,A,received,9,n1\n")
    assert (ran.code, "1 of the rows look recorded already" in ran.err) == (3, True)
    assert shop.on_hand("A") == 9


def test_a_dry_run_tries_the_good_rows_on_the_rules_although_there_are_bad_ones(
    shop: Shop,
) -> None:
    ran = shop.import_text(GOOD + "bad,A,sold,1\n2022-03-03,A,sold,7\n", "--dry-run")
    assert ran.code == 3
    assert "line 4, date 'bad'" in ran.err
    assert "A at main on 2022-03-03: 6 on hand then, 1 missing (line 5)" in ran.err
    ran = shop.import_text(GOOD + "bad,A,sold,1\n", "--dry-run")
    assert "net change 6; nothing was appended" in ran.out
    assert shop.json("log") == []


def test_an_import_is_recorded_when_it_is_written_and_not_when_it_was_started(shop: Shop) -> None:
    process = subprocess.Popen(
        shop.command("import", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(GOOD.encode())
    process.stdin.flush()
    shop.ok("receive", "B", 1)
    between = shop.json("batches")[0]["recorded_at"]
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    assert shop.json("batches")[1]["recorded_at"] > between
    assert shop.on_hand("A", "as-of", "2022-03-02", "--known-at", between) is None


def test_a_file_that_breaks_off_while_it_is_read_is_refused(shop: Shop) -> None:
    ran = shop.process("import", "/proc/self/mem")
    assert (ran.returncode, "cannot be read to its end" in ran.stderr) == (3, True)


def test_more_moved_counts_than_are_named_are_at_least_counted(shop: Shop) -> None:
    counts = "".join(f"2022-03-31,S{n},counted,5\n" for n in range(30))
    shop.import_text(HEADER + counts)
    ran = shop.import_text(HEADER + counts.replace("03-31", "03-01").replace("counted", "received"))
    assert ran.err.startswith("30 counts with another variance: the count of S0 at main on ")
    assert ran.err.endswith("; and 27 more\n")


def test_a_line_of_blanks_is_a_blank_line(shop: Shop) -> None:
    assert shop.import_text("  \n" + GOOD + " \t\n").code == 0
    assert shop.on_hand("A") == 6


def test_how_far_it_is_goes_from_nothing_to_twice_the_file(shop: Shop) -> None:
    file = shop.folder / "moves.csv"
    file.write_text(HEADER + "2022-03-01,A,received,1\n" * 12_000)
    told: list[tuple[int, int | None]] = []
    with open_ledger(shop.path, write=True) as ledger, file.open("rb") as stream:
        import_file(
            ledger,
            stream,
            Origin("keeper", "import", file.name),
            Profile(),
            Choices(),
            lambda: datetime.now(UTC),
            lambda done, total: told.append((done, total)),
        )
    parts = [done / total for done, total in told if total]
    assert len(parts) == len(told)
    assert parts == sorted(parts)
    assert 0 < parts[0] <= 0.5 <= parts[-1] <= 1


JUNE = HEADER + "2022-06-01,A,sold,3\n"


def several(shop: Shop, *words: object, **texts: str) -> Ran:
    """Import files of these texts, in their order."""
    files = []
    for name, text in texts.items():
        files.append(shop.folder / f"{name}.csv")
        files[-1].write_text(text, encoding="utf-8")
    return shop("import", *files, *words)


def test_each_of_several_files_is_a_batch(shop: Shop) -> None:
    ran = several(shop, a=GOOD, b=JUNE)
    assert ran.code == 0
    assert [line.rpartition("/")[2] for line in ran.out.splitlines()] == [
        "a.csv: read 2, appended 2, skipped 0, refused 0",
        "batch 1: events 1 to 2",
        "b.csv: read 1, appended 1, skipped 0, refused 0",
        "batch 2: events 3 to 3",
    ]
    assert [(row["source"], row["events"]) for row in shop.json("batches")] == [
        ("a.csv", 2),
        ("b.csv", 1),
    ]
    again = several(shop, "--format", "json", a=GOOD, b=JUNE)
    assert [(row["file"], row["skipped"], row["batch"]) for row in again.json] == [
        ("a.csv", 2, None),
        ("b.csv", 1, None),
    ]


def test_of_several_files_none_is_read_behind_one_that_is_refused(shop: Shop) -> None:
    errors = shop.folder / "errors.csv"
    bad = GOOD.replace("10", "x").replace("A", "B")
    ran = several(shop, "--errors", errors, a=GOOD, b=bad, c=JUNE)
    assert ran.code == 3
    assert f"not read: {shop.folder / 'c.csv'}; mend {shop.folder / 'b.csv'}" in ran.err
    assert [row["source"] for row in shop.json("batches")] == ["a.csv"]
    assert errors.read_text().splitlines() == [
        "file,line,column,value,reason",
        "b.csv,2,quantity,x,quantity 'x' is not a decimal number",
    ]
    mended = several(shop, a=GOOD, b=bad.replace("x", "10"), c=JUNE)
    assert (mended.code, len(shop.json("batches"))) == (0, 3)


def test_several_files_in_one_batch(shop: Shop) -> None:
    ran = several(shop, "--one-batch", a=GOOD, b=JUNE)
    assert [line.rpartition("/")[2] for line in ran.out.splitlines()] == [
        "a.csv: read 2, appended 2, skipped 0, refused 0",
        "b.csv: read 1, appended 1, skipped 0, refused 0",
        "batch 1: events 1 to 3",
    ]
    assert ran.err == "new SKU A\n"
    (batch,) = shop.json("batches")
    assert (batch["source"], batch["events"]) == ("a.csv, b.csv", 3)
    again = several(shop, "--one-batch", a=GOOD, b=JUNE)
    assert again.err.count("the same file was recorded before, as batch 1") == 2
    assert shop.failed_checks() == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "2022-06-02,A,sold,x\n", "c.csv: 1 bad row, so nothing was appended"),
        (HEADER + "2022-06-02,A,sold,30\n", "A at main on 2022-06-02: 3 on hand then, 27 missing"),
        (JUNE, "c.csv: 1 of the rows look recorded already; the first is line 2"),
        ("sku\n", "c.csv, line 1: no column date, type, quantity"),
        (HEADER + "01/02/2022,A,sold,1\n", "c.csv, date, line 2: date '01/02/2022' can be read"),
    ],
)
def test_all_files_of_one_batch_or_none(shop: Shop, text: str, message: str) -> None:
    ran = several(shop, "--one-batch", a=GOOD, b=JUNE, c=text)
    assert (ran.code, message in ran.err) == (3, True), ran
    assert "a.csv: nothing was appended, because c.csv is refused" in ran.err
    assert (shop.json("batches"), shop.json("log")) == ([], [])


def test_the_files_of_one_batch_are_compared_with_each_other(shop: Shop) -> None:
    header = "date,sku,type,quantity,id\n"
    first = header + "2022-03-01,A,received,9,\n2022-03-01,A,received,9,\n2022-03-02,A,sold,1,x\n"
    other = header + "2022-03-01,A,received,9,\n2022-03-02,A,sold,1,x\n2022-03-03,A,sold,2,y\n"
    ran = several(shop, "--one-batch", "--overlap", "skip", "--format", "json", a=first, b=other)
    assert [(row["appended"], row["skipped"]) for row in ran.json] == [(3, 0), (1, 2)]
    assert shop.on_hand("A") == 15
    taken = several(shop, "--one-batch", c=header + "2022-04-01,A,sold,5,x\n", d=JUNE)
    assert "line 2, id 'x': taken by event 3" in taken.err


def test_large_files_of_one_batch_are_compared_as_fast(shop: Shop) -> None:
    rows = [f"2022-03-01,S{n % 300},received,{1 + n // 300}\n" for n in range(7_000)]
    first, second = HEADER + "".join(rows[:6_000]), HEADER + "".join(rows[5_000:])
    ran = several(shop, "--one-batch", "--overlap", "skip", "--format", "json", a=first, b=second)
    assert [(row["appended"], row["skipped"]) for row in ran.json] == [(6_000, 0), (1_000, 1_000)]
    assert shop.failed_checks() == {}


def test_several_files_are_rehearsed_together(shop: Shop) -> None:
    ran = several(shop, "--dry-run", "--format", "json", a=GOOD, b=JUNE)
    assert [(row["would_append"], row["net_change"]) for row in ran.json] == [(2, None), (1, 3)]
    assert shop.json("log") == []


def test_what_does_not_go_with_several_files(shop: Shop) -> None:
    assert "a draft is made for one file" in several(shop, "--draft", a=GOOD, b=JUNE).err
    assert "standard input can be read only once" in shop("import", "-", "-").err
    gone = shop("import", shop.folder / "gone.csv", shop.folder / "a.csv")
    assert (gone.code, shop.json("log")) == (2, [])
