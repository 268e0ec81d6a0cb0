"""The file is a plain SQLite file that is written durably, and whatever is no ledger, or may not
be used, is refused with one clear line and left as it was.
"""

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from inventory_cli.storage.ledger_file import open_ledger
from tests.conftest import STORY, Shop

READING = (
    "stock",
    "as-of 2022-04-01",
    "history XYZ-1",
    "log",
    "batches",
    "snapshot list",
    "verify",
)
WRITING = (
    "receive XYZ-1 1",
    "transfer XYZ-1 1 --from main --to shop",
    "reverse 2 --reason twice",
    "import {file}",
    "snapshot take",
    "rebuild",
)


@pytest.fixture
def store(shop: Shop, story_ledger: bytes) -> Shop:
    """A ledger that holds the story, alone in its folder, and a file to import elsewhere."""
    folder = shop.folder / "folder"
    folder.mkdir()
    shop.path = shop.path.rename(folder / shop.path.name)
    shop.path.write_bytes(story_ledger)
    (shop.folder / "moves.csv").write_text("date,sku,type,quantity\n2022-05-01,A,received,1\n")
    return shop


def words_of(shop: Shop, command: str) -> list[str]:
    return command.format(file=shop.folder / "moves.csv").split()


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return what lies in a folder: name → bytes, or None for what is not a file."""
    return {
        path.name: path.read_bytes() if path.is_file() else None
        for path in sorted(folder.iterdir())
    }


def assert_unusable(code: int, out: str, err: str, *texts: object) -> None:
    """Check that a command ended with exit code 4 and one line of error that holds these texts."""
    assert (code, out) == (4, ""), err
    line, *rest = err.splitlines()
    assert line.startswith("error: "), err
    assert all(other.startswith("hint: ") for other in rest), err
    for text in texts:
        assert str(text) in line, err


# --- what is no ledger --------------------------------------------------------------------------


def nothing(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("gone.db")


def short_text(path: Path) -> None:
    path.write_text("date,sku,type,quantity\n")


def long_text(path: Path) -> None:
    path.write_text("date,sku,type,quantity\n" * 1_000)


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


def foreign_database(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE events (position INTEGER PRIMARY KEY)")
    connection.execute("PRAGMA user_version = 1")
    connection.close()


def newer_ledger(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 4")
    connection.close()


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def all_but_the_last_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4096])


def first_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def fifty_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


UNUSABLE: list[tuple[Callable[[Path], None], str]] = [
    (nothing, "there is no ledger at {}"),
    (dangling_link, "there is no ledger at {}"),
    (folder, "{} is a folder, not a ledger"),
    (short_text, "{} is not an inventory ledger"),
    (long_text, "{} is not an inventory ledger"),
    (empty_file, "{} is not an inventory ledger"),
    (zeros, "{} is not an inventory ledger"),
    (fifty_bytes, "{} is not an inventory ledger"),
    (foreign_database, "{} is not an inventory ledger"),
    (newer_ledger, "{} was written by a newer inventory (schema 4; this one knows up to 3)"),
    (half, "{} is damaged"),
    (all_but_the_last_page, "{} is damaged"),
    (first_page, "{} is damaged"),
]


@pytest.mark.parametrize(("make", "message"), UNUSABLE, ids=lambda it: getattr(it, "__name__", ""))
def test_what_is_no_ledger_is_refused_and_left_as_it_was(
    store: Shop, make: Callable[[Path], None], message: str
) -> None:
    make(store.path)
    before = contents(store.path.parent)
    for command in READING + WRITING:
        ran = store(*words_of(store, command))
        assert_unusable(*ran, message.format(store.path))
        assert contents(store.path.parent) == before, command
    process = store.process("stock")
    assert_unusable(process.returncode, process.stdout, process.stderr, message.format(store.path))


@pytest.mark.parametrize("make", [folder, dangling_link, short_text, empty_file, half])
def test_init_puts_nothing_over_what_is_there(store: Shop, make: Callable[[Path], None]) -> None:
    make(store.path)
    before = contents(store.path.parent)
    ran = store("init")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"error: {store.path} exists already\n")
    assert contents(store.path.parent) == before


def test_init_makes_no_folders(store: Shop) -> None:
    store.path = store.path.parent / "none" / "inventory.db"
    assert_unusable(*store("init"), f"the folder {store.path.parent} does not exist")


def test_a_path_below_a_file_is_refused(store: Shop) -> None:
    store.path = store.path / "inventory.db"
    for words in ("init", "stock", "receive A 1"):
        assert_unusable(*store(*words.split()), store.path.parent)


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?mode=ro.db", "a#b.db", "größe.db"])
def test_any_name_will_do(shop: Shop, name: str) -> None:
    shop.path = shop.folder / name
    shop.ok("init")
    shop.ok("receive", "A", 1)
    assert shop.failed_checks() == {}
    assert sorted(path.name for path in shop.folder.iterdir()) == sorted([name, "inventory.db"])


def test_a_ledger_can_be_used_through_a_link(store: Shop) -> None:
    real, store.path = store.path, store.folder / "link.db"
    store.path.symlink_to(real)
    store.ok("receive", "XYZ-1", 1)
    assert store.failed_checks() == {}
    assert store.path.is_symlink()
    store.path = real
    assert len(store.json("log")) == len(STORY) + 1


def test_a_copy_of_the_file_is_the_same_ledger(store: Shop) -> None:
    head = store.json("verify")["head"]
    store.path = Path(shutil.copy(store.path, store.folder / "copy.db"))
    assert store.json("verify")["head"] == head


def test_questions_change_nothing(store: Shop) -> None:
    before = contents(store.path.parent)
    for command in READING:
        store.ok(*command.split())
    assert contents(store.path.parent) == before


# --- what may not be used -----------------------------------------------------------------------

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def obey_permissions() -> None:
    """Give up, before the command starts, what lets root pass every permission."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "permissions cannot be made to bind")


