"""A file with two names, or with what SQLite keeps beside another one: nothing is written to it
that could be lost.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory_cli.actions.append import append
from inventory_cli.actions.rebuild import rebuild
from inventory_cli.core.events import Draft
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.names import second_names
from tests.conftest import Shop
from tests.storage.test_ledger_file import (
    READING,
    WRITING,
    contents,
    half_way,
    obeying,
    permitted,
    words_of,
)

ONE_FILE = "a write that is broken off under one name is not undone under another"


@pytest.fixture
def store(story: Shop) -> Shop:
    """A ledger that holds the story, alone in its folder, and a file to import elsewhere."""
    folder = story.folder / "folder"
    folder.mkdir()
    story.path = story.path.rename(folder / story.path.name)
    (story.folder / "moves.csv").write_text("date,sku,type,quantity\n2022-05-01,A,received,1\n")
    return story


def linked(shop: Shop, path: Path) -> Path:
    path.hardlink_to(shop.path)
    return path


@contextmanager
def half_written(path: Path) -> Iterator[None]:
    """Leave a file half written, with the journal that undoes it, as a crash does."""
    kept = path.with_name("kept")
    writer = half_way(path)
    shutil.copy(f"{path}-journal", kept)
    written = path.read_bytes()
    writer.execute("ROLLBACK")
    writer.close()
    path.write_bytes(written)
    kept.rename(f"{path}-journal")
    yield


def test_a_file_with_a_second_name_answers_and_records_nothing(store: Shop) -> None:
    second = linked(store, store.path.with_name("second.db"))
    assert second_names(store.path) == 1
    before = contents(store.path.parent)
    for command in READING:
        store.ok(*command.split())
    for command in (*WRITING, "migrate", f"rollover {store.folder / 'new.db'} --as-of 2022-12-31"):
        ran = store(*words_of(store, command))
        assert (ran.code, ran.out) == (4, ""), command
        assert ran.err == (
            f"error: {store.path} is one file with {second}: {ONE_FILE}\nhint: remove {second}; "
            "`inventory backup FILE` makes a copy that is a file of its own\n"
        )
    assert contents(store.path.parent) == before
    store.ok("backup", store.folder / "copy.db")
    second.unlink()
    assert second_names(store.path) == 0
    store.ok("receive", "XYZ-1", 1)


def test_names_in_other_folders_are_counted(store: Shop) -> None:
    second = linked(store, store.path.with_name("second.db"))
    linked(store, store.folder / "third.db")
    linked(store, store.folder / "fourth.db")
    ran = store("receive", "XYZ-1", 1)
    assert ran.err == (
        f"error: {store.path} is one file with {second} and 2 names in other folders: {ONE_FILE}\n"
        f"hint: `find / -xdev -samefile {store.path}` finds its names: remove all but one; "
        "`inventory backup FILE` makes a copy that is a file of its own\n"
    )


def test_a_journal_under_the_other_name_is_undone_by_that_name(store: Shop) -> None:
    second = linked(store, store.path.with_name("second.db"))
    with half_written(second):
        ran = store("receive", "XYZ-1", 1)
        assert ran.code == 4
        assert f"is one file with {second}, and a write under that name was broken off" in ran.err
        hint = f"hint: `inventory --ledger {second} head` undoes what was broken off; then remove"
        assert hint in ran.err
        assert second.with_name("second.db-journal").exists()
    first, store.path = store.path, second
    store.ok("head")
    store.path = first
    second.unlink()
    assert store.on_hand("XYZ-1") == 190
    assert store.failed_checks() == {}


def arrival() -> Draft:
    return Draft("A", "main", "received", 1, "2022-03-09T00:00:00.000Z", 1)


def test_a_name_that_is_given_under_the_lock_is_noticed_before_the_commit(store: Shop) -> None:
    second = store.path.with_name("second.db")

    def plan() -> list[Draft]:
        linked(store, second)
        return [arrival()]

    def append_meanwhile() -> None:
        with open_ledger(store.path, write=True) as ledger:
            append(ledger, Origin("keeper", "receive"), plan, lambda: datetime.now(UTC))

    with pytest.raises(LedgerUnusable, match=f"{ONE_FILE}; nothing was appended"):
        append_meanwhile()
    second.unlink()
    assert len(store.json("log")) == 6

    def rebuild_meanwhile() -> None:
        with open_ledger(store.path, write=True) as ledger:
            linked(store, second)
            rebuild(ledger)

    with pytest.raises(LedgerUnusable, match=f"{ONE_FILE}; nothing was changed"):
        rebuild_meanwhile()
    second.unlink()
    assert store.failed_checks() == {}


def test_a_ledger_that_is_open_through_a_link_keeps_its_journal_at_its_real_name(
    store: Shop,
) -> None:
    link = store.folder / "link.db"
    link.symlink_to(store.path)
    with open_ledger(link, write=True) as ledger, ledger.appending():
        ledger.connection.execute("UPDATE stock SET on_hand = 0")
        assert store.path.with_name(f"{store.path.name}-journal").exists()
        assert not link.with_name("link.db-journal").exists()
    # A second name is the file's, by whatever way it was found.
    second = linked(store, store.path.with_name("second.db"))
    store.path = link
    ran = store("receive", "XYZ-1", 1)
    assert (ran.code, f"{link} is one file with {second}: " in ran.err) == (4, True)


# --- the moment in which a new file has two names -----------------------------------------------

# Makes a ledger, and waits between giving it its name and taking the temporary one away.
SLOW = """
import sys, time
from pathlib import Path
from inventory_cli.cli import app
from inventory_cli.storage import new_file

