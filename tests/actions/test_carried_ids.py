"""Ids of a ledger are known in the one that follows on it, and rows of its time are left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions import rollover
from tests.actions.test_rollover import END, other, reopen, roll, seam
from tests.conftest import Shop
from tests.tampering.altering import alter, behind_the_back, relink

LOG = (
    "receive A 20 --on 2022-11-01 --id d-1 --cost 1.50 --detail lot=L9",
    "sell A 1 --on 2022-12-20 --id web-900",
    "sell A 2 --on 2022-12-21T10:30 --id web-901",
    "transfer A 3 --from main --to shop --on 2022-12-22 --id t-1",
    "sell A 1 --on 2022-12-23 --id wrong",
    "reverse 6 --reason typo --id r-1",
    "sell A 1 --on 2023-01-02 --id later",
)


@pytest.fixture(scope="module")
def old_ledger(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a ledger of which most is of the year that has ended."""
    shop = Shop.holding(new_ledger, tmp_path_factory.mktemp("old"))
    shop.after(words.split() for words in LOG)
    file = "date,sku,type,quantity,id\n2022-12-24,A,sold,1,forgotten\n2022-12-25,A,sold,1,\n"
    assert shop.import_text(file).code == 0
    shop.ok("reverse", "--batch", 8, "--reason", "wrong file")
    assert shop.import_text("date,sku,type,quantity,id\n2022-12-26,A,sold,1,in-1\n").code == 0
    return shop.path.read_bytes()


@pytest.fixture
def old(old_ledger: bytes, tmp_path: Path) -> Shop:
    """A ledger of which most is of the year that has ended."""
    return Shop.holding(old_ledger, tmp_path)


# --- a retry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "position"),
    [
        (LOG[0].replace("1.50", "1.5"), 1),
        (LOG[1], 2),
        ("sell A 1 --id web-900", 2),
        (LOG[2], 3),
        (LOG[3], 4),
        ("sell A 1 --on 2022-12-26 --id in-1", 13),
    ],
)
def test_what_was_recorded_before_the_cut_is_known_under_its_id(
    old: Shop, words: str, position: int
) -> None:
    new = roll(old)
    before = new.path.read_bytes()
    ran = new.ok(*words.split())
    said = f"recorded before under the same id, in inventory.db as event {position}; nothing was"
    assert said in ran.err
    assert ran.out.startswith(f"event {position} of inventory.db: ")
    assert new.path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "position", "differing"),
    [
        ("sell A 2 --id web-900", 2, "content"),
        ("sell A 1 --id web-900 --location shop", 2, "content"),
        ("sell A 1 --id web-900 --ref X", 2, "content"),
        ("sell A 1 --on 2022-12-21 --id web-900", 2, "moment"),
        ("sell A 2 --on 2022-12-21 --id web-901", 3, "moment"),
        ("transfer A 3 --from main --to fair --on 2022-12-22 --id t-1", 4, "content"),
        ("sell A 3 --id t-1", 4, "content"),
    ],
)
def test_an_id_that_stands_for_something_else_before_the_cut_is_refused(
    old: Shop, words: str, position: int, differing: str
) -> None:
    ran = roll(old)(*words.split())
    assert ran.code == 3
    assert f"is taken by event {position} of inventory.db, which differs in its {differing}" in (
        ran.err
    )


def test_what_was_forgotten_with_its_import_may_come_again_and_what_was_carried_is_an_event(
    old: Shop,
) -> None:
    new = roll(old)
    new.ok("sell", "A", 1, "--on", "2023-01-03", "--id", "forgotten")
    assert "recorded before under the same id; nothing" in new.ok(*LOG[6].split()).err
    assert seam(new, old) == []


def test_a_script_is_told_in_which_ledger_it_was(old: Shop) -> None:
    new = roll(old)
    line = {"type": "sold", "sku": "A", "quantity": 1, "id": "web-900"}
    two = json.dumps(line) + "\n" + json.dumps({**line, "id": "new-1"}) + "\n"
    for words in ((), ("--one-batch",)):
        first = json.loads(new.ok("record", "-", *words, input=two).out.split("\n")[0])
        assert (first["already"], first["batch"], first["recorded_in"], first["notes"]) == (
            *(True, None, "inventory.db"),
            [],
        )
        assert first["events"][0]["position"] == 2
    ran = new("record", "-", input=json.dumps({**line, "quantity": 2}))
    assert ran.code == 3
    assert "is taken by event 2 of inventory.db" in ran.json["error"]


