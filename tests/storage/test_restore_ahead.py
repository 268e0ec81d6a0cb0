"""What another core reads of an export is taken only where it fits, and missed by nobody."""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from inventory_cli.actions import move
from inventory_cli.core import ahead
from inventory_cli.core.ahead import opened_again
from inventory_cli.storage import plain_events
from inventory_cli.storage.plain_events import PlainEvents, read_claimed
from inventory_cli.storage.restore import BadExport, restore_log
from tests.conftest import Shop


@pytest.fixture(autouse=True)
def everything_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an export of any size be read ahead."""
    monkeypatch.setattr(plain_events, "_LEAST", 1)
    monkeypatch.setattr(ahead, "LEAST_BYTES", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)


@pytest.fixture
def exported(story: Shop) -> Path:
    path = story.folder / "export.jsonl"
    path.write_text(story.ok("export").out, encoding="utf-8")
    return path


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_every_event_is_read_there_and_none_here(
    story: Shop, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exported.open("rb") as file:
        if not ahead.can_read_ahead(file):
            pytest.skip("this system reads nothing ahead")
    # The other process has its own name for it.
    monkeypatch.setattr("inventory_cli.storage.restore.read_plain", None)
    story.path = story.folder / "again.db"
    story.ok("restore", exported)
    assert story.failed_checks() == {}
    assert story.ok("export").out.encode() == exported.read_bytes()


def test_what_was_read_of_another_file_is_not_taken(shop: Shop) -> None:
    for number in range(9):
        shop.ok("receive", f"XYZ-{number}", 2, "--on", "2022-03-01")
    path = shop.folder / "export.jsonl"
    path.write_text(shop.ok("export").out, encoding="utf-8")
    lines = lines_of(path)
    other = [line for line in lines if b'"sku":"XYZ-8"' not in line]
    answers = [*read_claimed(lines)]
    for wrong in ([], [None] * 9, answers[1:], [*reversed(answers)], [*read_claimed(other)]):
        again = shop.folder / "again.db"
        head = restore_log(again, lines, iter(wrong))
        assert f'{{"head":"{head.anchor}"}}\n'.encode() == lines[-1]
        again.unlink()


def test_an_answer_does_not_hide_a_line_that_was_altered(shop: Shop) -> None:
    shop.ok("receive", "XYZ-1", 2, "--on", "2022-03-01")
    path = shop.folder / "export.jsonl"
    path.write_text(shop.ok("export").out, encoding="utf-8")
    lines = lines_of(path)
    answers = [*read_claimed(lines)]
    assert [answer is not None for answer in answers] == [True]
    lines[1] = lines[1].replace(b'"}}', b'0"}}')
    with pytest.raises(BadExport) as raised:
        restore_log(shop.folder / "again.db", lines, iter(answers))
    assert raised.value.line == 2


def test_a_reader_that_is_killed_leaves_no_file(
    story: Shop, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exported.open("rb") as file:
        if not ahead.can_read_ahead(file):
            pytest.skip("this system reads nothing ahead")

    def killed(lines: Iterable[bytes]) -> Iterator[PlainEvents | None]:
        yield next(read_claimed(lines))
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(move, "read_claimed", killed)
    story.path = story.folder / "again.db"
    ran = story("restore", exported)
    assert (ran.code, "the process that reads it ended too soon" in ran.err) == (4, True)
    assert not story.path.exists()


def test_who_reads_a_file_again_begins_where_it_stands(exported: Path) -> None:
    with exported.open("rb") as file:
        first = file.readline()
        if (again := opened_again(file)) is None:
            pytest.skip("this system opens no file again")
        with again:
            rest = again.read()
        assert first + rest == exported.read_bytes() == first + file.read()
