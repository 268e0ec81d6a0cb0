"""Knows the made-up movements that are measured: seeded, in date order, never below zero.

Must never know who reads them: they are written as native rows, and as a journal.
"""

import csv
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

SEED = 8
FIRST_DAY = date(2021, 1, 1)
DAYS = 1_000
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
LOCATIONS = ("main", "north", "shop")
# One SKU has the same events in every file, however large: its costs must not grow with the log.
PROBE = "PROBE"
PROBE_EVENTS = 100

# kind: how often, its place in a day, the letters of its documents
_KINDS = {
    "received": (20, 0, "PO"),
    "transferred": (3, 1, "TR"),
    "sold": (73, 2, "SO"),
    "adjusted": (3, 2, "ADJ"),
    "counted": (1, 3, "CNT"),
}
_REASONS = ("damaged", "miscount", "theft", "expired")


class Row(NamedTuple):
    """A native row."""

    date: str
    sku: str
    type: str
    quantity: int
    location: str
    to_location: str = ""
    reason: str = ""
    reference: str = ""


Stream = tuple[str, str]


class _Stock:
    """What is on hand while rows are made, and what may still happen on the day."""

    def __init__(self, rng: random.Random, streams: list[Stream]) -> None:
        self.rng = rng
        self.streams = streams
        self.on_hand: dict[Stream, int] = defaultdict(int)
        # A second count, or a transfer on from where one arrived, would depend on the order of
        # the rows within the day.
        self.done_today: set[Stream] = set()

    def any_stream(self) -> Stream:
        """Return a stream; some are met far more often than others."""
        return self.streams[int(self.rng.random() ** 2 * len(self.streams))]

    def stocked(self) -> Stream:
        """Return a stream that has something on hand."""
        while self.on_hand[stream := self.any_stream()] == 0:
            pass
        return stream


def make_rows(count: int, skus: int, locations: int) -> Iterator[Row]:
    """Give `count` rows: an opening balance of every stream, the probe's, and what happens then."""
    rng = random.Random(SEED)
    names = [f"S-{number:05d}" for number in range(skus)]
    streams = [(sku, location) for sku in names for location in LOCATIONS[:locations]]
    rng.shuffle(streams)
    stock = _Stock(rng, streams)
    rest = count - len(streams) - PROBE_EVENTS
    assert rest >= 0, f"{count} rows are too few for {len(streams)} streams"
    first = FIRST_DAY.isoformat()
    for stream in streams:
        stock.on_hand[stream] = rng.randint(5, 60)
        sku, location = stream
        yield Row(first, sku, "opened", stock.on_hand[stream], location, reference="OPENING")
    number = 0
    for day in range(DAYS):
        on = (FIRST_DAY + timedelta(days=day)).isoformat()
        if day % (DAYS // PROBE_EVENTS) == 0:
            yield Row(on, PROBE, "opened" if day == 0 else "received", 3, "main", reference="PROBE")
        today = rest * (day + 1) // DAYS - rest * day // DAYS
        weights = [often for often, _, _ in _KINDS.values()]
        kinds = rng.choices(list(_KINDS), weights, k=today)
        stock.done_today.clear()
        for kind in sorted(kinds, key=lambda kind: _KINDS[kind][1]):
            number += 1
            yield _movement(stock, on, kind, f"{_KINDS[kind][2]}-{number:07d}")


def _movement(stock: _Stock, on: str, kind: str, reference: str) -> Row:
    rng, on_hand = stock.rng, stock.on_hand
    if kind == "received":
        # In place of a count it stands behind other counts, which close the day.
        while (stream := stock.any_stream()) in stock.done_today:
            pass
        quantity = rng.randint(5, 40)
        on_hand[stream] += quantity
        return Row(on, stream[0], kind, quantity, stream[1], reference=reference)
    stream = stock.stocked()
    others = [name for name in LOCATIONS if (stream[0], name) in on_hand and name != stream[1]]
    alone = kind == "transferred" and not others
    if alone or (kind in ("transferred", "counted") and stream in stock.done_today):
        return _movement(stock, on, "received", reference)
    if kind == "counted":
        stock.done_today.add(stream)
        on_hand[stream] = max(0, on_hand[stream] + rng.randint(-2, 2))
        return Row(on, stream[0], kind, on_hand[stream], stream[1], reference=reference)
    quantity = min(rng.randint(1, 6), on_hand[stream])
    on_hand[stream] -= quantity
    if kind == "transferred":
        target = rng.choice(others)
        on_hand[stream[0], target] += quantity
        stock.done_today.add((stream[0], target))
        return Row(on, stream[0], kind, quantity, stream[1], target, reference=reference)
    if kind == "adjusted":
        reason = rng.choice(_REASONS)
        return Row(on, stream[0], kind, -quantity, stream[1], "", reason, reference)
    return Row(on, stream[0], kind, quantity, stream[1], reference=reference)


def read_rows(path: Path) -> Iterator[Row]:
    """Read the rows of a file again."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for on, sku, kind, quantity, *rest in rows:
            yield Row(on, sku, kind, int(quantity), *rest)


def changes(rows: Iterable[Row]) -> Iterator[tuple[Row, str, int]]:
    """Give each change of on hand as row, location, signed quantity; of a count, its variance."""
    on_hand: dict[Stream, int] = defaultdict(int)
    for row in rows:
        stream = (row.sku, row.location)
        change = row.quantity
        if row.type in ("sold", "transferred"):
            change = -row.quantity
        elif row.type == "counted":
            change = row.quantity - on_hand[stream]
        on_hand[stream] += change
        yield row, row.location, change
        if row.to_location:
            on_hand[row.sku, row.to_location] += row.quantity
            yield row, row.to_location, row.quantity


def write_journal(rows: Iterable[Row], path: Path) -> None:
    """Write the same movements for hledger and ledger: an account for each stream."""
    with path.open("w", encoding="utf-8") as file:
        for row, location, change in changes(rows):
            file.write(
                f"{row.date} ({row.reference}) {row.type}\n"
                f"    stock:{row.sku}:{location}    {change}\n"
                f"    other:{row.type}    {-change}\n\n"
            )


def main() -> None:
    """Write FILE ROWS SKUS LOCATIONS ordered|shuffled; print what is on hand at the end.

    A process of its own, because the memory of the process that measures is counted in what it
    starts.
    """
    path, count, skus, locations, order = sys.argv[1:]
    rows = make_rows(int(count), int(skus), int(locations))
    if order == "shuffled":
        shuffled = list(rows)
        random.Random(SEED).shuffle(shuffled)
        rows = iter(shuffled)
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(rows)
    if order != "shuffled":
        print(sum(change for _, _, change in changes(read_rows(Path(path)))))


if __name__ == "__main__":
    main()
