"""Hundreds of `kill -9` at random moments: what was reported is recorded whole, what was not is
recorded whole or not at all, and the ledger always opens and verifies.

test_crash.py strikes at chosen moments and looks closely; this strikes anywhere, many times over.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Shop

pytestmark = pytest.mark.slow

ROUNDS, STRIKES = 3, 34
# More than is inserted at a time, so that a large import is among them.
SMALL, LARGE, LINES = 300, 6_000, 200
# So many of the lines are recorded together.
TOGETHER = 8

# Runs commands in processes that are forked, not started, because that takes no time. For each
# line, the words and when to kill, it answers how the command ended and after how many seconds.
STARTING = """
import json, os, signal, sys, time
from inventory_cli.cli import app, import_, movements, record, reverse, snapshot, verify
from inventory_cli.cli import waiting
from inventory_cli.storage import ledger_file

SAID, folder = ("out", "err"), sys.argv[1]
waiting.MOST_TOGETHER, waiting.LONGEST_TOGETHER = int(sys.argv[3]), 10.0
durable = ledger_file.make_durable

def spilling(connection, path):
    durable(connection, path)
    # Pages must reach the file before the commit, as they do in an import larger than memory.
    connection.execute("PRAGMA cache_size = 10")

if sys.argv[2] == "spilling":
    ledger_file.make_durable = spilling
for line in sys.stdin:
    words, seconds = json.loads(line)
    files = [os.open(f"{folder}/{name}", os.O_CREAT | os.O_TRUNC | os.O_WRONLY) for name in SAID]
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        for number, file in enumerate(files, start=1):
            os.dup2(file, number)
        try:
            app(words)
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    for file in files:
        os.close(file)
    print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - started]), flush=True)
"""


class Ended(NamedTuple):
    """How a command ended: its exit code, what it had said by then, and how long it took."""

    code: int
    lines: list[str]
    seconds: float


class Striker:
    """Runs commands on a ledger and kills them after a while."""

    def __init__(self, shop: Shop, process: "subprocess.Popen[str]") -> None:
        self.shop = shop
        self.process = process

    def __call__(self, *words: object, seconds: float | None = None) -> Ended:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        command = ["--ledger", str(self.shop.path), *map(str, words)]
        self.process.stdin.write(json.dumps([command, seconds]) + "\n")
        code, took = json.loads(self.process.stdout.readline())
        assert code in (0, -signal.SIGKILL), (self.shop.folder / "err").read_text()
        # Only a line that has its end was reported.
        said = (self.shop.folder / "out").read_text().split("\n")[:-1]
        return Ended(code, said, took)


@pytest.fixture(params=["spilling", "in one piece"])
def strike(in_memory: Path, request: pytest.FixtureRequest) -> Iterator[Striker]:
    shop = Shop(in_memory)
    with subprocess.Popen(
        [sys.executable, "-c", STARTING, str(shop.folder), request.param, str(TOGETHER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield Striker(shop, process)


def write_rows(file: Path, rows: int, reference: str) -> Path:
    # Of every name another SKU, because rows that look alike are compared with each other.
    lines = (f"2022-03-09,{reference}-{n % 500},received,1,{reference}\n" for n in range(rows))
    file.write_text("date,sku,type,quantity,reference\n" + "".join(lines))
    return file


def write_lines(file: Path, reference: str) -> Path:
    line = {"date": "2022-03-09", "sku": "A", "type": "received", "reference": reference}
    lines = (json.dumps({**line, "quantity": n}) + "\n" for n in range(1, LINES + 1))
    file.write_text("".join(lines))
    return file


def words_of(folder: Path, kind: str, name: str) -> list[object]:
    """Return the command of a kind, which leaves its name in what it records."""
    if kind == "record":
        return ["record", write_lines(folder / "lines.jsonl", name)]
    if kind == "snapshot":
        return ["snapshot", "take", name]
    if kind == "rebuild":
        return ["rebuild"]
    rows = LARGE if kind == "large import" else SMALL
    return ["import", write_rows(folder / "moves.csv", rows, name), "--format", "jsonl"]


KINDS = ("record", "import", "large import", "snapshot", "rebuild")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whatever_is_killed_at_any_moment_is_recorded_whole_or_not_at_all(
    strike: Striker, seed: int
) -> None:
    shop = strike.shop
    chance = random.Random(seed)
    usual = {}
    # The second time counts: the first import finds an empty log, and is faster.
    for number, kind in enumerate(KINDS * 2):
        usual[kind] = strike(*words_of(shop.folder, kind, f"before {number}")).seconds
    struck: dict[str, tuple[str, Ended]] = {}
    for number in range(STRIKES):
        kind = chance.choice(KINDS)
        name = f"S{number}"
        seconds = chance.uniform(0, 1.2 * usual[kind])
        struck[name] = kind, strike(*words_of(shop.folder, kind, name), seconds=seconds)
    assert shop.failed_checks() == {}
    # A journal that was begun and never used may lie there until somebody records again.
    shop.ok("receive", "LAST", 1)
    assert not os.path.lexists(f"{shop.path}-journal")

    log = shop.json("log")
    assert [event["position"] for event in log] == list(range(1, len(log) + 1))
    headers = {row["batch"]: row["events"] for row in shop.json("batches")}
    assert {b: n for b, n in headers.items() if n} == Counter(event["batch"] for event in log)
    taken = {row["name"] for row in shop.json("snapshot", "list")}
    assert -signal.SIGKILL in {ended.code for _, ended in struck.values()}
    for name, (kind, ended) in struck.items():
        found = [event for event in log if event["reference"] == name]
        if kind == "record":
            # Each line is a batch; a group may have been recorded without the time to say so.
            assert [event["quantity"] for event in found] == list(range(1, len(found) + 1))
            assert len(ended.lines) <= len(found)
            assert len(found) in (len(ended.lines), LINES) or len(found) % TOGETHER == 0
            assert len({event["batch"] for event in found}) == len(found)
        elif kind.endswith("import"):
            whole = LARGE if kind == "large import" else SMALL
            assert len(found) == whole if ended.lines else len(found) in (0, whole)
            assert len({event["batch"] for event in found}) <= 1
        elif kind == "snapshot":
            assert name in taken or not ended.lines
