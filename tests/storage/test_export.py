"""An export is the whole log, and restoring it gives the same ledger or nothing."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.storage.chain import digest_lines, genesis, link_batch, link_event
from tests.conftest import Shop
from tests.tampering.altering import behind_the_back


@pytest.fixture(autouse=True, params=["together", "alone", "ahead"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of events are read together, each by itself, or together on another core."""
    least = 10**9 if request.param == "alone" else 1
    monkeypatch.setattr("inventory_cli.storage.plain_events._LEAST", least)
    if request.param == "ahead":
        monkeypatch.setattr("inventory_cli.core.ahead.LEAST_BYTES", 0)
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)


@pytest.fixture(scope="module")
def whole(story_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[str]]:
    """The bytes of a ledger with something of everything, and its export."""
    shop = Shop.holding(story_ledger, tmp_path_factory.mktemp("whole"))
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    shop.ok("transfer", "XYZ-1", 5, "--from", "main", "--to", "shöp", "--detail", "k=ä\n")
    shop.ok("reverse", 6, "--reason", "mistake")
    return shop.path.read_bytes(), shop.ok("export").out.splitlines()


@pytest.fixture
def exported(story: Shop, whole: tuple[bytes, list[str]]) -> list[str]:
    """The export of the ledger that `story` is from here on."""
    ledger, lines = whole
    story.path.write_bytes(ledger)
    return [*lines]


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


def rechained(lines: list[str]) -> list[str]:
    """Return an export with the hashes, digests and head that belong to what its lines say."""
    position, link, digest, forged = 0, b"", None, []
    for text in lines:
        line = json.loads(text)
        fields = next(iter(line.values()))
        values = (
            [value for name, value in fields.items() if name not in ("format", "hash")]
            if (isinstance(fields, dict))
            else []
        )
        if "ledger" in line:
            link = genesis(values)
        elif "event" in line:
            position, link = fields["position"], link_event(link, values)
        elif "snapshot" in line:
            digest = digest_lines(values, line["lines"])
        elif "batch" in line:
            if fields["lines_sha256"] is not None:
                fields["lines_sha256"] = values[8] = digest
            link = link_batch(link, [*values, None] if len(values) == 9 else values)
        else:
            line["head"] = f"{position}:{link.hex()}"
        if "hash" in fields:
            fields["hash"] = link.hex()
        forged.append(json.dumps(line, ensure_ascii=False))
    return forged


def event_with_a_right_hash(lines: list[str]) -> str:
    """Return an event that follows the last header of an export."""
    head, event = json.loads(lines[-1])["head"], json.loads(lines[1])["event"]
    position, link = head.split(":")
    event.update(position=int(position) + 1, batch=10, quantity=1_000)
    del event["hash"]
    link = link_event(bytes.fromhex(link), list(event.values()))
    return json.dumps({"event": {**event, "hash": link.hex()}})


def snapshot_of_no_batch(lines: list[str]) -> str:
    snapshot = json.loads(lines[13])
    snapshot["snapshot"].update(snapshot=2, batch=10, name="more")
    snapshot["lines"][0][2] = 999
    return json.dumps(snapshot)


def with_one_more(
    number: int, source: int, change: Callable[[dict[str, Any]], object] = lambda value: None
) -> Callable[[list[str]], list[str]]:
    """Return what puts an edited copy of line `source` before line `number`."""

    def insert(lines: list[str]) -> list[str]:
        more = edited(source, change)(lines)[source - 1]
        return [*lines[: number - 1], more, *lines[number - 1 :]]

    return insert


