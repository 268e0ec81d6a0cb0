"""A backup is a whole ledger that the original once was, whoever writes meanwhile and whatever
stops it.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inventory_cli.storage import backup
from inventory_cli.storage.ledger_file import open_ledger
from tests.conftest import Shop
from tests.storage.test_crash import journal_of, with_room
from tests.storage.test_ledger_file import contents, obeying, permitted

WRITERS, BACKUPS = 4, 20


@pytest.fixture
def store(story: Shop) -> Shop:
    """A ledger that holds the story, alone in its folder."""
    folder = story.folder / "folder"
    folder.mkdir()
    story.path = story.path.rename(folder / story.path.name)
    return story


def copy_of(shop: Shop, path: Path) -> Shop:
    """Return what uses the copy at a path as a ledger."""
    copy = Shop.__new__(Shop)
    copy.folder, copy.path = shop.folder, path
    return copy


def test_a_backup_is_the_same_ledger(store: Shop) -> None:
    store.ok("snapshot", "take", "march")
    target = store.folder / "copy.db"
    ran = store.ok("backup", target)
    head = store.json("verify")["head"]
    assert ran.out == f"backed up {store.path} to {target}: 6 events, head {head}\n"
    copy = copy_of(store, target)
    assert copy.failed_checks() == {}
    assert copy.json("verify")["head"] == head
    for words in ("stock", "log", "batches", "snapshot list"):
        assert copy.json(*words.split()) == store.json(*words.split())
    copy.ok("receive", "XYZ-1", 1)
    assert (copy.on_hand("XYZ-1"), store.on_hand("XYZ-1")) == (191, 190)
    assert list(contents(store.path.parent)) == [store.path.name]


def test_an_empty_ledger_can_be_backed_up(shop: Shop, tmp_path: Path) -> None:
    shop.ok("backup", tmp_path / "copy.db")
    assert copy_of(shop, tmp_path / "copy.db").json("log") == []


def test_a_backup_is_never_made_in_wal_mode(store: Shop) -> None:
    other = sqlite3.connect(store.path)
    assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    target = store.folder / "copy.db"
    store.ok("backup", target)
    # The two bytes by which a file says how it is written.
    assert target.read_bytes()[18:20] == b"\1\1"
    other.close()
    assert copy_of(store, target).failed_checks() == {}


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_nobody_may_read_the_backup_who_may_not_read_the_ledger(store: Shop, mode: int) -> None:
    store.path.chmod(mode)
    store.ok("backup", store.folder / "copy.db")
    assert (store.folder / "copy.db").stat().st_mode & 0o777 & ~mode == 0


# --- where it cannot be made --------------------------------------------------------------------


def test_a_backup_is_never_made_over_a_file(store: Shop) -> None:
    (store.folder / "link.db").symlink_to("gone.db")
    (store.folder / "same.db").symlink_to(store.path)
    (store.folder / "other.db").write_text("mine")
    before = contents(store.folder), contents(store.path.parent)
    for name, message in {
        "link.db": "exists already",
        "other.db": "exists already",
        "folder": "exists already",
        "same.db": "is the ledger itself",
        f"folder/{store.path.name}": "is the ledger itself",
    }.items():
        ran = store("backup", store.folder / name)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith(f"error: {store.folder / name} {message}\n")
    assert (contents(store.folder), contents(store.path.parent)) == before


@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_backup_is_not_made_beside_what_another_file_left(store: Shop, ending: str) -> None:
    (store.folder / f"copy.db{ending}").write_bytes(b"what undoes another file")
    ran = store("backup", store.folder / "copy.db")
    assert ran.code == 3
    assert f"copy.db{ending} is left of another file" in ran.err
    assert not (store.folder / "copy.db").exists()


def test_a_folder_that_is_missing_or_may_not_be_written_is_said(store: Shop) -> None:
    ran = store("backup", store.folder / "none" / "copy.db")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == (
        f"error: the folder {store.folder / 'none'} does not exist\n"
        "hint: make it, or name a file in another\n"
    )
    target = store.folder / "target"
    target.mkdir()
    for mode in (0o555, 0o000):
        with permitted(target, mode):
            code, out, err = obeying(store, f"backup {target / 'copy.db'}")
        assert (code, out) == (4, "")
        assert err.startswith(f"error: {target / 'copy.db'} cannot be used: Permission denied")
    assert contents(target) == {}
    # A folder in which names can be made but not listed will do.
    with permitted(target, 0o333):
        assert obeying(store, f"backup {target / 'copy.db'}")[0] == 0


def test_what_may_only_be_read_can_be_backed_up(store: Shop) -> None:
    with permitted(store.path, 0o444), permitted(store.path.parent, 0o555):
        assert obeying(store, f"backup {store.folder / 'copy.db'}")[0] == 0
    copy = copy_of(store, store.folder / "copy.db")
    copy.ok("receive", "XYZ-1", 1)
    assert copy.failed_checks() == {}


def test_what_is_no_whole_ledger_is_not_backed_up(store: Shop) -> None:
    target = store.folder / "copy.db"
    whole = store.path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"date,sku,type,quantity\n" * 1_000):
        store.path.write_bytes(content)
        ran = store("backup", target)
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"error: {store.path} is ")
    store.path.unlink()
    assert store("backup", target).code == 4
    assert [path.name for path in store.folder.iterdir()] == ["folder"]


def test_a_ledger_that_stays_busy_is_said_to_be_busy(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.storage.connection.BUSY_TIMEOUT", 0.1)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    ran = store("backup", store.folder / "copy.db")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"error: {store.path} is busy")
    other.close()
    assert [path.name for path in store.folder.iterdir()] == ["folder"]


@pytest.mark.parametrize("most", [0, 512, 4096, 40_000])
def test_a_backup_that_finds_no_room_leaves_nothing(store: Shop, most: int) -> None:
    target = store.folder / "copy.db"
    ended = with_room(store, most, "backup", target)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.startswith(f"error: {target} cannot ")
    assert "no backup was made" in ended.stderr
    assert [path.name for path in store.folder.iterdir()] == ["folder"]
    store.ok("backup", target)


# --- while others write -------------------------------------------------------------------------

# Records batches of three equal events until its input ends, and says how many.
WRITING = """
import select, sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from inventory_cli.core.events import Draft
from inventory_cli.actions.append import append
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger

