"""Knows the works that have a budget (DESIGN.md, section 8), and how each is measured.

Must never know how the figures are shown.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from tests.benchmarks import peers
from tests.benchmarks.bench import SMALL, TODAY, Bench, Size, inside, inventory, one_stream
from tests.benchmarks.data import (
    DAYS,
    FIRST_DAY,
    LAST_DAY,
    PROBE,
    PROBE_EVENTS,
    read_rows,
    write_journal,
)
from tests.benchmarks.measure import (
    PYTHON,
    Failed,
    Measure,
    in_turns,
    megabytes,
    run,
    seconds,
    told,
)

# What should not grow may differ by this much between two runs.
FLAT = 1.2
MOST_FOR_HLEDGER = 100_000
# Short commands differ more from one time to the next than they cost.
LEAST_SHORT_RUNS = 5
MOST_FOR_SNAPSHOTS = 100_000
SNAPSHOTS = 100
EARLY = "2021-01-05"
ONLY_SKU = "S-00000"
# With fewer rows than this, memory still grows: what is read or written at a time is not full yet.
BUFFERS_FULL = 100_000


class Row(NamedTuple):
    """A work, what it took here and at a peer (None where that is missing), and the budget.

    `faster` says that the ratio is how many times faster than the peer, and the budget the least;
    `rows` is of how many the work is done, where that is what it takes.
    """

    work: str
    against: str
    ours: float
    peer: float | None
    budget: float | None = None
    moonshot: float | None = None
    faster: bool = False
    unit: str = "s"
    rows: int | None = None

    @property
    def micros(self) -> float | None:
        """Return the microseconds of each row."""
        return self.rows and self.ours * 1e6 / self.rows

    @property
    def ratio(self) -> float | None:
        """Return ours to the peer's, or the other way round."""
        if self.peer is None:
            return None
        return self.peer / self.ours if self.faster else self.ours / self.peer

    def within(self, limit: float | None) -> bool:
        """Tell whether the ratio keeps to a limit."""
        if self.ratio is None or limit is None:
            return False
        return self.ratio >= limit if self.faster else self.ratio <= limit


