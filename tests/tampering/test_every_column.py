"""Every column of every table, those that are still to come too, is covered by a check.

The columns are read from a file as this program makes it. Each value of each row is altered in
turn, past the guards; a column that no check covers has to be named here, with the reason.
"""

import sqlite3
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import pytest

from inventory_cli.storage import schema
from tests.conftest import Shop
from tests.tampering.altering import alter, behind_the_back

# A table → the check that finds whatever is altered in it.
FINDS = {
    "ledger": "chain",
    "batches": "chain",
    "events": "chain",
    "snapshots": "snapshots",
    "snapshot_lines": "snapshots",
    "carried_ids": "chain",
    "stock": "stock",
    "zone_offsets": "schema",
    "_sqlite_migrations": "schema",
}
# What sqlite-utils notes of a migration beside its name: nothing is read from these.
UNREAD = {("_sqlite_migrations", "id"), ("_sqlite_migrations", "applied_at")}
# More rows than these of a table are all of one sort: the first two and the last two are altered.
MANY = 100

LEAST, MOST = -(2**63), 2**63 - 1
OTHER_VALUES = {
    "INTEGER": ("{0} + 1", "-{0}", str(LEAST), str(MOST), "NULL"),
    "TEXT": ("coalesce({0}, '') || 'x'", "''", "NULL"),
    "BLOB": ("zeroblob(32)", "x''"),
}


