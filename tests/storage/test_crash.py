"""Whatever stops a process, at whatever moment: each batch is in the ledger whole or not at all,
and what the process reported is true.

Real processes, a real `kill -9`, and a real limit to how much may be written.
"""

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from inventory_cli.actions.append import append
from inventory_cli.actions.rebuild import rebuild
from inventory_cli.actions.record import Recording, Request
from inventory_cli.actions.record_lines import record_waiting
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.cli.waiting import MOST_TOGETHER
from inventory_cli.core.events import Draft
from inventory_cli.core.names import ANY_NAMES
from inventory_cli.errors import LedgerUnusable, Refused
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from tests.conftest import Shop, unmeasured
from tests.tampering.altering import behind_the_back

pytestmark = pytest.mark.slow

BEFORE, IMPORTED, SKUS = 2_000, 20_000, 500
NOTHING_APPENDED = "nothing was appended"
KEEPER = Origin("keeper", "receive")


def write_movements(file: Path, rows: int, reference: str) -> Path:
    """Write a file of arrivals and of departures that they cover."""
    with file.open("w", encoding="utf-8") as out:
        out.write("date,sku,type,quantity,reference\n")
        for number in range(rows):
            kind = "sold" if number >= SKUS and number % 3 == 2 else "received"
            day = 1 + number * 28 // rows
            out.write(f"2022-03-{day:02d},SKU-{number % SKUS:03d},{kind},4,{reference}\n")
    return file


class Before(NamedTuple):
    """A ledger of some events, a file to import, and how long each command takes here."""

    ledger: bytes
    file: Path
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    folder = tmp_path_factory.mktemp("before")
    shop = Shop(folder)
    shop.ok("import", write_movements(folder / "before.csv", BEFORE, "before"))
    ledger = shop.path.read_bytes()
    file = write_movements(folder / "moves.csv", IMPORTED, "moves")
    seconds = {}
    for words in (["import", str(file)], ["snapshot", "take"], ["rebuild"], ["receive", "A", "1"]):
        started = time.monotonic()
        assert shop.process(*words).returncode == 0
        seconds[words[0]] = time.monotonic() - started
    shop.path.unlink()
    started = time.monotonic()
    assert shop.process("init").returncode == 0
    seconds["init"] = time.monotonic() - started
    return Before(ledger, file, seconds)


@pytest.fixture
def store(shop: Shop, before: Before) -> Shop:
    """A ledger that holds one batch of BEFORE events."""
    shop.path.write_bytes(before.ledger)
    return shop


def journal_of(shop: Shop) -> Path:
    return shop.path.with_name(shop.path.name + "-journal")


class Moment(NamedTuple):
    """When to strike: so many times the usual duration of the command behind a beginning."""

    beginning: str
    share: float


def spread(beginning: str, count: int, until: float) -> list[Moment]:
    return [Moment(beginning, until * number / count) for number in range(count)]


