"""An export is the whole log, and restoring it gives the same ledger or nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop
from tests.tampering.altering import behind_the_back


@pytest.fixture
def exported(story: Shop) -> list[str]:
    story.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    story.ok("transfer", "XYZ-1", 5, "--from", "main", "--to", "shöp", "--detail", "k=ä\n")
    story.ok("reverse", 6, "--reason", "mistake")
    return story.ok("export").out.splitlines()


def restored(folder: Path, lines: list[str]) -> Shop:
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = folder, folder / "restored.db"
    (folder / "export.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return shop


def test_a_restored_ledger_has_the_same_head_and_the_same_answers(
    story: Shop, exported: list[str], tmp_path: Path
) -> None:
    copy = restored(tmp_path, exported)
    ran = copy.ok("restore", tmp_path / "export.jsonl")
    assert copy.failed_checks() == {}
    head = story.json("verify")["head"]
    assert copy.json("verify")["head"] == head
    assert ran.out.endswith(f"head {head}\n")
    for words in (["stock", "--by-location"], ["log"], ["batches"], ["snapshot", "show", "march"]):
        assert copy.json(*words) == story.json(*words)
    assert copy.ok("export").out.splitlines() == exported
    copy.ok("receive", "XYZ-1", 1)


def test_each_line_says_what_it_is(exported: list[str]) -> None:
    kinds = [next(iter(json.loads(line))) for line in exported]
    assert kinds == [
        "ledger", *["event", "batch"] * 6, "snapshot", "batch", "event", "event", "batch",
        "event", "batch", "head",
    ]  # fmt: skip


def edited(number: int, change: Callable[[dict[str, Any]], object]) -> Callable[..., list[str]]:
    """Return what edits line `number`, the first being 1."""

    def edit(lines: list[str]) -> list[str]:
        value = json.loads(lines[number - 1])
        change(value)
        return [*lines[: number - 1], json.dumps(value), *lines[number:]]

    return edit


# How an export of 21 lines is altered, and the line that is then refused.
ALTERATIONS: dict[str, tuple[Callable[[list[str]], list[str]], int]] = {
    "a setting": (edited(1, lambda v: v["ledger"].update(decimals=2)), 1),
    "a quantity": (edited(4, lambda v: v["event"].update(quantity=9)), 4),
    "a number too large": (edited(4, lambda v: v["event"].update(quantity=10**30)), 4),
    "a field missing": (edited(4, lambda v: v["event"].pop("sku")), 4),
    "a header": (edited(3, lambda v: v["batch"].update(actor="x")), 3),
    "a hash": (edited(3, lambda v: v["batch"].update(hash="00")), 3),
    "a snapshot line": (edited(14, lambda v: v["lines"][0].__setitem__(2, 1)), 15),
    "a snapshot removed": (lambda lines: [*lines[:13], *lines[14:]], 14),
    "an event removed": (lambda lines: [*lines[:3], *lines[4:]], 4),
    "a batch removed": (lambda lines: [*lines[:3], *lines[5:]], 4),
    "two events swapped": (lambda lines: [*lines[:15], lines[16], lines[15], *lines[17:]], 16),
    "the tail cut": (lambda lines: lines[:-1], 21),
    "another head": (lambda lines: [*lines[:-1], '{"head": "9:00"}'], 21),
    "more behind the head": (lambda lines: [*lines, lines[1]], 22),
    "a second start": (lambda lines: [lines[0], *lines], 2),
    "no start": (lambda lines: lines[1:], 1),
    "no JSON": (lambda lines: [*lines[:4], "nonsense", *lines[5:]], 5),
    "nothing": (lambda lines: [], 1),
    "settings that are none": (lambda lines: ['{"ledger": 5}', *lines[1:]], 1),
    "an event that is none": (lambda lines: [lines[0], '{"event": null}', *lines[2:]], 2),
    "a list without an end": (lambda lines: [*lines[:3], "[" * 100_000, *lines[4:]], 4),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_export_is_refused_with_the_line_and_leaves_no_file(
    exported: list[str], tmp_path: Path, name: str
) -> None:
    alter, line = ALTERATIONS[name]
    copy = restored(tmp_path, alter(exported))
    ran = copy("restore", tmp_path / "export.jsonl")
    assert ran.code == 3
    assert f"export.jsonl, line {line}: " in ran.err
    assert not copy.path.exists()
    assert [f.name for f in tmp_path.iterdir() if "restored" in f.name] == []


def test_a_restore_never_writes_over_a_ledger(story: Shop, exported: list[str]) -> None:
    before = story.path.read_bytes()
    restored(story.folder, exported)
    assert story("restore", story.folder / "export.jsonl").code == 3
    assert story.path.read_bytes() == before


def test_an_export_as_csv_is_the_log(story: Shop) -> None:
    assert story.ok("export", "--format", "csv").out == story.ok("log", "--format", "csv").out


def test_a_damaged_log_cannot_be_exported(story: Shop) -> None:
    with behind_the_back(story) as connection:
        connection.execute("DELETE FROM events WHERE position = 3")
    ran = story("export")
    assert (ran.code, "event 3 is missing" in ran.err) == (4, True)
