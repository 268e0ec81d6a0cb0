"""Knows how something is measured: as a process, several times, in turns with its peers.

Must never know what is measured, or what it should come to. POSIX only (`os.wait4`).
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
# What a developer's machine sets must not change what is measured; and an installed program has
# been compiled before.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("INVENTORY_") and name != "PYTHONDONTWRITEBYTECODE"
}


class Failed(Exception):
    """Something that should be measured did not run."""


class Ran(NamedTuple):
    """What a process took, and what it wrote."""

    seconds: float
    megabytes: float
    out: str


Command = list[str | Path]
Measure = Callable[[], float]
Name = TypeVar("Name")


def run(command: Command, keep: bool = False) -> Ran:
    """Run a command to its end. Its output goes nowhere unless it is to be kept."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out if keep else subprocess.DEVNULL,
            stderr=err,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            said = err.read().decode(errors="replace").strip()
            raise Failed(f"{' '.join(words)}: exit {process.returncode}\n{said[-2000:]}")
        # Linux counts in KiB, macOS in bytes.
        scale = 2**20 if sys.platform == "darwin" else 2**10
        return Ran(seconds, usage.ru_maxrss / scale, out.read().decode())


def _nothing() -> None:
    pass


def _once(command: Command, before: Callable[[], object], told: bool) -> Ran:
    before()
    # What the run before left to be written must not slow this one down.
    os.sync()
    return run(command, keep=told)


def seconds(command: Command, before: Callable[[], object] = _nothing) -> Measure:
    """Return what runs a command, after something that does not count, and tells the seconds."""
    return lambda: _once(command, before, told=False).seconds


def megabytes(command: Command, before: Callable[[], object] = _nothing) -> Measure:
    """Return the same for the peak memory of a command."""
    return lambda: _once(command, before, told=False).megabytes


def told(command: Command, before: Callable[[], object] = _nothing) -> Measure:
    """Return the same for a command that measures itself, and prints the seconds."""
    return lambda: float(_once(command, before, told=True).out)


def in_turns(measures: Mapping[Name, Measure], runs: int) -> dict[Name, float]:
    """Return the median of each measure, run A B C A B C … so that a slow minute slows all."""
    taken: dict[Name, list[float]] = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: median(values) for name, values in taken.items()}


def fsync_seconds(folder: Path) -> float:
    """Return how long this machine takes to make one small write lasting."""

    def once() -> float:
        with (folder / "fsync").open("wb") as file:
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            return time.perf_counter() - started

    return median(once() for _ in range(20))


def shown(value: float | None, unit: str) -> str:
    """Return a figure as text."""
    if value is None:
        return "not installed"
    if unit == "MB":
        return f"{value:.0f} MB"
    return f"{value:.3f} s" if value >= 0.01 else f"{value * 1000:.3f} ms"


def table(rows: list[list[str]], numbers_from: int) -> str:
    """Return rows as aligned text; the columns from `numbers_from` on stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n >= numbers_from else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def markdown(rows: list[list[str]]) -> str:
    """Return rows, of which the first is the head, as a table of Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
