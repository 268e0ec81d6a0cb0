"""Knows the second service of the guide: a program that keeps its own state from the feed alone.

Must never look into the ledger.
"""

import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import Shop
from tests.transcript import ROOT

PAGE = (ROOT / "inventory_cli" / "guide" / "sharing.md").read_text(encoding="utf-8")
(SERVICE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Service:
    """The program of the guide, which keeps its state in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "service.py"
        self.program.write_text(SERVICE, encoding="utf-8")
        self.state = folder / "state.db"

    def ask(self, query: str) -> list[Any]:
        """Return rows of its state."""
        if not self.state.exists():
            return []
        connection = sqlite3.connect(self.state, timeout=10)
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # It has made no table yet.
            return []
        finally:
            connection.close()

    @property
    def seen(self) -> int:
        """How far it has read."""
        rows = self.ask("SELECT coalesce(max(position), 0) FROM seen")
        return int(rows[0][0]) if rows else 0

    def wait_for(self, position: int) -> None:
        """Wait until it has read up to a position."""
        deadline = time.monotonic() + 60
        while self.seen < position:
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.02)

    @contextmanager
    def following(self, shop: Shop) -> Iterator["subprocess.Popen[bytes]"]:
        """Run it on the feed of a ledger, behind what it has seen; it is killed in the end."""
        words = shop.command("log", "--follow", "--after", self.seen, "--format", "cloudevents")
        with ExitStack() as stack:
            source = stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE))
            stack.callback(source.terminate)
            program = [sys.executable, str(self.program), str(self.state)]
            assert source.stdout is not None
            running = stack.enter_context(subprocess.Popen(program, stdin=source.stdout))
            # The service alone holds the end of the pipe.
            source.stdout.close()
            stack.callback(running.send_signal, signal.SIGKILL)
            yield running


def life(seed: int, count: int) -> str:
    """Return movements as JSON Lines: sales, counts and transfers, many of them recorded late."""
    chance = random.Random(seed)
    written = []
    for _ in range(count):
        kind = chance.choice(["received", "received", "sold", "removed", "counted", "transferred"])
        line = {
            "type": kind,
            "sku": chance.choice(["A", "B", "0012"]),
            "quantity": chance.randint(1, 30),
            "date": f"2022-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "location": "main",
        }
        if kind == "transferred":
            line["to_location"] = "depot"
        written.append(json.dumps(line))
    return "\n".join(written) + "\n"


def agree(service: Service, shop: Shop) -> None:
    """Fail unless the state of a service is the stock of a ledger, and `reconcile` says so."""
    theirs = service.ask("SELECT sku, location, quantity FROM stock ORDER BY sku, location")
    ours = shop.json("stock", "--by-location")
    assert theirs == [(row["sku"], row["location"], row["on_hand"]) for row in ours]
    file = shop.folder / "theirs.csv"
    rows = [f"{sku},{location},{quantity}\n" for sku, location, quantity in theirs]
    file.write_text("".join(["sku,location,quantity\n", *rows]))
    agreed = shop("reconcile", file)
    assert agreed.code == 0, agreed
