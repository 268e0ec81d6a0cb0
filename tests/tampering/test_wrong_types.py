"""A cell of a wrong type, in any column of any table, is found, and no command stumbles over it.

The tables keep types by themselves; so the schema is made weaker, the cell altered, and the schema
put back, as a damaged byte would do it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inventory_cli.storage import schema
from inventory_cli.storage.integrity import wrong_cell
from tests.conftest import Ran, Shop
from tests.tampering.altering import alter, assert_found, behind_the_back, relink
from tests.tampering.test_every_column import COLUMNS, FINDS, UNREAD, Place, put_back

# By how a column is declared: what does not belong there.
WRONG = {
    "INTEGER": ("NULL", "'many'", "x'00ff'", "1.5"),
    "TEXT": ("NULL", "7", "x'00ff'", "1.5"),
    "BLOB": ("NULL", "'text'", "7"),
}
# A number that is the key of its row can be no other than one.
ROWIDS = {("ledger", "only_row"), ("batches", "batch"), ("events", "position")}
ROWIDS |= {("snapshots", "snapshot"), ("_sqlite_migrations", "id")}
CELLS = [place for place in COLUMNS if (place.table, place.column) not in ROWIDS]
COMMANDS = (
    "stock",
    "stock --by-location --format json",
    "as-of 2022-04-30 --format csv",
    "history XYZ-1 --format json",
    "log --format json",
    "batches --format json",
    "snapshot list --format json",
    "snapshot show 1 --format json",
    "export",
    "head",
    "sell XYZ-1 1",
)


def declaration(connection: sqlite3.Connection, table: str) -> str:
    """Return the SQL that declares a table."""
    query = "SELECT sql FROM sqlite_schema WHERE name = ?"
    return str(connection.execute(query, (table,)).fetchone()[0])


def declare(path: Path, table: str, sql: str) -> None:
    """Let a table be declared otherwise, in the file alone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, table))
        # So that every connection reads it again.
        connection.execute("PRAGMA schema_version = 4711")


def put_cell(shop: Shop, place: Place, value: str) -> bool:
    """Put a value into a column of the last row; tell whether it is there, as it was given."""
    with closing(sqlite3.connect(shop.path)) as connection:
        sql = declaration(connection, place.table)
    weak = sql.replace(" NOT NULL", "").replace("STRICT, ", "").replace(") STRICT", ")")
    for type in ("TEXT", "INTEGER", "BLOB"):
        weak = weak.replace(f"{place.column} {type}", place.column)
    declare(shop.path, place.table, weak)
    key = ", ".join(place.key)
    last = f"SELECT {key} FROM {place.table} ORDER BY {key} DESC LIMIT 1"
    try:
        alter(
            shop,
            f"UPDATE {place.table} SET {place.column} = {value} WHERE ({key}) IN ({last})",
        )
    except sqlite3.IntegrityError:
        return False
    with closing(sqlite3.connect(shop.path)) as connection:
        here = f"typeof({place.column}) = typeof({value})"
        found = connection.execute(f"SELECT 1 FROM {place.table} WHERE {here}").fetchone()
    declare(shop.path, place.table, sql)
    return bool(found)


def may_hold(place: Place, value: str) -> bool:
    """Tell whether this is no wrong value after all, because the column may be empty."""
    if value != "NULL" or place.table == "_sqlite_migrations":
        return False
    columns = {column.name: column for column in schema.columns()[place.table]}
    return "null" in columns[place.column].types


def test_a_file_as_it_is_made_has_no_wrong_cell(ledger: Shop) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert wrong_cell(connection) is None


def ends_well(ran: Ran) -> bool:
    """Tell whether a command ended as it may on a damaged file."""
    return ran.code in (0, 3, 4) and "this is a bug" not in ran.err


@pytest.mark.parametrize("place", CELLS, ids=str)
def test_a_cell_of_a_wrong_type_is_found_and_no_command_stumbles_over_it(
    holder: Shop, place: Place
) -> None:
    original = holder.path.read_bytes()
    altered = 0
    for value in WRONG[place.type]:
        put_back(holder, original)
        if may_hold(place, value) or not put_cell(holder, place, value):
            continue
        altered += 1
        for words in ((), ("--strict", "--anchor", holder.folder / "anchors")):
            ran = holder("verify", *words, "--format", "json")
            if (place.table, place.column) in UNREAD:
                continue
            assert ran.code == 1, (value, ran)
            checks = {check["name"]: check for check in ran.json["checks"]}
            assert not checks[FINDS[place.table]]["ok"], (value, ran.out)
            assert len(checks) == (9 if words else 8)
            ran = holder("verify", *words)
            assert ran.code == 1
            assert not ran.err
        for command in COMMANDS:
            ran = holder(*command.split())
            assert ends_well(ran), (value, command, ran)
    assert altered >= 2


