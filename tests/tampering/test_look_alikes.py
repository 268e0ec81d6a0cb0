"""A cell that only looks like what it was is found, whichever SQLite reads the file.

The audit lets SQLite write the text that an event is hashed by. It must be none, or what this
program writes of the cells as it reads them. The oldest SQLite in reach is that of Python; `apsw`,
which the tests ask for, brings its own, far newer one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.core.events import Event
from inventory_cli.storage import schema
from inventory_cli.storage.chain import canonical, line_text
from inventory_cli.storage.snapshots import Line
from inventory_cli.storage.sql_text import text_of
from tests.conftest import Shop
from tests.tampering.test_every_column import COLUMNS, Place
from tests.tampering.test_wrong_types import declaration, declare, put_cell

CELLS = [
    place
    for place in COLUMNS
    if (place.table == "events" and place.column not in ("position", "hash"))
    or (place.table == "snapshot_lines" and place.column != "snapshot")
]
COVERED = {"events": ("event", Event._fields), "snapshot_lines": ("line", Line._fields)}


def jsonb(text: str, kind: int) -> str:
    """Return, as SQL, the BLOB that a newer SQLite takes for a JSON value of one of its kinds."""
    return f"x'{bytes([len(text) << 4 | kind]).hex()}{text.encode().hex()}'"


# What looks like text, a number or nothing, in JSON at least; and what is hard to write.
LOOK_ALIKES = (
    *(jsonb("ABC-2", kind) for kind in (7, 8, 9, 10)),
    *(jsonb("1", 3), jsonb("-1", 3), jsonb("0x1", 4), jsonb("1.0", 5), jsonb("", 0), jsonb("", 1)),
    *("x'4142432d32'", "x''", "x'31'", "'1'", "'null'", "1", "1.0", "-0.0", "0.1 + 0.2", "1e20"),
    *("9e999", "9007199254740993.0", "'a' || char(0) || 'b'", "char(0)", "'\"'", "'\\u0041'"),
    *("'[1]'", "json('[1]')", "json_quote('A')", "char(127, 128, 8232, 65533, 65534, 1114111)"),
    *("CAST(x'ff' AS TEXT)", "CAST(x'eda080' AS TEXT)"),
)


def test_there_is_a_newer_sqlite_than_that_of_python() -> None:
    apsw = pytest.importorskip("apsw", reason="apsw is not installed: no newer SQLite was tried")
    newer = tuple(map(int, apsw.sqlite_lib_version().split(".")))
    assert newer >= (3, 45), "SQLite takes BLOBs for JSON since 3.45"


def connections(path: Path) -> Iterator[Any]:
    """Open a file with every SQLite that there is."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection
    try:
        import apsw
    except ImportError:
        return  # The test above says so.
    with closing(apsw.Connection(str(path))) as connection:
        yield connection


def texts(connection: Any, table: str) -> list[tuple[str | None, tuple[Any, ...]]]:
    """Return the text of each row as SQLite writes it, and the row."""
    name, columns = COVERED[table]
    text = text_of(connection, table, name, columns)
    rows = connection.execute(f"SELECT {text}, {', '.join(columns)} FROM {table}").fetchall()
    return [(row[0], tuple(row[1:])) for row in rows]


@pytest.mark.parametrize("place", CELLS, ids=str)
def test_sqlite_writes_the_text_of_the_cells_as_they_are_read_or_none(
    ledger: Shop, place: Place
) -> None:
    original = ledger.path.read_bytes()
    name, _ = COVERED[place.table]
    altered = 0
    for value in LOOK_ALIKES:
        ledger.path.unlink()
        ledger.path.write_bytes(original)
        if not put_cell(ledger, place, value):
            continue
        altered += 1
        for connection in connections(ledger.path):
            try:
                found = texts(connection, place.table)
            except (sqlite3.OperationalError, UnicodeDecodeError):
                assert "CAST" in value  # What is no text cannot be read at all, by nobody.
                continue
            for text, row in found:
                assert text is None or text == canonical((name, *row)), value
    assert altered > len(LOOK_ALIKES) / 2


@pytest.mark.parametrize("table", COVERED)
def test_a_row_as_it_is_recorded_has_its_text(ledger: Shop, table: str) -> None:
    name, _ = COVERED[table]
    for connection in connections(ledger.path):
        found = texts(connection, table)
        assert len(found) > 2
        assert [text for text, _ in found] == [canonical((name, *row)) for _, row in found]
    assert line_text(("A",)) == canonical(("line", "A")).encode() + b"\n"


def test_no_text_is_taken_from_a_table_that_is_declared_otherwise(ledger: Shop) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection:
        sql = declaration(connection, "events")
    # What is computed may be JSON already, of which SQLite would make no text.
    declare(ledger.path, "events", sql.replace("reason TEXT", "reason TEXT AS (json('[1]'))"))
    for connection in connections(ledger.path):
        assert text_of(connection, "events", "event", Event._fields) == "NULL"


class WithoutJson(sqlite3.Connection):
    """A connection of an SQLite that was built without JSON, or writes it otherwise."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("json_array", "hex"), *values)


def test_an_sqlite_that_writes_no_json_is_not_asked_to(ledger: Shop) -> None:
    with closing(sqlite3.connect(ledger.path, factory=WithoutJson)) as connection:
        assert text_of(connection, "events", "event", Event._fields) == "NULL"
        assert schema.objects(connection)


@pytest.mark.parametrize("column", ["sku", "quantity", "reason", "details"])
def test_a_look_alike_breaks_the_chain(ledger: Shop, column: str) -> None:
    place = next(place for place in CELLS if str(place) == f"events.{column}")
    looks = {"sku": jsonb("XYZ-1", 7), "quantity": jsonb("2", 3)}.get(column, jsonb("", 0))
    assert put_cell(ledger, place, looks)
    for words in ((), ("--snapshot", "march")):
        assert {"file", "chain"} <= ledger.failed_checks(*words).keys()


def test_an_event_with_any_character_in_it_keeps_its_hash(ledger: Shop) -> None:
    characters = [*range(0x20, 0x7F), *range(0xA0, 0x250), 0x2028, 0xFFFD, 0x1F600]
    reason = "".join(map(chr, characters))
    ledger.ok("adjust", "XYZ-1", 1, "--reason", reason)
    assert ledger.failed_checks() == {}
