"""Many machines record at once: nothing is sold twice, nothing is lost, and all of them agree."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path

import pytest

from inventory_cli.actions.record import Request, record
from inventory_cli.core.dates import parse_when
from inventory_cli.core.rules import Facts, movement
from inventory_cli.errors import Refused
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import Origin
from tests.properties.lives import NOW
from tests.shared.machines import Machine, first_machine, head

WRITERS = 16
EACH = 10
STOCK = {"A": 60, "B": 40, "C": 20}


def sell(path: Path, seed: int) -> tuple[list[int], list[str]]:
    """Sell few SKUs, far more of them than there is; return the positions of what was recorded, and
    what was said of all else.
    """
    chance = random.Random(seed)
    recorded, refused = [], []
    with open_to_record(path) as ledger:
        clock = ledger.clock(lambda: NOW)
        on = parse_when("2022-03-02", NOW, ledger.zone)
        for _ in range(EACH):
            sku, quantity = chance.choice(list(STOCK)), chance.randint(1, 4)
            sale = movement("sold", sku, "main", quantity, on, ledger.zone, Facts())
            try:
                request = Request((sale,), True)
                done = record(ledger, Origin(f"till {seed}", "sell"), request, clock, False)
            except Refused as error:
                refused.append(error.message)
            else:
                recorded.append(done.events[0].event.position)
    return recorded, refused


@pytest.mark.slow
def test_sixteen_machines_cannot_sell_the_last_unit_twice(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    for sku, quantity in STOCK.items():
        first.ok("receive", sku, quantity, "--on", "2022-03-01")
    machines = [Machine(tmp_path / str(number), database) for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as threads:
        paths = [machine.path for machine in machines]
        answers = list(threads.map(sell, paths, range(WRITERS)))
    # What was refused was refused for want of stock, and for nothing else.
    refused = [said for _, refusals in answers for said in refusals]
    assert refused
    assert all("missing" in said for said in refused)
    first.ok("sync")
    events = first.json("log")
    # Nothing is lost, and nothing is there that was not acknowledged.
    acknowledged = Counter(position for recorded, _ in answers for position in recorded)
    assert acknowledged == Counter(e["position"] for e in events if e["kind"] == "sold")
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    for sku in STOCK:
        changes = [event["change"] for event in events if event["sku"] == sku]
        assert min(accumulate(changes)) >= 0
        # The last were refused although there was some: it was not enough for them.
        assert sum(changes) < 4
    first.ok("verify")
    first.ok("verify", "--shared")
    for machine in machines:
        machine.ok("sync")
        assert head(machine) == head(first)
        assert machine.json("stock") == first.json("stock")
    machines[-1].ok("verify")
