"""The scripts of the guide judge an export as they promise, and share no code with the package."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Shop
from tests.frozen.test_frozen_ledgers import FOLDER
from tests.tampering.altering import forge
from tests.transcript import ROOT

PAGE = (ROOT / "inventory_cli" / "guide" / "proof.md").read_text(encoding="utf-8")
CHAIN, STOCK = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

Lines = list[str]


def run(script: str, folder: Path, lines: Lines | None = None, *words: object) -> Ran:
    """Run a script of the guide with what Python has of itself, where no package can be found."""
    text = None if lines is None else "".join(f"{line}\n" for line in lines)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, *map(str, words)],
        cwd=folder,
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def refused_line(folder: Path, lines: Lines) -> int:
    """Return the line of an export that the script does not accept, 0 if it accepts all."""
    ran = run(CHAIN, folder, lines)
    if ran.code == 0:
        assert re.fullmatch(r"ok \d+:[0-9a-f]{64}\n", ran.out), ran
        assert json.loads(lines[-1])["head"] == ran.out[3:-1]
        return 0
    assert (ran.code, ran.out) == (1, "")
    found = re.fullmatch(r"line (\d+) does not fit(: .*)?\n", ran.err)
    assert found, ran
    return int(found[1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A ledger with everything in it that an export may hold, and letters of every sort."""
    shop = Shop(tmp_path_factory.mktemp("whole"), "--decimals", "2")
    shop.ok("open", "Ä 1", 10, "--on", "2022-02-01", "--last-incoming", "2022-01-01")
    shop.ok(
        "receive", "Ä 1", "2.50", "--reason", 'a "b"\\ü\u2028', "--ref", "PO-7", "--cost", "1.5"
    )
    shop.ok("sell", "Ä 1", 1, "--id", "K-1", "--detail", "k=ä\n\x7f\U0001f600")
    shop.ok("count", "Ä 1", 3, "--location", "schöp", "--on", "2022-03-01")
    shop.import_text("date,sku,type,quantity\n2022-03-02,B,received,5\n2022-03-03,B,sold,2\n")
    shop.ok("snapshot", "take", "märz", "--as-of", "2022-03-31")
    shop.ok("snapshot", "take")
    shop.ok("transfer", "Ä 1", 4, "--from", "main", "--to", "schöp")
    shop.ok("reverse", 8, "--reason", "twice")
    shop.ok("adjust", "B", "-1", "--reason", "miscount")
    assert shop.failed_checks() == {}
    return shop


@pytest.fixture(scope="module")
def exported(whole: Shop) -> Lines:
    # Not by splitlines, which would split at letters within a line.
    return whole.ok("export").out.split("\n")[:-1]


def test_the_script_is_short_and_needs_nothing_but_python() -> None:
    assert len(CHAIN.splitlines()) <= 40
    for script in (CHAIN, STOCK):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(script))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert imported <= sys.stdlib_module_names
        assert max(map(len, script.splitlines())) <= 100


def test_a_whole_export_is_right_from_a_file_and_from_standard_input(
    whole: Shop, exported: Lines, tmp_path: Path
) -> None:
    head = whole.ok("head").out
    file = tmp_path / "export.jsonl"
    file.write_text("".join(f"{line}\n" for line in exported), encoding="utf-8", newline="")
    assert run(CHAIN, tmp_path, None, file) == (0, f"ok {head}", "")
    assert run(CHAIN, tmp_path, exported) == (0, f"ok {head}", "")
    file.write_bytes("\r\n".join(exported).encode())
    assert run(CHAIN, tmp_path, None, file) == (0, f"ok {head}", "")