def test_the_next_ledger_carries_them_on_and_says_from_where_they_are(old: Shop) -> None:
    second = roll(old, "2023.db")
    second.ok("sell", "A", 1, "--on", "2023-02-01", "--id", "in-2023")
    third = roll(second, "2024.db", "2023-12-31")
    assert "in 2023.db as event" in third.ok("sell", "A", 1, "--id", "in-2023").err
    assert "in inventory.db as event 2" in third.ok("sell", "A", 1, "--id", "web-900").err
    assert third("sell", "A", 2, "--id", "web-900").code == 3
    assert third.failed_checks() == {}


def test_an_id_of_two_years_may_have_one_position_in_both(shop: Shop) -> None:
    # Voided, then recorded again in the new year with --overlap keep: both are known after it.
    shop.ok("receive", "A", 5, "--on", "2022-12-01")
    row = "date,sku,type,quantity,id\n{},A,sold,1,twice\n"
    assert shop.import_text(row.format("2022-12-02")).code == 0
    shop.ok("reverse", 2, "--reason", "typo")
    ran = shop.import_text(row.format("2023-01-02"), "--overlap", "keep", name="again.csv")
    assert ran.code == 0
    second = roll(shop, "2023.db")
    assert [row["position"] for row in second.json("log") if row["id"]] == [2]
    third = roll(second, "2024.db", "2023-12-31")
    for day, said in (
        ("2022-12-02", "inventory.db as event 2, which was voided by event 3;"),
        ("2023-01-02", "2023.db as event 2;"),
    ):
        ran = third.ok("sell", "A", 1, "--on", day, "--id", "twice")
        assert f"in {said}" in ran.err


# --- a file -------------------------------------------------------------------------------------

FILE = """date,sku,type,quantity,id
2022-12-20,A,sold,1,web-900
2022-12-22,A,sold,9,
2022-12-31,A,sold,1,
2023-01-01,A,sold,1,
2023-01-02,A,sold,1,later
2023-01-03,A,sold,1,web-950
"""


def test_rows_of_the_old_time_are_left_out_and_counted(old: Shop) -> None:
    new = roll(old)
    before = new.on_hand("A")
    ran = new.import_text(FILE)
    assert ran.code == 3
    assert (
        "2 of the rows take effect up to the end of 2022-12-31, which is the time of inventory.db; "
        "the first is line 3"
    ) in ran.err
    assert "hint: --overlap skip leaves them out" in ran.err
    errors = new.folder / "errors.csv"
    for words, done in ((["--dry-run"], "would be appended 2"), ([], "appended 2")):
        ran = new.import_text(FILE, "--overlap", "skip", "--errors", str(errors), *words)
        assert (ran.code, f"read 6, {done}, skipped 4, refused 0" in ran.out) == (0, True), ran
        assert "3 rows belong to inventory.db" in ran.err
        assert errors.read_text() == (
            "line,column,value,reason\n"
            "3,date,2022-12-22,it belongs to inventory.db\n"
            "4,date,2022-12-31,it belongs to inventory.db\n"
        )
    assert new.on_hand("A") == before - 2  # type: ignore[operator]
    ran = new.import_text(FILE, "--overlap", "skip")
    assert "read 6, appended 0, skipped 6, refused 0" in ran.out


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2022-12-20,A,sold,1,new", "its day belongs to inventory.db, where no such id was"),
        ("2022-12-20,A,sold,2,web-900", "taken by event 2 of inventory.db, which differs in its c"),
        ("2022-12-19,A,sold,1,web-900", "taken by event 2 of inventory.db, which differs in its m"),
        ("2023-01-05,A,sold,1,web-900", "taken by event 2 of inventory.db, which differs in its m"),
    ],
)
def test_a_row_with_an_id_that_the_old_ledger_does_not_know_so_is_bad(
    old: Shop, row: str, reason: str
) -> None:
    new = roll(old)
    ran = new.import_text(f"{FILE}{row}\n", "--overlap", "skip")
    assert ran.code == 3
    assert "read 7, appended 0, skipped 0, refused 1" in ran.out
    assert f"line 8, id '{row.split(',')[-1]}': {reason}" in ran.err
    ran = new.import_text(f"{FILE}{row}\n", "--overlap", "skip", "--skip-bad")
    assert "read 7, appended 2, skipped 4, refused 1" in ran.out


def test_what_is_meant_for_the_closed_period_is_no_row_of_the_old_time(old: Shop) -> None:
    new = roll(old)
    file = "date,sku,type,quantity,reason\n2022-12-30,NEW,received,1,found\n"
    ran = new.import_text(file, "--into-closed", f"rollover-{END}", "--overlap", "skip")
    assert (ran.code, new.on_hand("NEW")) == (0, 1), ran


# --- what proves them ---------------------------------------------------------------------------


def rows_of(lines: list[str]) -> list[list[Any]]:
    return [row for line in lines for row in json.loads(line).get("carried_ids", [])]


