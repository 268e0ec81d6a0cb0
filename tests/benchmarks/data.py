"""Knows the made-up movements that are measured: seeded, in date order, never below zero.

Must never know who reads them: they are written as native rows, and as a journal.
"""

import csv
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
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
# How often a stream is looked for by chance.
_TRIES = 50
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
        # A transfer on from where one arrived, or anything behind a count, which closes the day,
        # would depend on the order of the rows within it.
        self.reached_today: set[Stream] = set()
        self.counted_today: set[Stream] = set()

    def pick(self, fits: Callable[[Stream], bool]) -> Stream | None:
        """Return a stream that fits, if any; some are met far more often than others."""
        for _ in range(_TRIES):
            stream = self.streams[int(self.rng.random() ** 2 * len(self.streams))]
            if fits(stream):
                return stream
        return next(filter(fits, self.streams), None)


def make_rows(count: int, skus: int, locations: int, days: int = DAYS) -> Iterator[Row]:
    """Give `count` rows: an opening balance of every stream, the probe's, and what happens then."""
    rng = random.Random(SEED)
    names = [f"S-{number:05d}" for number in range(skus)]
    streams = [(sku, location) for sku in names for location in LOCATIONS[:locations]]
    rng.shuffle(streams)
    stock = _Stock(rng, streams)
    probed = range(0, days, -(-days // PROBE_EVENTS))
    rest = count - len(streams) - len(probed)
    assert rest >= 0, f"{count} rows are too few for {len(streams)} streams"
    first = FIRST_DAY.isoformat()
    for stream in streams:
        stock.on_hand[stream] = rng.randint(5, 60)
        sku, location = stream
        yield Row(first, sku, "opened", stock.on_hand[stream], location, reference="OPENING")
    number = 0
    for day in range(days):
        on = (FIRST_DAY + timedelta(days=day)).isoformat()
        if day in probed:
            yield Row(on, PROBE, "opened" if day == 0 else "received", 3, "main", reference="PROBE")
        for kind in _kinds_of_day(rng, rest * (day + 1) // days - rest * day // days, len(streams)):
            number += 1
            yield _movement(stock, on, kind, f"{_KINDS[kind][2]}-{number:07d}")
        stock.reached_today.clear()
        stock.counted_today.clear()


def _kinds_of_day(rng: random.Random, rows: int, streams: int) -> list[str]:
    """Return the kinds of the rows of a day, in its order; some stream is left uncounted."""
    kinds = rng.choices(list(_KINDS), [often for often, _, _ in _KINDS.values()], k=rows)
    counts = [number for number, kind in enumerate(kinds) if kind == "counted"]
    for number in counts[max(1, streams - 1) :]:
        kinds[number] = "received"
    return sorted(kinds, key=lambda kind: _KINDS[kind][1])


def _movement(stock: _Stock, on: str, kind: str, reference: str) -> Row:
    """Return a row of that kind, or an arrival where there is no stream for one."""
    rng, on_hand = stock.rng, stock.on_hand
    closed, moved = stock.counted_today, stock.reached_today

    def fits(stream: Stream) -> bool:
        # Counts stand at the end of a day, so that nothing but another count is behind one.
        return stream not in closed and (kind == "received" or on_hand[stream] > 0)

    def may_be_left(stream: Stream) -> bool:
        return fits(stream) and stream not in moved

    stream = stock.pick(may_be_left if kind in ("transferred", "counted") else fits)
    others = [name for name in LOCATIONS if stream and (stream[0], name) in on_hand]
    if stream is None or (kind == "transferred" and len(others) < 2):
        return _movement(stock, on, "received", reference)
    sku, location = stream
    if kind == "received":
        quantity = rng.randint(5, 40)
        on_hand[stream] += quantity
        return Row(on, sku, kind, quantity, location, reference=reference)
    if kind == "counted":
        closed.add(stream)
        on_hand[stream] = max(0, on_hand[stream] + rng.randint(-2, 2))
        return Row(on, sku, kind, on_hand[stream], location, reference=reference)
    quantity = min(rng.randint(1, 6), on_hand[stream])
    on_hand[stream] -= quantity
    if kind == "transferred":
        target = rng.choice([name for name in others if name != location])
        on_hand[sku, target] += quantity
        moved.add((sku, target))
        return Row(on, sku, kind, quantity, location, target, reference=reference)
    if kind == "adjusted":
        reason = rng.choice(_REASONS)
        return Row(on, sku, kind, -quantity, location, "", reason, reference)
    return Row(on, sku, kind, quantity, location, reference=reference)


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


def _shuffled(rows: Iterable[Row], within_days: bool) -> list[Row]:
    """Return rows in no order, or in none within each day: as a real export may well have them."""
    shuffled = list(rows)
    random.Random(SEED).shuffle(shuffled)
    return sorted(shuffled, key=lambda row: row.date) if within_days else shuffled


def main() -> None:
    """Write FILE ROWS SKUS LOCATIONS ordered|days|shuffled; print what is on hand at the end.

    A process of its own, because the memory of the process that measures is counted in what it
    starts.
    """
    path, count, skus, locations, order = sys.argv[1:]
    rows: Iterable[Row] = make_rows(int(count), int(skus), int(locations))
    if order != "ordered":
        rows = _shuffled(rows, within_days=order == "days")
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(rows)
    if order == "ordered":
        print(sum(change for _, _, change in changes(read_rows(Path(path)))))


if __name__ == "__main__":
    main()
