"""A new file appears whole under its name or not at all, and what is said of it is true, whatever
fails before it has its name or behind it.
"""

import errno
import os
from pathlib import Path

import pytest

from inventory_cli.storage import new_file
from tests.conftest import Shop

END = "2022-12-31"


@pytest.fixture
def store(story: Shop) -> Shop:
    """A ledger that holds the story, an export of it, and a folder for what is made."""
    (story.folder / "export.jsonl").write_text(story.ok("export").out)
    (story.folder / "made").mkdir()
    return story


def made_by(shop: Shop, command: str) -> tuple[Shop, Shop, list[object]]:
    """Return the ledger that a command makes, the one it runs on, and its words."""
    new = Shop.__new__(Shop)
    new.folder, new.path = shop.folder, shop.folder / "made" / "new.db"
    words: dict[str, tuple[Shop, list[object]]] = {
        "init": (new, ["init"]),
        "restore": (new, ["restore", shop.folder / "export.jsonl"]),
        "backup": (shop, ["backup", new.path]),
        "rollover": (shop, ["rollover", new.path, "--as-of", END]),
    }
    return new, *words[command]


COMMANDS = ["init", "restore", "backup", "rollover"]


def fail(*given: object, **named: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def is_unfinished(path: Path) -> bool:
    """Tell whether a path is the temporary name of the file that is made, and this has its own."""
    return path.name.startswith(".new.db.") and (path.parent / "new.db").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_that_may_not_last_is_said_with_the_truth(
    store: Shop, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, on, words = made_by(store, command)
    named: list[bool] = []

    def sync(path: Path) -> None:
        # A rollover makes its file under a temporary name first, and that is synced as well.
        if path.name == "made" and new.path.exists():
            named.append(True)
            fail()

    monkeypatch.setattr(new_file, "_sync", sync)
    ran = on(*words)
    assert (ran.code, ran.out, named) == (4, "", [True])
    assert ran.err == (
        f"error: {new.path} was made, but its name may not outlast a power failure: "
        "Input/output error\nhint: check the disk, and look whether it is still there\n"
    )
    monkeypatch.undo()
    assert [path.name for path in new.path.parent.iterdir()] == ["new.db"]
    assert new.failed_checks() == {}
    if command == "rollover":
        assert store("sell", "XYZ-1", 1).code == 3
        assert new.failed_checks("--previous", store.path) == {}
    new.ok("receive", "XYZ-1", 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_temporary_name_that_stays_is_said_with_the_truth(
    store: Shop, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, on, words = made_by(store, command)
    unlink = Path.unlink

    def unlink_others(path: Path, missing_ok: bool = False) -> None:
        if is_unfinished(path):
            fail()
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_others)
    ran = on(*words)
    monkeypatch.undo()
    assert (ran.code, ran.out) == (4, "")
    (left,) = new.path.parent.glob(".new.db.*.new")
    assert ran.err == (
        f"error: {new.path} was made, but its temporary name cannot be removed: "
        f"Input/output error\nhint: remove {left} when that is possible\n"
    )
    left.unlink()
    new.ok("receive", "XYZ-1", 1)
    assert new.failed_checks() == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_not_on_the_disk_gets_no_name(
    store: Shop, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, on, words = made_by(store, command)
    monkeypatch.setattr(new_file, "_sync", fail)
    ran = on(*words)
    monkeypatch.undo()
    assert (ran.code, ran.out) == (4, "")
    assert "Input/output error" in ran.err
    assert "was made, but" not in ran.err
    assert list(new.path.parent.iterdir()) == []
    assert on(*words).code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_what_stopped_it_is_said_though_its_remains_cannot_be_removed(
    store: Shop, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, on, words = made_by(store, command)

    def no_room(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(new_file, "_sync", no_room)
    monkeypatch.setattr(Path, "unlink", fail)
    ran = on(*words)
    monkeypatch.undo()
    assert (ran.code, ran.out) == (4, "")
    assert "No space left on device" in ran.err
    assert not new.path.exists()


def test_a_file_system_without_hard_links_will_do(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", fail)
    for command in COMMANDS:
        new, on, words = made_by(store, command)
        on.ok(*words)
        assert [path.name for path in new.path.parent.iterdir()] == ["new.db"]
        assert new.failed_checks() == {}
        new.path.unlink()
