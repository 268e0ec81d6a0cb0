"""Whatever is wrong with the database or the way to it: a clear message, exit 4 in bounded time,
and questions are answered from the file all the same.
"""

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inventory_cli.shared import failures
from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine

if TYPE_CHECKING:
    from tests.shared.proxy import Proxy
    from tests.shared.server import Server

psycopg: Any = pytest.importorskip("psycopg")


@pytest.fixture
def first(database: str, tmp_path: Path) -> Shop:
    shop = first_machine(tmp_path / "first", database)
    shop.ok("receive", "MUG", 5)
    return shop


def assert_refused(shop: Shop, what: str, hint: str, *words: object) -> None:
    """Check that a command ends with 4 and says this, and that questions are answered."""
    begun = time.monotonic()
    ran = shop(*(words or ("sell", "MUG", 1)))
    assert time.monotonic() - begun < 10
    assert ran.code == 4, ran
    assert what in ran.err, ran.err
    assert f"hint: {hint}" in ran.err, ran.err
    if not words:
        assert "; nothing was appended\n" in ran.err, ran.err
    assert shop.on_hand("MUG") == 5
    assert "a replica as of" in shop.ok("stock").err


def with_url(shop: Shop, change: Callable[[str], str]) -> None:
    """Let a replica look for its database elsewhere."""
    from inventory_cli.shared.beside import read_beside, write_beside

    kept = read_beside(shop.path)
    assert kept is not None
    write_beside(shop.path, kept._replace(url=change(kept.url)))


def test_a_server_that_is_down(own_server: Callable[[], "Server"], tmp_path: Path) -> None:
    server = own_server()
    first = first_machine(tmp_path / "first", server.url())
    first.ok("receive", "MUG", 5)
    server.stop()
    assert_refused(first, "cannot be reached (", "see that the server runs")
    assert_refused(first, "cannot be reached (", "see that the server runs", "sync")
    assert first("verify", "--shared").code == 4
    assert first.failed_checks() == {}
    server.start()
    first.ok("sell", "MUG", 1)


