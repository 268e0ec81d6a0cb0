"""What the other tests here rest on: servers die and come back, and a connection is cut just where
it is to be.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.shared.proxy import CLIENT, SERVER, Cut, Proxy
from tests.shared.server import STANDBY, Server


@pytest.mark.slow
def test_a_killed_server_has_what_it_acknowledged(server: Server, database: str) -> None:
    server.run("CREATE TABLE kept (number int)", database)
    server.run("INSERT INTO kept VALUES (1)", database)
    server.kill()
    assert not server.is_running()
    with pytest.raises(psycopg.OperationalError):
        server.run("SELECT 1")
    server.start()
    assert server.run("SELECT number FROM kept", database) == [(1,)]


@pytest.mark.slow
def test_a_standby_takes_over(own_server: Callable[[], Server]) -> None:
    primary = own_server()
    primary.run("CREATE TABLE kept (number int)")
    standby = primary.standby()
    try:
        primary.configure(f"synchronous_standby_names = '{STANDBY}'")
        primary.run("INSERT INTO kept VALUES (1)")
        primary.kill()
        standby.promote()
        assert standby.run("SELECT number FROM kept") == [(1,)]
        standby.run("INSERT INTO kept VALUES (2)")
    finally:
        standby.close()


@pytest.mark.parametrize(
    ("cut", "done"),
    [(Cut(CLIENT, b"COMMIT"), False), (Cut(SERVER, b"COMMIT\x00"), True)],
    ids=["before it came", "before it was answered"],
)
def test_a_commit_is_cut_in_either_direction(
    server: Server, database: str, proxy: Proxy, cut: Cut, done: bool
) -> None:
    server.run("CREATE TABLE kept (number int)", database)
    with psycopg.connect(proxy.url(database), autocommit=True) as connection:
        connection.execute("BEGIN; INSERT INTO kept VALUES (1)")
        proxy.cut_at(cut)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    assert proxy.was_cut.is_set()
    assert server.run("SELECT count(*) FROM kept", database) == [(int(done),)]


def test_a_proxy_delays_and_freezes(database: str, proxy: Proxy) -> None:
    with psycopg.connect(proxy.url(database), autocommit=True) as connection:
        proxy.delay = 0.02
        begun = time.monotonic()
        connection.execute("SELECT 1")
        assert time.monotonic() - begun >= 0.04
        proxy.delay = 0
        proxy.freeze()
        with ThreadPoolExecutor() as threads:
            asked = threads.submit(connection.execute, "SELECT 1")
            time.sleep(0.1)
            assert not asked.done()
            proxy.thaw()
            assert asked.result(10).fetchall() == [(1,)]
