"""Knows the work that is measured inside one process: `python -m tests.benchmarks.inside TASK …`.

Each task prints the mean seconds of one time that it is done. Must never import a peer.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from inventory_cli.actions.ask import cut_at, history, stock_as_of, stock_now
from inventory_cli.actions.record import Request, record
from inventory_cli.core.dates import END_OF_TIME, utc_text
from inventory_cli.core.events import Draft
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger

TIMES = 200
# A day within the probe's events, near their beginning.
EARLY = "2021-01-05T12:00:00.000Z"


def _now() -> datetime:
    return datetime.now(UTC)


def _append(ledger: Ledger, sku: str, effective_at: str) -> None:
    draft = Draft(sku, "main", "received", 1, effective_at, 0, reference="BENCH")
    recording = record(ledger, Origin("bench", "receive"), Request((draft,), True), _now, False)
    assert not recording.already


def _replay(ledger: Ledger, sku: str) -> None:
    states = stock_as_of(ledger, cut_at(ledger, END_OF_TIME), [sku])
    assert states[sku, "main"].on_hand >= 0


TASKS: dict[str, Callable[[Ledger, str], object]] = {
    "replay": _replay,
    "append": lambda ledger, sku: _append(ledger, sku, utc_text(_now())),
    "late": lambda ledger, sku: _append(ledger, sku, EARLY),
    "stock": lambda ledger, sku: stock_now(ledger, END_OF_TIME, [sku]),
    "history": lambda ledger, sku: list(
        history(ledger, sku, None, "", cut_at(ledger, END_OF_TIME))
    ),
}


def main() -> None:
    """Do TASK to LEDGER and SKU, and print how long one time took."""
    name, path, sku = sys.argv[1:]
    task = TASKS[name]
    with open_ledger(Path(path), write=name in ("append", "late")) as ledger:
        task(ledger, sku)
        started = time.perf_counter()
        for _ in range(TIMES):
            task(ledger, sku)
        print((time.perf_counter() - started) / TIMES)


if __name__ == "__main__":
    main()