with open_ledger(Path(sys.argv[1]), write=True) as ledger:
    for number in count(1):
        draft = Draft(sys.argv[2], "main", "received", number, "2022-03-09T00:00:00.000Z", 1)
        append(ledger, Origin("keeper", "receive"), lambda: [draft] * 3, lambda: datetime.now(UTC))
        if select.select([sys.stdin], [], [], 0)[0]:
            print(number)
            break
"""


def hash_of(path: Path, batch: int) -> bytes:
    connection = sqlite3.connect(path)
    (link,) = connection.execute("SELECT hash FROM batches WHERE batch = ?", (batch,)).fetchone()
    connection.close()
    return bytes(link)


@pytest.mark.slow
def test_backups_made_while_others_write_are_whole(in_memory: Path) -> None:
    shop = Shop(in_memory)
    script = [sys.executable, "-c", WRITING, str(shop.path)]
    writers = [
        subprocess.Popen(
            [*script, f"P-{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(WRITERS)
    ]
    copies: list[Shop] = []
    while len(copies) < BACKUPS or not shop.json("batches"):
        copies.append(copy_of(shop, in_memory / f"copy-{len(copies)}.db"))
        shop.ok("backup", copies[-1].path)
    said = [writer.communicate("\n")[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    assert shop.failed_checks() == {}
    assert len(shop.json("batches")) == sum(map(int, said))

    heads = []
    for copy in copies:
        assert copy.failed_checks() == {}
        with open_ledger(copy.path) as ledger:
            heads.append(ledger.head())
        # It is what the original once was: no batch is there in part, and none is its own.
        assert heads[-1].position == 3 * heads[-1].batch
        assert [row["events"] for row in copy.json("batches")] == [3] * heads[-1].batch
        if heads[-1].batch:
            assert hash_of(shop.path, heads[-1].batch) == heads[-1].hash
    assert heads == sorted(heads)
    # The writers did go on meanwhile.
    assert heads[-1].batch > heads[0].batch


def test_what_is_recorded_while_pages_are_copied_waits_and_is_not_in_the_copy(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP", 1)
    started: list[subprocess.Popen[bytes]] = []
    copied: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        copied.append(done)
        if not started:
            started.append(subprocess.Popen(store.command("receive", "XYZ-1", 1)))
            while not journal_of(store).exists():
                assert started[0].poll() is None
            # Nor does it commit, however long the copy takes.
            time.sleep(0.3)
            assert journal_of(store).exists()

    before = store.json("log")
    with open_ledger(store.path) as ledger:
        backup.back_up(ledger, store.folder / "copy.db", meanwhile)
        assert started[0].wait() == 0
    assert copied == list(range(1, len(copied) + 1))
    assert copy_of(store, store.folder / "copy.db").json("log") == before
    assert len(store.json("log")) == len(before) + 1


# --- what stops it ------------------------------------------------------------------------------

# Gets a signal when some pages are copied, or all.
STOPPED = """
import os, sys
from pathlib import Path
from inventory_cli.cli import app
from inventory_cli.storage import backup, new_file

