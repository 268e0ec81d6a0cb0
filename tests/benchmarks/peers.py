"""Knows the peers: which are installed, and how each is told to do its work.

Must never know how this program does the same.
"""

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measure import PYTHON, Command

SQLITE3, SQLITE_UTILS = "sqlite3", "sqlite-utils"
HLEDGER, LEDGER, EVENTSOURCING, DUCKDB = "hledger", "ledger", "eventsourcing", "duckdb"
_PROGRAMS = (SQLITE3, HLEDGER, LEDGER)
_PACKAGES = {SQLITE_UTILS: "sqlite_utils", EVENTSOURCING: "eventsourcing", DUCKDB: "duckdb"}


def installed() -> dict[str, str]:
    """Return the peers that are installed, with their versions."""
    found = {}
    for name in _PROGRAMS:
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
            words = said.stdout.replace(",", " ").split()
            found[name] = next(word for word in words if word[0].isdigit())
    for name, module in _PACKAGES.items():
        if find_spec(module):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "?"
    return found


def missing() -> list[str]:
    """Return the names of the peers that are not installed."""
    return sorted({*_PROGRAMS, *_PACKAGES} - installed().keys())


def sqlite_import(csv: Path, database: Path) -> Command:
    """Return the import of a file and one index, by the SQLite shell."""
    index = "CREATE INDEX by_stream ON movements (sku, location, date)"
    return [SQLITE3, database, f".import --csv '{csv}' movements", index]


def sqlite_sum(ledger: Path, how: str = "") -> Command:
    """Return one bare sum over the events of a ledger. It knows no kinds, signs or dates.

    SQLite groups by walking the index of streams, and fetches each row; told `NOT INDEXED` it
    sorts instead, which is faster.
    """
    query = f"SELECT sku, location, SUM(quantity) FROM events {how} GROUP BY sku, location"
    return [SQLITE3, "-readonly", ledger, query]


def sqlite_utils_import(csv: Path, database: Path) -> Command:
    """Return the import of a file by sqlite-utils, without an index."""
    return [PYTHON, "-m", "sqlite_utils", "insert", database, "movements", csv, "--csv"]


def duckdb(database: Path, query: str) -> Command:
    """Return a statement for DuckDB, in its own file."""
    program = (
        "import duckdb, sys; print(duckdb.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())"
    )
    return [PYTHON, "-c", program, database, query]


def duckdb_import(csv: Path, database: Path) -> Command:
    """Return the import of a file by DuckDB, which needs no index."""
    return duckdb(database, f"CREATE TABLE movements AS FROM '{csv}'")


def duckdb_sum(database: Path) -> Command:
    """Return one bare sum over what DuckDB has imported."""
    return duckdb(
        database, "SELECT sku, location, SUM(quantity) FROM movements GROUP BY sku, location"
    )


def balances(program: str, journal: Path, before: str) -> Command:
    """Return the balances before a day, by hledger or ledger."""
    return [program, "-f", journal, "bal", "-e", before]


def eventsourced(task: str, *words: str | Path) -> Command:
    """Return a task of the `eventsourcing` library in a process of its own."""
    return [PYTHON, "-m", "tests.benchmarks.eventsourced", task, *words]