@pytest.mark.parametrize("place", [p for p in CELLS if p.table == "stock"], ids=str)
def test_rebuild_mends_a_projection_whatever_stands_in_it(ledger: Shop, place: Place) -> None:
    original = ledger.path.read_bytes()
    for value in WRONG[place.type]:
        put_back(ledger, original)
        if not may_hold(place, value) and put_cell(ledger, place, value):
            assert "stock" in ledger.failed_checks(), value
            ledger.ok("rebuild")
            assert ledger.failed_checks() == {}, value


def test_the_place_of_a_wrong_cell_is_named(ledger: Shop) -> None:
    quantity = next(p for p in CELLS if str(p) == "events.quantity")
    assert put_cell(ledger, quantity, "'many'")
    named = "quantity of events 13 is of type text, not integer"
    failed = ledger.failed_checks()
    assert f"cannot be read to the end: {named}" in failed["stock"]
    assert failed["chain"] == [
        "event 13 (removed, XYZ-1 at shop) does not fit the chain: it, or what came just before "
        "it, was altered, removed or moved"
    ]
    ran = ledger("as-of", "2022-04-30")
    assert (ran.code, ran.out) == (4, "")
    assert f"error: {ledger.path} is damaged: {named}\n" in ran.err


DEEP = "[" * 30_000 + "]" * 30_000


@pytest.mark.parametrize(
    "details",
    [
        DEEP,
        '{"last_incoming":' + DEEP + "}",
        "5",
        "[]",
        '{"last_incoming":5}',
        '{"into_closed":[]}',
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("position", [1, 2])
def test_details_that_are_none_are_found(ledger: Shop, details: str, position: int) -> None:
    update = f"UPDATE events SET details = '{details}' WHERE position = {position}"
    alter(ledger, update)
    assert "chain" in ledger.failed_checks()
    ledger.folder.joinpath("anchors").unlink(missing_ok=True)
    for command in (*COMMANDS, "rebuild"):
        ran = ledger(*command.split())
        assert ends_well(ran), (command, ran)


def test_an_opening_whose_details_are_none_is_found_though_every_hash_fits(ledger: Shop) -> None:
    with behind_the_back(ledger) as connection:
        connection.execute(f"UPDATE events SET details = '{DEEP}' WHERE position = 1")
        relink(connection)
    assert_found(ledger, {"stock": "stands where details belong", "snapshots": "cannot be read"})
    assert ledger("rebuild").code == 4


@pytest.mark.parametrize("column", ["identity", "created_at", "timezone", "negative"])
def test_settings_that_are_no_utf8_are_found_with_the_whole_report(
    ledger: Shop, column: str
) -> None:
    alter(ledger, f"UPDATE ledger SET {column} = CAST(x'ff41' AS TEXT)")
    assert "the settings of the ledger were altered" in ledger.failed_checks()["chain"]
    for command in (*COMMANDS, "rebuild"):
        assert ledger(*command.split()).code == 4, command


@pytest.mark.parametrize("moment", ["'soon'", "'2022-13-01T00:00:00.000Z'", "'9999-12-31'", "''"])
def test_no_command_stumbles_over_a_recorded_time_that_is_none(ledger: Shop, moment: str) -> None:
    last = "(SELECT max(batch) FROM batches)"
    alter(ledger, f"UPDATE batches SET recorded_at = {moment} WHERE batch = {last}")
    assert "chain" in ledger.failed_checks()
    for command in (*COMMANDS, "reverse 1 --reason x", "reverse 13 --reason x"):
        ran = ledger(*command.split())
        assert ends_well(ran), (command, ran)


@pytest.mark.parametrize("position", [1 << 40, (1 << 63) - 1, -1])
def test_nothing_is_recorded_where_the_last_header_says_another_end(
    ledger: Shop, position: int
) -> None:
    last = "(SELECT max(batch) FROM batches WHERE last_position IS NOT NULL)"
    alter(ledger, f"UPDATE batches SET last_position = {position} WHERE batch = {last}")
    assert "positions" in ledger.failed_checks()
    rows = "date,sku,type,quantity\n2022-05-01,XYZ-1,received,1\n"
    for ran in (
        ledger("sell", "XYZ-1", 1),
        ledger("reverse", 1, "--reason", "x"),
        ledger.import_text(rows),
        ledger.import_text(rows, "--overlap", "skip"),
    ):
        assert ran.code == 4, ran
        assert f"the log ends at event 13, but its last header says {position}" in ran.err
