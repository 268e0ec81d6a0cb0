"""A large file is read by another process while its rows are recorded: the same comes of it."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.core.ahead import LEAST_BYTES, can_read_ahead
from inventory_cli.importing import ahead, chunks
from tests.conftest import Ran, Shop

pytestmark = pytest.mark.slow

HEADER = "date,sku,type,quantity\n"
GOOD = HEADER + "".join(
    f"2022-03-{1 + n // 500:02},S{n % 7},received,{n}\n" for n in range(1, 12_000)
)
BAD = GOOD + "2022-03-01,A,lost,1\n2022-03-01,A,sold,x\n"

FILES: dict[str, tuple[str, list[str]]] = {
    "good": (GOOD, []),
    "a rehearsal": (GOOD, ["--dry-run"]),
    "bad rows": (BAD, []),
    "bad rows left out": (BAD, ["--skip-bad"]),
    "bad rows rehearsed": (BAD, ["--dry-run"]),
    "no column": ("date,sku\n", []),
    "nothing": ("", []),
    "a header alone": (HEADER, []),
    "a second header": (GOOD + HEADER, []),
    "not CSV": (GOOD + '"', []),
    "bad rows, and then not CSV": (BAD + '"', []),
    "two formats of dates": (HEADER + "2022-03-01,A,received,1\n13/04/2022,A,sold,1\n", []),
    "dates to look at first": (HEADER + "13/04/2022,A,received,1\n03/04/2022,A,received,1\n", []),
    "below zero": (GOOD + "2022-03-01,A,sold,1\n", []),
    "an id twice": (
        "date,sku,type,quantity,id\n2022-03-01,A,received,1,x\n2022-03-01,A,received,2,x\n", []
    ),
    "balances": (
        "date,sku,type,quantity,left\n2022-03-01,A,received,5,5\n2022-03-02,A,sold,1,3\n",
        ["--column", "balance=left"],
    ),
}  # fmt: skip


@pytest.fixture
def everything_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of any size be read ahead."""
    monkeypatch.setattr("inventory_cli.core.ahead.LEAST_BYTES", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with Path(__file__).open("rb") as file:
        assert can_read_ahead(file)


def run(shop: Shop, text: str, words: list[str]) -> tuple[Ran, Any, str]:
    listing = shop.folder / "wrong.csv"
    ran = shop.import_text(text, *words, "--errors", listing)
    log = [{**row, "recorded_at": None} for row in shop.json("log")]
    assert shop.failed_checks() == {}
    ran = ran._replace(err=ran.err.replace(str(shop.folder), "."))
    return ran, log, listing.read_text(encoding="utf-8")


@pytest.mark.parametrize(("text", "words"), FILES.values(), ids=FILES)
def test_what_is_read_ahead_gives_the_same(
    tmp_path: Path, text: str, words: list[str], request: pytest.FixtureRequest
) -> None:
    shops = []
    for name in ("here", "ahead"):
        (tmp_path / name).mkdir()
        shops.append(Shop(tmp_path / name))
    here = run(shops[0], text, words)
    request.getfixturevalue("everything_ahead")
    assert run(shops[1], text, words) == here


@pytest.mark.usefixtures("everything_ahead")
def test_the_same_file_is_known_and_compared_when_asked(shop: Shop) -> None:
    assert shop.import_text(GOOD).code == 0
    ran = shop.import_text(GOOD)
    assert (ran.code, "read 11999, appended 0, skipped 11999" in ran.out) == (0, True)
    assert "recorded before, as batch 1" in ran.err
    ran = shop.import_text(GOOD + "2022-03-30,A,received,1\n", "--overlap", "skip")
    assert "read 12000, appended 1, skipped 11999" in ran.out


@pytest.mark.usefixtures("everything_ahead")
@pytest.mark.parametrize("dies_after", [0, 2])
def test_a_reader_that_is_killed_leaves_nothing_recorded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    packed = []

    def pack_chunk(chunk: chunks.Chunk) -> Any:
        packed.append(chunk)
        if len(packed) > dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunks.pack_chunk(chunk)

    monkeypatch.setattr(ahead, "pack_chunk", pack_chunk)
    ran = shop.import_text(GOOD)
    assert (ran.code, "the process that reads it ended too soon" in ran.err) == (4, True)
    assert shop.json("log") == []


def test_a_reader_whose_command_is_gone_ends_without_a_word(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_text(HEADER + GOOD.removeprefix(HEADER) * 20)
    command = shop.command("import", tmp_path / "large.csv")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not shop.path.with_name(f"{shop.path.name}-journal").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    # To the end of both.
    _, err = process.communicate()
    assert (process.returncode, err) == (-signal.SIGKILL, "")
    assert shop.json("log") == []


@pytest.mark.usefixtures("everything_ahead")
def test_a_file_that_changes_while_it_is_read_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.actions.read_file.digest_ahead", lambda file: "0" * 64)
    ran = shop.import_text(GOOD)
    assert (ran.code, "changed while it was read; nothing was appended" in ran.err) == (3, True)
    assert shop.json("log") == []


@pytest.mark.usefixtures("everything_ahead")
def test_a_bug_in_the_reader_is_a_bug(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "pack_chunk", lambda chunk: chunk.no_such_thing)
    ran = shop.import_text(GOOD)
    assert (ran.code, shop.json("log")) == (70, [])


@pytest.mark.usefixtures("everything_ahead")
def test_behind_a_bad_row_all_are_read_and_none_is_handed_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "pack_chunk", lambda chunk: chunk.no_such_thing)
    ran = shop.import_text(GOOD.replace("received", "lost", 1) + "2022-03-01,A,sold,x\n")
    assert ran.code == 3
    assert "read 12000, appended 0, skipped 0, refused 2" in ran.out


def test_a_large_file_as_standard_input_is_read_from_where_it_stands(shop: Shop) -> None:
    file = shop.folder / "large.csv"
    rows = "".join(f"2022-03-01,S{n % 7},received,1,note {n:040}\n" for n in range(70_000))
    file.write_text(f"a title\n{HEADER.strip()},note\n{rows}")
    assert file.stat().st_size > LEAST_BYTES
    with file.open("rb", buffering=0) as stream:
        stream.seek(len("a title\n"))
        ran = shop.process("import", "-", stdin=stream)
    assert ran.stdout.startswith("read 70000, appended 70000"), ran
    assert shop.failed_checks() == {}


def test_small_files_and_pipes_are_read_here(tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    small.write_text(HEADER)
    with small.open("rb") as file:
        assert not can_read_ahead(file)
    receiving, sending = os.pipe()
    with os.fdopen(receiving, "rb") as pipe:
        assert not can_read_ahead(pipe)
    os.close(sending)
