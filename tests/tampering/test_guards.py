"""The guards refuse whoever opens the file."""

import sqlite3

import pytest

from tests.conftest import Shop
from tests.tampering.altering import content

REFUSED: list[tuple[str, str]] = [
    *(
        (statement.format(table), "the log is append-only")
        for table in ("ledger", "batches", "events", "snapshots", "snapshot_lines")
        for statement in ("DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1")
        if "rowid" not in statement or table != "snapshot_lines"
    ),
    ("UPDATE snapshot_lines SET on_hand = 0", "the log is append-only"),
    ("UPDATE OR REPLACE events SET position = 1 WHERE position = 2", "the log is append-only"),
    ("UPDATE OR REPLACE batches SET batch = 1 WHERE batch = 2", "the log is append-only"),
    *(
        (f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", message)
        for table, message in (
            ("ledger", "a file holds one ledger"),
            ("batches", "a batch is appended with the next number"),
            ("events", "an event is appended at the next position"),
            ("snapshots", "a snapshot is appended with the next number"),
            ("snapshot_lines", "a snapshot gets its lines when it is recorded"),
        )
    ),
    ("INSERT INTO ledger SELECT 2, 'x', 'x', 0, 'UTC', 'allow', x''", "a file holds one ledger"),
    (
        "INSERT INTO snapshot_lines VALUES (1, 'NEW', 'main', 1, NULL, NULL, NULL)",
        "a snapshot gets its lines",
    ),
    (
        "INSERT INTO snapshot_lines VALUES (2, 'NEW', 'main', 1, NULL, NULL, NULL)",
        "a snapshot gets its lines",
    ),
    ("INSERT INTO snapshots VALUES (3, 12, NULL, '', 13, 13, 0)", "a snapshot is appended"),
    ("INSERT INTO snapshots VALUES (2, 11, NULL, '', 13, 13, 0)", "a snapshot is appended"),
    ("INSERT INTO snapshots VALUES (NULL, 12, NULL, '', 13, 13, 0)", "a snapshot is appended"),
    # A name that is taken: replacing would delete the snapshot that has it.
    ("INSERT OR REPLACE INTO snapshots VALUES (2, 12, 'march', '', 13, 13, 0)", ""),
]
NEW_EVENT = (
    "INSERT {} INTO events SELECT {}, {}, sku, location, kind, quantity, effective_at, date_only,"
    " reason, reference, unit_cost, id, {}, details, hash FROM events WHERE position = 11"
)
REFUSED += [
    (NEW_EVENT.format("", position, batch, "NULL"), "an event is appended at the next position")
    for position, batch in [(15, 12), (13, 12), (0, 12), (-1, 12), ("NULL", 12), (14, 11), (14, 13)]
]
REFUSED += [
    (
        f"INSERT INTO batches SELECT {batch}, recorded_at, actor, command, NULL, NULL, NULL, NULL,"
        " NULL, hash, NULL FROM batches WHERE batch = 11",
        "a batch is appended with the next number",
    )
    for batch in (0, 5, 11, 13, "NULL")
]
# A reversal of what is reversed already: replacing would delete the first reversal.
REFUSED += [(NEW_EVENT.format("OR REPLACE", 14, 12, 10), "")]


@pytest.mark.parametrize(("statement", "message"), REFUSED)
def test_the_guards_refuse_whoever_opens_the_file(
    ledger: Shop, statement: str, message: str
) -> None:
    before = content(ledger.path)
    connection = sqlite3.connect(ledger.path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match=message or None):
        connection.execute(statement)
    connection.close()
    assert content(ledger.path) == before


def test_the_projection_has_no_guards_because_it_can_be_made_anew(ledger: Shop) -> None:
    connection = sqlite3.connect(ledger.path, isolation_level=None)
    connection.execute("UPDATE stock SET on_hand = 0")
    connection.execute("DELETE FROM stock WHERE sku = 'ABC-2'")
    connection.close()
    before = ledger.ok("rebuild").out
    assert "differed: ABC-2 at main: not stored, though the log has 8 on hand\n" in before
    assert "rebuilt the stock of 3 streams; 3 differences mended\n" in before
    assert ledger.ok("rebuild").out == "rebuilt the stock of 3 streams; 0 differences mended\n"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM carried_ids", "the log is append-only"),
        ("UPDATE carried_ids SET position = 2", "the log is append-only"),
        ("INSERT OR REPLACE INTO carried_ids SELECT * FROM carried_ids", "and none later"),
        ("INSERT INTO carried_ids VALUES ('x', 1, 1, '', 1, '', NULL)", "and none later"),
    ],
)
def test_ids_are_carried_before_the_first_batch_alone(
    following: Shop, statement: str, message: str
) -> None:
    before = content(following.path)
    connection = sqlite3.connect(following.path)
    with pytest.raises(sqlite3.IntegrityError, match=message):
        connection.execute(statement)
    connection.close()
    assert content(following.path) == before
