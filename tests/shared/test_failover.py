"""A server is lost and its standby takes over: what was acknowledged is there, or its loss is found
before anything is recorded in its place.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine, head
from tests.shared.proxy import Proxy
from tests.shared.server import STANDBY, Server

pytestmark = pytest.mark.slow


class Pair(NamedTuple):
    """A primary and its standby, and the address under which the one is found that goes on."""

    primary: Server
    standby: Server
    proxy: Proxy
    url: str

    def fail_over(self) -> None:
        """Lose the primary, and let the standby take its place."""
        self.primary.kill()
        self.standby.promote()
        self.proxy.socket = self.standby.socket


@pytest.fixture
def pair(own_server: Callable[[], Server]) -> Iterator[Pair]:
    primary = own_server()
    standby = primary.standby()
    proxy = Proxy(primary.socket)
    yield Pair(primary, standby, proxy, proxy.url(primary.url()))
    proxy.close()
    standby.close()


@pytest.fixture
def behind(pair: Pair, tmp_path: Path) -> tuple[Shop, Machine]:
    """Two machines: the first has recorded three batches that the standby has not, of which the
    second does not know; and the server has failed over.
    """
    first = first_machine(tmp_path / "first", pair.url)
    first.ok("receive", "A", 10, "--on", "2022-03-01")
    first.ok("receive", "C", 5, "--on", "2022-03-01")
    second = Machine(tmp_path / "second", pair.url)
    pair.primary.wait_for_standby()
    pair.standby.stop()  # Nothing reaches it any more.
    first.ok("sell", "A", 2, "--on", "2022-03-02", "--ref", "S-1")
    first.ok("transfer", "A", 3, "--from", "main", "--to", "shop", "--on", "2022-03-03")
    first.ok("reverse", 2, "--reason", "never came")
    pair.primary.kill()
    pair.standby.start()
    pair.standby.promote()
    pair.proxy.socket = pair.standby.socket
    return first, second


def test_a_synchronous_standby_has_all_that_was_acknowledged(pair: Pair, tmp_path: Path) -> None:
    pair.primary.configure(f"synchronous_standby_names = '{STANDBY}'")
    first = first_machine(tmp_path / "first", pair.url)
    second = Machine(tmp_path / "second", pair.url)
    for number in range(5):
        first.ok("receive", "A", number + 1, "--on", "2022-03-01")
    acknowledged = head(first)
    pair.fail_over()
    # It is another timeline: a person says that it goes on, once, and nothing was lacking.
    stopped = second("receive", "A", 1, "--on", "2022-03-02")
    assert stopped.code == 4
    assert "it holds all that this machine knows" in stopped.err
    taken = first.ok("sync", "--replay")
    assert "recorded again" not in taken.out
    assert head(first) == acknowledged
    second.ok("receive", "A", 1, "--on", "2022-03-02")
    assert second.on_hand("A") == 16
    first.ok("sync")
    assert head(first) == head(second)
    first.ok("verify")


def test_a_loss_is_found_and_given_back(pair: Pair, behind: tuple[Shop, Machine]) -> None:
    first, second = behind
    acknowledged = head(first)
    found = first("receive", "A", 1, "--on", "2022-03-04")
    assert found.code == 4
    assert "does not hold batch 6 of this machine, which it had acknowledged" in found.err
    assert "sync --replay" in found.err
    # A machine that never saw the lost batches is stopped by the timeline.
    unaware = second("receive", "A", 1, "--on", "2022-03-04")
    assert unaware.code == 4
    assert "is not the server that this ledger was last used on" in unaware.err
    given_back = first.ok("sync", "--replay")
    *batches, end = given_back.out.splitlines()
    assert [line.partition(" by ")[0] for line in batches] == [
        "batch 4: 1 event",
        "batch 5: 2 events",
        "batch 6: 1 event",
    ]
    assert all(line.endswith(", recorded again") for line in batches)
    assert end.endswith(acknowledged)
    assert head(first) == acknowledged
    assert second.on_hand("A") == 10
    second.ok("receive", "A", 1, "--on", "2022-03-04")
    assert second.on_hand("A") == 9
    first.ok("sync")
    assert head(first) == head(second) != acknowledged
    for machine in behind:
        machine.ok("verify")


def test_what_was_lost_for_good_is_printed_for_record(
    pair: Pair, behind: tuple[Shop, Machine]
) -> None:
    first, second = behind
    # The person at the second machine goes on, and so the log takes another way.
    second.ok("sync", "--replay")
    second.ok("receive", "B", 5, "--on", "2022-03-04")
    lost = head(first)
    found = first("receive", "A", 1, "--on", "2022-03-04")
    assert found.code == 4
    assert "does not hold batch 6 of this machine" in found.err
    forked = first("sync", "--replay")
    assert forked.code == 4
    assert "since batch 3 both went on" in forked.err
    assert head(first) == lost
    again = first.ok("sync", "--reset", "--yes")
    lines = [json.loads(line) for line in again.out.splitlines()]
    assert lines == [
        {
            "type": "sold",
            "sku": "A",
            "quantity": 2,
            "date": "2022-03-02",
            "location": "main",
            "reference": "S-1",
            "by": "keeper",
        },
        {
            "type": "transferred",
            "sku": "A",
            "quantity": 3,
            "date": "2022-03-03",
            "location": "main",
            "to_location": "shop",
            "by": "keeper",
        },
    ]
    assert "voided there, and not here: `inventory reverse 2 --reason 'never came'`" in again.err
    aside = first.path.with_name("inventory-lost-at-6.db")
    assert str(aside) in again.err
    assert head(first) == head(second)
    first.ok("record", "-", input=again.out)
    assert first.on_hand("A") == 8
    assert first.on_hand("A", "stock", "--location", "shop") == 3
    first.ok("verify")
    # What was set aside answers questions, and records nothing.
    first.path = aside
    assert head(first) == lost
    refused = first("receive", "A", 1)
    assert refused.code == 4


def test_a_server_that_was_put_back_is_found_by_the_last_head(pair: Pair, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", pair.url)
    pair.primary.wait_for_standby()
    pair.standby.stop()
    before = head(first)
    # The files of the server are put back as they were: it has the same timeline.
    first.ok("receive", "A", 1, "--on", "2022-03-01")
    recorded = head(first)
    url = pair.primary.url()
    pair.primary.run("ALTER TABLE inventory.events DISABLE TRIGGER ALL", url)
    pair.primary.run("ALTER TABLE inventory.batches DISABLE TRIGGER ALL", url)
    pair.primary.run("DELETE FROM inventory.events", url)
    pair.primary.run("DELETE FROM inventory.batches WHERE batch = 2", url)
    position, link = before.split(":")
    pair.primary.run(
        f"UPDATE inventory.heads SET batch = 1, position = {position}, hash = '\\x{link}'", url
    )
    found = first("receive", "A", 1, "--on", "2022-03-04")
    assert found.code == 4
    assert "does not hold batch 2 of this machine, which it had acknowledged" in found.err
    first.ok("sync", "--replay")
    assert head(first) == recorded
    assert pair.primary.run("SELECT count(*) FROM inventory.events", url) == [(1,)]


def test_nothing_is_reset_where_nothing_is_missing(pair: Pair, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", pair.url)
    refused = first("sync", "--reset", "--yes")
    assert refused.code == 2
    assert "holds nothing that" in refused.err
    both = first("sync", "--reset", "--replay")
    assert both.code == 2
