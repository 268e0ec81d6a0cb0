"""A ledger that is removed, renamed or replaced while it is open: nothing is reported as recorded
that is not in the file of that name, and the file that is there now is left alone.
"""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory_cli.actions.append import append
from inventory_cli.actions.rebuild import rebuild
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.core.events import Draft
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger
from tests.conftest import Shop

MESSAGE = "was removed or replaced while it was open"
LINE = '{"type": "received", "sku": "A", "quantity": 1}\n'


def removed(path: Path) -> None:
    path.unlink()


def renamed(path: Path) -> None:
    path.rename(path.with_name("renamed.db"))


def replaced(path: Path) -> None:
    path.with_name("other.db").rename(path)


CHANGES = [removed, renamed, replaced]
Change = Callable[[Path], None]


@pytest.fixture
def store(story: Shop) -> Shop:
    """A ledger of six events, and another one of a single event beside it."""
    other = Shop.__new__(Shop)
    other.folder, other.path = story.folder, story.folder / "other.db"
    other.ok("init")
    other.ok("receive", "OTHER", 1)
    return story


def assert_what_is_there_is_whole(store: Shop, change: Change, *recorded: str) -> None:
    """Check every file that has a name: only the renamed one has what was recorded before."""
    assert store.path.exists() == (change is replaced)
    if change is replaced:
        assert [row["sku"] for row in store.json("log")] == ["OTHER"]
        assert store.failed_checks() == {}
    if change is renamed:
        store.path = store.path.with_name("renamed.db")
        assert [row["sku"] for row in store.json("log")] == ["XYZ-1"] * 6 + list(recorded)
        assert store.failed_checks() == {}
    assert list(store.folder.glob("*-journal")) == []


def arrival() -> Draft:
    return Draft("A", "main", "received", 1, "2022-03-09T00:00:00.000Z", 1)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", [0, 6_000])
def test_nothing_is_recorded_in_a_file_that_loses_its_name_under_the_lock(
    store: Shop, change: Change, first: int
) -> None:
    def plan() -> Iterator[Draft]:
        # SQLite looks by itself before its first write, and a large batch has begun to be written.
        yield from [arrival()] * first
        change(store.path)
        yield arrival()

    def append_meanwhile() -> None:
        with open_ledger(store.path, write=True) as ledger:
            append(ledger, Origin("keeper", "import"), plan, lambda: datetime.now(UTC))

    with pytest.raises(LedgerUnusable, match=f"{MESSAGE}.*nothing was appended"):
        append_meanwhile()
    assert_what_is_there_is_whole(store, change)


@pytest.mark.parametrize("change", CHANGES)
def test_a_script_that_goes_on_recording_is_told(store: Shop, change: Change) -> None:
    with subprocess.Popen(
        store.command("record", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as script:
        assert script.stdin is not None
        assert script.stdout is not None
        assert script.stderr is not None
        script.stdin.write(LINE)
        assert '"ok": true' in script.stdout.readline()
        change(store.path)
        script.stdin.write(LINE)
        assert script.stdout.readline() == ""
        assert script.wait() == 4
        message = script.stderr.read()
    assert message.startswith(f"error: {store.path} {MESSAGE}")
    assert "nothing was appended" in message
    assert_what_is_there_is_whole(store, change, "A")


@pytest.mark.parametrize("command", ["snapshot", "rebuild"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_snapshot_or_rebuild_is_not_reported_either(
    store: Shop, change: Change, command: str
) -> None:
    def changing() -> datetime:
        change(store.path)
        return datetime.now(UTC)

    def act() -> None:
        with open_ledger(store.path, write=True) as ledger:
            if command == "rebuild":
                change(store.path)
                rebuild(ledger)
            else:
                take_snapshot(ledger, Origin("keeper", "snapshot"), None, "2022", changing)

    with pytest.raises(LedgerUnusable, match=MESSAGE):
        act()
    assert_what_is_there_is_whole(store, change)


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_follows_the_log_is_told(store: Shop, change: Change) -> None:
    with subprocess.Popen(
        store.command("log", "--follow", "--format", "jsonl"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        for _ in range(6):
            following.stdout.readline()
        change(store.path)
        assert following.wait() == 4
        assert following.stderr.read().startswith(f"error: {store.path} {MESSAGE}")
