"""Many machines record at once: nothing is sold twice, nothing is lost, and all of them agree."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.shared.machines import Machine, first_machine, head
from tests.shared.writers import Writer, write_all

WRITERS = 16
EACH = 8
STOCK = {"A": 40, "B": 25, "C": 15}


def sales(seed: int) -> Iterator[dict[str, Any]]:
    """Give sales of few SKUs, far more than there is."""
    chance = random.Random(seed)
    for number in range(EACH):
        sku = chance.choice(list(STOCK))
        quantity = chance.randint(1, 4)
        yield {"type": "sold", "sku": sku, "quantity": quantity, "id": f"{seed}-{number}"}


@pytest.mark.slow
def test_sixteen_machines_cannot_sell_the_last_unit_twice(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    for sku, quantity in STOCK.items():
        first.ok("receive", sku, quantity, "--on", "2022-03-01")
    machines = [Machine(tmp_path / str(number), database) for number in range(WRITERS)]
    writers = [Writer(machine, sales(seed)) for seed, machine in enumerate(machines)]
    write_all(writers)
    answers = [answer for writer in writers for answer in writer.answers]
    assert len(answers) == WRITERS * EACH, [writer.error for writer in writers]
    # What was refused was refused for want of stock, and for nothing else.
    refused = [answer["error"] for answer in answers if not answer["ok"]]
    assert refused
    assert all("missing" in error for error in refused)
    first.ok("sync")
    events = first.json("log")
    # Nothing is lost, and nothing is there that was not acknowledged.
    acknowledged = Counter(a["events"][0]["position"] for a in answers if a["ok"])
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