class Place(NamedTuple):
    """A column of a table, how it is declared, and the columns that tell rows apart."""

    table: str
    column: str
    type: str
    key: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def all_columns() -> Iterator[Place]:
    """Give every column of every table of a new file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        key = tuple(name for _, name, *_, part_of_key in columns if part_of_key)
        for _, name, type, *_ in columns:
            yield Place(table, name, type, key)
    connection.close()


COLUMNS = list(all_columns())


def rows_of(shop: Shop, place: Place) -> list[tuple[object, ...]]:
    """Return the table of a column, its key first."""
    connection = sqlite3.connect(shop.path)
    key = ", ".join(place.key)
    rows = connection.execute(f"SELECT {key}, * FROM {place.table} ORDER BY {key}").fetchall()
    connection.close()
    return rows


def rows_to_alter(shop: Shop, place: Place) -> list[tuple[object, ...]]:
    """Return the rows of a table, or some where they are many."""
    rows = rows_of(shop, place)
    return rows if len(rows) < MANY else [*rows[:2], *rows[-2:]]


def put_back(shop: Shop, original: bytes) -> None:
    """Make the file what it was, as a new one."""
    shop.path.unlink()
    shop.path.write_bytes(original)


def set_value(shop: Shop, place: Place, row: tuple[object, ...], value: str) -> bool:
    """Set a column of one row; tell whether that was possible, and altered anything."""
    before = rows_of(shop, place)
    where = " AND ".join(f"{name} = ?" for name in place.key)
    try:
        with behind_the_back(shop) as connection:
            connection.execute(
                f"UPDATE {place.table} SET {place.column} = {value} WHERE {where}",
                row[: len(place.key)],
            )
    except sqlite3.IntegrityError:
        return False
    return rows_of(shop, place) != before


def finder(shop: Shop, *words: object) -> set[str]:
    """Return which checks fail, or say of the offsets of the zone, as which any may stand there,
    that they are others; "opening" where the file cannot even be opened.
    """
    ran = shop("verify", *words, "--format", "json")
    assert ran.code in (0, 1, 4), ran
    if ran.code == 4:
        return {"opening"}
    return {
        check["name"]
        for check in ran.json["checks"]
        if not check["ok"] or any("zone_offsets" in note for note in check["notes"])
    }


def test_every_table_is_covered_by_a_check() -> None:
    assert {place.table for place in COLUMNS} == set(FINDS)
    assert {(place.table, place.column) for place in COLUMNS} >= UNREAD


@pytest.mark.parametrize("place", COLUMNS, ids=str)
def test_an_edit_of_any_value_in_any_row_is_found(holder: Shop, place: Place) -> None:
    if (place.table, place.column) in UNREAD:
        return
    original = holder.path.read_bytes()
    altered, missed = 0, []
    for row in rows_to_alter(holder, place):
        for other in OTHER_VALUES[place.type]:
            put_back(holder, original)
            if set_value(holder, place, row, other.format(place.column)):
                altered += 1
                if not finder(holder) & {FINDS[place.table], "opening"}:
                    missed.append((row, other))
    assert altered
    assert not missed


@pytest.mark.parametrize("table", FINDS)
def test_a_missing_row_is_found(holder: Shop, table: str) -> None:
    place = next(place for place in COLUMNS if place.table == table)
    original = holder.path.read_bytes()
    for row in rows_to_alter(holder, place):
        put_back(holder, original)
        with behind_the_back(holder) as connection:
            where = " AND ".join(f"{name} = ?" for name in place.key)
            connection.execute(f"DELETE FROM {table} WHERE {where}", row[: len(place.key)])
        # Only where the last header is gone does the chain still fit: an event has no batch then.
        assert finder(holder) & {FINDS[table], "positions", "opening"}, row


# Where a row is added that is a copy of another: before all others, between them, behind them.
NUMBERS = (LEAST, -1, 0, 14, 15, MOST)
ADDED = {
    "ledger": (
        "INSERT INTO ledger SELECT {}, identity, created_at, 2, timezone, negative, hash"
        " FROM ledger",
        {"chain"},
    ),
    "batches": (
        "INSERT INTO batches SELECT {}, recorded_at, actor, command, NULL, NULL, NULL, NULL, NULL,"
        " hash, NULL FROM batches WHERE batch = 11",
        {"chain"},
    ),
    "events": (
        "INSERT INTO events SELECT {}, batch, sku, location, kind, quantity, effective_at,"
        " date_only, reason, reference, unit_cost, id, NULL, details, hash"
        " FROM events WHERE position = 5",
        {"chain", "positions", "stock"},
    ),
    "snapshots": (
        "INSERT INTO snapshots SELECT {}, 7, NULL, as_of, position, whole_to, closes"
        " FROM snapshots",
        {"snapshots"},
    ),
    "snapshot_lines": (
        "INSERT INTO snapshot_lines SELECT {}, sku, location, on_hand, NULL, NULL, NULL"
        " FROM snapshot_lines",
        {"snapshots"},
    ),
    "carried_ids": (
        "INSERT INTO carried_ids SELECT id, 1, {}, effective_at, date_only, content_sha256, NULL"
        " FROM carried_ids WHERE id = 's-1'",
        {"chain"},
    ),
}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("table", ADDED)
def test_a_row_added_by_hand_is_found_wherever_it_stands(
    holder: Shop, table: str, number: int
) -> None:
    statement, finders = ADDED[table]
    alter(holder, statement.format(number))
    assert finder(holder) >= finders


# The tables that the ledger with every kind of thing in it has rows of.
ANCHORED = ADDED.keys() - {"carried_ids"}


def test_no_number_that_a_file_can_hold_is_a_bug_when_held_against_anchors(ledger: Shop) -> None:
    connection = sqlite3.connect(ledger.path)
    links = connection.execute("SELECT position, hash FROM events").fetchall()
    connection.close()
    original = ledger.path.read_bytes()
    kept = ledger.folder / "anchors"
    numbers = [place for place in COLUMNS if place.type == "INTEGER" and place.table in ANCHORED]
    for place, number in product(numbers, (LEAST, MOST)):
        put_back(ledger, original)
        if set_value(ledger, place, rows_of(ledger, place)[-1], str(number)):
            for since in ((), ("--since-anchor",)):
                kept.write_text("".join(f"{position}:{link.hex()}\n" for position, link in links))
                finder(ledger, "--anchor", kept, *since)
