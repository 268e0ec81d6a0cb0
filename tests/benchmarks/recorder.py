"""Knows one machine that records as fast as it can: `python -m tests.benchmarks.recorder LEDGER
SECONDS`. It says that it is ready, waits for a line, appends for so long, each batch alone, and
prints how many it has appended.

Must never know how many others do the same.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from inventory_cli.actions.record import Request, record
from inventory_cli.core.dates import utc_text
from inventory_cli.core.events import Draft
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger

_ORIGIN = Origin("bench", "receive")


def now() -> datetime:
    """Return the present moment of this machine."""
    return datetime.now(UTC)


def append_one(ledger: Ledger, sku: str = "S-00001") -> None:
    """Append a batch of one event, by the clock of the ledger."""
    draft = Draft(sku, "main", "received", 1, utc_text(now()), 0)
    record(ledger, _ORIGIN, Request((draft,), True), ledger.clock(now), False)


def main() -> None:
    """Append to LEDGER for so many SECONDS."""
    path, seconds = Path(sys.argv[1]), float(sys.argv[2])
    with open_to_record(path) as ledger:
        append_one(ledger)
        print("ready", flush=True)
        sys.stdin.readline()
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            append_one(ledger)
            count += 1
        print(count)


if __name__ == "__main__":
    main()