def test_a_password_that_is_wrong(
    own_server: Callable[[], "Server"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = own_server()
    first = first_machine(tmp_path / "first", server.url())
    first.ok("receive", "MUG", 5)
    server.run("CREATE ROLE till LOGIN SUPERUSER PASSWORD 'right'")
    hba = server.data / "pg_hba.conf"
    hba.write_text("local all till scram-sha-256\n" + hba.read_text())
    server.run("SELECT pg_reload_conf()")
    with_url(first, lambda url: url.replace("postgres@", "till@"))
    keys = tmp_path / "pgpass"
    monkeypatch.setenv("PGPASSFILE", str(keys))
    hint = "the password comes from ~/.pgpass, $PGPASSFILE or a service file"
    assert_refused(first, "no password supplied", hint)
    for password, works in (("wrong", False), ("right", True)):
        keys.write_text(f"*:*:*:till:{password}\n")
        keys.chmod(0o600)
        if works:
            first.ok("sell", "MUG", 1)
        else:
            assert_refused(first, "password authentication failed", hint)
    assert "right" not in (first.folder / "inventory.db.shared").read_text()


@pytest.mark.parametrize(
    "said",
    [
        'no pg_hba.conf entry for host "10.0.0.7", user "till", database "stock", no encryption',
        "SSL error: certificate verify failed",
        "server does not support SSL, but SSL was required",
    ],
)
def test_a_way_that_is_not_encrypted_as_asked_is_seen_to_in_the_url(said: str) -> None:
    from inventory_cli.shared.server import Server

    found = Server("postgresql://till@db/stock").failure(psycopg.OperationalError(said))
    assert said in found.message
    assert found.hint == "see `sslmode` and `sslrootcert` in the URL, and what the server asks for"


def test_a_call_that_fails_behind_the_commit_does_not_deny_the_batch(
    first: Shop, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE ROLE quiet LOGIN IN ROLE pg_read_all_data")
        owner.execute("GRANT USAGE ON SCHEMA inventory TO quiet")
        owner.execute("GRANT EXECUTE ON FUNCTION inventory.hold, inventory.append TO quiet")
        owner.execute("REVOKE EXECUTE ON FUNCTION pg_notify FROM PUBLIC")
        with_url(first, lambda url: url.replace("postgres@", "quiet@"))
        first.ok("sell", "MUG", 1)
        assert first.on_hand("MUG") == 4
        owner.execute("REVOKE EXECUTE ON FUNCTION inventory.append FROM quiet")
        refused = first("sell", "MUG", 1)
        assert (refused.code, "; nothing was appended" in refused.err) == (4, True)
        owner.execute("DROP OWNED BY quiet; DROP ROLE quiet")
    with_url(first, lambda url: url.replace("quiet@", "postgres@"))
    assert first.failed_checks("--shared") == {}


def test_a_role_for_whom_dates_are_shown_otherwise(first: Shop, database: str) -> None:
    with_url(first, lambda url: url.replace("postgres@", "briton@"))
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE ROLE briton LOGIN SUPERUSER")
        owner.execute("ALTER ROLE briton SET datestyle = 'SQL, DMY'")
        first.ok("sell", "MUG", 1)
        owner.execute("DROP ROLE briton")


def test_a_database_that_is_not_there(first: Shop) -> None:
    with_url(first, lambda url: url.replace("/test_", "/no_test_"))
    assert_refused(first, "does not exist", "see the URL: `inventory sync --url URL`")


def test_a_database_without_ledgers(first: Shop, server: "Server") -> None:
    with_url(first, lambda _: server.url("template1"))
    assert_refused(first, "holds no shared ledgers", "see the URL")


def test_a_database_of_other_ledgers(first: Shop, server: "Server", tmp_path: Path) -> None:
    server.run("CREATE DATABASE of_others")
    first_machine(tmp_path / "another", server.url("of_others"))
    with_url(first, lambda _: server.url("of_others"))
    assert_refused(first, "does not hold this ledger", "see the URL: `inventory sync --url")
    refused = first("sync", "--url", server.url("of_others"))
    assert (refused.code, "does not hold this ledger" in refused.err) == (4, True)
    server.run("DROP DATABASE of_others WITH (FORCE)")


def test_a_database_that_cannot_hold_every_text(
    shop: Shop, server: "Server", database: str
) -> None:
    server.run(
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    refused = shop("share", server.url("ascii"))
    assert (refused.code, "is encoded in SQL_ASCII" in refused.err) == (4, True)
    server.run("DROP DATABASE ascii WITH (FORCE)")
    shop.ok("share", database)


@pytest.mark.parametrize("source", ["client", "server"])
def test_sharing_whose_commit_is_cut_off(
    shop: Shop, database: str, proxy: "Proxy", tmp_path: Path, source: str
) -> None:
    from tests.shared.proxy import Cut

    # What makes the tables is there already: it says COMMITTED.
    first_machine(tmp_path / "first", database)
    url = proxy.url(database)
    proxy.cut_at(Cut(source, b"COMMIT\x00"))
    ran = shop("share", url)
    if source == "client":
        assert (ran.code, "the database may not hold it" in ran.err) == (4, True)
        assert shop("receive", "MUG", 1).code == 4
        shop.ok("share", url)
    else:
        assert ran.code == 0, ran
    assert proxy.was_cut.is_set()
    shop.ok("receive", "MUG", 1)
    assert shop.failed_checks("--shared") == {}


@pytest.mark.parametrize(
    ("version", "hint"),
    [(0, "let its owner bring it up to date"), (2, "upgrade with `pip install --upgrade")],
)
def test_a_schema_of_another_version(first: Shop, database: str, version: int, hint: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("UPDATE inventory.schema_version SET version = %s", (version,))
    what = f"has schema {version} of the shared log; this inventory knows 1"
    assert_refused(first, what, hint)
    assert_refused(first, what, hint, "clone", database, first.folder / "new.db")


def test_a_ledger_that_another_holds_for_long(first: Shop, database: str) -> None:
    with_url(first, lambda url: f"{url}&options=-c%20lock_timeout%3D300ms")
    identity = first.json("status")[0]["identity"]
    with psycopg.connect(database) as other:
        query = "SELECT FROM inventory.heads WHERE ledger = %s FOR UPDATE"
        other.execute(query, (identity,))
        assert_refused(first, "gave this ledger to others all the time", "try again")
        # Whoever only looks waits for nobody.
        first.ok("sync")
        other.rollback()
    first.ok("sell", "MUG", 1)


def test_a_network_that_hangs(
    first: Shop, database: str, proxy: "Proxy", monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared import server

    monkeypatch.setattr(server, "ANSWER_WITHIN", 0.5)
    with_url(first, lambda url: f"{proxy.url(url)}?connect_timeout=2")
    first.ok("sync")
    proxy.freeze()
    assert_refused(first, "cannot be reached (", "see that the server runs")
    proxy.thaw()
    first.ok("sell", "MUG", 1)


def test_a_network_that_hangs_in_the_middle_of_a_command(
    first: Shop, database: str, proxy: "Proxy", monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.actions.append import append
    from inventory_cli.core.events import AT_ONCE, Draft
    from inventory_cli.errors import LedgerUnusable
    from inventory_cli.shared import server
    from inventory_cli.shared.opening import open_to_record
    from inventory_cli.storage.batches import Origin

    monkeypatch.setattr(server, "ANSWER_WITHIN", 0.5)
    with_url(first, lambda url: f"{proxy.url(url)}?connect_timeout=2")
    drafts = [Draft("MUG", "main", "sold", 1, AT_ONCE, 0, *(None,) * 6)]
    with open_to_record(first.path) as ledger:
        proxy.freeze()
        begun = time.monotonic()
        with pytest.raises(LedgerUnusable, match=r"gave no answer .*; nothing was appended"):
            append(ledger, Origin("me", "sell"), lambda: drafts, ledger.clock(_no_clock))
        assert time.monotonic() - begun < 5
    proxy.thaw()
    assert first.on_hand("MUG") == 5


def test_who_holds_for_long_says_a_word_now_and_then(
    first: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.actions.append import append
    from inventory_cli.core.events import AT_ONCE, Draft
    from inventory_cli.errors import LedgerUnusable
    from inventory_cli.shared import sender
    from inventory_cli.shared.opening import open_to_record
    from inventory_cli.storage.batches import Origin

    idle = "options=-c%20idle_in_transaction_session_timeout%3D300ms"
    with_url(first, lambda url: f"{url}&{idle}")
    drafts = [Draft("MUG", "main", "sold", 1, AT_ONCE, 0, *(None,) * 6)]

    def slowly() -> list[Draft]:
        time.sleep(0.7)
        return drafts

    for every, works in ((0.2, True), (60, False)):
        monkeypatch.setattr(sender, "IDLE_WITHIN", every)
        with open_to_record(first.path) as ledger:
            clock = ledger.clock(_no_clock)
            if works:
                append(ledger, Origin("me", "sell"), slowly, clock)
            else:
                with pytest.raises(LedgerUnusable, match="nothing was appended"):
                    append(ledger, Origin("me", "sell"), slowly, clock)
    assert first.on_hand("MUG") == 4
    assert first.failed_checks("--shared") == {}


def _no_clock() -> Any:
    raise AssertionError("what is shared has the server's clock")


def test_a_standby_takes_no_writes(own_server: Callable[[], "Server"], tmp_path: Path) -> None:
    primary = own_server()
    standby = primary.standby()
    try:
        first = first_machine(tmp_path / "first", primary.url())
        first.ok("receive", "MUG", 5)
        primary.wait_for_standby()
        # To read from, it is as good as any.
        assert Machine(tmp_path / "other", standby.url()).on_hand("MUG") == 5
        with_url(first, lambda _: standby.url())
        first.ok("sync")
        assert_refused(first, "is a standby, which takes no writes", "name the primary in the URL")
    finally:
        standby.close()


def test_without_the_package_it_says_which_extra_brings_it(
    first: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    hint = "`pip install 'inventory-cli[postgres]'`"
    for words in (("sell", "MUG", 1), ("sync",), ("clone", "postgresql:///x"), ("share", "x")):
        ran = first(*words)
        assert ran.code == 4
        assert "a shared ledger needs the package psycopg" in ran.err
        assert f"hint: {hint}\n" in ran.err
    assert first.on_hand("MUG") == 5


def test_no_question_asks_the_database(first: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "require_driver", _no_clock)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for words in (("stock",), ("as-of", "today"), ("log",), ("history", "MUG"), ("verify",)):
        first.ok(*words)
    for words in (("status",), ("batches",), ("head",), ("export",), ("rebuild",)):
        first.ok(*words)


def test_following_survives_a_lost_connection(
    first: Shop, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared import follow as following
    from inventory_cli.shared.attached import open_replica
    from inventory_cli.shared.failures import ServerUnusable

    monkeypatch.setattr(following, "LOOK_EVERY", 0.2)
    other = Machine(tmp_path / "other", database)
    with open_replica(other.path) as ledger:
        came: Iterator[Any] = following.follow(ledger)
        first.ok("sell", "MUG", 1)
        assert [header.batch for header in next(came)] == [3]
        with psycopg.connect(database, autocommit=True) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'inventory' AND pid <> pg_backend_pid()"
            )
        first.ok("sell", "MUG", 1)
        assert isinstance(next(came), ServerUnusable)
        assert next(came) is None
        assert [header.batch for header in next(came)] == [4]
    assert other.on_hand("MUG") == 3


def test_following_survives_a_file_that_others_hold(
    first: Shop, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.shared.attached import open_replica
    from inventory_cli.shared.follow import follow
    from inventory_cli.storage import connection

    other = Machine(tmp_path / "other", database)
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.05)
    first.ok("sell", "MUG", 1)
    with closing(
        sqlite3.connect(other.path, isolation_level=None, check_same_thread=False)
    ) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with open_replica(other.path) as ledger:
            came: Iterator[Any] = follow(ledger)
            release = threading.Timer(0.3, lambda: holder.execute("ROLLBACK"))
            release.start()
            assert [header.batch for header in next(came)] == [3]
            release.join()
