"""Alters a ledger behind its back, and asserts which checks of `verify` find it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from inventory_cli.storage.batches import BATCH_COLUMNS
from inventory_cli.storage.chain import genesis, link_batch, link_event
from inventory_cli.storage.log import EVENT_COLUMNS
from tests.conftest import Shop

Found = Mapping[str, str]

BROKEN_AT_2 = "event 2 (received, XYZ-1 at main) does not fit the chain"


def assert_found(shop: Shop, expected: Found, *words: object) -> None:
    """Check that exactly these checks fail, each saying so, to people and to programs."""
    failed = shop.failed_checks(*words)
    assert failed.keys() == expected.keys(), failed
    report = shop("verify", *words)
    assert report.code == 1
    for check, text in expected.items():
        assert any(text in problem for problem in failed[check]), failed
        assert f"{check:<10} FAILED\n" in report.out
        assert text in report.out


@contextmanager
def behind_the_back(shop: Shop, lift_guards: bool = True) -> Iterator[sqlite3.Connection]:
    """Open the file as anyone could. Guards that are lifted are put back as they were.

    One transaction, which is not waited for: there are hundreds of these.
    """
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("BEGIN")
        guards = []
        if lift_guards:
            guards = connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in guards:
            connection.execute(sql)
        connection.execute("COMMIT")


def alter(shop: Shop, *statements: str) -> None:
    """Run SQL behind the ledger's back, past its guards."""
    with behind_the_back(shop) as connection:
        for statement in statements:
            connection.execute(statement)


def alter_schema(shop: Shop, *statements: str) -> None:
    """Run SQL behind the ledger's back, on the guards themselves."""
    with behind_the_back(shop, lift_guards=False) as connection:
        for statement in statements:
            connection.execute(statement)


def relink(connection: sqlite3.Connection) -> None:
    """Compute the whole chain again, as someone would who knows how it is made."""
    settings = connection.execute(
        "SELECT identity, created_at, decimals, timezone, negative FROM ledger"
    ).fetchone()
    link = genesis(settings)
    connection.execute("UPDATE ledger SET hash = ?", (link,))
    headers = connection.execute(f"SELECT {BATCH_COLUMNS} FROM batches ORDER BY batch").fetchall()
    for header in headers:
        events = connection.execute(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE batch = ? ORDER BY position", header[:1]
        ).fetchall()
        for event in events:
            link = link_event(link, event)
            connection.execute("UPDATE events SET hash = ? WHERE position = ?", (link, event[0]))
        link = link_batch(link, header)
        connection.execute("UPDATE batches SET hash = ? WHERE batch = ?", (link, header[0]))


def forge(shop: Shop, *statements: str) -> None:
    """Alter the log, and then everything else so that it agrees: the chain and the stock."""
    with behind_the_back(shop) as connection:
        for statement in statements:
            connection.execute(statement)
        relink(connection)
    shop.ok("rebuild")


def content(path: Path) -> list[object]:
    """Return all that a file holds, and the SQL that declares it."""
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    try:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            " ORDER BY name"
        ).fetchall()
        rows: list[object] = [
            connection.execute(f"SELECT * FROM {name.decode()}").fetchall() for (name,) in tables
        ]
        # How sqlite-utils declares its record of migrations is not compared.
        declared = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql > ''"
            " AND tbl_name <> '_sqlite_migrations'"
        )
        return [*rows, declared.fetchall()]
    finally:
        connection.close()