def strike(
    shop: Shop, words: list[str], moment: Moment, usual: float, number: int = signal.SIGKILL
) -> "subprocess.CompletedProcess[str]":
    """Start a command, send it a signal at a moment, and return how it ended."""
    size = shop.path.stat().st_size if shop.path.exists() else 0
    begun: dict[str, Callable[[], bool]] = {
        "the start": lambda: True,
        "the first write": lambda: journal_of(shop).exists(),
        # Only a commit makes the file grow, because what goes before it fits into memory.
        "the commit": lambda: shop.path.exists() and shop.path.stat().st_size != size,
    }
    process = subprocess.Popen(
        shop.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not begun[moment.beginning]() and process.poll() is None:
        pass
    time.sleep(moment.share * usual)
    process.send_signal(number)
    out, err = process.communicate()
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def sizes(shop: Shop) -> list[int]:
    """Return the number of events in each batch; `verify` looks whether they are there."""
    assert shop.failed_checks() == {}
    return [row["events"] for row in shop.json("batches")]


# --- kill -9 ------------------------------------------------------------------------------------

DURING_IMPORT = [
    *spread("the start", 8, 1.0),
    *spread("the first write", 4, 0.4),
    *spread("the commit", 5, 0.05),
]


@pytest.mark.parametrize("moment", DURING_IMPORT, ids=str)
def test_a_killed_import_is_recorded_whole_or_not_at_all(
    store: Shop, before: Before, moment: Moment
) -> None:
    ended = strike(store, ["import", str(before.file)], moment, before.seconds["import"])
    found = sizes(store)
    assert found in ([BEFORE], [BEFORE, IMPORTED])
    if ended.stdout:
        assert found == [BEFORE, IMPORTED]
    # Whoever does not know what happened imports the file again.
    report = store.json("import", before.file)[0]
    assert report["appended"] == (IMPORTED if found == [BEFORE] else 0)
    assert sizes(store) == [BEFORE, IMPORTED]
    assert not journal_of(store).exists()


HALF_WAY = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from inventory_cli.core.events import Draft
from inventory_cli.actions.append import append
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger

def plan():
    for number in range(20_000):
        yield Draft(f"SKU-{number % 500:03d}", "main", "sold", 1, "2022-03-09T00:00:00.000Z", 1)
    os.kill(os.getpid(), signal.SIGKILL)

with open_ledger(Path(sys.argv[1]), write=True) as ledger:
    # Pages must reach the file before the commit, as they do in an import larger than memory.
    ledger.connection.execute("PRAGMA cache_size = 10")
    append(ledger, Origin("keeper", "import"), plan, lambda: datetime.now(UTC), allow_negative=True)
"""


@pytest.mark.parametrize("command", ["stock", "as-of today", "log", "verify", "receive A 1"])
def test_whoever_comes_first_after_a_crash_clears_up(
    store: Shop, before: Before, command: str
) -> None:
    stock = store.json("stock")
    child = subprocess.run([sys.executable, "-c", HALF_WAY, str(store.path)], check=False)
    assert child.returncode == -signal.SIGKILL
    # The file is half written, and SQLite's journal tells how to undo it.
    assert journal_of(store).exists()
    assert store.path.stat().st_size > len(before.ledger)
    store.ok(*command.split())
    assert not journal_of(store).exists()
    assert sizes(store) == [BEFORE] + [1] * command.startswith("receive")
    assert [row for row in store.json("stock") if row["sku"] != "A"] == stock


APPENDING = """
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from inventory_cli.core.events import Draft
from inventory_cli.actions.record import Request, record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger

with open_ledger(Path(sys.argv[1]), write=True) as ledger:
    for number in count(1):
        draft = Draft("A", "main", "received", number, "2022-03-09T00:00:00.000Z", 1)
        request = Request((draft,), True)
        record(ledger, Origin("keeper", "receive"), request, lambda: datetime.now(UTC), False)
        print(number, flush=True)
"""


@pytest.mark.parametrize(("reported", "share"), [(1, 0.0), (2, 0.03), (5, 0.06), (9, 0.1)])
def test_every_event_that_was_reported_before_a_kill_is_there(
    store: Shop, before: Before, reported: int, share: float
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(store.path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(reported)]
        time.sleep(share * before.seconds["receive"])
        process.kill()
        lines += process.stdout
    complete = [int(line) for line in lines if line.endswith("\n")]
    found = sizes(store)
    recorded = [row["quantity"] for row in store.json("log", "--after", BEFORE)]
    assert recorded == list(range(1, len(found)))
    # One may have been recorded without the time to say so.
    assert len(complete) <= len(recorded) <= len(complete) + 1


@pytest.mark.parametrize(("answered", "share"), [(1, 0.0), (1, 0.1), (250, 0.02), (800, 0.05)])
def test_every_line_that_was_answered_before_a_kill_is_there(
    store: Shop, tmp_path: Path, before: Before, answered: int, share: float
) -> None:
    file = tmp_path / "lines.jsonl"
    line = '{"type": "received", "sku": "A", "quantity": %d, "date": "2022-03-09"}\n'
    file.write_text("".join(line % number for number in range(1, 5_001)))
    with subprocess.Popen(
        store.command("record", file), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(answered)]
        time.sleep(share * before.seconds["receive"])
        process.kill()
        lines += process.stdout
    complete = [json.loads(line) for line in lines if line.endswith("\n")]
    assert [answer["batch"] for answer in complete] == list(range(2, len(complete) + 2))
    # The last group may have been recorded without the time to say so.
    found = sizes(store)
    assert found == [BEFORE] + [1] * (len(found) - 1)
    assert len(complete) <= len(found) - 1 <= len(complete) + MOST_TOGETHER
    recorded = [row["quantity"] for row in store.json("log", "--after", BEFORE)]
    assert recorded == list(range(1, len(found)))


@pytest.mark.parametrize("moment", spread("the start", 5, 1.0)[1:], ids=str)
def test_a_killed_command_can_be_repeated_under_its_id(
    store: Shop, before: Before, moment: Moment
) -> None:
    words = ["receive", "A", "5", "--id", "D-1"]
    ended = strike(store, words, moment, before.seconds["receive"])
    found = sizes(store)
    assert found in ([BEFORE], [BEFORE, 1])
    if ended.stdout:
        assert found == [BEFORE, 1]
    store.ok(*words)
    assert sizes(store) == [BEFORE, 1]
    assert store.on_hand("A") == 5


@pytest.mark.parametrize("moment", spread("the start", 6, 1.0)[2:], ids=str)
def test_a_killed_snapshot_is_there_with_all_its_lines_or_not_at_all(
    store: Shop, before: Before, moment: Moment
) -> None:
    ended = strike(store, ["snapshot", "take", "march"], moment, before.seconds["snapshot"])
    assert sizes(store) in ([BEFORE], [BEFORE, 0])
    taken = store.json("snapshot", "list")
    if ended.stdout:
        assert len(taken) == 1
    if taken:
        assert len(store.json("snapshot", "show", "march")) == SKUS
    else:
        store.ok("snapshot", "take", "march")
        assert store.failed_checks() == {}


@pytest.mark.parametrize("moment", spread("the start", 6, 1.0)[2:], ids=str)
def test_a_killed_rebuild_mended_everything_or_nothing(
    store: Shop, before: Before, moment: Moment
) -> None:
    with behind_the_back(store) as connection:
        connection.execute("UPDATE stock SET on_hand = on_hand + 1")
    ended = strike(store, ["rebuild"], moment, before.seconds["rebuild"])
    wrong = store.failed_checks()
    assert wrong == {} or [len(problems) for problems in wrong.values()] == [SKUS]
    if ended.stdout:
        assert wrong == {}
    store.ok("rebuild")
    assert sizes(store) == [BEFORE]


@pytest.mark.parametrize("moment", spread("the start", 7, 1.0)[1:], ids=str)
def test_a_killed_init_leaves_a_whole_ledger_or_none(
    shop: Shop, before: Before, moment: Moment
) -> None:
    shop.path.unlink()
    ended = strike(shop, ["init"], moment, before.seconds["init"])
    made = shop.path.exists()
    assert made or not ended.stdout
    if made:
        assert sizes(shop) == []
    assert shop("init").code == (3 if made else 0)
    shop.ok("receive", "A", 1)
    assert sizes(shop) == [1]
    # What it had begun has another name, which nobody takes for a ledger.
    visible = {path.name for path in shop.folder.iterdir() if not path.name.startswith(".")}
    assert visible == {shop.path.name}


# --- interrupted from the keyboard --------------------------------------------------------------

DURING_COMMIT = [*spread("the first write", 2, 0.4), *spread("the commit", 4, 0.02)]


@pytest.mark.parametrize("moment", DURING_COMMIT, ids=str)
def test_an_interrupted_import_says_what_is_true(
    store: Shop, before: Before, moment: Moment
) -> None:
    words = ["import", str(before.file)]
    ended = strike(store, words, moment, before.seconds["import"], signal.SIGINT)
    assert "Traceback" not in ended.stderr
    found = sizes(store)
    assert found in ([BEFORE], [BEFORE, IMPORTED])
    if ended.stdout:
        assert found == [BEFORE, IMPORTED]
    elif "is not recorded" in ended.stderr:
        assert found == [BEFORE], ended


# --- no room ------------------------------------------------------------------------------------


def with_room(shop: Shop, most: int, *words: object) -> "subprocess.CompletedProcess[str]":
    """Run a command that may make no file larger than `most` bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return shop.process(*words, preexec_fn=limit, env=unmeasured())


def assert_unusable(ended: "subprocess.CompletedProcess[str]", *texts: str) -> None:
    """Check that a command ended with exit code 4 and one message, which holds these texts."""
    assert (ended.returncode, ended.stdout) == (4, ""), ended
    assert ended.stderr.startswith("error: "), ended
    assert ended.stderr.count("error: ") == 1, ended
    assert "Traceback" not in ended.stderr, ended
    for text in texts:
        assert text in ended.stderr, ended


def test_an_import_that_finds_no_room_appends_nothing_and_says_so(
    store: Shop, before: Before
) -> None:
    for most in range(0, 3_500_000, 700_000):
        ended = with_room(store, most, "import", before.file)
        if ended.returncode == 0:
            break
        assert_unusable(ended, NOTHING_APPENDED)
        assert sizes(store) == [BEFORE]
        assert store.path.stat().st_size == len(before.ledger)
    assert store("import", before.file).code == 0
    assert sizes(store) == [BEFORE, IMPORTED]


def test_an_import_that_finds_no_room_for_its_temporary_file_says_so(
    store: Shop, before: Before
) -> None:
    ended = with_room(store, len(before.ledger), "import", before.file)
    assert_unusable(ended, "temporary", NOTHING_APPENDED)


@pytest.mark.parametrize("most", [0, 512, 4096, 8192])
def test_a_single_event_that_finds_no_room_is_not_recorded_and_says_so(
    store: Shop, before: Before, most: int
) -> None:
    assert_unusable(with_room(store, most, "receive", "A", "1"), str(store.path), NOTHING_APPENDED)
    assert sizes(store) == [BEFORE]
    assert store.path.read_bytes() == before.ledger
    store.ok("receive", "A", "1")
    assert sizes(store) == [BEFORE, 1]


def test_events_that_fill_a_file_up_to_its_limit_are_there_as_far_as_reported(store: Shop) -> None:
    most = store.path.stat().st_size + 8192
    words = ["receive", "A", "1", "--reason", "long " * 400]
    reported = 0
    while (ended := with_room(store, most, *words)).returncode == 0:
        reported += 1
    assert_unusable(ended, NOTHING_APPENDED)
    assert reported > 0
    assert sizes(store) == [BEFORE, *[1] * reported]


@pytest.mark.parametrize("words", ["snapshot take", "rebuild"])
def test_a_snapshot_or_rebuild_that_finds_no_room_changes_nothing(
    store: Shop, before: Before, words: str
) -> None:
    assert_unusable(with_room(store, 4096, *words.split()), str(store.path))
    assert sizes(store) == [BEFORE]
    assert store.path.read_bytes() == before.ledger


def test_answers_need_no_room(store: Shop) -> None:
    for words in ("stock", "as-of today", "history SKU-001", "log", "batches", "verify"):
        assert with_room(store, 0, *words.split()).returncode == 0


@pytest.mark.parametrize("most", [0, 4096, 50_000])
def test_an_init_that_finds_no_room_leaves_nothing(shop: Shop, most: int) -> None:
    shop.path.unlink()
    assert_unusable(with_room(shop, most, "init"), str(shop.path))
    assert list(shop.folder.iterdir()) == []


def arrivals(count: int) -> list[Draft]:
    moment = "2022-03-09T00:00:00.000Z"
    return [Draft(f"NEW-{n}", "main", "received", 1, moment, 1) for n in range(count)]


def test_a_file_that_cannot_grow_keeps_what_it_has(store: Shop) -> None:
    def append_to_a_full_file() -> None:
        with open_ledger(store.path, write=True) as ledger:
            (pages,) = ledger.connection.execute("PRAGMA page_count").fetchone()
            ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
            append(ledger, KEEPER, lambda: arrivals(1_000), lambda: datetime.now(UTC))

    with pytest.raises(LedgerUnusable, match=r"the disk is full .*nothing was appended"):
        append_to_a_full_file()
    assert sizes(store) == [BEFORE]


# --- an error at COMMIT -------------------------------------------------------------------------


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


class CommitsAndFails(sqlite3.Connection):
    """The batch reaches the disk, and then the disk says that it did not."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *values)
        if sql == "COMMIT":
            raise failure(sqlite3.SQLITE_IOERR_FSYNC)
        return cursor


class Fails(sqlite3.Connection):
    """The batch never reaches the disk."""

    code = sqlite3.SQLITE_IOERR

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise failure(self.code)
        return super().execute(sql, *values)


class FailsForLackOfRoom(Fails):
    code = sqlite3.SQLITE_FULL


class FailsForThoseWhoRead(Fails):
    code = sqlite3.SQLITE_BUSY


@contextmanager
def opened_with(path: Path, kind: type[sqlite3.Connection]) -> Iterator[Ledger]:
    """Open a ledger for writing over a connection that fails in its own way."""
    with open_ledger(path, write=True) as ledger:
        ledger.connection.close()
        ledger.connection = sqlite3.connect(path, isolation_level=None, factory=kind)
        yield ledger


def test_a_batch_that_was_recorded_in_spite_of_an_error_is_reported_as_recorded(
    store: Shop,
) -> None:
    with opened_with(store.path, CommitsAndFails) as ledger:
        appended = append(ledger, KEEPER, lambda: arrivals(3), lambda: datetime.now(UTC))
        assert appended is not None
        assert (appended.header.first_position, appended.header.last_position) == (2001, 2003)
        # The ledger was opened anew, as safely as before.
        assert ledger.connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert append(ledger, KEEPER, lambda: arrivals(2), lambda: datetime.now(UTC)) is not None
    assert sizes(store) == [BEFORE, 3, 2]


@pytest.mark.parametrize("kind", [Fails, FailsForLackOfRoom, FailsForThoseWhoRead])
def test_a_batch_that_an_error_kept_out_is_reported_as_not_recorded(
    store: Shop, kind: type[sqlite3.Connection]
) -> None:
    with (
        pytest.raises(LedgerUnusable, match=NOTHING_APPENDED),
        opened_with(store.path, kind) as ledger,
    ):
        append(ledger, KEEPER, lambda: arrivals(3), lambda: datetime.now(UTC))
    assert sizes(store) == [BEFORE]


def test_a_batch_of_the_same_number_by_someone_else_is_not_taken_for_the_own(store: Shop) -> None:
    class OthersWereFaster(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                self.rollback()
                store.ok("receive", "OTHER", 1)
                raise failure(sqlite3.SQLITE_IOERR)
            return super().execute(sql, *values)

    with (
        pytest.raises(LedgerUnusable, match=NOTHING_APPENDED),
        opened_with(store.path, OthersWereFaster) as ledger,
    ):
        append(ledger, KEEPER, lambda: arrivals(3), lambda: datetime.now(UTC))
    assert sizes(store) == [BEFORE, 1]


def record_arrivals(ledger: Ledger, quantities: Iterable[int]) -> list[int | None]:
    """Record some arrivals together; return the batch of each, None for one that is refused."""

    def read(quantity: int) -> Request:
        if not quantity:
            raise Refused("nothing came in")
        return Request((arrivals(1)[0]._replace(quantity=quantity),), True)

    became = record_waiting(
        ledger, KEEPER, quantities, read, lambda: datetime.now(UTC), False, ANY_NAMES
    )
    return [one.events[0].event.batch if isinstance(one, Recording) else None for _, one in became]


def test_batches_that_were_recorded_together_in_spite_of_an_error_are_reported_as_recorded(
    store: Shop,
) -> None:
    with opened_with(store.path, CommitsAndFails) as ledger:
        assert record_arrivals(ledger, [1, 0, 2, 3]) == [2, None, 3, 4]
        assert record_arrivals(ledger, [0]) == [None]
        assert record_arrivals(ledger, [4]) == [5]
    assert sizes(store) == [BEFORE, 1, 1, 1, 1]


@pytest.mark.parametrize("kind", [Fails, FailsForLackOfRoom, FailsForThoseWhoRead])
def test_batches_that_an_error_kept_out_together_are_reported_as_not_recorded(
    store: Shop, kind: type[sqlite3.Connection]
) -> None:
    with (
        pytest.raises(LedgerUnusable, match=f"{NOTHING_APPENDED} that was not answered"),
        opened_with(store.path, kind) as ledger,
    ):
        record_arrivals(ledger, [1, 0, 2])
    assert sizes(store) == [BEFORE]


@pytest.mark.parametrize("error", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR])
def test_when_the_file_fails_in_one_of_several_batches_none_of_them_is_recorded(
    store: Shop, error: int
) -> None:
    class UndoesItAll(sqlite3.Connection):
        headers = 0

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            self.headers += sql.startswith("INSERT INTO batches")
            if self.headers == 3:
                self.rollback()
                raise failure(error)
            return super().execute(sql, *values)

    with (
        pytest.raises(LedgerUnusable, match=NOTHING_APPENDED),
        opened_with(store.path, UndoesItAll) as ledger,
    ):
        record_arrivals(ledger, [1, 2, 3, 4])
    assert sizes(store) == [BEFORE]


def test_batches_that_cannot_be_looked_up_are_reported_as_in_doubt(
    store: Shop, tmp_path: Path
) -> None:
    with (
        pytest.raises(LedgerUnusable, match=r"batch 2 to batch 4 may or may not be in it"),
        opened_with(store.path, unplugged_into(tmp_path / "unplugged.db", store)) as ledger,
    ):
        record_arrivals(ledger, [1, 2, 0, 3])
    shutil.move(tmp_path / "unplugged.db", store.path)
    assert sizes(store) == [BEFORE, 1, 1, 1]


def unplugged_into(unplugged: Path, store: Shop) -> type[sqlite3.Connection]:
    """Return a connection that commits, and then the file is gone: it has this other name."""

    class Unplugged(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *values)
            if sql == "COMMIT":
                shutil.move(store.path, unplugged)
                raise failure(sqlite3.SQLITE_IOERR)
            return cursor

    return Unplugged


def test_a_batch_that_cannot_be_looked_up_is_reported_as_in_doubt(
    store: Shop, tmp_path: Path
) -> None:
    unplugged = tmp_path / "unplugged.db"
    with (
        pytest.raises(LedgerUnusable, match=r"batch 2 may or may not be in it") as raised,
        opened_with(store.path, unplugged_into(unplugged, store)) as ledger,
    ):
        append(ledger, KEEPER, lambda: arrivals(3), lambda: datetime.now(UTC))
    assert "look for batch 2" in (raised.value.hint or "")
    shutil.move(unplugged, store.path)
    assert sizes(store) == [BEFORE, 3]


def test_a_commit_that_readers_hold_up_for_too_long_records_nothing(store: Shop) -> None:
    def append_in_vain() -> None:
        with open_ledger(store.path, write=True) as ledger:

            def plan() -> list[Draft]:
                # Set under the write lock, so that only the commit does not wait for long.
                ledger.connection.execute("PRAGMA busy_timeout = 50")
                return arrivals(3)

            append(ledger, KEEPER, plan, lambda: datetime.now(UTC))

    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    with pytest.raises(LedgerUnusable, match=r"is busy: .*; nothing was appended"):
        append_in_vain()
    reader.close()
    assert sizes(store) == [BEFORE]


@pytest.mark.parametrize(("kind", "lines"), [(CommitsAndFails, SKUS), (Fails, None)])
def test_a_snapshot_is_reported_as_it_is_after_an_error(
    store: Shop, kind: type[sqlite3.Connection], lines: int | None
) -> None:
    taken = None
    with suppress(LedgerUnusable), opened_with(store.path, kind) as ledger:
        taken, _ = take_snapshot(ledger, KEEPER, "march", "2022-03-31", lambda: datetime.now(UTC))
    assert (taken is not None) == (lines is not None)
    assert sizes(store) == [BEFORE, 0] if lines else [BEFORE]
    assert len(store.json("snapshot", "list")) == (lines is not None)


@pytest.mark.parametrize(
    ("kind", "mended"), [(CommitsAndFails, True), (Fails, False), (FailsForThoseWhoRead, False)]
)
def test_a_rebuild_is_reported_as_it_is_after_an_error(
    store: Shop, kind: type[sqlite3.Connection], mended: bool
) -> None:
    with behind_the_back(store, lift_guards=False) as connection:
        connection.execute("UPDATE stock SET on_hand = 0")
        connection.execute("DROP TRIGGER events_no_update")
    said = ""
    try:
        with opened_with(store.path, kind) as ledger:
            streams, differed, remaining = rebuild(ledger)
            assert (streams, len(differed), remaining) == (SKUS, SKUS + 1, [])
    except LedgerUnusable as error:
        said = error.message
    assert said.endswith("; nothing was changed") == (not mended)
    assert (store.failed_checks() == {}) == mended
    store.ok("rebuild")
    assert sizes(store) == [BEFORE]


def test_a_rebuild_that_cannot_be_looked_up_is_reported_as_in_doubt(
    store: Shop, tmp_path: Path
) -> None:
    class Unplugged(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *values)
            if sql == "COMMIT":
                shutil.copy(store.path, tmp_path / "other.db")
                shutil.move(tmp_path / "other.db", store.path)
                raise failure(sqlite3.SQLITE_IOERR)
            return cursor

    # Another file has the name, so that what is in it says nothing of the one that was written.
    with (
        pytest.raises(
            LedgerUnusable, match=r"the stock made anew may or may not be in it"
        ) as raised,
        opened_with(store.path, Unplugged) as ledger,
    ):
        rebuild(ledger)
    assert raised.value.hint == "when the file can be read again, run `inventory rebuild` again"
