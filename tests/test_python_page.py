"""The program that the page `python` of the guide shows runs, is typed, and is short."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Shop
from tests.transcript import ROOT

PAGE = (ROOT / "inventory_cli" / "guide" / "python.md").read_text(encoding="utf-8")
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    return subprocess.run(
        [sys.executable, *words, "program.py"],
        cwd=folder,
        # mypy does not follow what an editable installation adds to the path.
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_records_asks_and_verifies(shop: Shop) -> None:
    shop.ok("receive", "XYZ-1", 100, "--on", "2022-03-01")
    ran = run(shop.folder)
    assert (ran.stdout, ran.stderr) == (
        "event 2 on hand 80\nXYZ-1 80 2022-03-01 2022-03-15\nall is well\n",
        "",
    )
    (sale,) = [row for row in shop.json("log") if row["kind"] == "sold"]
    assert (sale["quantity"], sale["effective_at"], sale["reference"]) == (20, "2022-03-15", "S-1")
    assert [row["actor"] for row in shop.json("batches")] == ["keeper", "till 2"]


def test_the_program_has_ten_lines_in_which_something_is_done() -> None:
    (whole,) = [node for node in ast.parse(PROGRAM).body if isinstance(node, ast.With)]
    text = ast.get_source_segment(PROGRAM, whole)
    assert text is not None
    assert len([line for line in text.splitlines() if line.strip()]) <= 10


def test_the_program_is_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="it is of the extra `dev`")
    ran = run(tmp_path, "-m", "mypy", "--strict", "--no-incremental")
    assert ran.returncode == 0, ran.stdout
