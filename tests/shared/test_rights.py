"""The server keeps what a client could break: whatever a role says in SQL, the log only grows, by
the next batch, at the server's time, with hashes that it computes itself.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine, head

if TYPE_CHECKING:
    from tests.shared.server import Server

psycopg: Any = pytest.importorskip("psycopg")

OWNER, TILL, OTHER_TILL = "ledger_owner", "till_1", "till_2"


def name_of(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


@pytest.fixture
def as_role(server: "Server", database: str) -> Callable[[str], str]:
    """Gives the address of the database for a role: its owner, who may make no roles, or a till."""
    from inventory_cli.shared.sql_files import roles_sql

    for role in (OWNER, TILL, OTHER_TILL):
        if not server.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
            server.run(f"CREATE ROLE {role} LOGIN")
    if not server.run("SELECT 1 FROM pg_roles WHERE rolname = 'inventory_app'"):
        (create,) = [text for text in roles_sql().splitlines() if text.startswith("CREATE ROLE")]
        server.run(create)
    server.run(f"GRANT inventory_app TO {TILL}, {OTHER_TILL}")
    server.run(f"GRANT CREATE ON DATABASE {name_of(database)} TO {OWNER}")
    return lambda role: server.url(name_of(database), role)


@pytest.fixture
def first(as_role: Callable[[str], str], tmp_path: Path) -> Shop:
    """A ledger that its owner has shared and a till has recorded into."""
    shop = first_machine(tmp_path / "first", as_role(OWNER))
    shop.ok("sync", "--url", as_role(TILL))
    shop.ok("receive", "MUG", 5, "--ref", "D-1")
    shop.ok("snapshot", "take", "now")
    return shop


def test_a_role_of_the_machines_records_and_clones(
    first: Shop, as_role: Callable[[str], str], tmp_path: Path
) -> None:
    other = Machine(tmp_path / "other", as_role(TILL))
    other.ok("sell", "MUG", 1)
    first.ok("sync")
    assert head(first) == head(other)
    assert first.failed_checks("--shared") == {}


def test_a_role_without_rights_is_told_which_it_needs(
    server: "Server", database: str, tmp_path: Path
) -> None:
    first_machine(tmp_path / "first", database)
    server.run("CREATE ROLE passer_by LOGIN")
    refused = Shop(tmp_path)("clone", server.url(name_of(database), "passer_by"), tmp_path / "n.db")
    assert (refused.code, "does not permit that" in refused.err) == (4, True)
    assert "hint: who owns the tables may; `inventory share --sql` shows the rights" in refused.err
    server.run("DROP ROLE passer_by")


def test_a_log_does_not_end_where_the_next_cannot_be_shared(
    first: Shop, as_role: Callable[[str], str], tmp_path: Path
) -> None:
    new = tmp_path / "next.db"
    words = ("rollover", new, "--as-of", "2022-12-31", "--shared")
    refused = first(*words)
    assert (refused.code, "does not permit that" in refused.err) == (4, True)
    assert "; nothing was appended" in refused.err
    first.ok("sync", "--url", as_role(OWNER))
    (tmp_path / "second").mkdir()
    Shop(tmp_path / "second").ok("share", as_role(OWNER), "--name", "taken")
    refused = first(*words, "--name", "taken")
    assert (refused.code, "holds another ledger of the name 'taken'" in refused.err) == (4, True)
    assert not new.exists()
    first.ok("sell", "MUG", 1)
    first.ok(*words, "--name", "next")


def test_the_sql_that_share_prints_gives_a_role_its_rights(shop: Shop) -> None:
    printed = shop.ok("share", "--sql").out
    assert "CREATE SCHEMA inventory;" in printed
    assert "GRANT EXECUTE ON FUNCTION inventory.hold, inventory.append TO inventory_app;" in printed


TABLES = ("batches", "events", "ledgers", "snapshots", "snapshot_lines", "carried_ids", "heads")
CHANGES = (
    "UPDATE inventory.{} SET ledger = ledger",
    "DELETE FROM inventory.{}",
    "TRUNCATE inventory.{} CASCADE",
    "INSERT INTO inventory.{0} SELECT * FROM inventory.{0}",
)


def test_nothing_is_changed_by_hand(
    first: Shop, as_role: Callable[[str], str], database: str
) -> None:
    statements = [change.format(table) for table in TABLES for change in CHANGES]
    with psycopg.connect(as_role(TILL), autocommit=True) as till:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                till.execute(statement)
    # Nor by an administrator, though a session be told to run no triggers. A head is what changes.
    with psycopg.connect(database, autocommit=True) as administrator:
        administrator.execute("SET session_replication_role = replica")
        for statement in statements:
            if not statement.startswith("INSERT") and statement != CHANGES[0].format("heads"):
                with pytest.raises(psycopg.Error, match="append-only") as refused:
                    administrator.execute(statement)
                assert refused.value.sqlstate == "IV001"


def test_only_two_functions_can_be_run(first: Shop, as_role: Callable[[str], str]) -> None:
    query = """
        SELECT proname FROM pg_proc WHERE pronamespace = 'inventory'::regnamespace
        AND has_function_privilege(oid, 'EXECUTE') ORDER BY proname
    """
    with psycopg.connect(as_role(TILL)) as till:
        assert till.execute(query).fetchall() == [("append",), ("hold",)]


HEADER = """jsonb_build_array({time}, 'me', 'receive', NULL, NULL, NULL, {hash})"""
EVENTS = (
    """'[["event",1,1,"MUG","main","received",1,"2022-01-01T00:00:00.000Z",1,"""
    """null,null,null,null,null,null]]'"""
)
NOW = """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


@pytest.mark.parametrize(
    ("number", "time", "hash", "state"),
    [
        ("5", NOW, "repeat('0', 64)", "IV005"),
        ("3", NOW, "repeat('0', 64)", "IV005"),
        ("NULL", NOW, "repeat('0', 64)", "IV005"),
        ("4", NOW, "repeat('0', 64)", "IV007"),
        ("4", NOW, "NULL", "IV007"),
        ("4", "'2022-01-01T00:00:00.000Z'", "repeat('0', 64)", "IV006"),
        ("4", "'2199-01-01T00:00:00.000Z'", "repeat('0', 64)", "IV006"),
        ("4", "NULL::text", "repeat('0', 64)", "IV006"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(
    first: Shop, as_role: Callable[[str], str], number: str, time: str, hash: str, state: str
) -> None:
    identity = first.json("status")[0]["identity"]
    header = HEADER.format(time=time, hash=hash)
    statement = f"SELECT inventory.append('{identity}', {number}, {EVENTS}, NULL, NULL, {header})"
    with (
        psycopg.connect(as_role(TILL), autocommit=True) as till,
        pytest.raises(psycopg.Error) as refused,
    ):
        till.execute(statement)
    assert refused.value.sqlstate == state
    assert first.failed_checks("--shared") == {}


def test_only_the_owner_gives_back_what_a_database_that_was_put_back_has_lost(
    first: Shop, as_role: Callable[[str], str], database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        for table in ("batches", "snapshots", "snapshot_lines", "heads"):
            owner.execute(f"ALTER TABLE inventory.{table} DISABLE TRIGGER refuse_change")
        owner.execute("DELETE FROM inventory.batches WHERE batch = 3")
        owner.execute("DELETE FROM inventory.snapshot_lines")
        owner.execute("DELETE FROM inventory.snapshots")
        owner.execute(
            "UPDATE inventory.heads h SET batch = 2, hash = b.hash, snapshot = 0,"
            " recorded_at = b.recorded_at FROM inventory.batches b WHERE b.batch = 2"
        )
    refused = first("sync", "--replay")
    assert (refused.code, "takes no batch of another time than its own" in refused.err) == (4, True)
    assert "needs the role that owns it" in refused.err
    first.ok("sync", "--replay", "--url", as_role(OWNER))
    assert first.failed_checks("--shared") == {}


def test_events_without_a_header_are_not_committed(
    first: Shop, as_role: Callable[[str], str]
) -> None:
    identity = first.json("status")[0]["identity"]
    statement = f"SELECT inventory.append('{identity}', 4, {EVENTS}, NULL, NULL, NULL)"
    with psycopg.connect(as_role(TILL), autocommit=True) as till:
        with pytest.raises(psycopg.Error, match="a batch has no header") as refused:
            till.execute(statement)
        assert refused.value.sqlstate == "IV002"
        with pytest.raises(psycopg.Error) as refused:
            till.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; " + statement)
        assert refused.value.sqlstate == "IV003"
    first.ok("receive", "MUG", 1)


def test_a_role_is_kept_to_one_ledger(
    first: Shop, as_role: Callable[[str], str], database: str, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    second = Shop(tmp_path / "second")
    second.ok("share", as_role(OWNER), "--name", "shop-2")
    identity = second.json("status")[0]["identity"]
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("INSERT INTO inventory.kept_to VALUES (%s, %s)", (OTHER_TILL, identity))
    url = as_role(OTHER_TILL)
    assert [one["name"] for one in second.json("clone", url, "--list")] == ["shop-2"]
    assert len(second.json("clone", as_role(TILL), "--list")) == 2
    # The other ledger is not there for it, to read or to record.
    refused = first("sync", "--url", url)
    assert (refused.code, "does not hold this ledger, or not for this role" in refused.err) == (
        *(4, True),
    )
    first_identity = first.json("status")[0]["identity"]
    with psycopg.connect(url, autocommit=True) as till:
        for table in ("batches", "events", "heads", "ledgers", "snapshots", "snapshot_lines"):
            query = f"SELECT DISTINCT ledger::text FROM inventory.{table}"
            assert till.execute(query).fetchall() in ([], [(identity,)])
        for call in (
            f"inventory.hold('{first_identity}', 0, '')",
            f"inventory.append('{first_identity}', 4, NULL, NULL, NULL, NULL)",
        ):
            with pytest.raises(psycopg.Error) as unknown:
                till.execute(f"SELECT {call}")
            assert unknown.value.sqlstate == "IV004"
    second.ok("sync", "--url", url)
    second.ok("receive", "CUP", 1)


def test_a_breach_of_the_rules_of_stock_is_for_verify_to_find(
    first: Shop, as_role: Callable[[str], str], tmp_path: Path
) -> None:
    # A client that does not keep them: the server takes what fits the chain.
    other = Machine(tmp_path / "other", as_role(TILL))
    other.ok("sell", "MUG", 99, "--allow-negative")
    first.ok("sync")
    assert first.on_hand("MUG") == -94
