"""Knows how what each work takes should grow with the log, and measures it at several sizes.

Must never know the peers.
"""

from functools import partial
from itertools import pairwise
from typing import NamedTuple

from tests.benchmarks.bench import TODAY, Bench, Size, inside, inventory
from tests.benchmarks.data import PROBE
from tests.benchmarks.measure import Measure, in_turns, megabytes, seconds, shown, told
from tests.benchmarks.works import EARLY

FLAT, LINEAR = "flat", "linear"
MANY_SKUS = 100_000


class Work(NamedTuple):
    """A work, how it should grow with the log, and how it is measured at each size."""

    name: str
    expected: str
    measures: dict[Size, Measure]
    unit: str = "s"


def sizes_up_to(rows: int, most_skus: int) -> list[Size]:
    """Return a hundredth, a tenth and the whole, all over the same SKUs."""
    counts = [count for count in (rows // 100, rows // 10, rows) if count >= 1_000]
    return [Size(count, min(most_skus, counts[0] // 5)) for count in counts]


def growth(bench: Bench, sizes: list[Size]) -> list[list[str]]:
    """Return a table: each work, what it took at each size, the factors, what is expected."""
    head = ["work", *(f"{size.rows:,}" for size in sizes)]
    works = [
        *_of_one_sku(bench, sizes),
        *_of_all(bench, sizes),
    ]
    rows = [_line(bench, work, sizes) for work in works]
    return [[*head, *(f"× {size.rows:,}" for size in sizes[1:]), "expected"], *rows]


def many_skus(bench: Bench, few: Size) -> list[list[str]]:
    """Return a table: the same number of rows over few streams, and over a great many."""
    sizes = [few, Size(few.rows, min(MANY_SKUS, few.rows // 5), 1)]
    head = ["work", *(f"{size.skus:,} SKUs × {size.locations}" for size in sizes), "×"]
    return [head, *(_line(bench, work, sizes)[:-1] for work in _of_all(bench, sizes))]


def _line(bench: Bench, work: Work, sizes: list[Size]) -> list[str]:
    bench.say(f"measuring {work.name}")
    # The sizes are measured in turns, so that all of them saw the same machine.
    taken = in_turns(work.measures, _runs(bench, work))
    figures = [taken[size] for size in sizes]
    factors = [f"{after / before:.2f}" for before, after in pairwise(figures)]
    return [work.name, *(shown(figure, work.unit) for figure in figures), *factors, work.expected]


def _runs(bench: Bench, work: Work) -> int:
    if work.unit == "MB":
        return 1  # It is the same every time.
    return bench.runs if work.expected == FLAT else bench.long_runs


def _of_one_sku(bench: Bench, sizes: list[Size]) -> list[Work]:
    """Return what concerns one SKU, which has the same events at every size."""
    ledgers = {size: bench.files(size).ledger for size in sizes}
    works = {
        "stock SKU": ("stock", ["stock", PROBE]),
        "history SKU": ("history", ["history", PROBE]),
        "receive": ("append", ["receive", PROBE, "1"]),
        "receive, back-dated": ("late", ["receive", PROBE, "1", "--on", EARLY]),
    }
    found = []
    for name, (task, words) in works.items():
        commands = {size: seconds(inventory(path, *words)) for size, path in ledgers.items()}
        tasks = {size: told(inside(task, path, PROBE)) for size, path in ledgers.items()}
        found += [Work(name, FLAT, commands), Work(f"{name}, in process", FLAT, tasks)]
    return found


def _of_all(bench: Bench, sizes: list[Size]) -> list[Work]:
    """Return what reads or writes every event."""
    ledgers = {size: bench.files(size).ledger for size in sizes}
    target = bench.folder / "import.db"
    works = {
        "as-of, all SKUs": ["as-of", TODAY, "--format", "csv"],
        "verify": ["verify"],
        "rebuild": ["rebuild"],
    }
    found = []
    for name, words in works.items():
        commands = {size: inventory(path, *words) for size, path in ledgers.items()}
        times = {size: seconds(command) for size, command in commands.items()}
        memory = {size: megabytes(command) for size, command in commands.items()}
        found += [Work(name, LINEAR, times), Work(f"memory of {name}", FLAT, memory, "MB")]
    empty = partial(bench.empty, target)
    imports = {size: inventory(target, "import", bench.csv(size)[0]) for size in sizes}
    times = {size: seconds(command, empty) for size, command in imports.items()}
    memory = {size: megabytes(command, empty) for size, command in imports.items()}
    return [*found, Work("import", LINEAR, times), Work("memory of import", FLAT, memory, "MB")]
