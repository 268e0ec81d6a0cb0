"""What a file has for whoever reads it with SQL: links between tables, the offsets of the zone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from inventory_cli.core.dates import load_zone
from inventory_cli.core.offsets import offsets_of
from tests.conftest import Shop
from tests.tampering.altering import alter

LINKS = {
    ("events", "batch", "batches", "batch"),
    ("events", "reverses", "events", "position"),
    ("snapshots", "batch", "batches", "batch"),
    ("snapshot_lines", "snapshot", "snapshots", "snapshot"),
}


@contextmanager
def connected(shop: Shop) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as connection:
        yield connection


def offsets(shop: Shop) -> tuple[tuple[str, int], ...]:
    with connected(shop) as connection:
        return tuple(connection.execute("SELECT * FROM zone_offsets ORDER BY starts_at").fetchall())


def test_tables_are_linked_and_no_link_leads_nowhere(story: Shop) -> None:
    story.ok("reverse", 2, "--reason", "twice")
    story.ok("snapshot", "take")
    with connected(story) as connection:
        tables = ["ledger", "stock", "carried_ids", "batches", "zone_offsets"]
        found = {
            (table, column, other, key)
            for table in [*tables, *(link[0] for link in LINKS)]
            for _, _, other, column, key, *_ in connection.execute(
                f"PRAGMA foreign_key_list({table})"
            )
        }
        assert found == LINKS
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_whoever_turns_links_on_can_record_all_the_same(
    story: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*words: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = plain(*words, **options)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    plain = sqlite3.connect
    monkeypatch.setattr("inventory_cli.storage.connection.sqlite3.connect", connect)
    story.ok("receive", "XYZ-1", 5)
    story.ok("reverse", 7, "--reason", "twice")
    story.ok("snapshot", "take")
    monkeypatch.undo()
    assert story.failed_checks() == {}


def test_a_restored_ledger_and_one_that_follows_know_the_days_too(story: Shop) -> None:
    expected = offsets_of(load_zone("Europe/Berlin"))
    assert offsets(story) == expected
    export = story.folder / "export.jsonl"
    export.write_text(story.ok("export").out, encoding="utf-8")
    other = story.folder / "other.db"
    story.path, kept = other, story.path
    story.ok("restore", export)
    assert offsets(story) == expected
    story.path = kept
    story.ok("rollover", story.folder / "next.db", "--as-of", "2022-03-31")
    story.path = story.folder / "next.db"
    assert offsets(story) == expected


def test_offsets_that_differ_from_the_rules_here_are_a_note_until_they_are_made_anew(
    story: Shop,
) -> None:
    alter(story, "UPDATE zone_offsets SET seconds = 0 WHERE starts_at > '2022-03-01'")
    (schema,) = (c for c in story.json("verify")["checks"] if c["name"] == "schema")
    assert (schema["ok"], schema["notes"]) == (
        True,
        [
            "zone_offsets is not what the rules of Europe/Berlin say here and now, so that the "
            "views may tell other days; `inventory rebuild` makes it anew"
        ],
    )
    assert "differed: zone_offsets is not what the rules of Europe/Berlin say\n" in (
        story.ok("rebuild").out
    )
    assert offsets(story) == offsets_of(load_zone("Europe/Berlin"))
    assert all(check["notes"] == [] for check in story.json("verify")["checks"])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM zone_offsets", "zone_offsets has no offset from 0001-01-01"),
        (
            "DELETE FROM zone_offsets WHERE starts_at < '1917'",
            "zone_offsets has no offset from 0001-01-01",
        ),
        (
            "INSERT INTO zone_offsets VALUES ('2022-02-30T00:00:00.000Z', 0)",
            "zone_offsets has 0 from '2022-02-30T00:00:00.000Z' on, which is no offset",
        ),
        (
            "INSERT INTO zone_offsets VALUES ('2022-03-01T00:00:00.000Z', 86400)",
            "zone_offsets has 86400 from '2022-03-01T00:00:00.000Z' on, which is no offset",
        ),
        ("DROP TABLE zone_offsets", "table zone_offsets is missing"),
    ],
)
def test_offsets_that_are_none_are_found_and_made_anew(
    story: Shop, statement: str, said: str
) -> None:
    alter(story, statement)
    (problem,) = story.failed_checks()["schema"]
    assert problem.startswith(said)
    assert "differed: " in story.ok("rebuild").out
    assert story.failed_checks() == {}


def test_stock_now_does_not_know_more_than_the_log_when_a_clock_is_behind(story: Shop) -> None:
    alter(story, "UPDATE batches SET recorded_at = '2150-01-01T12:00:00.000Z' WHERE batch = 6")
    alter(story, "UPDATE events SET effective_at = '2150-01-01T08:00:00.000Z' WHERE position = 6")
    story.ok("rebuild")
    with connected(story) as connection:
        (row,) = connection.execute("SELECT * FROM stock_now").fetchall()
    assert list(row) == list(story.json("stock")[0].values())
    assert row[1] == 190
