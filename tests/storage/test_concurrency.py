"""Many processes on one ledger: none loses an event, sees half a batch, or stops the others."""

import shlex
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions.record import Request, record
from inventory_cli.audit.verify import verify
from inventory_cli.core.events import Draft
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger
from tests.conftest import Shop

pytestmark = pytest.mark.slow

# Waits for a line, so that all begin at once. Opens the ledger for each event, as commands do.
RECORDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from inventory_cli.core.events import Draft
from inventory_cli.actions.record import Request, record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
for number in range(1, count + 1):
    # Every third event is late, and every fourth leaves what came before it.
    day = 1 if number % 3 == 0 else 9
    kind, quantity = ("sold", 1) if number % 4 == 0 else ("received", number)
    draft = Draft(
        "SHARED" if number % 2 else name, "main", kind, quantity,
        f"2022-03-{day:02d}T12:00:00.000Z", 0, reference=name,
    )
    with open_ledger(path, write=True) as ledger:
        request = Request((draft,), True)
        record(ledger, Origin(name, "receive"), request, lambda: datetime.now(UTC), True)
"""

MAKING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from inventory_cli.errors import InventoryError
from inventory_cli.storage.new_ledger import create_ledger

sys.stdin.readline()
try:
    print(create_ledger(Path(sys.argv[1]), datetime.now(UTC), 0, "UTC", "refuse").identity)
except InventoryError as error:
    sys.exit(error.exit_code)
"""