finish = new_file._finish

def later(*given):
    print("named", flush=True)
    time.sleep(float(sys.argv[1]))
    finish(*given)

new_file._finish = later
app(sys.argv[2:])
"""


@contextmanager
def being_made(shop: Shop, seconds: float) -> "Iterator[subprocess.Popen[str]]":
    words = [sys.executable, "-c", SLOW, str(seconds), "--ledger", str(shop.path), "init"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "named\n"
        yield process


def test_whoever_records_while_a_ledger_gets_its_name_takes_the_temporary_one_away(
    shop: Shop,
) -> None:
    shop.path.unlink()
    with being_made(shop, 0.5) as process:
        assert second_names(shop.path) == 1
        shop.ok("stock")
        assert second_names(shop.path) == 1
        shop.ok("receive", "A", 1)
        assert second_names(shop.path) == 0
        assert process.wait() == 0
    assert [path.name for path in shop.folder.iterdir()] == ["inventory.db"]


def test_what_a_kill_leaves_of_it_stands_in_nobodys_way(shop: Shop) -> None:
    shop.path.unlink()
    with being_made(shop, 60) as process:
        process.kill()
    (left,) = shop.folder.glob(".inventory.db.*.new")
    # Under another name it is a second one, and said to be.
    moved = shop.path.rename(shop.path.with_name("shop.db"))
    shop.path = moved
    ran = shop("receive", "A", 1)
    assert (ran.code, f"hint: remove {left}; " in ran.err) == (4, True)
    shop.path = moved.rename(shop.folder / "inventory.db")
    shop.ok("receive", "A", 1)
    assert not left.exists()
    assert shop.failed_checks() == {}


def test_a_temporary_name_with_a_journal_is_left(shop: Shop) -> None:
    left = linked(shop, shop.path.with_name(f".inventory.db.{'0' * 16}.new"))
    journal = left.with_name(f"{left.name}-journal")
    journal.write_bytes(b"what undoes something")
    ran = shop("receive", "A", 1)
    assert (ran.code, f"is one file with {left}, and a write under that name" in ran.err) == (
        4,
        True,
    )
    assert left.exists()


# --- what WAL mode leaves -----------------------------------------------------------------------


def test_a_log_that_is_left_of_another_file_is_not_written_over_this_one(
    store: Shop, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    store.ok("backup", backup)
    # Another program switches the file to WAL mode, alters it and is killed.
    writer = sqlite3.connect(store.path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("UPDATE stock SET on_hand = 1000")
    left = store.path.with_name(f"{store.path.name}-wal")
    kept = Path(shutil.copy(left, tmp_path / "kept"))
    writer.close()
    assert not left.exists()
    kept.rename(left)
    # Then somebody puts the backup back.
    shutil.copy(backup, store.path)
    for command in READING + WRITING:
        ran = store(*words_of(store, command))
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"error: {left} is left of another file that was called ")
    assert store.path.read_bytes() == backup.read_bytes()
    left.unlink()
    assert store.on_hand("XYZ-1") == 190
    # An empty one holds nothing that could be written.
    left.touch()
    store.ok("receive", "XYZ-1", 1)
    assert store.failed_checks() == {}


def test_a_ledger_in_wal_mode_that_is_open_elsewhere_says_so(store: Shop) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("SELECT count(*) FROM events").fetchone()
    ran = store("receive", "XYZ-1", 1)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        f"error: {store.path} is in WAL mode: another program has set that, and has the file open\n"
        "hint: close that program and try again; whatever records first sets it back\n"
    )
    assert store.on_hand("XYZ-1") == 190
    other.close()
    store.ok("receive", "XYZ-1", 1)
    assert list(contents(store.path.parent)) == [store.path.name]


def test_a_ledger_that_is_switched_to_wal_while_it_is_open_is_switched_back(store: Shop) -> None:
    with open_ledger(store.path, write=True) as ledger:
        other = sqlite3.connect(store.path)
        assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        other.close()
        append(ledger, Origin("keeper", "receive"), lambda: [arrival()], lambda: datetime.now(UTC))
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert list(contents(store.path.parent)) == [store.path.name]
    assert len(store.json("log")) == 7


def test_a_ledger_in_wal_mode_that_may_only_be_read_says_so(store: Shop) -> None:
    other = sqlite3.connect(store.path)
    other.execute("PRAGMA journal_mode = WAL")
    other.close()
    with permitted(store.path.parent, 0o555):
        for command in ("stock", "verify", "receive XYZ-1 1"):
            code, out, err = obeying(store, command)
            assert (code, out) == (4, "")
            assert err.startswith(f"error: {store.path} was left in WAL mode by another program; ")
    store.ok("receive", "XYZ-1", 1)
    with permitted(store.path.parent, 0o555):
        assert obeying(store, "stock")[0] == 0
