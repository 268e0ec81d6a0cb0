"""A long log is read in another process, many batches at a time; what is taken over is the same."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.core.ahead import can_run_ahead
from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine

psycopg: Any = pytest.importorskip("psycopg")


@pytest.fixture(params=[1, 3, 2_000])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let any log be a long one, of which so many rows are read at a time."""
    monkeypatch.setattr("inventory_cli.shared.replica.CHUNK", 0)
    monkeypatch.setattr("inventory_cli.shared.parts.PIECE", request.param)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    if not can_run_ahead():
        pytest.skip("this system runs nothing ahead")
    return int(request.param)


@pytest.fixture
def first(database: str, tmp_path: Path) -> Shop:
    shop = first_machine(tmp_path / "first", database)
    rows = [f"2022-03-{day:02},sold,MUG,shop,{day}\n" for day in range(5, 10)]
    (tmp_path / "sold.csv").write_text("date,type,sku,location,quantity\n" + "".join(rows))
    shop.ok("receive", "MUG", 50, "--on", "2022-03-01", "--location", "shop", "--ref", 'é "\\')
    shop.ok("transfer", "MUG", 8, "--from", "shop", "--to", "depot", "--on", "2022-03-04")
    shop.ok("import", tmp_path / "sold.csv")
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    shop.ok("describe", "MUG", "--name", "Mug")
    shop.ok("count", "MUG", 3, "--location", "depot")
    shop.ok("reverse", "--last", "--reason", "wrong shelf")
    return shop


def refused(first: Shop, database: str, folder: Path, said: str) -> None:
    """Ask for a new replica, which must be refused with these words and leave no file."""
    ran = first("clone", database, folder / "new.db")
    assert (ran.code, said in ran.err) == (4, True), ran
    assert not [*folder.glob("new.db*")]


@contextmanager
def spied_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Note how many events were taken over that the process of the test did not read itself."""
    from inventory_cli.shared import parts, replica

    here, insert, inserted = os.getpid(), replica._Taking._insert, list[int]()

    def noted(taking: Any, part: Any) -> None:
        inserted.append(len(part.columns[0]))
        insert(taking, part)

    def elsewhere(*given: Any, **named: Any) -> Any:
        assert os.getpid() != here
        return parts.parts_of(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(replica._Taking, "_insert", noted)
        patch.setattr(replica, "parts_of", elsewhere)
        yield inserted


def test_a_new_replica_is_the_same(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spied_on(monkeypatch) as inserted:
        other = Machine(tmp_path / "other", database)
    assert sum(inserted) == 11
    assert max(inserted) == min(piece, 11)
    assert other.ok("export").out == first.ok("export").out
    assert other.ok("stock", "--format", "csv").out == first.ok("stock", "--format", "csv").out
    assert other.failed_checks("--shared") == {}


def test_one_that_is_far_behind_is_the_same(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "CUP", 2)
    first.ok("receive", "MUG", 2, "--on", "2022-04-01", "--location", "shop")
    first.ok("snapshot", "take", "later")
    with spied_on(monkeypatch) as inserted:
        other.ok("sync")
    assert sum(inserted) == 2
    assert other.ok("export").out == first.ok("export").out
    assert other.failed_checks("--shared") == {}


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE inventory.events SET quantity = 9 WHERE position = 5", "event 5"),
        ("DELETE FROM inventory.events WHERE position = 5", "event 5"),
        ("DELETE FROM inventory.events WHERE position = 11", "batch 8"),
        ("UPDATE inventory.batches SET actor = 'nobody' WHERE batch = 4", "batch 4"),
        ("UPDATE inventory.batches SET last_position = 6 WHERE batch = 4", "batch 4"),
        ("UPDATE inventory.batches SET last_position = 4000000000 WHERE batch = 4", "event 9"),
        ("UPDATE inventory.batches SET last_position = 9e18 WHERE batch = 8", "batch 8"),
        ("UPDATE inventory.batches SET first_position = 1 WHERE batch = 4", "batch 4"),
        ("UPDATE inventory.batches SET first_position = - 2^62 WHERE batch = 4", "batch 4"),
        ("UPDATE inventory.batches SET first_position = 9 WHERE batch = 4", "batch 4"),
        ("UPDATE inventory.batches SET first_position = 0 WHERE batch = 1", "batch 1"),
        ("DELETE FROM inventory.batches WHERE batch = 4", "batch 5"),
        ("UPDATE inventory.snapshot_lines SET on_hand = 77", "the snapshot of batch 5"),
        ("UPDATE inventory.heads SET hash = ''", "a head at batch 8"),
    ],
)
def test_what_does_not_fit_is_named_and_not_taken_over(
    first: Shop, database: str, tmp_path: Path, piece: int, statement: str, what: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        tables = ("batches", "events", "snapshot_lines", "heads")
        for table in tables:
            connection.execute(f"ALTER TABLE inventory.{table} DISABLE TRIGGER refuse_change")
        connection.execute(statement)
    refused(first, database, tmp_path, f"holds {what}, which does not fit the chain")


def test_a_reader_that_is_killed_leaves_no_file(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared import parts, replica

    here = os.getpid()

    def killed(*given: Any, **named: Any) -> Iterator[Any]:
        yield next(parts.parts_of(*given, **named))
        assert os.getpid() != here
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(replica, "parts_of", killed)
    refused(first, database, tmp_path, "ended too soon")


def test_a_server_that_is_lost_on_the_way_is_told_as_that(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared.server import Server

    def broken(*_: Any) -> Iterator[Any]:
        raise psycopg.OperationalError("the way is cut")
        yield

    stream = Server.stream

    def cut(server: Server, query: str, values: Any) -> Iterator[Any]:
        with server.failures():
            yield from stream(server, query, values) if "batches" in query else broken()

    monkeypatch.setattr(Server, "stream", cut)
    refused(first, database, tmp_path, "cannot be reached (the way is cut)")


def test_a_role_that_may_connect_only_once_reads_here(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared.server import Server

    here, connect = os.getpid(), Server._connect

    def limited(server: Server) -> Any:
        if os.getpid() != here:
            raise psycopg.OperationalError("too many connections for role")
        return connect(server)

    monkeypatch.setattr(Server, "_connect", limited)
    other = Machine(tmp_path / "other", database)
    assert other.ok("export").out == first.ok("export").out
    assert other.failed_checks("--shared") == {}


def test_how_long_statements_and_silence_take_is_not_the_servers_to_limit(
    first: Shop, database: str, tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared import replica

    insert = replica._Taking._insert

    def slow(taking: Any, part: Any) -> None:
        time.sleep(0.2)
        insert(taking, part)

    monkeypatch.setattr(replica._Taking, "_insert", slow)
    with psycopg.connect(database, autocommit=True) as connection:
        for limit in ("statement_timeout", "idle_session_timeout"):
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET {limit} = '100ms'")
    other = Machine(tmp_path / "other", database)
    assert other.ok("export").out == first.ok("export").out
