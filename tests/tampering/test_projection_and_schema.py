"""Every way to alter the stored stock or the schema is found, and `rebuild` mends it."""

from collections.abc import Callable

import pytest

from inventory_cli.storage import schema
from tests.conftest import Shop
from tests.tampering.altering import BROKEN_AT_2, alter, alter_schema, assert_found

STOCK_EDITS: list[tuple[str, str]] = [
    (
        "UPDATE stock SET sku = 'ABC-3' WHERE sku = 'ABC-2'",
        "ABC-3 at main: stored as 8 on hand, but the log has no event of it",
    ),
    (
        "UPDATE stock SET location = 'attic' WHERE sku = 'ABC-2'",
        "ABC-2 at main: not stored, though the log has 8 on hand",
    ),
    ("UPDATE stock SET on_hand = 9 WHERE sku = 'ABC-2'", "ABC-2 at main: on hand expected 8"),
    (
        "UPDATE stock SET last_incoming = NULL WHERE sku = 'ABC-2'",
        "ABC-2 at main: last incoming expected 2022-03-02T00:00:00.000+01:00, found nothing",
    ),
    (
        "UPDATE stock SET last_outgoing = '2022-01-01' WHERE sku = 'ABC-2'",
        "ABC-2 at main: last outgoing expected 2022-04-07T23:59:59.998+02:00, found 2022-01-01",
    ),
    (
        "UPDATE stock SET last_counted = '2022-01-01T12:00:00.000Z' WHERE sku = 'ABC-2'",
        "ABC-2 at main: last counted expected nothing, found 2022-01-01",
    ),
    (
        "UPDATE stock SET last_effective = '' WHERE sku = 'ABC-2'",
        "ABC-2 at main: last effective expected 2022-04-07",
    ),
    ("DELETE FROM stock WHERE sku = 'ABC-2'", "ABC-2 at main: not stored"),
    ("DELETE FROM stock", "XYZ-1 at shop: not stored, though the log has 58 on hand"),
    (
        "INSERT INTO stock VALUES ('NEW', 'main', 1, NULL, NULL, NULL, '')",
        "NEW at main: stored as 1 on hand, but the log has no event of it",
    ),
    # A stream with nothing on hand is not the same as no stream.
    (
        "INSERT INTO stock VALUES ('NEW', 'main', 0, NULL, NULL, NULL, '')",
        "NEW at main: stored as 0 on hand, but the log has no event of it",
    ),
]


@pytest.mark.parametrize(("statement", "named"), STOCK_EDITS)
def test_altered_stock_is_found_and_mended(ledger: Shop, statement: str, named: str) -> None:
    alter(ledger, statement)
    assert_found(ledger, {"stock": named})
    assert named in ledger.ok("rebuild").out
    assert ledger.failed_checks() == {}


EXPECTED = schema.expected_objects()
DERIVED = [key for key in EXPECTED if key[0] != "table"]
GUARDS = [name for kind, name in EXPECTED if kind == "trigger"]


def test_what_is_as_made_is_known_without_making_it() -> None:
    assert schema.digest_of(EXPECTED) == schema._AS_MADE
    for key, sql in EXPECTED.items():
        assert not schema.is_as_made({**EXPECTED, key: f"{sql} "})


@pytest.mark.parametrize(("kind", "name"), DERIVED)
def test_a_dropped_guard_index_or_view_is_found_and_put_back(
    ledger: Shop, kind: str, name: str
) -> None:
    alter_schema(ledger, f"DROP {kind} {name}")
    assert_found(ledger, {"schema": f"{kind} {name} is missing"})
    assert ledger.ok("rebuild").out.startswith(f"differed: {kind} {name} is missing\n")
    assert ledger.failed_checks() == {}


# How a guard is made to let everything through, under its own name.
WEAKER: dict[str, Callable[[str], str]] = {
    "does nothing": lambda sql: sql[: sql.index("BEGIN")] + "BEGIN SELECT 1; END",
    "is never meant": lambda sql: sql.partition("\n")[0] + " WHEN 0\n" + sql[sql.index("BEGIN") :],
    "passes silently": lambda sql: sql[: sql.index("RAISE")] + "RAISE(IGNORE); END",
    "only in the dark": lambda sql: sql.replace("SELECT RAISE(ABORT", "SELECT 1 OR RAISE(ABORT"),
    "guards another table": lambda sql: (
        f"CREATE TRIGGER {sql.split()[2]} BEFORE UPDATE ON stock BEGIN SELECT 1; END"
    ),
}