def test_python_without_assertions_is_not_trusted(exported: Lines, tmp_path: Path) -> None:
    (tmp_path / "opinion.py").write_text(CHAIN, encoding="utf-8")
    (tmp_path / "export.jsonl").write_text("\n".join(exported), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-O", "opinion.py", "export.jsonl"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "without -O" in done.stderr


def test_a_ledger_without_events_has_a_chain(shop: Shop) -> None:
    assert refused_line(shop.folder, shop.ok("export").out.splitlines()) == 0
    shop.ok("snapshot", "take")
    assert refused_line(shop.folder, shop.ok("export").out.splitlines()) == 0


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.db")), ids=lambda file: file.stem)
def test_the_snapshots_of_every_schema_are_understood(file: Path, tmp_path: Path) -> None:
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = tmp_path, tmp_path / "inventory.db"
    shutil.copy(file, shop.path)
    shop.ok("migrate")
    shop.ok("snapshot", "take")
    lines = shop.ok("export").out.splitlines()
    periods = {json.loads(line)["snapshot"]["closes"] for line in lines if "whole_to" in line}
    assert (None in periods) == (file.stem == "schema-1")
    assert refused_line(tmp_path, lines) == 0


def fields_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a line that has names: all but that of the head."""
    named: dict[str, Any] = entry[next(iter(entry))]
    return named


def other(value: Any) -> Any:
    """Return a value of the same sort that is not the same."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return 0


def packed(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def every_edit(line: str) -> Iterator[str]:
    """Give a line with each of its values altered, removed, named otherwise and given twice."""
    if line.startswith('{"head"'):
        yield packed({"head": other(json.loads(line)["head"])})
        return
    for name in fields_of(json.loads(line)):
        entry = json.loads(line)
        fields = fields_of(entry)
        value = fields[name]
        for changed in (other(value), None if value is not None else ""):
            fields[name] = changed
            yield packed(entry)
        del fields[name]
        yield packed(entry)
        fields["x" + name] = value
        yield packed(entry)
        # A reader that takes the first of two would see another value than one that takes the last.
        start = line.index("{", 1) + 1
        yield f"{line[:start]}{packed(name)}:{packed(other(value))},{line[start:]}"
    for number, row in enumerate(json.loads(line).get("lines", [])):
        for column in range(len(row)):
            entry = json.loads(line)
            entry["lines"][number][column] = other(row[column])
            yield packed(entry)
        entry = json.loads(line)
        del entry["lines"][number]
        yield packed(entry)


def test_every_value_of_every_line_is_covered(exported: Lines, tmp_path: Path) -> None:
    judged = Judged(tmp_path)
    wrong = []
    for number, line in enumerate(exported, 1):
        # What a snapshot says shows when its batch header does not have its digest.
        expected = {number, number + 1} if line.startswith('{"snapshot"') else {number}
        for edit in every_edit(line):
            found = judged([*exported[: number - 1], edit, *exported[number:]])
            if found not in expected:
                wrong.append((number, edit, found))
    assert judged.times > 1000
    assert not wrong


def turned_round(line: str) -> str:
    """Return an event with its fields, or a snapshot with its lines, in the opposite order."""
    entry = json.loads(line)
    if "lines" in entry:
        entry["lines"].reverse()
    else:
        entry["event"] = dict(reversed(entry["event"].items()))
    return packed(entry)


class Judged:
    """Runs the script in this process, for there are more alterations than time for processes."""

    def __init__(self, folder: Path) -> None:
        self.times = 0
        self._file = folder / "export.jsonl"
        self._code = compile(CHAIN, "proof.md", "exec")

    def __call__(self, lines: Lines) -> int:
        """Return the line that is not accepted, 0 if all are."""
        self.times += 1
        self._file.write_bytes("".join(f"{line}\n" for line in lines).encode())
        names: dict[str, Any] = {}
        argv, hook = sys.argv, sys.excepthook
        sys.argv = ["opinion.py", str(self._file)]
        try:
            exec(self._code, names)
        except Exception:  # noqa: BLE001  (whatever it is, the script does not accept it)
            return int(names["export"].lineno())
        finally:
            sys.argv, sys.excepthook = argv, hook
            names["export"].close()
        return 0


# How whole lines are altered, and the line that does not fit then. The export has these lines:
# 1 ledger, 2 event, 3 batch, … 10 and 11 events, 12 batch, 13 snapshot, 14 batch, 15 snapshot,
# 16 batch, 17 and 18 events, 19 batch, 20 and 21 events, 22 batch, 23 event, 24 batch, 25 head.
WHOLE_LINES: dict[str, tuple[Callable[[Lines], Lines], int]] = {
    "the settings removed": (lambda e: e[1:], 1),
    "the settings twice": (lambda e: [e[0], *e], 2),
    "the first event removed": (lambda e: [e[0], *e[2:]], 2),
    "an event of two removed": (lambda e: [*e[:9], *e[10:]], 10),
    "an event twice": (lambda e: [*e[:2], e[1], *e[2:]], 3),
    "two events swapped": (lambda e: [*e[:9], e[10], e[9], *e[11:]], 10),
    "two batches swapped": (lambda e: [*e[:1], *e[3:5], *e[1:3], *e[5:]], 2),
    "a batch removed with its event": (lambda e: [*e[:3], *e[5:]], 4),
    "a header removed": (lambda e: [*e[:4], *e[5:]], 5),
    "a snapshot removed": (lambda e: [*e[:12], *e[13:]], 13),
    "a snapshot removed with its batch": (lambda e: [*e[:12], *e[14:]], 14),
    "snapshots swapped": (lambda e: [*e[:12], e[14], e[13], e[12], *e[15:]], 14),
    "a snapshot twice": (lambda e: [*e[:15], e[12], *e[15:]], 17),
    "a snapshot behind the last batch": (lambda e: [*e[:-1], e[12], e[-1]], 26),
    "the lines of a snapshot turned round": (
        lambda e: [*e[:12], turned_round(e[12]), *e[13:]],
        14,
    ),
    "the tail cut at a batch": (lambda e: e[:-3], 22),
    "the tail cut within a batch": (lambda e: e[:-2], 23),
    "the head cut off": (lambda e: e[:-1], 24),
    "the head put behind an earlier batch": (lambda e: [*e[:3], e[-1]], 4),
    "more behind the head": (lambda e: [*e, e[1]], 26),
    "an empty line": (lambda e: [*e[:3], "", *e[3:]], 4),
    "no JSON": (lambda e: [*e[:3], "nonsense", *e[3:]], 4),
    "half a line": (lambda e: [*e[:3], e[3][:50]], 4),
    "a list": (lambda e: [*e[:3], "[]", *e[3:]], 4),
    "an empty object": (lambda e: [*e[:3], "{}", *e[3:]], 4),
    "something unknown": (lambda e: [*e[:3], '{"note":{}}', *e[3:]], 4),
    "something beside an event": (lambda e: [*e[:3], e[3][:-1] + ',"note":1}', *e[4:]], 4),
    "fields in another order": (
        lambda e: [e[0], turned_round(e[1]), *e[2:]],
        2,
    ),
    "a letter that is none": (lambda e: [e[0], e[1].replace("Ä", "\\ud800"), *e[2:]], 2),
    "nothing at all": (lambda e: [], 0),
}


@pytest.mark.parametrize("name", WHOLE_LINES)
def test_lines_that_are_removed_moved_or_added_are_noticed(
    exported: Lines, tmp_path: Path, name: str
) -> None:
    alter, line = WHOLE_LINES[name]
    lines = alter(exported)
    assert lines != exported
    ran = run(CHAIN, tmp_path, lines)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"line {line} does not fit"), ran


def test_right_hashes_of_another_history_are_right_but_give_another_head(story: Shop) -> None:
    head = story.ok("head").out
    forge(story, "UPDATE events SET quantity = 90 WHERE position = 2")
    lines = story.ok("export").out.splitlines()
    assert refused_line(story.folder, lines) == 0
    assert run(CHAIN, story.folder, lines).out != f"ok {head}"


# What a log is rewritten to, with right hashes, and which line then does not follow.
OUT_OF_PLACE = {
    "UPDATE events SET position = 8 WHERE position = 6; UPDATE batches SET first_position = 8,"
    " last_position = 8 WHERE batch = 6": 12,
    "UPDATE batches SET batch = 8 WHERE batch = 6; UPDATE events SET batch = 8 WHERE batch = 6": 12,
}


@pytest.mark.parametrize("statements", OUT_OF_PLACE)
def test_positions_that_do_not_follow_are_noticed_though_the_hashes_fit(
    story: Shop, statements: str
) -> None:
    forge(story, *statements.split("; "))
    lines = story.ok("export").out.splitlines()
    assert refused_line(story.folder, lines) == OUT_OF_PLACE[statements]


def test_the_stock_of_an_export_is_what_the_program_says(whole: Shop, exported: Lines) -> None:
    ran = run(STOCK, whole.folder, exported)
    rows = whole.ok("as-of", "9999-12-31", "--by-location", "--format", "csv").out.split("\n")[1:-1]
    expected = [(*row.split(",")[:2], int(Decimal(row.split(",")[2]) * 100)) for row in rows]
    found = [(*row.split(",")[:2], int(row.split(",")[2])) for row in ran.out.splitlines()]
    assert found == expected
    assert len(found) == 3
