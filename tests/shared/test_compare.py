"""What was altered, in a file or in the database behind its guards, is found by `verify --shared`,
and it is said on which side.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine
from tests.tampering.altering import alter, alter_schema, forge

psycopg: Any = pytest.importorskip("psycopg")


@pytest.fixture
def first(database: str, tmp_path: Path) -> Shop:
    shop = first_machine(tmp_path / "first", database)
    shop.ok("receive", "MUG", 5, "--on", "2022-03-01")
    shop.ok("sell", "MUG", 2, "--on", "2022-03-02")
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    shop.ok("receive", "CUP", 1)
    return shop


@contextmanager
def administrator(database: str) -> Iterator[Any]:
    """Alter the database as one can who owns it: without its guards."""
    tables = ("ledgers", "batches", "events", "snapshots", "snapshot_lines", "heads")
    with psycopg.connect(database, autocommit=True) as connection:
        for what in ("DISABLE", "ENABLE ALWAYS"):
            for table in tables:
                connection.execute(f"ALTER TABLE inventory.{table} {what} TRIGGER refuse_change")
            if what == "DISABLE":
                yield connection


def problems(shop: Shop) -> list[str]:
    ran = shop("verify", "--shared", "--format", "json")
    (check,) = [check for check in ran.json["checks"] if check["name"] == "shared"]
    assert ran.code == (0 if ran.json["ok"] else 1)
    assert all(problem["rule"].startswith("shared-") for problem in check["problems"])
    return [problem["text"] for problem in check["problems"]]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE inventory.events SET quantity = 50 WHERE position = 1",
            ["event 1 differs in its quantity: 5 in the file, 50 in the database; altered in the"],
        ),
        (
            "UPDATE inventory.batches SET actor = 'nobody' WHERE batch = 3",
            ['batch 3 differs in its actor: "keeper" in the file, "nobody" in the database;'],
        ),
        ("DELETE FROM inventory.events WHERE position = 3", ["the database lacks event 3"]),
        (
            "UPDATE inventory.snapshot_lines SET on_hand = 4",
            ["the lines of snapshot 1 differ"],
        ),
        (
            "UPDATE inventory.snapshots SET name = 'april'",
            ['snapshot 1 differs in its name: "march" in the file, "april" in the database'],
        ),
        (
            "UPDATE inventory.ledgers SET decimals = 3",
            ["settings", "differs in its decimals: 0 in the file, 3 in the database"],
        ),
        ("DELETE FROM inventory.heads", ["the database does not say where the ledger ends"]),
        *(
            (f"UPDATE inventory.heads SET {field} = {value}", [f"differs in its {field}: "])
            for field, value in (
                ("position", 2),
                ("recorded_at", "'2199-01-01T00:00:00.000Z'"),
                ("snapshot", 0),
                ("ended", "true"),
                ("hash", "''"),
            )
        ),
        (
            "INSERT INTO inventory.events SELECT ledger, position + 1, batch + 1, sku, location,"
            " kind, quantity, effective_at, date_only, reason, reference, unit_cost, id, reverses,"
            " details, hash FROM inventory.events WHERE position = 3",
            ["differs in its position: 3, and its log says 4"],
        ),
        (
            "UPDATE inventory.heads SET batch = 9",
            ["the head in the database differs in its batch: 9, and its log says 5"],
        ),
    ],
)
def test_what_was_altered_in_the_database_is_found(
    first: Shop, database: str, statement: str, found: list[str]
) -> None:
    assert problems(first) == []
    with administrator(database) as connection:
        connection.execute(statement)
    (text,) = problems(first)
    assert all(part in text for part in found), text
    assert "altered in the file" not in text


def test_a_log_that_was_cut_is_found(first: Shop, database: str) -> None:
    with administrator(database) as connection:
        connection.execute("DELETE FROM inventory.batches WHERE batch = 5")
        connection.execute("DELETE FROM inventory.events WHERE batch = 5")
    assert problems(first) == [
        "the database lacks batch 5",
        "the database lacks event 3",
        "the head in the database differs in its batch: 5, and its log says 4",
    ]


def test_what_was_altered_in_the_file_is_found(first: Shop) -> None:
    alter(first, "UPDATE events SET reason = 'theft' WHERE position = 2")
    (text,) = problems(first)
    assert text == (
        'event 2 differs in its reason: "theft" in the file, null in the database; '
        "altered in the file"
    )
    assert first.failed_checks().keys() == {"chain"}


def test_what_was_altered_with_its_chain_is_found_by_the_other_side(
    first: Shop,
) -> None:
    forge(first, "UPDATE events SET quantity = 7 WHERE position = 3")
    assert first.failed_checks() == {}
    texts = problems(first)
    assert texts[0].startswith("batch 5 differs in its hash")
    assert any("event 3 differs in its quantity: 7 in the file, 1 in the d" in t for t in texts)
    # Nor does it record any more.
    refused = first("sell", "MUG", 1)
    assert (refused.code, "does not hold batch 5 of this machine" in refused.err) == (4, True)


def test_a_replica_that_is_behind_has_no_problem(
    first: Shop, database: str, tmp_path: Path
) -> None:
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 1)
    assert problems(other) == []
    assert (
        "note: the database holds 1 batch more: `inventory sync`"
        in other.ok(*("verify", "--shared")).out
    )


def test_a_replica_takes_over_nothing_that_does_not_fit(
    first: Shop, database: str, tmp_path: Path
) -> None:
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 1)
    first.ok("receive", "MUG", 2)
    with administrator(database) as connection:
        connection.execute("UPDATE inventory.events SET quantity = 9 WHERE position = 5")
    before = other.head
    refused = other("sync")
    assert (refused.code, "holds event 5, which does not fit the chain" in refused.err) == (4, True)
    assert other.head == before
    new = other("clone", database, tmp_path / "new.db")
    assert (new.code, "event 5" in new.err, (tmp_path / "new.db").exists()) == (4, True, False)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE inventory.batches SET actor = 'nobody' WHERE batch = 6", "batch 6"),
        ("UPDATE inventory.snapshot_lines SET on_hand = 7", "the snapshot of batch 7"),
        ("DELETE FROM inventory.batches WHERE batch = 6", "batch 7"),
        ("UPDATE inventory.ledgers SET timezone = 'UTC'", "settings"),
        (
            "INSERT INTO inventory.carried_ids SELECT ledger, 'a', 1, 1, '', 0, '', NULL"
            " FROM inventory.ledgers",
            "carried ids",
        ),
    ],
)
def test_nothing_is_taken_over_that_the_chain_does_not_say(
    first: Shop, database: str, tmp_path: Path, statement: str, what: str
) -> None:
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 1)
    first.ok("snapshot", "take", "later")
    with administrator(database) as connection:
        connection.execute(statement)
    new = other("clone", database, tmp_path / "new.db")
    assert (new.code, "does not fit the chain" in new.err) == (4, True), new
    assert not (tmp_path / "new.db").exists()
    if what not in ("settings", "carried ids"):
        before = other.head
        refused = other("sync")
        assert (refused.code, f"holds {what}, which does not fit" in refused.err) == (4, True)
        assert other.head == before


def test_an_event_of_a_kind_that_a_newer_program_records_stops_a_replica(
    first: Shop, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.core.events import KINDS

    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 1)
    known = {name: kind for name, kind in KINDS.items() if name != "received"}
    monkeypatch.setattr("inventory_cli.shared.replica.KINDS", known)
    refused = other("sync")
    assert (refused.code, "event 4 is of the unknown kind 'received'" in refused.err) == (4, True)


def test_only_a_shared_ledger_is_compared(story: Shop) -> None:
    refused = story("verify", "--shared")
    assert (refused.code, "is not shared" in refused.err) == (2, True)


def test_an_index_that_somebody_took_away_changes_no_answer(first: Shop) -> None:
    alter_schema(first, "DROP INDEX batches_by_sharing")
    first.ok("sell", "MUG", 1)
    assert "index batches_by_sharing is missing" in first.failed_checks()["schema"][0]


def test_what_the_chain_does_not_need_is_not_taken_from_the_database(
    first: Shop, database: str, tmp_path: Path
) -> None:
    # To which batch an event belongs follows from the headers, and its hash from what it says.
    with administrator(database) as connection:
        connection.execute("UPDATE inventory.events SET batch = 7, hash = '' WHERE position = 2")
    other = Machine(tmp_path / "other", database)
    assert other.ok("export").out == first.ok("export").out
    (problem,) = problems(other)
    assert problem.startswith("event 2 differs in its batch: ")
    assert problem.endswith("altered in the database")
