"""A ledger of every schema version that was ever shipped opens, verifies and replays for ever.

`tests/frozen/schema-N.db` was written by the program when N was its schema version, by the
commands in FROZEN up to that version, and is never written again.
"""

import shutil
import sqlite3
from pathlib import Path
from sqlite3 import Connection

import pytest

from inventory_cli.storage import schema
from inventory_cli.storage.schema import SCHEMA_VERSION, STEPS
from tests.conftest import Shop
from tests.storage.test_crash import CommitsAndFails, Fails
from tests.tampering.altering import alter, content

FOLDER = Path(__file__).parent

FROZEN = {
    1: """
init --decimals 1 --timezone Europe/Berlin
open XYZ-1 100 --on 2022-02-01 --last-incoming 2022-01-01 --last-outgoing 2022-02-01
receive XYZ-1 100 --on 2022-03-01 --ref DN-1 --cost 2.50 --id k1 --detail supplier=Hafner
sell XYZ-1 20.5 --on 2022-03-15T10:30
return XYZ-1 0.5 --on 2022-03-16 --reason defect
transfer XYZ-1 30 --from main --to shop --on 2022-03-20
snapshot take march --as-of 2022-03-31
adjust XYZ-1 -20 --on 2022-04-01 --reason miscount
count XYZ-1 29 --location shop --on 2022-04-02
remove XYZ-1 1 --on 2022-03-10 --reason scrapped
reverse 7 --reason duplicate
""",
    2: """
snapshot take april --as-of 2022-04-30 --close
receive XYZ-1 4 --on 2022-04-15 --id k2 --into-closed april --reason 'delivery note found'
reverse 11 --into-closed april --reason 'it was of May'
""",
    3: """
describe XYZ-1 --name 'Steel bolt' --minimum 20 --barcode 4006381333931 --on 2022-05-01
adjust XYZ-1 3 --on 2022-05-02 --reason found --id k3
correct 14 --quantity 5 --reason 'read it wrong'
adjust XYZ-1 -5 --on 2022-05-03 --reason miscount
""",
}
# `schema-3-rolled.db` was made of that by `rollover next.db --as-of 2022-04-30`.


def frozen(version: int, folder: Path, more: str = "") -> Shop:
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = folder, folder / "inventory.db"
    shutil.copy(FOLDER / f"schema-{version}{more}.db", shop.path)
    return shop


OLD = range(1, SCHEMA_VERSION)


@pytest.mark.parametrize("version", OLD)
def test_an_old_ledger_is_not_touched_before_it_is_migrated(version: int, tmp_path: Path) -> None:
    shop = frozen(version, tmp_path)
    before = shop.path.read_bytes()
    for words in (["stock"], ["verify"], ["receive", "XYZ-1", "1"], ["rebuild"], ["export"]):
        ran = shop(*words)
        assert (ran.code, ran.out) == (4, "")
        assert f"was written by an older inventory (schema {version}; this one writes " in ran.err
        assert "`inventory migrate` brings it up to date" in ran.err
    assert shop.path.read_bytes() == before


@pytest.mark.parametrize("version", OLD)
def test_a_migration_names_its_steps_and_keeps_a_copy(version: int, tmp_path: Path) -> None:
    shop = frozen(version, tmp_path)
    before = content(shop.path)
    copy = tmp_path / f"inventory.db.schema-{version}"
    steps = ", ".join(list(STEPS)[version:])
    assert shop.ok("migrate").out == (
        f"kept a copy in {copy}\nbrought {shop.path} up to date: {steps}\n"
    )
    assert content(copy) == before
    assert shop.ok("migrate").out == f"{shop.path} is up to date\n"

    # Broken off behind the copy, it is run again.
    shutil.copy(copy, shop.path)
    shop.ok("migrate")
    assert content(copy) == before

    shutil.copy(copy, shop.path)
    alter(shop, "DELETE FROM batches WHERE batch > 4", "DELETE FROM events WHERE batch > 4")
    ran = shop("migrate")
    assert (ran.code, f"{copy} exists already, and is not what" in ran.err) == (3, True)
    shutil.copy(copy, shop.path)
    copy.unlink()
    assert shop.ok("migrate", "--no-copy").out.startswith("brought ")
    assert not copy.exists()