def works(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure everything, group by group."""
    installed = frozenset(peers.installed())
    groups: list[partial[Iterator[Row]]] = [
        partial(short_commands, bench),
        partial(imports, bench, size, installed),
        partial(whole_log, bench, size, installed),
        partial(many_snapshots, bench, size),
        partial(shortcuts, bench, size),
        partial(one_sku, bench, size),
        partial(streams, bench, installed),
        partial(lines, bench),
        partial(journals, bench, size, installed),
        partial(memory, bench, size),
        partial(memory_of_one_sku, bench, size),
    ]
    for group in groups:
        bench.say(f"measuring {group.func.__name__.replace('_', ' ')}")
        yield from group()


def short_commands(bench: Bench) -> Iterator[Row]:
    """Measure what a person waits for, on a small ledger."""
    ledger = bench.files(SMALL).ledger
    base = 'python -c "import typer"'
    commands = {
        "--help": ["--help"],
        "stock": ["stock"],
        "as-of DATE": ["as-of", TODAY],
        "history SKU": ["history", PROBE],
        "log --after N": ["log", "--after", str(SMALL.rows)],
        "head": ["head"],
        "receive SKU 1": ["receive", "S-00001", "1"],
        "verify": ["verify"],
    }
    measures: dict[str, Measure] = {base: seconds([PYTHON, "-c", "import typer"])}
    measures |= {name: seconds(inventory(ledger, *words)) for name, words in commands.items()}
    # Python compiles what it runs for the first time.
    in_turns(measures, 1)
    taken = in_turns(measures, max(bench.runs, LEAST_SHORT_RUNS))
    for name in commands:
        yield Row(f"{name}, small ledger", base, taken[name], taken[base], 1.4, 1.2)


def imports(bench: Bench, size: Size, installed: frozenset[str]) -> Iterator[Row]:
    """Measure the import of a file, sorted and not, and of an export."""
    csv, ledger = bench.csv(size)[0], bench.folder / "import.db"
    export, database = bench.export(size), bench.folder / "peer.db"
    empty, fresh = partial(bench.empty, ledger), partial(bench.fresh, database.name)
    measures = {
        "ours": seconds(inventory(ledger, "import", csv), empty),
        "days": seconds(inventory(ledger, "import", bench.csv(size, "days")[0]), empty),
        "restore": seconds(inventory(ledger, "restore", export), partial(bench.fresh, ledger.name)),
    }
    theirs = {
        peers.SQLITE3: peers.sqlite_import(csv, database),
        peers.SQLITE_UTILS: peers.sqlite_utils_import(csv, database),
        peers.DUCKDB: peers.duckdb_import(csv, database),
    }
    measures |= {name: seconds(theirs[name], fresh) for name in theirs.keys() & installed}
    taken = in_turns(measures, bench.long_runs)
    work, ours, peer = f"import {size.rows:,} rows", taken["ours"], taken.get(peers.SQLITE3)
    against = "sqlite3 .import, one index"
    yield Row(work, against, ours, peer, 3.5, 2.5, rows=size.rows)
    shuffled = f"{work}, shuffled in each day"
    yield Row(shuffled, against, taken["days"], peer, 5, 3.5, rows=size.rows)
    against = "sqlite-utils insert --csv"
    yield Row(work, against, ours, taken.get(peers.SQLITE_UTILS), 0.2, 0.13)
    yield Row(work, "DuckDB, CREATE TABLE FROM", ours, taken.get(peers.DUCKDB))
    work = f"restore {size.rows:,} rows"
    yield Row(work, "import", taken["restore"], ours, 1, 0.8, rows=size.rows)
    bench.fresh(ledger.name)
    bench.fresh(database.name)


def whole_log(bench: Bench, size: Size, installed: frozenset[str]) -> Iterator[Row]:
    """Measure what reads every event."""
    files, database = bench.files(size), bench.folder / "sums.db"
    ledger = files.ledger
    as_of, export = f"as-of, {size.rows:,} rows", f"export, {size.rows:,} rows"
    verify, sells = f"verify, {size.rows:,} rows", f"insights, {size.rows:,} rows"
    measures = {
        as_of: seconds(inventory(ledger, "as-of", TODAY, "--format", "csv")),
        verify: seconds(inventory(ledger, "verify")),
        export: seconds(inventory(ledger, "export")),
        sells: seconds(inventory(ledger, "insights", "--format", "csv")),
    }
    indexed, bare = "sqlite3 SUM … GROUP BY, by the index", "… GROUP BY, NOT INDEXED"
    duck = "DuckDB SUM … GROUP BY"
    if peers.SQLITE3 in installed:
        measures[indexed] = seconds(peers.sqlite_sum(ledger))
        measures[bare] = seconds(peers.sqlite_sum(ledger, "NOT INDEXED"))
    if peers.DUCKDB in installed:
        run(peers.duckdb_import(files.csv, database))
        measures[duck] = seconds(peers.duckdb_sum(database))
    taken = in_turns(measures, bench.long_runs)
    for work, against, budget, moonshot in (
        (as_of, bare, 2.5, 1.6),
        (as_of, indexed, None, None),
        (as_of, duck, None, None),
        (verify, indexed, 2.6, 2.2),
        (verify, bare, None, None),
        (export, as_of, 1.5, 1),
        (sells, as_of, 3, None),
    ):
        ours, peer = taken[work], taken.get(against)
        yield Row(work, against, ours, peer, budget, moonshot, rows=size.rows)
    bench.fresh(database.name)


def many_snapshots(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure `verify` where snapshots of many earlier days were taken."""
    size = size._replace(rows=min(size.rows, MOST_FOR_SNAPSHOTS))
    without, ledger = bench.files(size).ledger, bench.folder / "snapshots.db"
    shutil.copy(without, ledger)
    for number in range(SNAPSHOTS):
        day = FIRST_DAY + timedelta(days=(number + 1) * DAYS // (SNAPSHOTS + 1))
        run(inventory(ledger, "snapshot", "take", "--as-of", day.isoformat()))
    measures = {path: seconds(inventory(path, "verify")) for path in (ledger, without)}
    taken = in_turns(measures, bench.long_runs)
    work = f"verify with {SNAPSHOTS} snapshots, {size.rows:,} rows"
    yield Row(work, "the same without", taken[ledger], taken[without], 5, 2, rows=size.rows)
    bench.fresh(ledger.name)


def shortcuts(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure what a snapshot and an anchor at the end of the log save."""
    whole, proved = bench.files(size).ledger, bench.folder / "proved.db"
    shutil.copy(whole, proved)
    run(inventory(proved, "snapshot", "take", "--as-of", TODAY))
    anchor = run(inventory(proved, "head"), keep=True).out.strip()
    run(inventory(proved, "receive", PROBE, "1"))
    measures = {
        "as-of": seconds(inventory(proved, "as-of", TODAY, "--format", "csv")),
        "as-of, whole": seconds(inventory(whole, "as-of", TODAY, "--format", "csv")),
        "verify": seconds(inventory(proved, "verify", "--expect", anchor, "--since-anchor")),
        "verify, whole": seconds(inventory(whole, "verify")),
    }
    taken = in_turns(measures, bench.long_runs)
    names = {"as-of": "as-of after a snapshot", "verify": "verify --since-anchor"}
    for work, name in names.items():
        ours, peer = taken[work], taken[f"{work}, whole"]
        yield Row(f"{name}, {size.rows:,} rows", "the same from the first event", ours, peer)
    bench.fresh(proved.name)


def one_sku(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure what concerns one SKU of 100 events, in a large log and in a small one."""
    large, small = bench.files(size).ledger, bench.files(SMALL).ledger
    works = {
        "stock SKU": ["stock", PROBE],
        "history SKU": ["history", PROBE],
        "receive": ["receive", PROBE, "1"],
        "back-dated receive": ["receive", PROBE, "1", "--on", EARLY],
    }
    measures = {
        (name, ledger): seconds(inventory(ledger, *words))
        for name, words in works.items()
        for ledger in (large, small)
    }
    taken = in_turns(measures, bench.runs)
    for name in works:
        work = f"{name}, {size.rows:,} rows"
        yield Row(work, "the same, small ledger", taken[name, large], taken[name, small], FLAT)
    inner = in_turns({task: told(inside(task, large, PROBE)) for task in ("late", "append")}, 3)
    work = f"back-dated append in process, {size.rows:,} rows"
    yield Row(work, "append in order", inner["late"], inner["append"])


def streams(bench: Bench, installed: frozenset[str]) -> Iterator[Row]:
    """Measure one stream, and single appends, inside one process."""
    files = bench.files(one_stream(1_000))
    sku, target = ONLY_SKU, bench.folder / "append.db"
    measures = {
        "replay": told(inside("replay", files.ledger, sku)),
        "append": told(inside("append", target, sku), before=lambda: bench.empty(target)),
    }
    if peers.EVENTSOURCING in installed:
        theirs = bench.folder / "peer.db"
        fresh = partial(bench.fresh, theirs.name)
        replay = peers.eventsourced("replay", theirs, files.csv, sku)
        measures["peer replay"] = told(replay, fresh)
        measures["peer append"] = told(peers.eventsourced("append", theirs), fresh)
    taken = in_turns(measures, bench.runs)
    against, peer = "eventsourcing repository.get", taken.get("peer replay")
    yield Row("replay a 1,000-event stream", against, taken["replay"], peer, 20, 40, faster=True)
    against, peer = "eventsourcing save, SQLite", taken.get("peer append")
    yield Row("durable append in process", against, taken["append"], peer, 0.4, faster=True)


def lines(bench: Bench) -> Iterator[Row]:
    """Measure an append by `record -`, for a script that waits for each answer and one that writes
    ahead.
    """
    ledger = bench.folder / "lines.db"
    measures = {
        way: told(
            [PYTHON, "-m", "tests.benchmarks.lines", way, ledger, str(count)],
            before=partial(bench.empty, ledger),
        )
        for way, count in (("alone", 200), ("ahead", 2_000))
    }
    taken = in_turns(measures, bench.runs)
    work = "append by `record -`, lines waiting"
    yield Row(work, "one alone", taken["ahead"], taken["alone"], 0.25, 0.05, rows=1)
    bench.fresh(ledger.name)


def journals(bench: Bench, size: Size, installed: frozenset[str]) -> Iterator[Row]:
    """Measure balances as of a day against the accounting programs."""
    size = size._replace(rows=min(size.rows, MOST_FOR_HLEDGER))
    files = bench.files(size)
    journal = bench.folder / "movements.journal"
    write_journal(read_rows(files.csv), journal)
    after = (LAST_DAY + timedelta(days=1)).isoformat()
    measures = {"ours": seconds(inventory(files.ledger, "as-of", TODAY, "--format", "csv"))}
    for program in (peers.HLEDGER, peers.LEDGER):
        if program in installed:
            command = peers.balances(program, journal, after)
            total = run([*command, "stock", "--depth", "1"], keep=True).out.split()[0]
            if total != bench.csv(size)[1]:
                raise Failed(f"{program} says that {total} are on hand")
            measures[program] = seconds(command)
    taken = in_turns(measures, bench.long_runs)
    work = f"as-of, {size.rows:,} rows"
    for program, budget, moonshot in ((peers.HLEDGER, 0.07, 0.05), (peers.LEDGER, None, None)):
        against = f"{program} bal -e, same journal"
        yield Row(work, against, taken["ours"], taken.get(program), budget, moonshot)


def memory(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure the peak memory of what reads everything, at this size and at a tenth."""
    tenth = size._replace(rows=size.rows // 10)
    budget = FLAT if tenth.rows >= BUFFERS_FULL else None
    against = f"the same, {tenth.rows:,} rows"
    for work, measures in _peaks(bench, (size, tenth), ("import", "verify")):
        taken = in_turns(measures, 1)
        work = f"memory of {work}, {size.rows:,} rows"
        yield Row(work, against, taken[size], taken[tenth], budget, unit="MB")


def memory_of_one_sku(bench: Bench, size: Size) -> Iterator[Row]:
    """Measure the peak memory where all events are of one SKU, against 10,000 of them."""
    large, small = one_stream(size.rows), one_stream(min(size.rows // 2, 10_000))
    against = f"the same, {small.rows - PROBE_EVENTS:,} events"
    for work, measures in _peaks(bench, (large, small), _OF_ONE_SKU):
        taken = in_turns(measures, 1)
        work = f"memory of {work}, one SKU with {size.rows:,} events"
        yield Row(work, against, taken[large], taken[small], 1.5, 1.2, unit="MB")


# What is done to the SKU of a ledger that has but one.
_OF_ONE_SKU = {
    "import": [],
    "verify": ["verify"],
    "history": ["history", ONLY_SKU, "--format", "jsonl"],
    "a late entry": ["receive", ONLY_SKU, "1", "--on", EARLY],
}


def _peaks(
    bench: Bench, sizes: Sequence[Size], works: Iterable[str]
) -> Iterator[tuple[str, dict[Size, Measure]]]:
    """Give how the memory of each work is measured at each size."""
    target = bench.folder / "import.db"
    for work in works:
        measures = {}
        for size in sizes:
            files = bench.files(size)
            if work == "import":
                command = inventory(target, "import", files.csv)
                measures[size] = megabytes(command, before=partial(bench.empty, target))
            else:
                measures[size] = megabytes(inventory(files.ledger, *_OF_ONE_SKU[work]))
        yield work, measures
