"""What a large append puts aside is back afterwards, as it was."""

import sqlite3
from typing import Any

import pytest

from inventory_cli.storage.insert import CHUNK, insert_events
from tests.conftest import Shop

MANY = 2 * CHUNK + 1
ROWS = "".join(f"2022-03-01,S{n:05},received,1\n" for n in range(MANY))
FILE = f"date,sku,type,quantity\n{ROWS}"


@pytest.mark.parametrize("recorded_before", [0, 1])
def test_guards_and_indexes_are_there_after_a_large_import(
    shop: Shop, recorded_before: int
) -> None:
    for _ in range(recorded_before):
        shop.ok("receive", "A", 1)
    assert f"appended {MANY}" in shop.import_text(FILE).out
    assert shop.failed_checks() == {}
    connection = sqlite3.connect(shop.path)
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT 1 FROM events WHERE sku = 'A' AND location = 'main'"
    ).fetchall()
    assert "events_by_stream" in plan[0][3]
    with pytest.raises(sqlite3.IntegrityError, match="appended at the next position"):
        connection.execute("INSERT OR REPLACE INTO events SELECT * FROM events LIMIT 1")
    connection.close()


def test_a_large_import_that_is_refused_leaves_the_schema_alone(shop: Shop) -> None:
    before = shop.path.read_bytes()
    assert shop.import_text(FILE + "2022-03-01,X,sold,1\n").code == 3
    assert shop.path.read_bytes() == before


def test_a_large_import_hides_no_guard_that_was_weakened(shop: Shop) -> None:
    connection = sqlite3.connect(shop.path)
    connection.executescript(
        "DROP TRIGGER events_next; DROP INDEX events_by_stream;"
        "CREATE TRIGGER events_next BEFORE INSERT ON events WHEN 0 BEGIN SELECT 1; END;"
    )
    connection.close()
    shop.import_text(FILE)
    assert shop.failed_checks() == {
        "schema": ["index events_by_stream is missing", "trigger events_next was altered"]
    }


def test_events_are_stored_as_given_whatever_is_null_in_some_of_them(shop: Shop) -> None:
    values: list[Any] = [None, "", "x", "é"]
    rows = [
        (
            *(position, 1, "A", "main", "received", position % 2, "2022-03-01T00:00:00.000Z", 0),
            *(values[position % 2], values[position % 2 * 2], values[1 + position % 3], None),
            *(position if position % 2 else None, None, position.to_bytes(32, "big")),
        )
        for position in range(1, 120)
    ]
    connection = sqlite3.connect(shop.path)
    insert_events(connection, [*zip(*rows, strict=True)])
    assert connection.execute("SELECT * FROM events ORDER BY position").fetchall() == rows
    connection.close()
