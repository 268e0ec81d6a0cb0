"""What one unbroken ledger would have said of an id, those that follow on it say too."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.actions.test_carried_ids import forge_ids
from tests.actions.test_rollover import END, other, roll, seam
from tests.conftest import Shop
from tests.tampering.altering import alter, alter_schema

LOG = (
    "receive A 20 --on 2022-11-01",
    "sell A 1 --on 2022-12-20 --reason by-phone --id wrong",
    "reverse 2 --reason typo --id r-1",
    "transfer A 3 --from main --to shop --on 2022-12-22 --id t-1",
    "reverse 5 --reason typo --ref T-9 --id r-2",
    # From here on it takes effect after the cut, and has other positions behind it.
    "sell A 1 --on 2023-01-02 --id late",
    "reverse 8 --reason typo --detail by=Ann --id r-3",
    "sell A 4 --on 2023-01-03 --id kept",
)


@pytest.fixture(scope="module")
def stages(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """The files of a ledger with reversals on both sides of the cut: alone, with the one that
    follows on it, and with the one behind that.
    """
    first = Shop.holding(new_ledger, tmp_path_factory.mktemp("stages"))
    found = [{first.path.name: first.after(words.split() for words in LOG)}]
    second = roll(first, "2023.db")
    found.append({shop.path.name: shop.path.read_bytes() for shop in (first, second)})
    third = roll(second, "2024.db", "2023-12-31")
    found.append({shop.path.name: shop.path.read_bytes() for shop in (first, second, third)})
    return found


@pytest.fixture
def old(stages: list[dict[str, bytes]], tmp_path: Path) -> Shop:
    """A ledger with reversals on both sides of the cut."""
    return Shop.holding(stages[0]["inventory.db"], tmp_path)


@pytest.fixture(params=[1, 2, 3])
def last(stages: list[dict[str, bytes]], tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """The ledger itself, the one that follows on it, or the one behind that."""
    files = stages[request.param - 1]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return other(Shop.holding(files["inventory.db"], tmp_path), [*files][-1])


# --- a reversal that is sent again --------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "position"),
    [
        (LOG[2], 3),
        (LOG[4], 6),
        # Both legs are meant, whichever is named.
        (LOG[4].replace("reverse 5", "reverse 4"), 6),
        (LOG[6], 9),
    ],
)
def test_a_reversal_that_is_sent_again_is_known(last: Shop, words: str, position: int) -> None:
    before = last.path.read_bytes()
    ran = last.ok(*words.split())
    assert "recorded before under the same id" in ran.err
    assert f"event {position}" in ran.out
    assert last.path.read_bytes() == before


def test_of_a_reversal_before_the_cut_it_is_said_where_it_stands_and_what_it_voids(
    old: Shop,
) -> None:
    new = roll(old)
    ran = new.ok(*LOG[4].split())
    assert ran.out == (
        "event 6 of inventory.db: reversed event 4\nevent 7 of inventory.db: reversed event 5\n"
    )
    assert ran.err == (
        "recorded before under the same id, in inventory.db as event 6; nothing was appended\n"
    )
    [row] = new.json(*LOG[2].split())
    assert row == {
        "position": 3,
        "batch": None,
        "effective_at": "2022-12-20",
        "kind": "reversed",
        "sku": None,
        "location": None,
        "quantity": 0,
        "on_hand": None,
    }
    # What was carried is known by both of its positions.
    by_position = {row["id"]: row["position"] for row in new.json("log")}
    ran = new.ok(*LOG[6].replace("8", str(by_position["late"])).split())
    assert f"event {by_position['r-3']}: reversed event" in ran.out


@pytest.mark.parametrize(
    ("words", "position"),
    [
        (LOG[2].replace("typo", "wrong"), 3),
        (LOG[2].replace("reverse 2", "reverse 1"), 3),
        (f"{LOG[2]} --ref X", 3),
        (LOG[4].replace("reverse 5", "reverse 6"), 6),
        ("reverse 2 --reason typo --id wrong", 2),
        ("reverse 999 --reason typo --id r-1", 3),
        ("sell A 1 --id r-1", 3),
    ],
)
def test_an_id_of_a_reversal_that_stands_for_something_else_is_refused(
    last: Shop, words: str, position: int
) -> None:
    ran = last(*words.split())
    assert ran.code == 3
    assert f"is taken by event {position}" in ran.err


def test_without_an_id_a_position_is_one_of_this_ledger(old: Shop) -> None:
    new = roll(old)
    ran = new("reverse", 9, "--reason", "typo")
    assert (ran.code, "there is no event 9: the log ends at" in ran.err) == (3, True)


# --- what was voided ----------------------------------------------------------------------------


def test_a_command_that_was_voided_is_known_as_voided(last: Shop) -> None:
    before = last.path.read_bytes()
    assert "as event 2, which was voided by event 3; nothing was" in last.ok(*LOG[1].split()).err
    assert "as event 4, which was voided by event 6; nothing was" in last.ok(*LOG[3].split()).err
    assert "is taken by event 2" in (err := last("sell", "A", 2, "--id", "wrong").err)
    assert "(voided by 3), which differs in its" in err
    assert last.path.read_bytes() == before


def test_a_script_is_told_that_it_was_voided(last: Shop) -> None:
    line = {"type": "sold", "sku": "A", "quantity": 1, "date": "2022-12-20", "id": "wrong"}
    line["reason"] = "by-phone"
    transfer = {"type": "transferred", "sku": "A", "quantity": 3, "date": "2022-12-22"}
    transfer |= {"location": "main", "to_location": "shop", "id": "t-1"}
    text = f"{json.dumps(line)}\n{json.dumps(transfer)}\n"
    for words in ((), ("--one-batch",)):
        ran = last.ok("record", "-", *words, input=text)
        answers = [json.loads(answer) for answer in ran.out.splitlines()]
        assert [(one["already"], one["voided_by"]) for one in answers] == [(True, 3), (True, 6)]
        where = None if last.path.name == "inventory.db" else "inventory.db"
        assert [one.get("recorded_in") for one in answers] == [where, where]


FILE = (
    "date,sku,type,quantity,id,reason\n2022-12-20,A,sold,1,wrong,by-phone\n"
    "2024-01-05,A,sold,1,new-1,\n"
)


@pytest.mark.parametrize("overlap", [[], ["--overlap", "skip"]])
def test_a_row_that_equals_what_was_voided_is_left_out_and_named(
    last: Shop, overlap: list[str]
) -> None:
    ran = last.import_text(FILE, *overlap)
    assert (ran.code, "read 2, appended 1, skipped 1, refused 0" in ran.out) == (0, True), ran
    where = "event 2" if last.path.name == "inventory.db" else "event 2 of inventory.db"
    assert f"1 row equals {where}, voided by 3: left out line 2" in ran.err
    assert "belong" not in ran.err


def test_what_was_voided_is_passed_over_where_rows_are_kept(last: Shop) -> None:
    file = FILE.replace("2022-12-20", "2024-01-04")
    assert "which differs in its" in last.import_text(file, "--overlap", "skip").err
    ran = last.import_text(file, "--overlap", "keep")
    assert (ran.code, "read 2, appended 2, skipped 0, refused 0" in ran.out) == (0, True), ran
    # Without a moment it is what stands that is meant, and with that of what was voided, that.
    position = last.json("log")[-2]["position"]
    behind = roll(last, "behind.db", "2024-12-31")
    words = LOG[1].replace("--on 2022-12-20 ", "").split()
    assert f"in {last.path.name} as event {position}; nothing" in behind.ok(*words).err
    assert (
        "in inventory.db as event 2, which was voided by event 3" in behind.ok(*LOG[1].split()).err
    )


# --- the third ledger ---------------------------------------------------------------------------


def test_a_late_entry_of_the_second_ledger_is_named_by_its_file(old: Shop) -> None:
    second = roll(old, "2023.db")
    late = ["receive", "B", 5, "--on", "2022-12-30", "--reason", "found", "--id", "late-1"]
    second.ok(*late, "--into-closed", f"rollover-{END}")
    third = roll(second, "2024.db", "2023-12-31")
    assert "in 2023.db as event 6; nothing" in third.ok(*late).err
    assert "in inventory.db as event 2," in third.ok(*LOG[1].split()).err


def test_ledgers_of_one_name_in_several_folders_are_three(old: Shop) -> None:
    # A position may be that of a reversal in each of them.
    path = old.path
    for year in (2023, 2024, 2025):
        (old.folder / str(year)).mkdir()
        new = other(old, f"{year}/inventory.db")
        ledger = other(old, str(path))
        ledger.ok("rollover", new.path, "--as-of", f"{year - 1}-12-31")
        assert seam(new, ledger) == []
        path = new.path
        assert "in inventory.db as event 9" in new.ok(*LOG[6].split()).err


# --- damage -------------------------------------------------------------------------------------


def lose(new: Shop) -> None:
    alter(new, "DELETE FROM carried_ids WHERE id = 'r-1'")


def change(new: Shop) -> None:
    alter(new, "UPDATE carried_ids SET voided_by = NULL")


def drop(new: Shop) -> None:
    alter_schema(new, "DROP TABLE carried_ids")


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lose, "the carried ids do not have the digest in the first header"),
        (change, "the carried ids do not have the digest in the first header"),
        (drop, "no such table: carried_ids"),
    ],
)
def test_ids_that_are_not_whole_are_not_rolled_over(
    old: Shop, damage: Callable[[Shop], None], what: str
) -> None:
    new = roll(old)
    damage(new)
    before = new.path.read_bytes()
    ran = new("rollover", new.folder / "third.db", "--as-of", "2023-12-31")
    assert ran.code == 4
    assert ran.err.startswith(f"error: {new.path} is damaged")
    assert what in ran.err
    assert "third.db" not in ran.err
    assert "hint: `inventory verify`" in ran.err
    assert not (new.folder / "third.db").exists()
    assert new.path.read_bytes() == before


def test_a_table_of_ids_that_is_gone_cannot_be_made_anew(old: Shop) -> None:
    new = roll(old)
    drop(new)
    checks = {check["name"]: check for check in new("verify", "--format", "json").json["checks"]}
    [problem] = checks["schema"]["problems"]
    assert problem["text"] == "table carried_ids is missing"
    assert "the last good backup" in problem["repair"]
    assert "rebuild" not in problem["repair"]
    ran = new.ok("rebuild")
    assert "not mended, because it is not derived from the log: table carried_ids is" in ran.err


def test_what_fails_in_the_old_file_is_said_of_the_old_file(old: Shop) -> None:
    alter_schema(old, "ALTER TABLE events RENAME COLUMN reference TO ref")
    ran = old("rollover", old.folder / "new.db", "--as-of", END)
    assert ran.code == 4
    assert ran.err.startswith(f"error: {old.path} is damaged or was altered (no such column")


def test_a_ledger_of_which_no_name_is_kept_is_one_before(old: Shop) -> None:
    new = roll(old)
    forge_ids(new, "UPDATE carried_ids SET ledger = 7 WHERE id = 'wrong'")
    assert "in a ledger before inventory.db as event 2, which" in new.ok(*LOG[1].split()).err