name, moment, *words = sys.argv[1:]
backup.STEP = 1

def stop(*arguments):
    os.kill(os.getpid(), int(name))

def advance(done, total):
    if done == (total if moment == "the last page" else 3):
        stop()

if moment == "the name":
    name_it = new_file._give_name
    new_file._give_name = lambda *given: (stop(), name_it(*given))
else:
    back_up = backup.back_up
    backup.back_up = lambda ledger, path, progress: back_up(ledger, path, advance)
app(words)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["some pages", "the last page", "the name"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_backup_that_is_stopped_leaves_no_file(
    store: Shop, number: signal.Signals, moment: str
) -> None:
    target = store.folder / "copy.db"
    script = [sys.executable, "-c", STOPPED, str(int(number)), moment]
    ended = subprocess.run(
        [*script, "--ledger", str(store.path), "backup", str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    left = [path for path in store.folder.iterdir() if path.is_file()]
    if number == signal.SIGKILL:
        assert ended.returncode == -signal.SIGKILL
        # What it had begun has another name, which nobody takes for a backup.
        assert [path.name.startswith(".copy.db.") for path in left] == [True]
    else:
        assert (ended.returncode, ended.stdout) == (130, "")
        assert ended.stderr.startswith("error: interrupted\n")
        assert left == []
    # The ledger is as it was, nobody holds it, and the backup can be made.
    store.ok("receive", "XYZ-1", 1)
    store.ok("backup", target)
    assert copy_of(store, target).failed_checks() == {}


# --- the files that SQLite keeps beside one -----------------------------------------------------


@pytest.mark.parametrize("command", ["init", "restore"])
def test_a_new_ledger_is_not_made_beside_the_journal_of_an_old_one(
    store: Shop, command: str
) -> None:
    export = store.folder / "export.jsonl"
    export.write_text(store.ok("export").out)
    # A crash leaves a journal, and somebody removes the ledger but not that.
    writer = sqlite3.connect(store.path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 5")
    writer.execute("BEGIN IMMEDIATE")
    writer.executemany(
        "INSERT INTO stock VALUES (?, 'main', 1, NULL, NULL, NULL, '')",
        [(f"SKU-{number}",) for number in range(5_000)],
    )
    left = Path(shutil.copy(f"{store.path}-journal", store.folder))
    writer.execute("ROLLBACK")
    writer.close()
    new = copy_of(store, store.folder / store.path.name)
    words = [command, str(export)] if command == "restore" else [command]
    ran = new(*words)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"error: {left} is left of another file that was called ")
    assert not new.path.exists()
    left.unlink()
    new.ok(*words)
    assert new.failed_checks() == {}