def obeying(shop: Shop, command: str) -> tuple[int, str, str]:
    """Run a command as someone whom permissions bind."""
    ended = shop.process(*words_of(shop, command), preexec_fn=obey_permissions)
    return ended.returncode, ended.stdout, ended.stderr


@contextmanager
def permitted(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_permissions_bind_in_these_tests(store: Shop) -> None:
    with permitted(store.path, 0o000):
        child = subprocess.run(
            [sys.executable, "-c", f"open({str(store.path)!r})"],
            preexec_fn=obey_permissions,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "PermissionError" in child.stderr


def test_a_file_that_may_only_be_read_answers_and_records_nothing(store: Shop) -> None:
    before = contents(store.path.parent)
    with permitted(store.path, 0o444):
        for command in READING:
            code, out, err = obeying(store, command)
            assert code == 0, err
            assert out or command == "snapshot list"
        for command in WRITING:
            assert_unusable(*obeying(store, command), f"{store.path} may only be read")
    assert contents(store.path.parent) == before


def test_a_folder_that_may_only_be_read_answers_and_records_nothing(store: Shop) -> None:
    before = contents(store.path.parent)
    with permitted(store.path.parent, 0o555):
        for command in READING:
            code, _, err = obeying(store, command)
            assert code == 0, err
        for command in WRITING:
            assert_unusable(*obeying(store, command), store.path)
    assert contents(store.path.parent) == before


def test_a_file_on_read_only_media_answers(store: Shop) -> None:
    with permitted(store.path, 0o444), permitted(store.path.parent, 0o555):
        for command in READING:
            code, _, err = obeying(store, command)
            assert code == 0, err


def test_a_file_that_may_not_even_be_read_is_refused(store: Shop) -> None:
    with permitted(store.path, 0o000):
        for command in READING + WRITING:
            assert_unusable(*obeying(store, command), f"{store.path} cannot be opened")


def test_a_folder_that_may_not_be_entered_is_refused(store: Shop) -> None:
    with permitted(store.path.parent, 0o000):
        for command in ("stock", "receive A 1", "init"):
            assert_unusable(*obeying(store, command), store.path)


def test_init_in_a_folder_that_may_only_be_read_leaves_nothing(store: Shop) -> None:
    store.path.unlink()
    with permitted(store.path.parent, 0o555):
        assert_unusable(*obeying(store, "init"), store.path)
    assert contents(store.path.parent) == {}


def half_way(path: Path) -> sqlite3.Connection:
    """Return a writer that has written half of what it means to; the journal undoes it."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 5")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE stock SET on_hand = 0")
    writer.executemany(
        "INSERT INTO stock VALUES (?, 'main', 1, NULL, NULL, NULL, '')",
        [(f"SKU-{number}",) for number in range(5_000)],
    )
    return writer


def test_half_an_append_that_may_not_be_undone_is_not_shown(
    store: Shop, story_ledger: bytes
) -> None:
    # What a crash leaves: a file that is half written, and the journal that undoes it.
    writer = half_way(store.path)
    left = store.folder / "left"
    shutil.copytree(store.path.parent, left)
    writer.execute("ROLLBACK")
    writer.close()
    store.path = left / store.path.name
    assert len(contents(left)) == 2
    assert store.path.stat().st_size > len(story_ledger)
    with permitted(left, 0o555):
        for command in ("stock", "verify", "receive A 1"):
            assert_unusable(*obeying(store, command), store.path)
    # As soon as it may be undone, it is.
    assert store.on_hand("XYZ-1") == 190
    assert len(store.json("stock")) == 1
    assert store.failed_checks() == {}


# --- how it is written --------------------------------------------------------------------------


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_ledger_is_written_durably(store: Shop) -> None:
    with open_ledger(store.path, write=True) as ledger:
        assert pragma(ledger.connection, "synchronous") == 3  # EXTRA
        assert pragma(ledger.connection, "journal_mode") == "delete"
        assert pragma(ledger.connection, "recursive_triggers") == 1


def test_a_ledger_that_someone_switched_to_wal_is_switched_back(store: Shop) -> None:
    other = sqlite3.connect(store.path)
    assert pragma(other, "journal_mode = WAL") == "wal"
    other.close()
    assert store.on_hand("XYZ-1") == 190
    store.ok("receive", "XYZ-1", 1)
    other = sqlite3.connect(store.path)
    assert pragma(other, "journal_mode") == "delete"
    other.close()
    assert list(contents(store.path.parent)) == [store.path.name]
    assert store.failed_checks() == {}


def test_a_ledger_that_cannot_be_written_durably_is_not_written(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.storage.connection.BUSY_TIMEOUT", 0.1)
    other = sqlite3.connect(store.path, isolation_level=None)
    assert pragma(other, "journal_mode = WAL") == "wal"
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM events").fetchone()
    assert_unusable(*store("receive", "XYZ-1", 1))
    other.close()
    assert len(store.json("log")) == len(STORY)


def test_a_ledger_tells_what_it_is(store: Shop) -> None:
    connection = sqlite3.connect(store.path)
    assert pragma(connection, "application_id") == int.from_bytes(b"IvLg", "big")
    assert pragma(connection, "user_version") == 3
    assert pragma(connection, "encoding") == "UTF-8"
    assert pragma(connection, "integrity_check") == "ok"
    connection.close()


# --- how others read it -------------------------------------------------------------------------


def event_log(path: Path) -> list[dict[str, object]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM event_log ORDER BY position").fetchall()
    connection.close()
    return [dict(row) for row in rows]


def test_anyone_can_read_the_log_with_plain_sqlite(store: Shop) -> None:
    store.ok("snapshot", "take")
    store.ok("reverse", 2, "--reason", "twice", "--ref", "R-1", "--by", "auditor")
    rows = event_log(store.path)
    assert [row["position"] for row in rows] == list(range(1, 8))
    assert [row["quantity"] for row in rows] == [100, 100, 20, 50, 20, -20, 0]
    assert [row["change"] for row in rows] == [100, 0, -20, 50, -20, -20, 0]
    assert [row["voided_by"] for row in rows] == [None, 7, None, None, None, None, None]
    last = rows[-1]
    recorded_at, hash = last.pop("recorded_at"), last.pop("hash")
    assert last == {
        "position": 7,
        "batch": 8,
        "effective_at": "2022-02-28T23:00:00.000Z",
        "day": "2022-03-01",
        "kind": "reversed",
        "sku": "XYZ-1",
        "location": "main",
        "quantity": 0,
        "change": 0,
        "reason": "twice",
        "reference": "R-1",
        "unit_cost": None,
        "id": None,
        "reverses": 2,
        "voided_by": None,
        "details": None,
        "actor": "auditor",
        "command": "reverse",
        "source": None,
    }
    assert str(recorded_at).endswith("Z")
    assert len(bytes.fromhex(str(hash))) == 32


# Quantities as typed → as anyone reads them.
READABLE: list[tuple[int, str, str]] = [
    (1, "12", "12.0"),
    (1, "-0.1", "-0.1"),
    (2, "1.5", "1.50"),
    (2, "-0.05", "-0.05"),
    (2, "-1", "-1.00"),
    (3, "0.005", "0.005"),
    (3, "-1234567.089", "-1234567.089"),
    (9, "0.000000001", "0.000000001"),
    (9, "-999999999.999999999", "-999999999.999999999"),
    (9, "123456789", "123456789.000000000"),
]


@pytest.mark.parametrize(("decimals", "typed", "shown"), READABLE)
def test_the_view_shows_quantities_with_their_decimals(
    tmp_path: Path, decimals: int, typed: str, shown: str
) -> None:
    shop = Shop(tmp_path, "--decimals", str(decimals), "--negative", "allow")
    shop.ok("adjust", "A", typed, "--reason", "found")
    (row,) = event_log(shop.path)
    assert (row["quantity"], row["change"]) == (shown, shown)
    with closing(sqlite3.connect(shop.path)) as connection:
        assert connection.execute("SELECT sku, on_hand FROM stock_now").fetchall() == [("A", shown)]
    assert shop.json("log")[0]["quantity"] == shown
