"""Knows how a shared ledger is measured: against a local one, and by how many machines that record
at once.

Its server is that of the tests, but makes everything lasting, as a server does. Must never know how
the figures are shown.
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from inventory_cli.shared.attached import open_replica
from inventory_cli.shared.opening import open_to_record
from tests.benchmarks.bench import Bench, Size, inventory
from tests.benchmarks.measure import ENVIRONMENT, PYTHON, ROOT, Failed, in_turns, run, seconds
from tests.benchmarks.recorder import append_one
from tests.shared.proxy import Proxy
from tests.shared.server import Server, new_server

# Round trips that are put in, in seconds.
FAR = 0.010
# How many machines record, and into how many ledgers of one database.
MACHINES = ((1, 1), (4, 1), (16, 1), (4, 4), (16, 4), (16, 16))
APPENDING = 5.0
FOLLOWED = 1_000
MOST_TO_IMPORT = 100_000


class Figure(NamedTuple):
    """What was measured, what it came to, and what it should come to."""

    work: str
    figure: str
    budget: str = ""


class Shared:
    """A server, and what is shared on it."""

    def __init__(self, bench: Bench, server: Server) -> None:
        self.bench = bench
        self.server = server
        self._count = 0

    def new_database(self) -> str:
        """Return the address of an empty database."""
        self._count += 1
        self.server.run(f"CREATE DATABASE bench_{self._count}")
        return self.server.url(f"bench_{self._count}")

    def share(self, ledger: Path, url: str) -> str:
        """Share a new, empty ledger of that name; return its identity."""
        self.drop(ledger)
        self.bench.empty(ledger)
        run(inventory(ledger, "share", url))
        return identity_of(ledger)

    def clone(self, ledger: Path, url: str, identity: str) -> None:
        """Make a replica of that name."""
        self.drop(ledger)
        run(inventory(ledger, "clone", url, "--name", identity))

    def drop(self, ledger: Path) -> None:
        """Take a ledger away, with what lies beside it."""
        for path in ledger.parent.glob(f"{ledger.name}*"):
            path.unlink()


def measure(bench: Bench, size: Size) -> Iterator[Figure]:
    """Measure everything that is asked of a shared ledger."""
    server = new_server()
    try:
        shared = Shared(bench, server)
        yield from _appends(shared)
        yield from _imports(shared, size)
        yield from _replicas(shared, size)
        yield from _delays(shared)
    finally:
        server.close()


def _appends(shared: Shared) -> Iterator[Figure]:
    local = shared.bench.folder / "local.db"
    shared.bench.empty(local)
    alone = _rate(shared.bench, [local])
    yield Figure("appends a second, a local file", f"{alone:,.0f}")
    for round_trip in (0, FAR):
        with _way(shared.server, round_trip) as proxy:
            for writers, ledgers in MACHINES:
                machines = _machines(shared, writers, ledgers, proxy)
                rate = _rate(shared.bench, machines)
                far = f", {round_trip * 1000:.0f} ms away" if round_trip else ""
                work = f"appends a second, {writers} writers on {ledgers} ledgers{far}"
                yield Figure(work, f"{rate:,.0f}, {rate / alone:.2f} ×")
                for machine in machines:
                    shared.drop(machine)


@contextmanager
def _way(server: Server, round_trip: float) -> Iterator[Proxy | None]:
    if not round_trip:
        yield None
        return
    proxy = Proxy(server.socket, round_trip / 2)
    try:
        yield proxy
    finally:
        proxy.close()


def _machines(shared: Shared, writers: int, ledgers: int, proxy: Proxy | None) -> list[Path]:
    """Return a replica for each writer, spread over the ledgers of one database."""
    folder, url = shared.bench.folder, shared.new_database()
    identities = [shared.share(folder / "first.db", url) for _ in range(ledgers)]
    made = []
    for number in range(writers):
        machine = folder / f"machine-{number}.db"
        shared.clone(machine, url, identities[number % ledgers])
        if proxy is not None:
            run(inventory(machine, "sync", "--url", proxy.url(url)))
        made.append(machine)
    shared.drop(folder / "first.db")
    return made


def _rate(bench: Bench, ledgers: list[Path]) -> float:
    """Return how many batches a second machines append that record at once."""
    bench.say(f"{len(ledgers)} writers append for {APPENDING:.0f} s")
    writers = [
        subprocess.Popen(
            [PYTHON, "-m", "tests.benchmarks.recorder", str(ledger), str(APPENDING)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        for ledger in ledgers
    ]
    for writer in writers:
        assert writer.stdout is not None
        if writer.stdout.readline() != "ready\n":
            raise Failed("a recorder did not start")
    started = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    counts = [int(writer.communicate()[0]) for writer in writers]
    return sum(counts) / (time.perf_counter() - started)


def _imports(shared: Shared, size: Size) -> Iterator[Figure]:
    size = size._replace(rows=min(size.rows, MOST_TO_IMPORT))
    csv, _ = shared.bench.csv(size)
    local, replica = shared.bench.folder / "import.db", shared.bench.folder / "replica.db"
    url = shared.new_database()
    taken = in_turns(
        {
            "local": seconds(inventory(local, "import", csv), partial(shared.bench.empty, local)),
            "shared": seconds(
                inventory(replica, "import", csv), lambda: shared.share(replica, url)
            ),
        },
        shared.bench.long_runs,
    )
    work = f"import of {size.rows:,} rows, shared against local"
    yield Figure(work, f"{taken['shared'] / taken['local']:.2f} ×", "≤ 2 ×")


def _replicas(shared: Shared, size: Size) -> Iterator[Figure]:
    """Measure a new replica against `restore` of the same log."""
    export = shared.bench.export(size)
    folder, url = shared.bench.folder, shared.new_database()
    source, restored, replica = (folder / f"{n}.db" for n in ("source", "restored", "replica"))
    shared.drop(source)
    run(inventory(source, "restore", export))
    shared.bench.say("sharing it")
    begun = time.perf_counter()
    run(inventory(source, "share", url))
    sharing = time.perf_counter() - begun
    taken = in_turns(
        {
            "restore": seconds(
                inventory(restored, "restore", export), partial(shared.drop, restored)
            ),
            "clone": seconds(inventory(replica, "clone", url), partial(shared.drop, replica)),
        },
        shared.bench.long_runs,
    )
    work = f"new replica of {size.rows:,} events, against restore"
    yield Figure(work, f"{taken['clone'] / taken['restore']:.2f} ×", "≤ 0.7 ×")
    yield Figure(
        f"share {size.rows:,} events, against restore", f"{sharing / taken['restore']:.2f} ×"
    )
    for path in (source, restored, replica):
        shared.drop(path)


def _delays(shared: Shared) -> Iterator[Figure]:
    """Measure how long after the database has a batch a follower's file has it."""
    folder, url = shared.bench.folder, shared.new_database()
    first, follower = folder / "first.db", folder / "follower.db"
    shared.clone(follower, url, shared.share(first, url))
    shared.bench.say(f"a follower takes over {FOLLOWED:,} batches")
    arrived: dict[int, float] = {}
    published: dict[int, float] = {}
    process = subprocess.Popen(
        [str(word) for word in inventory(follower, "sync", "--follow")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
    )

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            # `batch 17: …`, written when it is lasting in the file.
            arrived[int(line.split()[1].rstrip(":"))] = time.perf_counter()

    listener = threading.Thread(target=listen)
    listener.start()
    with open_to_record(first) as ledger:
        append_one(ledger)
        while not arrived:
            time.sleep(0.01)
        for _ in range(FOLLOWED):
            append_one(ledger)
            published[ledger.head().batch] = time.perf_counter()
            # One after the other, as people record: no two wait together.
            time.sleep(0.005)
    deadline = time.monotonic() + 30
    while not published.keys() <= arrived.keys() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    listener.join()
    process.wait()
    if missing := published.keys() - arrived.keys():
        raise Failed(f"the follower never had {len(missing)} batches")
    delays = [max(arrived[batch] - published[batch], 0) * 1000 for batch in published]
    work = "from append to the follower's file"
    yield Figure(f"{work}, median", f"{median(delays):.1f} ms", "≤ 5 ms")
    yield Figure(f"{work}, worst of {FOLLOWED:,}", f"{max(delays):.1f} ms")


def identity_of(ledger: Path) -> str:
    """Return the identity of a replica."""
    with open_replica(ledger) as replica:
        return replica.settings.identity