@pytest.mark.parametrize("how", WEAKER)
@pytest.mark.parametrize("name", GUARDS)
def test_a_weakened_guard_is_found_and_put_back(ledger: Shop, name: str, how: str) -> None:
    weak = WEAKER[how](EXPECTED["trigger", name])
    alter_schema(ledger, f"DROP TRIGGER {name}", weak)
    assert_found(ledger, {"schema": f"trigger {name} was altered"})
    assert f"differed: trigger {name} was altered\n" in ledger.ok("rebuild").out
    assert ledger.failed_checks() == {}


def other_index(name: str) -> str:
    """Return an index of the same name that holds nothing."""
    table = EXPECTED["index", name].split(" ON ")[1].split()[0]
    return f"CREATE INDEX {name} ON {table} (hash) WHERE 0"


@pytest.mark.parametrize("name", [name for kind, name in EXPECTED if kind == "index"])
def test_an_index_that_holds_something_else_is_found_and_put_back(ledger: Shop, name: str) -> None:
    alter_schema(ledger, f"DROP INDEX {name}", other_index(name))
    assert_found(ledger, {"schema": f"index {name} was altered"})
    ledger.ok("rebuild")
    assert ledger.failed_checks() == {}


TABLES = [name for kind, name in EXPECTED if kind == "table"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_with_a_column_more_or_a_condition_less_is_found(ledger: Shop, name: str) -> None:
    alter_schema(ledger, f"ALTER TABLE {name} ADD COLUMN remark TEXT")
    assert f"table {name} was altered" in ledger.failed_checks()["schema"]
    alter_schema(ledger, f"ALTER TABLE {name} DROP COLUMN remark")
    assert ledger.failed_checks() == {}
    alter_schema(
        ledger,
        f"UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = '{name}'",
    )
    assert f"table {name} was altered" in ledger.failed_checks()["schema"]


@pytest.mark.parametrize("name", [*TABLES, "_sqlite_migrations"])
def test_a_table_under_another_name_is_found(ledger: Shop, name: str) -> None:
    alter_schema(ledger, f"ALTER TABLE {name} RENAME TO kept")
    ran = ledger("verify")
    assert (
        (ran.code, "no such table: ledger" in ran.err) == (4, True)
        if name == "ledger"
        else (ran.code == 1 and f"table {name} is missing" in ran.out)
    )


# What is done to the schema → what the report says, and whether `rebuild` can mend it.
SCHEMA_EDITS: list[tuple[tuple[str, ...], str, bool]] = [
    (
        ("DROP INDEX events_by_stream", "CREATE INDEX events_by_stream ON events (sku)"),
        "index events_by_stream was altered",
        True,
    ),
    (
        (
            "DROP VIEW event_log",
            "CREATE VIEW event_log AS SELECT * FROM events LIMIT 5",
        ),
        "view event_log was altered",
        True,
    ),
    (
        ("CREATE TRIGGER helpful AFTER INSERT ON events BEGIN UPDATE stock SET on_hand = 0; END",),
        "trigger helpful does not belong here",
        True,
    ),
    # A name that SQLite keeps for itself hides nothing.
    (
        ("CREATE TRIGGER sqlite_x AFTER INSERT ON events BEGIN UPDATE stock SET on_hand = 0; END",),
        "trigger sqlite_x does not belong here",
        True,
    ),
    (
        ('CREATE TRIGGER "a ""quoted"" name" AFTER INSERT ON batches BEGIN SELECT 1; END',),
        'trigger a "quoted" name does not belong here',
        True,
    ),
    (("CREATE INDEX mine ON events (kind)",), "index mine does not belong here", False),
    # Nor does the name of an index that SQLite itself makes.
    (
        (
            "CREATE INDEX mine ON events (kind)",
            "UPDATE sqlite_schema SET name = 'sqlite_autoindex_events_9',"
            " sql = 'CREATE INDEX sqlite_autoindex_events_9 ON events (kind)'"
            " WHERE name = 'mine'",
        ),
        "index sqlite_autoindex_events_9 does not belong here",
        False,
    ),
    (("CREATE VIEW mine AS SELECT 1",), "view mine does not belong here", False),
    (("CREATE TABLE mine (text)",), "table mine does not belong here", False),
    (("ALTER TABLE events ADD COLUMN remark TEXT",), "table events was altered", False),
    (
        (
            "UPDATE sqlite_schema SET sql = replace(sql, 'kind TEXT NOT NULL', 'kind TEXT')"
            " WHERE name = 'events'",
        ),
        "table events was altered",
        False,
    ),
]


@pytest.mark.parametrize(("statements", "named", "mended"), SCHEMA_EDITS)
def test_an_altered_schema_is_found(
    ledger: Shop, statements: tuple[str, ...], named: str, mended: bool
) -> None:
    alter_schema(ledger, *statements)
    assert named in ledger.failed_checks()["schema"]
    ran = ledger.ok("rebuild")
    assert (f"differed: {named}\n" in ran.out) == mended
    assert (f"not derived from the log: {named}\n" in ran.err) == (not mended)
    assert ledger.failed_checks() == ({} if mended else {"schema": [named]})


# What a file is made to claim of itself → how `verify` ends, and what it says.
CLAIMS: list[tuple[str, int, str]] = [
    ("PRAGMA application_id = 0", 4, "is not an inventory ledger"),
    ("PRAGMA user_version = 0", 4, "it says that its schema is version 0"),
    ("PRAGMA user_version = 1", 4, "was written by an older inventory"),
    ("PRAGMA user_version = 99", 4, "was written by a newer inventory"),
    ("DELETE FROM _sqlite_migrations", 1, "the migration create_ledger is not on record"),
    ("UPDATE _sqlite_migrations SET name = 'x' || name", 1, "create_ledger is not on record"),
    ("UPDATE _sqlite_migrations SET migration_set = 'x'", 1, "create_ledger is not on record"),
]


@pytest.mark.parametrize(("statement", "code", "named"), CLAIMS)
def test_a_file_that_claims_to_be_another_or_of_another_version_is_found(
    ledger: Shop, statement: str, code: int, named: str
) -> None:
    alter_schema(ledger, statement)
    ran = ledger("verify")
    assert ran.code == code
    assert named in ran.out + ran.err


def test_a_dropped_projection_is_found_beside_everything_else_and_made_anew(ledger: Shop) -> None:
    alter(ledger, "DROP TABLE stock", "UPDATE events SET reason = 'gift' WHERE position = 2")
    failed = ledger.failed_checks()
    assert failed["schema"] == ["table stock is missing"]
    assert failed["stock"] == ["cannot be read to the end: no such table: stock"]
    assert failed["chain"][0].startswith(BROKEN_AT_2)
    assert "differed: table stock is missing\n" in ledger.ok("rebuild").out
    assert ledger.failed_checks().keys() == {"chain"}


def test_a_view_in_place_of_the_projection_is_found_and_mended(ledger: Shop) -> None:
    alter(
        ledger,
        "CREATE TABLE copied AS SELECT * FROM stock",
        "DROP TABLE stock",
        "CREATE VIEW stock AS SELECT * FROM copied",
    )
    assert "table stock is missing" in ledger.failed_checks()["schema"]
    ledger.ok("rebuild")
    assert ledger.failed_checks() == {"schema": ["table copied does not belong here"]}


@pytest.mark.parametrize("table", ["batches", "events", "snapshots", "snapshot_lines"])
def test_a_dropped_table_of_the_log_is_found(ledger: Shop, table: str) -> None:
    alter_schema(ledger, f"DROP TABLE {table}")
    assert f"table {table} is missing" in ledger.failed_checks()["schema"]


def test_rebuild_mends_nothing_that_verify_finds_in_the_log(ledger: Shop) -> None:
    alter(ledger, "UPDATE events SET quantity = 90 WHERE position = 2")
    ledger.ok("rebuild")
    assert_found(
        ledger,
        {
            "chain": BROKEN_AT_2,
            "snapshots": "snapshot 1 (march): XYZ-1 at main: on hand expected 170, found 180",
        },
    )


def test_an_altered_record_of_migrations_is_found_without_stumbling(ledger: Shop) -> None:
    alter_schema(
        ledger,
        """UPDATE sqlite_schema SET sql = replace(sql, '"name"', '"nome"')"""
        " WHERE name = '_sqlite_migrations'",
    )
    assert ledger.failed_checks()["schema"] == [
        "table _sqlite_migrations is missing or was altered"
    ]


def test_a_moment_that_is_none_hides_no_other_difference(ledger: Shop) -> None:
    alter(
        ledger,
        "UPDATE stock SET last_incoming = 'rubbish' WHERE sku = 'XYZ-1' AND location = 'main'",
        "UPDATE stock SET on_hand = 77 WHERE sku = 'ABC-2'",
    )
    problems = ledger.failed_checks()["stock"]
    assert any("ABC-2 at main: on hand expected" in problem for problem in problems)
    assert any("found 'rubbish'" in problem for problem in problems)
    ledger.ok("rebuild")
    assert ledger.failed_checks() == {}


def test_without_the_index_of_reversals_a_timeline_says_the_same(ledger: Shop) -> None:
    ledger.ok("reverse", 1, "--reason", "x", "--allow-negative")
    before = ledger.json("history", "XYZ-1"), ledger.json("as-of", "2022-12-31", "XYZ-1")
    alter(ledger, "DROP INDEX events_by_reversal")
    assert (ledger.json("history", "XYZ-1"), ledger.json("as-of", "2022-12-31", "XYZ-1")) == before
