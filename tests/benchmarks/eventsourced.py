"""Knows the same work in the `eventsourcing` library: `python -m tests.benchmarks.eventsourced
TASK …`. Each task prints the mean seconds of one time. Must never import this program.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from tests.benchmarks.data import read_rows

APPENDS = 200
REPLAYS = 20


class Item(Aggregate):
    """One SKU at one location, with what the ledger keeps of it."""

    @event("Opened")
    def __init__(self, sku: str, location: str, quantity: int, on: str) -> None:
        self.sku, self.location, self.on_hand = sku, location, quantity
        self.last_incoming = self.last_outgoing = self.last_counted = ""

    @event("Received")
    def received(self, quantity: int, on: str, reason: str, reference: str) -> None:
        """Add a quantity."""
        self.on_hand += quantity
        self.last_incoming = on

    @event("Sold")
    def sold(self, quantity: int, on: str, reason: str, reference: str) -> None:
        """Take a quantity away."""
        self.on_hand -= quantity
        self.last_outgoing = on

    @event("Adjusted")
    def adjusted(self, quantity: int, on: str, reason: str, reference: str) -> None:
        """Change by a signed quantity."""
        self.on_hand += quantity

    @event("Counted")
    def counted(self, quantity: int, on: str, reason: str, reference: str) -> None:
        """Become what was counted."""
        self.on_hand = quantity
        self.last_counted = on


def _application(path: Path) -> Application[UUID]:
    return Application(
        env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    )


def _mean(times: int, task: Callable[[], object]) -> float:
    task()
    started = time.perf_counter()
    for _ in range(times):
        task()
    return (time.perf_counter() - started) / times


def replay(database: Path, csv: Path, sku: str) -> float:
    """Return how long `repository.get` takes for an aggregate with the events of one SKU."""
    application = _application(database)
    first, *rest = (row for row in read_rows(csv) if row.sku == sku)
    item = Item(first.sku, first.location, first.quantity, first.date)
    for row in rest:
        getattr(item, row.type)(row.quantity, row.date, row.reason, row.reference)
    application.save(item)
    again: Item = application.repository.get(item.id)
    assert again.on_hand == item.on_hand
    return _mean(REPLAYS, lambda: application.repository.get(item.id))


def append(database: Path) -> float:
    """Return how long it takes to save an aggregate with one event."""
    application = _application(database)
    return _mean(APPENDS, lambda: application.save(Item("S", "main", 1, "2021-01-05")))


def main() -> None:
    """Do `replay DATABASE CSV SKU` or `append DATABASE`."""
    task, database, *words = sys.argv[1:]
    if task == "replay":
        print(replay(Path(database), Path(words[0]), words[1]))
    else:
        print(append(Path(database)))


if __name__ == "__main__":
    main()