@pytest.mark.parametrize("version", OLD)
def test_a_migration_that_fails_changes_nothing(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = frozen(version, tmp_path)
    before = content(shop.path)
    monkeypatch.setitem(STEPS, "broken", "CREATE TABLE half (a);\nINSERT INTO nowhere VALUES (1);")
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    ran = shop("migrate", "--no-copy")
    assert ran.code == 4
    assert "nothing was changed" in ran.err
    assert content(shop.path) == before


@pytest.mark.parametrize("kind", [CommitsAndFails, Fails])
@pytest.mark.parametrize("version", OLD)
def test_a_migration_is_reported_as_it_is_after_an_error(
    version: int, kind: type[Connection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = frozen(version, tmp_path)
    before = content(shop.path)

    def failing(path: Path) -> Connection:
        # Only the first time: then it is opened again, to look.
        monkeypatch.undo()
        return sqlite3.connect(path, isolation_level=None, factory=kind)

    monkeypatch.setattr("inventory_cli.storage.ledger_file.connect", failing)
    ran = shop("migrate", "--no-copy")
    if kind is CommitsAndFails:
        assert (ran.code, ran.out.startswith(f"brought {shop.path} up to date: ")) == (0, True)
        assert shop.failed_checks() == {}
    else:
        assert (ran.code, ran.out) == (4, "")
        assert "; nothing was changed\n" in ran.err
        assert content(shop.path) == before


@pytest.mark.parametrize(("file", "says"), [(None, 2), (None, 1), (2, 1), (2, 3), (1, 2), (1, 3)])
def test_a_version_that_was_set_by_hand_is_said(
    file: int | None, says: int, tmp_path: Path
) -> None:
    shop = Shop(tmp_path) if file is None else frozen(file, tmp_path)
    has = file or SCHEMA_VERSION
    alter(shop, f"PRAGMA user_version = {says}")
    before = content(shop.path)
    ran = shop("migrate")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        f"error: {shop.path} says that its schema is version {says}, but has had the steps of "
        f"version {has}; nothing was changed\nhint: if nothing else was altered by hand, "
        f'`sqlite-utils {shop.path} "PRAGMA user_version = {has}"` says so again; then run '
        "`inventory migrate` and `inventory verify`\n"
    )
    assert content(shop.path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["inventory.db"]
    alter(shop, f"PRAGMA user_version = {has}")
    shop.ok("migrate")
    assert shop.failed_checks() == {}


@pytest.mark.parametrize(
    ("statement", "taken"),
    [
        ("DROP TABLE _sqlite_migrations", "none"),
        ("DELETE FROM _sqlite_migrations WHERE name = 'create_ledger'", "close_periods"),
    ],
)
def test_steps_that_cannot_have_been_taken_are_said(
    statement: str, taken: str, tmp_path: Path
) -> None:
    shop = frozen(2, tmp_path)
    alter(shop, statement)
    before = content(shop.path)
    ran = shop("migrate")
    assert (ran.code, f"the steps on record are {taken}; nothing was changed" in ran.err) == (
        4,
        True,
    )
    assert content(shop.path) == before


@pytest.mark.parametrize("version", FROZEN)
def test_an_old_ledger_is_as_good_as_new(version: int, tmp_path: Path) -> None:
    shop = frozen(version, tmp_path)
    shop.ok("migrate")
    assert shop.failed_checks() == {}
    assert shop.json("verify")["head"] == (FOLDER / f"schema-{version}.head").read_text().strip()
    assert shop.json("stock", "--by-location") == [
        {"sku": "XYZ-1", "location": "main", "on_hand": "149.0",
         "last_incoming": "2022-03-16", "last_outgoing": "2022-03-15"},
        {"sku": "XYZ-1", "location": "shop", "on_hand": "29.0",
         "last_incoming": None, "last_outgoing": None},
    ]  # fmt: skip
    assert shop.json("as-of", "2022-03-12") == [
        {"sku": "XYZ-1", "on_hand": "199.0",
         "last_incoming": "2022-03-01", "last_outgoing": "2022-03-10"}
    ]  # fmt: skip
    assert [row["change"] for row in shop.json("history", "XYZ-1", "-l", "shop")] == [
        "30.0",
        "-1.0",
    ]
    closed = [row["closes"] for row in shop.json("snapshot", "list")]
    assert closed == ["no"] if version == 1 else ["no", "yes"]
    shop.ok("receive", "XYZ-1", "1.5")
    shop.ok("rebuild")
    assert shop.failed_checks() == {}


def test_what_a_ledger_took_over_from_the_one_before_it_is_known_for_ever(tmp_path: Path) -> None:
    shop = frozen(3, tmp_path, "-rolled")
    shop.ok("migrate")
    assert shop.failed_checks() == {}
    assert [row["on_hand"] for row in shop.json("stock", "--by-location")] == ["149.0", "29.0"]
    again = shop.ok(
        *("receive", "XYZ-1", "100", "--on", "2022-03-01", "--ref", "DN-1", "--cost", "2.50"),
        *("--id", "k1", "--detail", "supplier=Hafner"),
    )
    assert "recorded before under the same id" in again.err
    assert shop.json("show", "1")[0]["kind"] == "opened"
    assert shop.json("stock", "--names")[0]["name"] == "Steel bolt"
