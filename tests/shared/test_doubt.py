"""A connection, a server or a machine is lost at the worst moment: what was said is true, and what
was acknowledged is there once.
"""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine, head
from tests.shared.proxy import CLIENT, SERVER, Cut, Proxy
from tests.shared.server import Server
from tests.shared.writers import Writer

# What a client says when it appends, and what the server says when that is lasting.
APPENDS, COMMITS, COMMITTED = b"inventory.append", b"COMMIT", b"COMMIT\x00"


@pytest.fixture
def shop(database: str, proxy: Proxy, tmp_path: Path) -> Shop:
    """A machine whose way to the database can be disturbed."""
    return first_machine(tmp_path / "first", proxy.url(database))


@pytest.fixture
def other(database: str, shop: Shop, tmp_path: Path) -> Machine:
    """Another machine, with a way of its own."""
    return Machine(tmp_path / "other", database)


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def references(shop: Shop) -> list[str]:
    """Return what is in the log, in order."""
    shop.ok("sync")
    return [event["reference"] for event in shop.json("log")]


def test_cut_before_the_commit_came_nothing_was_appended(
    shop: Shop, other: Machine, proxy: Proxy
) -> None:
    proxy.cut_at(Cut(CLIENT, COMMITS))
    ran = shop("receive", "A", 1, "--ref", "cut")
    assert proxy.was_cut.is_set()
    assert ran.code == 4
    assert "; nothing was appended" in ran.err
    shop.ok("receive", "A", 1, "--ref", "next")
    assert references(shop) == references(other) == ["next"]


def test_cut_before_the_commit_was_answered_it_is_found_out(
    shop: Shop, other: Machine, proxy: Proxy
) -> None:
    proxy.cut_at(Cut(SERVER, COMMITTED))
    ran = shop.ok("receive", "A", 1, "--ref", "cut")
    assert proxy.was_cut.is_set()
    assert "received 1 of A" in ran.out
    shop.ok("receive", "A", 1, "--ref", "next")
    assert references(shop) == references(other) == ["cut", "next"]
    assert head(shop) == head(other)


@pytest.mark.slow
def test_cut_at_any_byte_what_is_said_is_true(shop: Shop, other: Machine, proxy: Proxy) -> None:
    chance = random.Random(15)
    recorded: list[str] = []
    ends: Counter[int] = Counter()
    for number in range(40):
        source = chance.choice([CLIENT, SERVER])
        proxy.cut_at(Cut(source, after=chance.randint(1, 2_500)))
        ran = shop("receive", "A", 1, "--ref", f"r-{number}", "--id", f"k-{number}")
        proxy.cut_at(None)
        ends[ran.code] += 1
        if ran.code == 0:
            recorded.append(f"r-{number}")
        else:
            assert ran.code == 4, ran
            assert "nothing was appended" in ran.err, ran
    assert ends[0]
    assert ends[4]
    assert references(shop) == references(other) == recorded
    shop.ok("verify")


@pytest.mark.slow
def test_a_frozen_holder_stops_nobody_for_long(
    shop: Shop, other: Machine, proxy: Proxy, database: str
) -> None:
    patience = "options=-c%20idle_in_transaction_session_timeout%3D1s"
    shop.ok("sync", "--url", f"{proxy.url(database)}?{patience}")
    proxy.cut_at(Cut(CLIENT, APPENDS, freezes=True))
    with ThreadPoolExecutor(1) as thread:
        frozen = thread.submit(
            subprocess.run,
            shop.command("receive", "A", 1, "--ref", "frozen"),
            capture_output=True,
            text=True,
        )
        assert proxy.was_cut.wait(30)
        begun = time.monotonic()
        other.ok("receive", "A", 1, "--ref", "other")
        assert time.monotonic() - begun < 20
        proxy.thaw()
        ended = frozen.result(60)
    assert ended.returncode == 4
    assert "nothing was appended" in ended.stderr
    assert references(shop) == references(other) == ["other"]


@pytest.mark.slow
def test_a_wait_for_the_standby_that_is_cancelled_is_no_acknowledgement(
    server: Server, shop: Shop, other: Machine
) -> None:
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

    def cancel() -> None:
        wait_until(lambda: bool(server.run(waiting)))
        ((process,),) = server.run(waiting)
        server.run(f"SELECT pg_cancel_backend({process})")

    server.configure("synchronous_standby_names = 'nobody'")
    try:
        with ThreadPoolExecutor(1) as thread:
            cancelled = thread.submit(cancel)
            ran = shop("receive", "A", 1, "--ref", "doubt")
            cancelled.result(30)
    finally:
        server.configure("synchronous_standby_names = ''")
    assert ran.code == 4
    assert "batch 2 is in the database, but its standby did not confirm it" in ran.err
    assert "nothing was appended" not in ran.err
    assert references(shop) == references(other) == ["doubt"]
    shop.ok("receive", "A", 1, "--ref", "next")
    assert references(other) == ["doubt", "next"]


@pytest.mark.slow
def test_a_machine_that_dies_between_the_two_commits_catches_up(
    shop: Shop, other: Machine, proxy: Proxy
) -> None:
    proxy.cut_at(Cut(SERVER, COMMITTED, freezes=True))
    dying = subprocess.Popen(shop.command("receive", "A", 1, "--ref", "dying"))
    assert proxy.was_cut.wait(30)
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    proxy.thaw()
    # The database has it, and the file has not.
    assert shop.json("log") == []
    assert references(other) == ["dying"]
    shop.ok("receive", "A", 1, "--ref", "next")
    assert references(shop) == references(other) == ["dying", "next"]
    shop.ok("verify")
    assert head(shop) == head(other)


def lines(writer: int) -> Iterator[dict[str, Any]]:
    """Give lines without end."""
    for number in count(1):
        yield {"type": "received", "sku": "A", "quantity": 1, "id": f"{writer}-{number}"}


@pytest.mark.slow
def test_a_server_that_is_killed_under_load_has_what_it_acknowledged(
    server: Server, database: str, tmp_path: Path
) -> None:
    first = first_machine(tmp_path / "first", database)
    machines = [first, *(Machine(tmp_path / str(n), database) for n in range(3))]
    acknowledged: set[str] = set()
    for round_number in range(2):
        writers = [
            Writer(machine, lines(10 * round_number + number))
            for number, machine in enumerate(machines)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.wait_for(8)
        server.kill()
        answered = [len(writer.answers) for writer in writers]
        # A writer that was at its COMMIT waits for the server, and looks what became of it.
        server.start()
        for number, (writer, before) in enumerate(zip(writers, answered, strict=True)):
            writer.wait_for(before + 3)
            writer.stop()
            assert all(answer["ok"] for answer in writer.answers)
            assert writer.process.returncode in (-signal.SIGTERM, 4), writer.error
            acknowledged |= {
                f"{10 * round_number + number}-{line}" for line in range(1, len(writer.answers) + 1)
            }
    for machine in machines:
        machine.ok("sync")
    ids = [event["id"] for event in first.json("log")]
    assert len(ids) == len(set(ids))
    assert acknowledged <= set(ids)
    # Each writer may have had one on its way that was never answered.
    assert len(set(ids) - acknowledged) <= 2 * len(machines)
    assert len({head(machine) for machine in machines}) == 1
    first.ok("verify")
    first.ok("verify", "--shared")
