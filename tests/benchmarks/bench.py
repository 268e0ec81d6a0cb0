"""Knows what every measure needs: files of rows and ledgers made of them, in a folder of its own.

Must never know what a measure should come to.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.data import LAST_DAY, LOCATIONS, PROBE_EVENTS
from tests.benchmarks.measure import ENVIRONMENT, PYTHON, ROOT, Command, Failed, run

TODAY = LAST_DAY.isoformat()


class Size(NamedTuple):
    """How much data: rows, over how many SKUs at how many locations."""

    rows: int
    skus: int
    locations: int = len(LOCATIONS)


class Files(NamedTuple):
    """The same rows as a CSV file and as a ledger."""

    csv: Path
    ledger: Path


SMALL = Size(1_000, 30)


def one_stream(rows: int) -> Size:
    """Return the size of one stream of so many events, beside the probe's."""
    return Size(rows + PROBE_EVENTS, 1, 1)


class Bench:
    """The folder, and what has been made in it."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        # What takes long is steadier, too.
        self.long_runs = min(runs, 3)
        self.files = cache(self._files)
        self._made = cache(self._make)

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        print(f"{text} …", file=sys.stderr, flush=True)

    def csv(self, size: Size, order: str = "ordered") -> tuple[Path, str]:
        """Return a file of rows, and what they leave on hand."""
        return self._made(size, order)

    def _make(self, size: Size, order: str) -> tuple[Path, str]:
        self.say(f"making {size.rows:,} {order} rows")
        path = self.folder / f"{'-'.join(map(str, size))}-{order}.csv"
        made = run([PYTHON, "-m", "tests.benchmarks.data", path, *map(str, size), order], keep=True)
        return path, made.out.strip()

    def _files(self, size: Size) -> Files:
        """Return rows and a ledger of them; its stock must be what the rows leave on hand."""
        csv, expected = self.csv(size)
        files = Files(csv, csv.with_suffix(".db"))
        self.empty(files.ledger)
        self.say(f"importing {size.rows:,} rows")
        run(inventory(files.ledger, "import", csv))
        shown = run(inventory(files.ledger, "stock", "--format", "csv"), keep=True).out
        found = sum(int(line.split(",")[1]) for line in shown.splitlines()[1:])
        if str(found) != expected:
            raise Failed(f"{csv.name}: {found} on hand instead of {expected}")
        return files

    def export(self, size: Size) -> Path:
        """Return an export of the ledger of some rows."""
        ledger = self.files(size).ledger
        path = ledger.with_suffix(".jsonl")
        if not path.exists():
            with path.open("wb") as out:
                words = map(str, inventory(ledger, "export"))
                subprocess.run(list(words), stdout=out, cwd=ROOT, env=ENVIRONMENT, check=True)
        return path

    def empty(self, ledger: Path) -> None:
        """Make an empty ledger in place of what was there."""
        ledger.unlink(missing_ok=True)
        run(inventory(ledger, "init", "--timezone", "Europe/Berlin"))

    def fresh(self, name: str) -> Path:
        """Return a path in the folder at which there is no file, nor what SQLite puts beside it."""
        for path in self.folder.glob(f"{name}*"):
            path.unlink()
        return self.folder / name


def inventory(ledger: Path, *words: str | Path) -> Command:
    """Return a command of this program on a ledger."""
    return [PYTHON, "-m", "inventory_cli", "--ledger", ledger, *words]


def inside(task: str, ledger: Path, sku: str) -> Command:
    """Return a task that runs many times inside one process."""
    return [PYTHON, "-m", "tests.benchmarks.inside", task, ledger, sku]