NO_EVENTS = "does not claim the events before it"
NO_TYPE = "a value in it is of another type than its name says"
NOTHING_LIKE_IT = "nothing like it is in an export"
# How an export of 21 lines is altered before it gets hashes that fit, and the line and the reason
# for which it is refused. Lines 14 and 15 are a snapshot, 16 to 18 a batch of two events.
FORGED: dict[str, tuple[Callable[[list[str]], list[str]], int, str]] = {
    "positions that no event has": (
        edited(18, lambda v: v["batch"].update(last_position=9)), 18, f"batch 8 {NO_EVENTS}"),
    "a position of the batch before": (
        edited(18, lambda v: v["batch"].update(first_position=6)), 18, f"batch 8 {NO_EVENTS}"),
    "half of the positions": (
        edited(18, lambda v: v["batch"].update(last_position=None)), 18, f"batch 8 {NO_EVENTS}"),
    "no positions": (
        edited(18, lambda v: v["batch"].update(first_position=None, last_position=None)),
        18, f"batch 8 {NO_EVENTS}"),
    "positions for a snapshot": (
        edited(15, lambda v: v["batch"].update(first_position=7, last_position=7)),
        15, f"batch 7 {NO_EVENTS}"),
    "a later batch of an event": (
        edited(16, lambda v: v["event"].update(batch=9)),
        16, "event 7 is of batch 9, but batch 8 is next"),
    "an earlier batch of an event": (
        edited(17, lambda v: v["event"].update(batch=7)),
        17, "event 8 is of batch 7, but batch 8 is next"),
    "the number of a batch": (
        edited(3, lambda v: v["batch"].update(batch=2)),
        3, "the header is of batch 2, but batch 1 is next"),
    "a position": (
        edited(4, lambda v: v["event"].update(position=3)),
        4, "event 3 stands here, but event 2 is next"),
    "an event twice": (with_one_more(3, 2), 3, "event 1 stands here, but event 2 is next"),
    "a header twice": (with_one_more(4, 3), 4, "the header is of batch 1, but batch 2 is next"),
    "a recorded time that goes back": (
        edited(5, lambda v: v["batch"].update(recorded_at="2000-01-01T00:00:00.000Z")),
        5, "batch 2 was recorded before the one before it"),
    "two snapshots for one header": (
        with_one_more(15, 14, lambda v: v["snapshot"].update(snapshot=2)),
        15, "snapshot 2 stands before the header of snapshot 1"),
    "a snapshot in a batch of events": (
        with_one_more(3, 14, lambda v: v["snapshot"].update(batch=1)),
        3, "snapshot 1 stands before the header of event 1"),
    "an event in the batch of a snapshot": (
        with_one_more(15, 16, lambda v: v["event"].update(batch=7)),
        15, "event 7 stands before the header of a snapshot"),
    "a snapshot that its header does not know": (
        edited(15, lambda v: v["batch"].update(lines_sha256=None)),
        15, "batch 7 does not have the digest of its snapshot"),
    "a snapshot of another batch": (
        edited(14, lambda v: v["snapshot"].update(batch=6)),
        14, "snapshot 1 is of batch 6, but batch 7 is next"),
    "lines out of order": (
        edited(14, lambda v: v["lines"].insert(0, ["Z", *v["lines"][0][1:]])),
        14, "the lines of snapshot 1 are not in order"),
    "a line twice": (
        edited(14, lambda v: v["lines"].append(v["lines"][0])),
        14, "the lines of snapshot 1 are not in order"),
    "lines for no snapshot": (edited(4, lambda v: v.update(lines=[])), 4, NOTHING_LIKE_IT),
    "a header beside an event": (
        edited(4, lambda v: v.update(batch=v["event"])), 4, NOTHING_LIKE_IT),
    "true for a number": (edited(4, lambda v: v["event"].update(date_only=True)), 4, NO_TYPE),
    "a number for a text": (edited(4, lambda v: v["event"].update(sku=5)), 4, NO_TYPE),
    "nothing for a text": (edited(4, lambda v: v["event"].update(sku=None)), 4, NO_TYPE),
    "a list for a text": (edited(3, lambda v: v["batch"].update(actor=[])), 3, NO_TYPE),
    "a text for a line's number": (
        edited(14, lambda v: v["lines"][0].__setitem__(2, "1")), 14, NO_TYPE),
    "true for the decimals": (edited(1, lambda v: v["ledger"].update(decimals=False)), 1, NO_TYPE),
    "a kind that there is not": (
        edited(4, lambda v: v["event"].update(kind="melted")),
        4, "event 2 is of the unknown kind 'melted'"),
    "a number too large for the file": (
        edited(4, lambda v: v["event"].update(quantity=2**63)), 4,
        "this is no line of an export (Python int too large to convert to SQLite INTEGER)"),
    "an event reversed twice": (
        with_one_more(20, 19, lambda v: v["event"].update(position=10)), 20,
        "this is no line of an export (UNIQUE constraint failed: events.reverses)"),
    "a float": (
        edited(4, lambda v: v["event"].update(quantity=5.0)), 4, "5.0 is not a whole number"),
    "no number": (
        edited(4, lambda v: v["event"].update(quantity=math.nan)), 4, "NaN is not a whole number"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_log_that_does_not_follow_is_refused_though_its_hashes_do(
    exported: list[str], tmp_path: Path, name: str
) -> None:
    alter, line, reason = FORGED[name]
    copy = restored(tmp_path, rechained(alter(exported)))
    ran = copy("restore", tmp_path / "export.jsonl")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"error: {tmp_path / 'export.jsonl'}, line {line}: {reason}\nhint: nothing was restored: "
        "make the export once more, or take an earlier one\n"
    )
    assert not copy.path.exists()


def test_hashes_that_are_made_anew_fit(exported: list[str], tmp_path: Path) -> None:
    assert list(map(json.loads, rechained(exported))) == list(map(json.loads, exported))
    forged = rechained(edited(4, lambda v: v["event"].update(quantity=7))(exported))
    copy = restored(tmp_path, forged)
    copy.ok("restore", tmp_path / "export.jsonl")
    assert copy.failed_checks().keys() == {"snapshots"}


@pytest.mark.parametrize(
    ("more", "name"), [(event_with_a_right_hash, "event 10"), (snapshot_of_no_batch, "snapshot 2")]
)
def test_what_no_header_closes_is_refused_and_named(
    exported: list[str], tmp_path: Path, more: Callable[[list[str]], str], name: str
) -> None:
    copy = restored(tmp_path, [*exported[:-1], more(exported), exported[-1]])
    ran = copy("restore", tmp_path / "export.jsonl")
    assert (ran.code, ran.out) == (3, "")
    assert f"export.jsonl, line 22: no header of a batch closes {name}, of line 21\n" in ran.err
    assert not copy.path.exists()


@pytest.mark.parametrize(
    ("line", "name"), [(1, "identity"), (2, "quantity"), (3, "actor"), (14, "position")]
)
def test_a_name_that_stands_twice_is_refused(
    exported: list[str], tmp_path: Path, line: int, name: str
) -> None:
    text = exported[line - 1].replace(f'"{name}":', f'"{name}":0,"{name}":', 1)
    copy = restored(tmp_path, [*exported[: line - 1], text, *exported[line:]])
    ran = copy("restore", tmp_path / "export.jsonl")
    assert (ran.code, f"line {line}: a name stands twice in it\n" in ran.err) == (3, True)
    assert not copy.path.exists()


@pytest.mark.parametrize("more", ['{"head": "9:00"}', "", " ", "{}", "end"])
def test_nothing_stands_behind_the_head(exported: list[str], tmp_path: Path, more: str) -> None:
    copy = restored(tmp_path, [*exported, more])
    ran = copy("restore", tmp_path / "export.jsonl")
    assert (ran.code, "export.jsonl, line 22: " in ran.err) == (3, True)
    assert not copy.path.exists()


@pytest.mark.parametrize("start", [b"", b'{"snapshot": "'])
def test_a_line_without_end_is_refused_in_little_memory(
    exported: list[str], tmp_path: Path, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory_cli.actions.move.LONGEST_LINE", 1_000_000)
    copy = restored(tmp_path, exported)
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        file.write(exported[0].encode() + b"\n" + start + (b" " * 2_000_000 if start else b""))
        file.truncate(2**40)
    ran = copy("restore", endless)
    assert (ran.code, ran.out) == (3, "")
    why = "it has more than 1,000,000 bytes" if start else "it is not text: it holds NUL bytes"
    assert f"endless, line 2: this is no line of an export: {why}\n" in ran.err
    assert not copy.path.exists()


def test_the_line_of_a_snapshot_may_be_as_long_as_all_before_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        shop.ok("receive", f"XYZ-{number}", 2, "--on", "2022-03-01")
    shop.ok("snapshot", "take", "all", "--as-of", "2022-03-01")
    lines = shop.ok("export").out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith('{"snapshot"'))
    longest = max(len(line) + 1 for n, line in enumerate(lines) if n != at)
    assert len(lines[at]) > longest
    monkeypatch.setattr("inventory_cli.actions.move.LONGEST_LINE", longest)
    restored(tmp_path, lines).ok("restore", tmp_path / "export.jsonl")
    (tmp_path / "restored.db").unlink()
    before = sum(len(line) + 1 for line in lines[:at])
    lines[at] = lines[at].ljust(before)
    ran = restored(tmp_path, lines)("restore", tmp_path / "export.jsonl")
    assert ran.code == 3
    assert f"line {at + 1}: this is no line of an export: it has more than {before:,}" in ran.err


def test_a_restore_never_writes_over_a_ledger(story: Shop, exported: list[str]) -> None:
    before = story.path.read_bytes()
    restored(story.folder, exported)
    assert story("restore", story.folder / "export.jsonl").code == 3
    assert story.path.read_bytes() == before


def test_an_export_as_csv_is_the_log(story: Shop) -> None:
    rows = story.ok("log", "--format", "csv").csv
    for row in rows:
        # What the log comes to is no part of it.
        del row["change"], row["voided_by"]
    assert story.ok("export", "--format", "csv").csv == rows


def test_a_damaged_log_cannot_be_exported(story: Shop) -> None:
    with behind_the_back(story) as connection:
        connection.execute("DELETE FROM events WHERE position = 3")
    ran = story("export")
    assert (ran.code, "event 3 is missing" in ran.err) == (4, True)
