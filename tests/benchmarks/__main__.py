"""`python -m tests.benchmarks`: measures this program and its peers, and prints the ratios.

Knows the options and how the figures are shown. Must never judge by its exit code: that is 1 only
when something did not run.
"""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.bench import Bench, Size
from tests.benchmarks.growth import growth, many_skus, sizes_up_to
from tests.benchmarks.measure import Failed, fsync_seconds, markdown, shown, table
from tests.benchmarks.works import Row, works
from tests.drafts import score

SKUS = 2_000
LEAST_EVENTS = 10_000
BUDGETED_EVENTS = 1_000_000
HEAD = ["work", "against", "ours", "peer", "µs/event", "ratio", "budget", "moonshot", "ok?"]
QUICK_EVENTS = 20_000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=BUDGETED_EVENTS, metavar="N", help="rows to import"
    )
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"each once, at {QUICK_EVENTS:,} rows: two minutes, and figures that say little",
    )
    parser.add_argument(
        "--markdown", action="store_true", help="print the table of the guide's page `costs`"
    )
    parser.add_argument(
        "--growth", action="store_true", help="measure at N/100, N/10 and N instead"
    )
    parser.add_argument(
        "--shared", action="store_true", help="measure a ledger that several machines share instead"
    )
    parser.add_argument(
        "--drafts", action="store_true", help="score the drafts for other people's files instead"
    )
    given = parser.parse_args()
    if given.quick:
        given.events, given.runs = QUICK_EVENTS, 1
    if given.events < LEAST_EVENTS or given.runs < 1:
        parser.error(f"at least {LEAST_EVENTS} events and one run")
    return given


def _limit(row: Row, limit: float | None) -> str:
    if limit is None:
        return ""
    return f"{'≥' if row.faster else '≤'} {limit:g} ×"


def _verdict(row: Row) -> str:
    if row.ratio is None or row.budget is None:
        return ""
    if row.within(row.moonshot):
        return "moonshot"
    return "yes" if row.within(row.budget) else "NO"


def _cells(row: Row) -> list[str]:
    return [
        row.work,
        row.against,
        shown(row.ours, row.unit),
        shown(row.peer, row.unit),
        "" if row.micros is None else f"{row.micros:.2f}",
        "" if row.ratio is None else f"{row.ratio:.2f} ×",
        _limit(row, row.budget),
        _limit(row, row.moonshot),
        _verdict(row),
    ]


def _briefly(row: Row) -> list[str]:
    """Return what the guide shows: no seconds, which are those of one machine."""
    work, against, _, _, micros, ratio, budget, moonshot, _ = _cells(row)
    return [work, against, ratio or shown(row.peer, row.unit), micros, budget, moonshot]


def _table(rows: Iterable[Row], as_markdown: bool) -> str:
    if as_markdown:
        head = ["work", "against", "ratio", "µs/event", "budget", "moonshot"]
        return markdown([head, *map(_briefly, rows)])
    return table([HEAD, *map(_cells, rows)], 2)


def _print_shared(bench: Bench, size: Size) -> None:
    from tests.benchmarks.shared import measure  # It needs a server, which not everyone has.

    rows = [["work", "figure", "budget"]]
    for measured in measure(bench, size):
        bench.say(": ".join(measured[:2]))
        rows.append([*measured])
    print(table(rows, 1), end="\n\n")


def _facts(folder: Path) -> str:
    versions = peers.installed() | dict.fromkeys(peers.missing(), "not installed")
    found = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()} with "
        f"SQLite {sqlite3.sqlite_version}; {found}; one fsync {fsync_seconds(folder) * 1000:.1f} ms"
    )


def main() -> int:
    """Measure, and print."""
    given = _options()
    if given.drafts:
        score.main()
        return 0
    with tempfile.TemporaryDirectory(prefix="inventory-benchmark-") as name:
        bench = Bench(Path(name), given.runs)
        try:
            if given.shared:
                _print_shared(bench, Size(given.events, min(SKUS, given.events // 50)))
            elif given.growth:
                sizes = sizes_up_to(given.events, SKUS)
                print(table(growth(bench, sizes), 1), end="\n\n")
                print(table(many_skus(bench, sizes[-1]), 1), end="\n\n")
            else:
                size = Size(given.events, min(SKUS, given.events // 50))
                print(_table(works(bench, size), given.markdown), end="\n\n")
                if given.events < BUDGETED_EVENTS:
                    print(f"the budgets of what takes every row are for {BUDGETED_EVENTS:,}")
        except Failed as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
        print(f"medians of {given.runs} in turns ({bench.long_runs} of what takes long)")
        print(_facts(bench.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