def test_they_are_exported_and_restored(old: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    new = roll(old)
    lines = new.ok("export").out.split("\n")[:-1]
    assert [[*row[:3], row[-1]] for row in rows_of(lines)] == [
        ["d-1", 1, 1, None],
        ["in-1", 1, 13, None],
        ["r-1", 1, 7, None],
        ["t-1", 1, 4, None],
        ["web-900", 1, 2, None],
        ["web-901", 1, 3, None],
        ["wrong", 1, 6, 7],
    ]
    assert [number for number, line in enumerate(lines) if 'carried_ids":[[' in line] == [1]
    copy = other(new, "copy.db")
    copy.ok("restore", "-", input="\n".join(lines))
    assert seam(copy, old) == []
    assert "as event 2" in copy.ok("sell", "A", 1, "--id", "web-900").err
    monkeypatch.setattr("inventory_cli.storage.export._IDS_ON_A_LINE", 3)
    parts = new.ok("export").out.split("\n")[:-1]
    assert len(parts) == len(lines) + 2
    assert rows_of(parts) == rows_of(lines)
    other(new, "parts.db").ok("restore", "-", input="\n".join(parts))


def restored(shop: Shop, lines: list[str]) -> tuple[int, str]:
    ran = other(shop, "restored.db")("restore", "-", input="\n".join(lines))
    assert not (shop.folder / "restored.db").exists()
    return ran.code, ran.err.split("\n")[0]


def test_an_export_with_other_ids_than_the_header_says_is_refused(old: Shop) -> None:
    lines = roll(old).ok("export").out.split("\n")[:-1]
    ids = json.loads(lines[1])["carried_ids"]
    digest = "batch 1 does not have the digest of the carried ids"

    def said(rows: list[list[Any]]) -> str:
        return json.dumps({"carried_ids": rows}, separators=(",", ":"))

    for altered, line, why in (
        ([lines[0], *lines[2:]], 3, digest),
        ([lines[0], said(ids[1:]), *lines[2:]], 4, digest),
        ([lines[0], said([[*ids[0][:5], "0" * 64, None], *ids[1:]]), *lines[2:]], 4, digest),
        ([lines[0], lines[1], *lines[1:]], 3, "the carried ids are not in order"),
        ([lines[0], said(ids[::-1]), *lines[2:]], 2, "the carried ids are not in order"),
        ([lines[0], said([]), *lines[1:]], 2, "ids are carried right behind the settings"),
        ([lines[1], lines[0], *lines[2:]], 1, "an export begins with the ledger's settings"),
        ([*lines[:3], lines[1], *lines[3:]], 4, "ids are carried right behind the settings"),
        ([*lines[:4], lines[1], *lines[4:]], 5, "ids are carried right behind the settings"),
        ([lines[0], said([*ids[:-1], [*ids[-1][:6], None]]), *lines[2:]], 4, digest),
        ([lines[0], said([ids[0][:-1]]), *lines[2:]], 2, "this is no line of an export"),
        ([lines[0], said([[*ids[0][:6], "7"]]), *lines[2:]], 2, "a value in it is of another"),
        ([lines[0], said([["x", "1", *ids[0][2:]]]), *lines[2:]], 2, "a value in it is of another"),
        ([lines[0], lines[1], lines[-1]], 3, "no header of a batch closes carried ids, of line 2"),
    ):
        code, error = restored(old, altered)
        assert (code, f"line {line}: {why}" in error) == (3, True), error


def test_ids_in_a_ledger_that_follows_on_none_are_found(shop: Shop) -> None:
    insert = "INSERT INTO carried_ids VALUES ('x', 1, 1, '2021-01-01T00:00:00.000Z', 1, '', NULL)"
    alter(shop, insert)
    said = ["ids are carried of which the first header says nothing"]
    assert shop.failed_checks() == {"chain": said}
    shop.ok("receive", "A", 1)
    assert shop.failed_checks() == {"chain": said}
    alter(shop, "DELETE FROM carried_ids")
    assert shop.failed_checks() == {}


def test_an_anchor_does_not_keep_them_from_being_looked_at(old: Shop) -> None:
    new = roll(old)
    anchor = new.ok("head").out.strip()
    alter(new, "DELETE FROM carried_ids WHERE id = 'd-1'")
    failed = new.failed_checks("--expect", anchor, "--since-anchor")
    assert failed == {"chain": ["the carried ids do not have the digest in the first header"]}


def forge_ids(new: Shop, *statements: str) -> None:
    """Alter the carried ids, and make the digest and the chain fit."""
    from inventory_cli.core.events import CARRIED_IDS
    from inventory_cli.storage.chain import digest_carried

    with behind_the_back(new) as connection:
        for statement in statements:
            connection.execute(statement)
        rows = connection.execute("SELECT * FROM carried_ids ORDER BY 1, 2, 3").fetchall()
        digest = digest_carried(rows)
        connection.execute(
            "UPDATE batches SET details = json_set(details, ?, ?) WHERE batch = 1",
            (f"$.{CARRIED_IDS}", digest),
        )
        relink(connection)


def test_ids_that_the_old_log_does_not_have_are_found(old: Shop) -> None:
    new = roll(old)
    forge_ids(
        new,
        "DELETE FROM carried_ids WHERE id = 'd-1'",
        "UPDATE carried_ids SET content_sha256 = '' WHERE id = 't-1'",
        "UPDATE carried_ids SET id = 'zzz' WHERE id = 'web-900'",
        "UPDATE carried_ids SET voided_by = NULL WHERE id = 'wrong'",
        "UPDATE carried_ids SET ledger = 2 WHERE id = 'in-1'",
    )
    assert new.failed_checks() == {}
    assert seam(new, old) == [
        "the id 'd-1' of event 1 of inventory.db is not taken over",
        "the id 'in-1' of event 13 of inventory.db is not taken over",
        "the id 'in-1' is taken over, but is not of event 13 of a ledger before inventory.db",
        "the id 't-1' of event 4 of inventory.db is taken over otherwise",
        "the id 'web-900' of event 2 of inventory.db is not taken over",
        "and 2 more ids not as recorded there",
    ]


def test_that_an_event_was_not_voided_is_no_lie_that_passes(old: Shop) -> None:
    new = roll(old)
    forge_ids(new, "UPDATE carried_ids SET voided_by = NULL WHERE id = 'wrong'")
    assert new.failed_checks() == {}
    assert seam(new, old) == ["the id 'wrong' of event 6 of inventory.db is taken over otherwise"]


def test_a_first_header_that_names_other_ledgers_is_found(old: Shop) -> None:
    new = roll(old)
    with behind_the_back(new) as connection:
        connection.execute(
            "UPDATE batches SET details = json_set(details, '$.ledger_1', 'x.db') WHERE batch = 1"
        )
        relink(connection)
    assert new.failed_checks() == {}
    assert seam(new, old) == ["the first header names other ledgers from which ids are taken over"]


def test_a_rollover_that_takes_over_no_ids_is_found(
    old: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollover, "ids_before", lambda *_: iter(()))
    new = other(old, "new.db")
    old.ok("rollover", new.path, "--as-of", END)
    assert new.failed_checks() == {}
    problems = seam(new, old)
    assert problems[0] == "the id 'd-1' of event 1 of inventory.db is not taken over"
    assert problems[5:] == ["and 2 more ids not as recorded there"]
    # An earlier version took over none, and did not end the old ledger.
    reopen(old)
    assert seam(new, old) == []
    notes = new.json("verify", "--previous", old.path)["checks"][4]["notes"]
    assert notes[1].startswith("it was rolled over by an earlier version: ids of inventory.db")
    # So an id says nothing there, and a row of the old time is one that belongs to the old ledger.
    row = "date,sku,type,quantity,id\n2022-12-20,A,sold,1,web-900\n"
    ran = new.import_text(row, "--overlap", "skip")
    assert (ran.code, "read 1, appended 0, skipped 1, refused 0" in ran.out) == (0, True), ran
    assert "1 row belongs to inventory.db" in ran.err


def test_an_import_that_was_voided_as_a_whole_stays_forgotten_where_it_is_carried(
    old: Shop,
) -> None:
    file = (
        "date,sku,type,quantity,id\n2022-12-30,A,sold,1,k1\n2023-01-03,A,sold,1,k2\n"
        "2023-01-04,A,sold,1,k3\n2023-01-05,A,sold,1,\n"
    )
    old.ok("sell", "A", 1, "--on", "2023-01-02", "--id", "before")
    assert old.import_text(file).code == 0
    old.ok("reverse", "--batch", old.json("batches")[-1]["batch"], "--reason", "wrong file")
    old.ok("sell", "A", 1, "--on", "2023-01-06", "--id", "behind")
    new = roll(old)
    ran = new.import_text(file, "--overlap", "skip", "--skip-bad")
    assert "read 4, appended 3" in ran.out, ran
    for id in ("before", "behind"):
        assert "recorded before under the same id" in new.ok("sell", "A", 1, "--id", id).err
    third = other(new, "third.db")
    new.ok("rollover", third.path, "--as-of", END)
    assert seam(third, new) == []
    assert "recorded before" in third.ok("sell", "A", 1, "--on", "2023-01-03", "--id", "k2").err