def start(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def all_at_once(processes: "list[subprocess.Popen[str]]") -> list[tuple[int, str, str]]:
    """Let processes begin that wait for a line, and return how each ended."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate() for process in processes]
    return [(p.returncode, *texts) for p, texts in zip(processes, said, strict=True)]


def commands(shop: Shop, *all_words: str) -> list[tuple[int, str, str]]:
    """Run commands as processes, all at once."""
    started = [start(*shop.command(*words.split())) for words in all_words]
    said = [process.communicate() for process in started]
    return [(p.returncode, *texts) for p, texts in zip(started, said, strict=True)]


def recorded_times(shop: Shop) -> list[str]:
    connection = sqlite3.connect(shop.path)
    times = [time for (time,) in connection.execute("SELECT recorded_at FROM batches ORDER BY 1")]
    in_order = connection.execute("SELECT recorded_at FROM batches ORDER BY batch").fetchall()
    connection.close()
    assert [time for (time,) in in_order] == times
    return times


# --- writers ------------------------------------------------------------------------------------


def check_recorded(log: list[dict[str, Any]], names: list[str], events: int) -> Counter[str]:
    """Check what each RECORDING process appended, and return what is on hand by that."""
    expected: Counter[str] = Counter()
    numbers = range(1, events + 1)
    for name in names:
        own = [event for event in log if event["reference"] == name]
        # What one process appended is there in the order in which it did.
        assert [event["quantity"] for event in own] == [1 if n % 4 == 0 else n for n in numbers]
        for n in numbers:
            expected["SHARED" if n % 2 else name] += -1 if n % 4 == 0 else n
    return expected


@pytest.mark.parametrize(("processes", "events"), [(2, 60), (6, 25)])
def test_processes_that_append_at_once_lose_nothing(
    shop: Shop, processes: int, events: int
) -> None:
    names = [f"P-{number}" for number in range(processes)]
    script = [sys.executable, "-c", RECORDING, str(shop.path)]
    ended = all_at_once([start(*script, name, str(events)) for name in names])
    assert ended == [(0, "", "")] * processes
    assert shop.failed_checks() == {}

    log = shop.json("log")
    assert [event["position"] for event in log] == list(range(1, processes * events + 1))
    assert len(recorded_times(shop)) == processes * events
    expected = check_recorded(log, names, events)
    assert {row["sku"]: row["on_hand"] for row in shop.json("stock")} == expected


def read_whole_batches(shop: Shop, after: int) -> int:
    """Check that all questions see whole batches only; return the last position that was seen."""
    log = shop.json("log", "--after", after)
    assert [event["position"] for event in log] == list(range(after + 1, after + 1 + len(log)))
    lengths = Counter(event["batch"] for event in log)
    headers = {row["batch"]: row["events"] for row in shop.json("batches")}
    assert lengths == {batch: headers[batch] for batch in lengths}
    for words in (["stock"], ["as-of", "today"]):
        imported = [row for row in shop.json(*words) if row["sku"].startswith("SKU-")]
        assert sum(row["on_hand"] for row in imported) % FEWER == 0
    assert shop.failed_checks() == {}
    return after + len(log)


def test_eight_processes_that_append_for_long_beside_imports_and_readers_lose_nothing(
    in_memory: Path,
) -> None:
    shop = Shop(in_memory)
    processes, events = 8, 500
    names = [f"P-{number}" for number in range(processes)]
    files = [write_movements(in_memory / f"{n}.csv", FEWER, f"file-{n}") for n in range(4)]
    imports = [shlex.join(shop.command("import", file)) for file in files]
    script = [sys.executable, "-c", RECORDING, str(shop.path)]
    writing = [start(*script, name, str(events)) for name in names]
    # Two that import two files each.
    writing += [start("sh", "-ec", "read go; " + "; ".join(imports[n::2])) for n in range(2)]
    for process in writing:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen = 0
    while any(process.poll() is None for process in writing):
        seen = read_whole_batches(shop, seen)
        time.sleep(0.3)
    # Whoever had waited for longer than the timeout would have said that the ledger is busy.
    ended = [(*process.communicate(), process.returncode) for process in writing]
    said = [(line, code) for _, err, code in ended for line in ["", *err.splitlines()]]
    assert {found for found in said if " new SKUs: " not in found[0]} == {("", 0)}

    total = processes * events + len(files) * FEWER
    assert read_whole_batches(shop, 0) == total
    assert len(recorded_times(shop)) == processes * events + len(files)
    expected = check_recorded(shop.json("log"), names, events)
    for number in range(500):
        expected[f"SKU-{number:03d}"] = len(files) * FEWER // 500
    assert {row["sku"]: row["on_hand"] for row in shop.json("stock")} == expected


def test_commands_that_append_at_once_lose_nothing(shop: Shop) -> None:
    ended = commands(shop, *(f"receive A {2**n}" for n in range(8)))
    assert [code for code, _, _ in ended] == [0] * 8
    assert shop.on_hand("A") == 2**8 - 1
    assert shop.failed_checks() == {}
    # Each was told the on hand that its own event brought about.
    told = sorted(int(out.rsplit(" ", 1)[1]) for _, out, _ in ended)
    assert told == list(accumulate(event["quantity"] for event in shop.json("log")))


def test_the_last_units_are_sold_once(shop: Shop) -> None:
    shop.ok("receive", "A", 3)
    ended = commands(shop, *["sell A 1"] * 6)
    assert sorted(code for code, _, _ in ended) == [0, 0, 0, 3, 3, 3]
    for code, _, err in ended:
        assert ("0 on hand then, 1 missing" in err) == (code == 3)
    assert shop.on_hand("A") == 0
    assert shop.failed_checks() == {}


def test_an_id_that_many_use_at_once_is_recorded_once(shop: Shop) -> None:
    ended = commands(shop, *["receive A 5 --id D-1"] * 5)
    assert [code for code, _, _ in ended] == [0] * 5
    assert sum("recorded before under the same id" in err for _, _, err in ended) == 4
    assert shop.on_hand("A") == 5


def write_movements(file: Path, rows: int, reference: str) -> Path:
    with file.open("w", encoding="utf-8") as out:
        out.write("date,sku,type,quantity,reference\n")
        for number in range(rows):
            out.write(f"2022-03-01,SKU-{number % 500:03d},received,1,{reference}\n")
    return file


def test_a_file_that_many_import_at_once_is_recorded_once(shop: Shop, tmp_path: Path) -> None:
    file = write_movements(tmp_path / "moves.csv", 3_000, "moves")
    ended = commands(shop, *[f"import {file}"] * 3)
    assert [code for code, _, _ in ended] == [0] * 3
    assert sum("read 3000, appended 3000" in out for _, out, _ in ended) == 1
    assert sum("the same file was recorded before" in err for _, _, err in ended) == 2
    assert [row["events"] for row in shop.json("batches")] == [3_000]
    assert shop.failed_checks() == {}


def test_imports_snapshots_and_single_events_at_once_are_all_recorded(
    shop: Shop, tmp_path: Path
) -> None:
    first, second = (
        write_movements(tmp_path / f"{name}.csv", 5_000, name) for name in ("first", "second")
    )
    ended = commands(
        shop,
        f"import {first}",
        "receive A 1",
        f"import {second}",
        "snapshot take one",
        "receive A 1",
        "snapshot take two",
        "rebuild",
        "verify",
    )
    assert [code for code, _, _ in ended] == [0] * 8, ended
    assert sorted(row["events"] for row in shop.json("batches")) == [0, 0, 1, 1, 5_000, 5_000]
    assert len(shop.json("snapshot", "list")) == 2
    assert shop.failed_checks() == {}
    recorded_times(shop)


def test_recorded_at_never_decreases_though_the_clock_is_put_back(shop: Shop) -> None:
    draft = Draft("A", "main", "received", 1, "2022-03-09T12:00:00.000Z", 0)
    with open_ledger(shop.path, write=True) as ledger:
        for year in (2031, 2029, 2032, 2030):
            clock = partial(datetime, year, 1, 1, tzinfo=UTC)
            record(ledger, Origin("keeper", "receive"), Request((draft,), True), clock, False)
    shop.ok("receive", "A", 1, "--on", "2022-03-09")
    years = [time[:4] for time in recorded_times(shop)]
    assert years == ["2031", "2031", "2032", "2032", "2032"]
    assert shop.failed_checks() == {}


def test_of_two_that_make_the_same_ledger_at_once_one_wins(shop: Shop, tmp_path: Path) -> None:
    script = [sys.executable, "-c", MAKING, str(shop.path)]
    for _ in range(6):
        shop.path.unlink()
        ended = all_at_once([start(*script), start(*script)])
        assert sorted(code for code, _, _ in ended) == [0, 3], ended
        (identity,) = [out.strip() for code, out, _ in ended if code == 0]
        with open_ledger(shop.path) as ledger:
            assert ledger.settings.identity == identity
        assert shop.failed_checks() == {}
        assert list(tmp_path.iterdir()) == [shop.path]


def test_of_two_init_commands_at_once_one_wins(shop: Shop) -> None:
    shop.path.unlink()
    ended = commands(shop, "init", "init --decimals 2")
    assert sorted(code for code, _, _ in ended) == [0, 3]
    (loser,) = [err for code, _, err in ended if code == 3]
    assert loser.startswith(f"error: {shop.path} exists already\n")
    assert shop.failed_checks() == {}


def test_a_ledger_that_stays_busy_is_said_to_be_busy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.storage.connection.BUSY_TIMEOUT", 0.1)
    other = sqlite3.connect(shop.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for words in ("receive A 1", "snapshot take", "rebuild"):
        ran = shop(*words.split())
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"error: {shop.path} is busy")
    # Who only reads does not mind.
    assert shop.json("stock") == []
    other.rollback()
    other.close()
    shop.ok("receive", "A", 1)


# --- readers ------------------------------------------------------------------------------------

# More than is read under one lock, so that others can come in between.
MANY, FEW, FEWER = 25_000, 5_000, 1_500


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    shop = Shop(tmp_path_factory.mktemp("many"))
    shop.ok("import", write_movements(shop.folder / "many.csv", MANY, "many"))
    return shop.path.read_bytes()


@pytest.fixture
def store(shop: Shop, many: bytes) -> Shop:
    """A ledger of MANY events, each of which brings one unit."""
    shop.path.write_bytes(many)
    return shop


def on_hand(shop: Shop, *words: str) -> int:
    return sum(row["on_hand"] for row in shop.json(*words))


def test_a_reader_never_sees_a_part_of_a_batch(store: Shop, tmp_path: Path) -> None:
    files = [write_movements(tmp_path / f"{n}.csv", FEW, f"file-{n}") for n in range(3)]
    whole = [MANY + FEW * n for n in range(len(files) + 1)]
    seen: list[int] = []
    for file in files:
        importing = start(*store.command("import", file))
        while importing.poll() is None:
            seen.append(on_hand(store, "as-of", "today"))
            seen.append(on_hand(store, "stock"))
            seen.append(store.ok("log", "--format", "jsonl").out.count("\n"))
            seen.append(sum(row["events"] for row in store.json("batches")))
            assert store.failed_checks() == {}
        assert importing.communicate()[1] == ""
    assert set(seen) <= set(whole)
    # Nor does anything that was seen disappear again.
    assert all(earlier <= later for earlier, later in pairwise(seen))
    assert on_hand(store, "as-of", "today") == whole[-1]


def test_what_is_recorded_while_verify_reads_is_no_difference(store: Shop) -> None:
    recorded: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        if not recorded:
            recorded.append(done)
            store.ok("receive", "SKU-001", 7, "--on", "2022-03-01")
            store.ok("snapshot", "take", "meanwhile")
            store.ok("reverse", 1, "--reason", "twice")

    with open_ledger(store.path) as ledger:
        audit = verify(ledger, progress=meanwhile)
    assert recorded[0] < MANY
    assert {check.name: check.problems for check in audit.checks if not check.ok} == {}
    assert audit.head.position == MANY
    assert store.failed_checks() == {}


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv"])
def test_a_reader_whose_output_is_not_taken_does_not_stop_writers(
    store: Shop, tmp_path: Path, format: str
) -> None:
    with start(*store.command("log", "--format", format)) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        # It has begun, and stands still as soon as the pipe is full.
        first = reading.stdout.readline()
        assert store.process("receive", "SKU-001", "1").returncode == 0
        store.ok("import", write_movements(tmp_path / "few.csv", FEW, "few"))
        store.ok("snapshot", "take")
        assert store.failed_checks() == {}
        lines = [first, *reading.stdout]
        assert (reading.stderr.read(), reading.wait()) == ("", 0)
    # It shows what was there when it began.
    around = {"table": 1, "json": 2, "jsonl": 0, "csv": 1}[format]
    assert len(lines) == MANY + around
