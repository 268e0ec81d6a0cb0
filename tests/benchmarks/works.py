"""Knows the works that have a budget (DESIGN.md, section 8), and how each is measured.

Must never know how the figures are shown.
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from tests.benchmarks import peers
from tests.benchmarks.bench import ONE_STREAM, SMALL, TODAY, Bench, Size, inside, inventory
from tests.benchmarks.data import LAST_DAY, PROBE, read_rows, write_journal
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
EARLY = "2021-01-05"
# With fewer rows than this, memory still grows: what is read or written at a time is not full yet.
BUFFERS_FULL = 100_000


class Row(NamedTuple):
    """A work, what it took here and at a peer (None where that is missing), and the budget.

    `faster` says that the ratio is how many times faster than the peer, and the budget the least.
    """

    work: str
    against: str
    ours: float
    peer: float | None
    budget: float | None = None
    moonshot: float | None = None
    faster: bool = False
    unit: str = "s"

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


def works(bench: Bench, size: Size, order: str) -> Iterator[Row]:
    """Measure everything, group by group."""
    installed = frozenset(peers.installed())
    groups: list[partial[Iterator[Row]]] = [
        partial(short_commands, bench),
        partial(imports, bench, size, order, installed),
        partial(whole_log, bench, size, installed),
        partial(shortcuts, bench, size),
        partial(one_sku, bench, size),
        partial(streams, bench, installed),
        partial(journals, bench, size, installed),
        partial(memory, bench, size, order),
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
        "receive SKU 1": ["receive", "S-00001", "1"],
        "verify": ["verify"],
    }
    measures: dict[str, Measure] = {base: seconds([PYTHON, "-c", "import typer"])}
    measures |= {name: seconds(inventory(ledger, *words)) for name, words in commands.items()}
    taken = in_turns(measures, bench.runs)
    for name in commands:
        yield Row(f"{name}, small ledger", base, taken[name], taken[base], 2.0, 1.3)


def imports(bench: Bench, size: Size, order: str, installed: frozenset[str]) -> Iterator[Row]:
    """Measure the import of a file."""
    csv, _ = bench.csv(size, order)
    ledger, database = bench.folder / "import.db", bench.folder / "peer.db"
    fresh = partial(bench.fresh, "peer.db")
    measures = {
        "ours": seconds(inventory(ledger, "import", csv), before=lambda: bench.empty(ledger))
    }
    if peers.SQLITE3 in installed:
        measures[peers.SQLITE3] = seconds(peers.sqlite_import(csv, database), fresh)
    if peers.SQLITE_UTILS in installed:
        measures[peers.SQLITE_UTILS] = seconds(peers.sqlite_utils_import(csv, database), fresh)
    taken = in_turns(measures, bench.long_runs)
    work = f"import {size.rows:,} {'shuffled ' * (order == 'shuffled')}rows"
    ours = taken["ours"]
    yield Row(work, "sqlite3 .import, one index", ours, taken.get(peers.SQLITE3), 7, 3.5)
    against = "sqlite-utils insert --csv"
    yield Row(work, against, ours, taken.get(peers.SQLITE_UTILS), 0.3, 0.15)
    bench.fresh("import.db")
    bench.fresh("peer.db")


def whole_log(bench: Bench, size: Size, installed: frozenset[str]) -> Iterator[Row]:
    """Measure what reads every event."""
    ledger = bench.files(size).ledger
    measures = {
        "as-of": seconds(inventory(ledger, "as-of", TODAY, "--format", "csv")),
        "verify": seconds(inventory(ledger, "verify")),
    }
    if peers.SQLITE3 in installed:
        measures["sum"] = seconds(peers.sqlite_sum(ledger))
        measures["unindexed"] = seconds(peers.sqlite_sum(ledger, "NOT INDEXED"))
    taken = in_turns(measures, bench.long_runs)
    against = "sqlite3 SUM … GROUP BY"
    yield Row(f"as-of, {size.rows:,} rows", against, taken["as-of"], taken.get("sum"), 2.5, 1)
    yield Row(f"verify, {size.rows:,} rows", against, taken["verify"], taken.get("sum"), 6, 3)
    against = "… NOT INDEXED GROUP BY"
    for work in ("as-of", "verify"):
        yield Row(f"{work}, {size.rows:,} rows", against, taken[work], taken.get("unindexed"))


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
    files = bench.files(ONE_STREAM)
    sku, target = "S-00000", bench.folder / "append.db"
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
    yield Row("replay a 1,000-event stream", against, taken["replay"], peer, 15, 40, faster=True)
    against, peer = "eventsourcing save, SQLite", taken.get("peer append")
    yield Row("durable append in process", against, taken["append"], peer, 0.4, 1, faster=True)


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
    for program, budget, moonshot in ((peers.HLEDGER, 0.15, 0.05), (peers.LEDGER, None, None)):
        against = f"{program} bal -e, same journal"
        yield Row(work, against, taken["ours"], taken.get(program), budget, moonshot)


def memory(bench: Bench, size: Size, order: str) -> Iterator[Row]:
    """Measure the peak memory of what reads everything, at this size and at a tenth."""
    tenth = size._replace(rows=size.rows // 10)
    ledger = bench.folder / "import.db"
    measures: dict[tuple[str, Size], Measure] = {}
    for each in (size, tenth):
        verify = inventory(bench.files(each).ledger, "verify")
        measures["verify", each] = megabytes(verify)
        command = inventory(ledger, "import", bench.csv(each, order)[0])
        measures["import", each] = megabytes(command, before=lambda: bench.empty(ledger))
    taken = in_turns(measures, 1)
    budget = FLAT if tenth.rows >= BUFFERS_FULL else None
    for work in ("import", "verify"):
        ours, peer = taken[work, size], taken[work, tenth]
        against = f"the same, {tenth.rows:,} rows"
        yield Row(f"memory of {work}, {size.rows:,} rows", against, ours, peer, budget, unit="MB")
